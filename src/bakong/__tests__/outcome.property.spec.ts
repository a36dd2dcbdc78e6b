import fc from "fast-check"
import { readCheck, readCheckList } from "../outcome"
import type { Outcome } from "../types"
import { list, MD5, OTHER_MD5, paid, refused, transaction } from "./bank"

const REASONS = [
  "unauthorized",
  "forbidden",
  "quota_spent",
  "rate_limited",
  "unavailable",
  "unreadable",
  "static_qr",
  "configuration",
  "unrecognized",
]

const status = fc.oneof(
  { weight: 3, arbitrary: fc.constant(200) },
  fc.integer({ min: 100, max: 599 })
)
const code = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 6, 9, 17, 19, "0", "1", null, true, 1.5, -0),
  fc.jsonValue()
)

/** Good answers with a field replaced, removed, doubled or cut off anywhere. */
const mutated = fc
  .record({
    base: fc.constantFrom<Record<string, unknown>>(
      paid(),
      refused(1),
      refused(3),
      list({ md5: MD5, status: "SUCCESS", data: transaction() }),
      list({ md5: MD5, status: "NOT_FOUND" })
    ),
    outer: fc.dictionary(
      fc.constantFrom("responseCode", "errorCode", "data", "responseMessage"),
      code,
      { maxKeys: 2 }
    ),
    inner: fc.dictionary(
      fc.constantFrom(...Object.keys(transaction()), "trackingStatus"),
      fc.jsonValue(),
      { maxKeys: 2 }
    ),
    cut: fc.option(fc.nat(400)),
    splice: fc.option(fc.tuple(fc.nat(400), fc.string({ maxLength: 4 }))),
  })
  .map(({ base, outer, inner, cut, splice }) => {
    const data =
      base.data && !Array.isArray(base.data)
        ? { ...base.data, ...inner }
        : base.data
    let text = JSON.stringify({ ...base, data, ...outer })
    if (splice) {
      text = text.slice(0, splice[0]) + splice[1] + text.slice(splice[0] + 1)
    }
    return cut === null ? text : text.slice(0, cut)
  })

const body = fc.oneof(
  { weight: 4, arbitrary: mutated },
  fc.json(),
  fc.string(),
  fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => Buffer.from(bytes).toString())
)

const parsed = (text: string) => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const expectSound = (outcome: Outcome, data: unknown) => {
  if (outcome.type === "paid") {
    expect(outcome.transaction.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(outcome.transaction.amount).toMatch(/^\d+(\.\d+)?$/)
    expect(outcome.transaction.amount).toMatch(/[1-9]/)
    expect(JSON.stringify(data).toLowerCase()).toContain(
      outcome.transaction.hash
    )
  }
  if (outcome.type === "unknown") {
    expect(REASONS).toContain(outcome.reason)
  }
}

describe("whatever the bank sends", () => {
  it("one answer never throws and never invents evidence", () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(status, body, (httpStatus, text) => {
        const outcome = readCheck({
          status: httpStatus,
          retryAfter: null,
          text,
          receivedAt: 0,
        })
        seen.add(outcome.type)
        const told = parsed(text.replace(/^\ufeff/, ""))
        expectSound(outcome, told?.data)
        if (outcome.type === "paid") {
          expect(httpStatus).toBe(200)
          expect(told.responseCode === 0).toBe(true)
          expect(told.data.amount).toBeTruthy()
        }
        if (outcome.type === "not_found") {
          expect(told.responseCode).toBe(1)
          expect(Number(told.errorCode)).toBe(1)
        }
      }),
      { numRuns: 4000 }
    )
    expect(seen).toEqual(new Set(["paid", "not_found", "failed", "unknown"]))
  })

  it("a list never throws and answers for each md5 asked", () => {
    fc.assert(
      fc.property(status, body, (httpStatus, text) => {
        const outcomes = readCheckList(
          { status: httpStatus, retryAfter: null, text, receivedAt: 0 },
          [MD5, OTHER_MD5]
        )
        const told = parsed(text.replace(/^\ufeff/, ""))
        expect([...outcomes.keys()]).toEqual([MD5, OTHER_MD5])
        for (const [md5, outcome] of outcomes) {
          expectSound(outcome, told?.data)
          if (outcome.type !== "unknown") {
            expect(JSON.stringify(told.data).toLowerCase()).toContain(md5)
          }
        }
      }),
      { numRuns: 4000 }
    )
  })

  it("an amount keeps its exact value", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 20n }),
        fc.integer({ min: 0, max: 4 }),
        (units, places) => {
          const digits = units.toString().padStart(places + 1, "0")
          const amount = places
            ? `${digits.slice(0, -places)}.${digits.slice(-places)}`
            : digits
          const text = JSON.stringify(paid({ amount: "AMOUNT" }))
          for (const written of [
            amount,
            `"${amount}"`,
            `${digits.replace(/^0+/, "")}e-${places}`,
          ]) {
            const outcome = readCheck({
              status: 200,
              retryAfter: null,
              text: text.replace('"AMOUNT"', written),
              receivedAt: 0,
            })
            expect(outcome).toMatchObject({
              type: "paid",
              transaction: { amount },
            })
          }
        }
      )
    )
  })

  it("deep and long bodies are read in good time", () => {
    const started = performance.now()
    for (const text of [
      "[".repeat(500_000),
      `{"responseCode":1,"errorCode":99,"responseMessage":"${"a".repeat(900_000)}"}`,
      `{"responseCode":1,"errorCode":99,"responseMessage":"${"eyJ.".repeat(200_000)}"}`,
      `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
      `{"responseCode":0,"data":{"amount":${"9".repeat(900_000)}}}`,
      `"${'\\"'.repeat(400_000)}"`,
    ]) {
      const outcome = readCheck({
        status: 200,
        retryAfter: null,
        text,
        receivedAt: 0,
      })
      expect(outcome.type).toBe("unknown")
    }
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
