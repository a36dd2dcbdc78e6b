import fc from "fast-check"
import { type ListKey, readCheckList } from "../outcome"
import { list, succeeded, transaction } from "./bank"

const NAME_LENGTH: Record<ListKey, number> = { md5: 32, hash: 64 }

const nameOf = (key: ListKey, index: number) =>
  index.toString(16).padStart(NAME_LENGTH[key], "0")

/** The forms an item has been seen in, and what each says. */
const FORMS = {
  data: (key: ListKey, index: number) => ({
    status: "SUCCESS",
    message: "Getting transaction successfully.",
    data: transfer(key, index),
  }),
  transaction: (key: ListKey, index: number) => ({
    status: "SUCCESS",
    transaction: transfer(key, index),
  }),
  inline: (key: ListKey, index: number) => ({
    status: "success",
    ...transfer(key, index),
  }),
  not_found: () => ({ status: "NOT_FOUND", message: "No", data: null }),
  bare_not_found: () => ({ status: "NOT_FOUND" }),
  failed: () => ({ status: "FAILED" }),
  static_qr: () => ({ status: "STATIC_QR" }),
  service_failed: () => ({ status: "SERVICE_FAILED" }),
  new_word: () => ({ status: "PENDING" }),
  no_proof: () => ({ status: "SUCCESS", data: null }),
} as const

type Form = keyof typeof FORMS

const SAID: Record<Form, string> = {
  data: "paid",
  transaction: "paid",
  inline: "paid",
  not_found: "not_found",
  bare_not_found: "not_found",
  failed: "failed",
  static_qr: "unknown",
  service_failed: "unknown",
  new_word: "unknown",
  no_proof: "unknown",
}

/** Each transfer has an amount of its own, so that a mix-up shows. */
const transfer = (key: ListKey, index: number) =>
  transaction({
    hash: key === "hash" ? nameOf(key, index) : `${index}`.padStart(64, "e"),
    amount: `${index}.05`,
  })

const form = fc.constantFrom(...(Object.keys(FORMS) as Form[]))

const answerOf = (items: unknown[]) => ({
  status: 200,
  retryAfter: null,
  text: JSON.stringify(list(...items)),
  receivedAt: 0,
})

const scenario = fc.record({
  key: fc.constantFrom<ListKey>("md5", "hash"),
  /** What the bank says of each that was asked about; `null`: not a word. */
  forms: fc.array(fc.option(form, { freq: 5 }), {
    minLength: 1,
    maxLength: 50,
  }),
  junk: fc.array(
    fc.oneof(
      fc.constantFrom<fc.JsonValue>(
        null,
        {},
        [],
        { md5: 7, hash: 7, status: "SUCCESS" },
        { md5: "", hash: "", status: "NOT_FOUND" },
        { status: "NOT_FOUND" }
      ),
      fc.jsonValue()
    ),
    { maxLength: 20 }
  ),
  strangers: fc.array(form, { maxLength: 20 }),
  isCapital: fc.boolean(),
  seed: fc.integer(),
})

