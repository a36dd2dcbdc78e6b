import fc from "fast-check"

import { isAskable } from "../pace"
import { plan, type OpenCharge } from "../plan"
import {
  aged,
  anyCharges,
  anyShop,
  calls,
  due,
  expired,
  FREE,
  input,
  lookAt,
  NOW,
  open,
} from "./plan-world"
import { HOUR, later, MINUTE, SECOND } from "./world"

const PROBE = { windows: [], closedUntil: null, isProbe: true }
const OPENS = later(NOW, 20 * MINUTE)

const isFree = (charge: OpenCharge) => isAskable(charge) && !charge.is_leased

const ids = (of: { id: string }[]) => of.map(({ id }) => id).sort()

/** In another order, the same for the same numbers. */
function shuffled<Item>(items: Item[], keys: number[]): Item[] {
  return items
    .map((item, at) => ({ item, key: keys[at % keys.length] * (at + 1) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

const anyBudget = fc.constantFrom(
  FREE,
  PROBE,
  calls(40),
  calls(3),
  { ...FREE, closedUntil: OPENS },
  { ...PROBE, closedUntil: OPENS }
)
const anyInput = fc
  .record({
    charges: anyCharges(),
    budget: anyBudget,
    lists: fc.boolean(),
    shop: anyShop,
  })
  .map((parts) => input(parts))

describe("Whatever may be asked", () => {
  it("nobody is looked at twice, and nobody who is asked about now or needs no question", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const looked = ids(plan(given).looks)
        const wanted = ids(given.charges.filter(isFree))
        expect(new Set(looked).size).toBe(looked.length)
        expect(wanted).toEqual(expect.arrayContaining(looked))
      }),
      { numRuns: 200 }
    )
  })

  it("the clock wakes for the earliest look that is still to come", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { looks, wakeAt } = plan(given)
        const toCome = looks.map(({ at }) => +at).filter((at) => at > +NOW)
        expect(wakeAt && +wakeAt).toEqual(
          toCome.length > 0 ? Math.min(...toCome) : null
        )
      }),
      { numRuns: 200 }
    )
  })

  it("the order in which charges are read changes nothing that is asked", () => {
    const anyKeys = fc.array(fc.integer(), { minLength: 1, maxLength: 12 })
    const byId = (a: { id: string }, b: { id: string }) =>
      a.id < b.id ? -1 : 1
    fc.assert(
      fc.property(anyInput, anyKeys, (given, keys) => {
        const other = plan({ ...given, charges: shuffled(given.charges, keys) })
        const { looks, ...rest } = plan(given)
        expect({ ...other, looks: [...other.looks].sort(byId) }).toEqual({
          ...rest,
          looks: [...looks].sort(byId),
        })
      }),
      { numRuns: 300 }
    )
  })
})

describe("Where questions are not counted", () => {
  it("each charge is asked about at its own pace, at no price", () => {
    fc.assert(
      fc.property(anyCharges(), fc.boolean(), (charges, lists) => {
        const { looks, price } = plan(input({ charges, lists }))
        expect(price).toBe(0)
        expect(looks.map(({ id, at }) => ({ id, at }))).toEqual(
          charges
            .filter(isFree)
            .map(({ id, next_check_at }) => ({ id, at: next_check_at }))
        )
      })
    )
  })

  it("a charge without a moment is asked about at once", () => {
    const [look] = plan(
      input({ charges: [aged(30, { next_check_at: null })] })
    ).looks
    expect(look.at).toEqual(NOW)
  })

  it.each<[string, OpenCharge, string]>([
    ["somebody looks", aged(30, { watched_since: NOW }), "watched"],
    ["no page tells who looks", aged(30), "unwatched"],
    [
      "the page was closed",
      aged(30, { watched_since: NOW, unwatched_at: NOW }),
      "unwatched",
    ],
    ["another took its place", aged(30, { superseded_at: NOW }), "superseded"],
    ["its time is over", aged(720), "closing"],
    ["it is still open by a second", aged(719), "unwatched"],
    ["it has ended", expired(3_600), "late"],
    [
      "a person confirmed it",
      aged(30, { status: "paid", evidence: "staff" }),
      "late",
    ],
    ["the bank said nothing that counts", aged(30, { unknowns: 1 }), "backoff"],
    [
      "a signal came",
      aged(30, { last_signal_at: NOW, last_signal: "returned", unknowns: 1 }),
      "signal",
    ],
    [
      "its signal has had its question",
      aged(30, { last_signal_at: later(NOW, -1), last_checked_at: NOW }),
      "unwatched",
    ],
  ])("it says why: %s", (_, charge, reason) => {
    expect(plan(input({ charges: [charge] })).looks).toMatchObject([{ reason }])
  })
})