/** The same items in another order, the same for the same seed. */
const shuffled = <T>(items: T[], seed: number): T[] =>
  items
    .map((item, at) => ({ item, rank: Math.sin(seed + at * 7919) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)

const itemOf = (key: ListKey, index: number, kind: Form, isCapital = false) => {
  const name = nameOf(key, index)
  return {
    ...FORMS[kind](key, index),
    [key]: isCapital ? name.toUpperCase() : name,
  }
}

describe("a list of answers", () => {
  it("is read item by item, short, long, shuffled and among junk", () => {
    fc.assert(
      fc.property(
        scenario,
        ({ key, forms, junk, strangers, isCapital, seed }) => {
          const asked = forms.map((_, index) => nameOf(key, index))
          const told = forms.flatMap((kind, index) =>
            kind ? [itemOf(key, index, kind, isCapital)] : []
          )
          const others = strangers.map((kind, index) =>
            itemOf(key, 1_000 + index, kind)
          )
          const items = shuffled([...told, ...others, ...junk], seed)
          const outcomes = readCheckList(answerOf(items), asked, key)

          expect([...outcomes.keys()]).toEqual(asked)
          forms.forEach((kind, index) => {
            const outcome = outcomes.get(asked[index])!
            expect(outcome.type).toBe(kind ? SAID[kind] : "unknown")
            if (outcome.type === "paid") {
              expect(outcome.transaction).toMatchObject({
                hash: transfer(key, index).hash,
                amount: `${index || "0"}.05`,
              })
            }
          })
        }
      ),
      { numRuns: 500 }
    )
  })

  it("believes an item that is doubled, and neither of two that disagree", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<ListKey>("md5", "hash"),
        form,
        form,
        fc.integer(),
        (key, first, second, seed) => {
          const [asked, bystander] = [nameOf(key, 1), nameOf(key, 2)]
          const items = shuffled(
            [
              itemOf(key, 1, first),
              itemOf(key, 1, second),
              itemOf(key, 2, "not_found"),
            ],
            seed
          )
          const outcomes = readCheckList(
            answerOf(items),
            [asked, bystander],
            key
          )
          const agree = SAID[first] === SAID[second]
          expect(outcomes.get(asked)!.type).toBe(
            agree ? SAID[first] : "unknown"
          )
          expect(outcomes.get(bystander)).toEqual({ type: "not_found" })
        }
      ),
      { numRuns: 500 }
    )
  })

  it("loses no item to a broken neighbour", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<ListKey>("md5", "hash"),
        fc.dictionary(
          fc.constantFrom("status", "data", "transaction", "hash", "amount"),
          fc.jsonValue(),
          { maxKeys: 4 }
        ),
        (key, broken) => {
          const [asked, neighbour] = [nameOf(key, 1), nameOf(key, 2)]
          const outcomes = readCheckList(
            answerOf([{ ...broken, [key]: neighbour }, itemOf(key, 1, "data")]),
            [neighbour, asked],
            key
          )
          expect(outcomes.get(asked)).toMatchObject({
            type: "paid",
            transaction: { amount: "1.05" },
          })
          expect(outcomes.get(neighbour)!.type).not.toBe("paid")
        }
      )
    )
  })

  it.each<[string, ListKey, object]>([
    [
      "of another hash",
      "hash",
      { status: "SUCCESS", data: transaction({ hash: "f".repeat(64) }) },
    ],
    [
      "of another hash that failed",
      "hash",
      { status: "FAILED", data: transaction({ hash: "f".repeat(64) }) },
    ],
    ["beside NOT_FOUND", "hash", { status: "NOT_FOUND", data: transaction() }],
    ["inline beside NOT_FOUND", "hash", { status: "NOT_FOUND", amount: 5 }],
    [
      "inline beside NOT_FOUND",
      "md5",
      { status: "NOT_FOUND", ...transaction() },
    ],
    ["in part beside NOT_FOUND", "md5", { status: "NOT_FOUND", amount: 5 }],
  ])("does not believe a transfer %s (%s)", (_, key, item) => {
    const asked = nameOf(key, 1)
    const outcomes = readCheckList(
      answerOf([{ ...item, [key]: asked }]),
      [asked],
      key
    )
    expect(outcomes.get(asked)).toMatchObject({
      type: "unknown",
      reason: "unrecognized",
    })
  })

  it("with one hash asked about in capitals answers under that spelling", () => {
    const { hash } = transaction()
    const asked = hash.toUpperCase()
    const outcomes = readCheckList(
      answerOf([{ hash, status: "SUCCESS", data: transaction() }]),
      [asked],
      "hash"
    )
    expect([...outcomes]).toMatchObject([[asked, { type: "paid" }]])
  })

  it("that is empty says nothing of anybody", () => {
    const outcomes = readCheckList(
      {
        status: 200,
        retryAfter: null,
        text: JSON.stringify(succeeded([])),
        receivedAt: 0,
      },
      [nameOf("hash", 1)],
      "hash"
    )
    expect([...outcomes.values()]).toMatchObject([{ reason: "unreadable" }])
  })
})