describe("While nothing may be asked", () => {
  it("nobody is asked about before it opens, however many calls are left", () => {
    fc.assert(
      fc.property(
        anyCharges(),
        fc.constantFrom(FREE, PROBE, calls(90)),
        fc.boolean(),
        (charges, budget, lists) => {
          const planned = plan(
            input({
              charges,
              lists,
              budget: { ...budget, closedUntil: OPENS },
            })
          )
          expect(ids(planned.looks)).toEqual(ids(charges.filter(isFree)))
          for (const { at } of planned.looks) {
            expect(+at).toBeGreaterThanOrEqual(+OPENS)
          }
        }
      )
    )
  })

  it("a charge keeps its moment when that comes later still", () => {
    const later_ = later(OPENS, HOUR)
    const { looks, wakeAt } = plan(
      input({
        charges: [aged(30), aged(60, { next_check_at: later_ })],
        budget: { ...FREE, closedUntil: OPENS },
      })
    )
    expect(looks.map(({ at }) => at)).toEqual([OPENS, later_])
    expect(wakeAt).toEqual(OPENS)
  })

  it("is over at its moment", () => {
    const { looks } = plan(
      input({ charges: [aged(30)], budget: { ...FREE, closedUntil: NOW } })
    )
    expect(looks).toMatchObject([{ at: NOW }])
  })
})

describe("A probe", () => {
  it("is one question, with or without lists, about one whose moment has come, and the others wait for its answer", () => {
    fc.assert(
      fc.property(
        anyCharges(),
        anyShop,
        fc.boolean(),
        (charges, shop, lists) => {
          const planned = plan(input({ charges, shop, lists, budget: PROBE }))
          const free = charges.filter(isFree)
          const ready = free.filter(
            ({ next_check_at }) =>
              next_check_at !== null && next_check_at <= NOW
          )
          expect(ids(planned.looks)).toEqual(ids(free))
          expect(due(planned)).toHaveLength(Math.min(1, ready.length))
          expect(planned.looks.every(({ reason }) => reason === "probe")).toBe(
            true
          )
        }
      )
    )
  })

  it("is about the charge that is most likely paid", () => {
    const told = aged(90, {
      id: "told",
      last_signal_at: later(NOW, -SECOND),
      last_signal: "announced",
    })
    const charges = [
      expired(3_600),
      aged(5),
      aged(300),
      told,
      aged(200, { superseded_at: NOW }),
    ]
    const first = (of: OpenCharge[]) =>
      due(plan(input({ charges: of, budget: PROBE })))[0].id
    expect(first(charges)).toBe("told")
    expect(first(charges.filter(({ id }) => id !== "told"))).toBe("aged_300")
    expect(first([expired(3_600), aged(60)])).toBe("aged_60")
  })
})

describe("A charge about which the bank can add nothing", () => {
  it.each<[string, Partial<OpenCharge>]>([
    ["somebody asks about it now", { is_leased: true }],
    ["it is paid", { status: "paid", evidence: "khqr", bank_hash: "a" }],
    ["it has the shop's KHQR", { mode: "static" }],
    ["it shows a transfer that pays another", { review_reason: "hash_used" }],
  ])("is not planned: %s", (_, changes) => {
    const other = aged(40)
    for (const budget of [FREE, PROBE, calls(90)]) {
      const planned = plan(
        input({ charges: [open({ ...aged(30), ...changes }), other], budget })
      )
      expect(ids(planned.looks)).toEqual([other.id])
      expect(lookAt(planned, other.id)).toBeDefined()
    }
  })
})
