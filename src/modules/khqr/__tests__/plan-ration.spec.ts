import fc from "fast-check"

import { isAskable, LATE_SIGNAL_COOLDOWN_MS, SIGNAL_COOLDOWN_MS } from "../pace"
import {
  plan,
  type PlannedLook,
  type OpenCharge,
  type PlanInput,
} from "../plan"
import { chanceOf } from "../plan-case"
import { closesAt } from "../state"
import {
  aged,
  anyCalls,
  anyCharges,
  anyShop,
  asked,
  calls,
  due,
  expired,
  fewCalls,
  input,
  lookAt,
  NOW,
  shop,
  told,
} from "./plan-world"
import { HOUR, later, MINUTE, SECOND } from "./world"

const anyInput = fc
  .record({
    charges: anyCharges(),
    budget: fc.oneof(anyCalls, fewCalls),
    lists: fc.boolean(),
    shop: anyShop,
  })
  .map((parts): PlanInput => input(parts))

const withoutLists = anyInput.map((given) => ({ ...given, lists: false }))

/** The tighter of the two calendars, without what is under way. */
function callsLeft({ budget, charges }: PlanInput): number {
  const underWay = charges.filter(({ is_leased }) => is_leased).length
  return Math.min(...budget.windows.map(({ left }) => left)) - underWay
}

/** A signal may have the last call of one calendar's day where the other's has some left: the quota is probed then. */
function isLastSafe(
  { budget, charges }: PlanInput,
  looks: PlannedLook[]
): boolean {
  const underWay = charges.filter(({ is_leased }) => is_leased).length
  const most = Math.max(...budget.windows.map(({ left }) => left))
  return looks.some(({ reason }) => reason === "signal") && most - underWay > 6
}

const isFree = (charge: OpenCharge) => isAskable(charge) && !charge.is_leased

/** A "not found" has ended it, or a person's word stands for it. */
const isLate = ({ status, last_checked_at, ...charge }: OpenCharge) =>
  status === "expired" ||
  status === "paid" ||
  (status === "failed" && last_checked_at! >= closesAt(charge))

const isSilenced = ({ unknowns }: OpenCharge) => unknowns > 0

const isTooOld = ({ status, expires_at }: OpenCharge) =>
  status === "expired" && +NOW - +expires_at > 30 * HOUR

const byId = ({ charges }: PlanInput) =>
  new Map(charges.map((charge) => [charge.id, charge]))

describe("Where questions are counted, whatever is open", () => {
  it("each charge that may be asked about has one look; of the late ones, some have none any more", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const looked = plan(given).looks.map(({ id }) => id)
        const free = given.charges.filter(isFree)
        const open = free.filter((charge) => !isLate(charge))
        const ids = (of: OpenCharge[]) => of.map(({ id }) => id)
        expect(new Set(looked).size).toBe(looked.length)
        expect(looked).toEqual(expect.arrayContaining(ids(open)))
        expect(ids(free)).toEqual(expect.arrayContaining(looked))
      })
    )
  })

  it("one that has just ended has a late look to come, and one of two days ago none", () => {
    const looks = (seconds: number) =>
      plan(input({ charges: [expired(seconds)], budget: calls(50) })).looks
    expect(looks(800)).toHaveLength(1)
    expect(looks(2 * 24 * 3_600)).toEqual([])
  })

  it("no more is asked than what is left, and the last call is kept", () => {
    fc.assert(
      fc.property(withoutLists, (given) => {
        const left = callsLeft(given)
        const now = asked(plan(given))
        const kept = isLastSafe(given, now) ? 0 : 1
        expect(now.length).toBeLessThanOrEqual(Math.max(0, left - kept))
      })
    )
  })

  it("with lists there is one call, and none when one is left", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const planned = plan({ ...given, lists: true })
        const kept = isLastSafe(given, due(planned)) ? 0 : 1
        expect(callsLeft(given) <= kept ? due(planned) : []).toEqual([])
        expect(due(planned).length > 0).toBe(asked(planned).length > 0)
      })
    )
  })

  it("nothing rides where there are no lists", () => {
    fc.assert(
      fc.property(withoutLists, (given) => {
        expect(plan(given).looks).not.toContainEqual(
          expect.objectContaining({ reason: "along" })
        )
      })
    )
  })

  it("no charge is asked twice within its cool-down, in a list neither", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const charges = byId(given)
        for (const { id } of due(plan(given))) {
          const charge = charges.get(id)!
          const cooldown = isLate(charge)
            ? LATE_SIGNAL_COOLDOWN_MS
            : SIGNAL_COOLDOWN_MS
          const since = +NOW - +(charge.last_checked_at ?? new Date(0))
          expect(since).toBeGreaterThanOrEqual(cooldown)
        }
      })
    )
  })

  it("no closing comes before the charge is over", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const charges = byId(given)
        for (const { id, at, reason } of plan(given).looks) {
          const closing = closesAt(charges.get(id)!)
          if (reason === "closing" && at <= NOW) {
            expect(+NOW).toBeGreaterThanOrEqual(+closing)
          }
          // A look at a charge that is still open comes apart from its closing.
          if (reason === "fallback") {
            expect(+closing - +at).toBeGreaterThanOrEqual(SECOND)
          }
        }
      })
    )
  })

  it("a fallback or a late look leaves a call for each closing", () => {
    fc.assert(
      fc.property(withoutLists, (given) => {
        const planned = plan(given)
        const of = (...reasons: string[]) =>
          asked(planned).filter(({ reason }) => reasons.includes(reason)).length
        const closings = given.charges.filter(
          (charge) => isFree(charge) && !isLate(charge)
        ).length
        if (of("fallback", "late") > 0) {
          expect(
            callsLeft(given) - of("fallback", "late")
          ).toBeGreaterThanOrEqual(closings)
        }
      }),
      { numRuns: 300 }
    )
  })

  it("a likely signal is served at once when there is a call for everybody", () => {
    fc.assert(
      fc.property(withoutLists, fc.nat(30), (given, more) => {
        const budget = calls(given.charges.length + 2 + more)
        const charges = given.charges.map((charge, n) =>
          n === 0 ? { ...told(charge), signals_in_vain: 0 } : charge
        )
        const [charge] = charges
        const cooldown = isLate(charge)
          ? LATE_SIGNAL_COOLDOWN_MS
          : SIGNAL_COOLDOWN_MS
        const since = +NOW - +(charge.last_checked_at ?? new Date(0))
        fc.pre(isFree(charge) && !isSilenced(charge) && !isTooOld(charge))
        fc.pre(since >= cooldown)
        const planned = plan({ ...given, charges, budget })
        expect(lookAt(planned, charge.id)!.at).toEqual(NOW)
      }),
      { numRuns: 300 }
    )
  })

  it("those to ask now come first", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const isDue = plan(given).looks.map(({ at }) => at <= NOW)
        expect(isDue).toEqual([...isDue].sort((a, b) => Number(b) - Number(a)))
      })
    )
  })

  it("the clock wakes for the earliest look that is still to come", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { looks, wakeAt } = plan(given)
        const later = looks.map(({ at }) => +at).filter((at) => at > +NOW)
        expect(wakeAt && +wakeAt).toEqual(
          later.length > 0 ? Math.min(...later) : null
        )
      })
    )
  })

  it("the order in which charges are read changes nothing", () => {
    fc.assert(
      fc.property(anyInput, fc.infiniteStream(fc.nat()), (given, random) => {
        const shuffled = given.charges
          .map((charge) => ({ charge, key: random.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ charge }) => charge)
        expect(plan({ ...given, charges: shuffled })).toEqual(plan(given))
      }),
      { numRuns: 300 }
    )
  })

  // Not so with a doubtful signal: what is cheap is asked about soon anyway, and no longer at once.
  it("with more calls nothing is asked later, where no signal came", () => {
    fc.assert(
      fc.property(
        withoutLists,
        fc.integer({ min: 1, max: 60 }),
        (given, more) => {
          const charges = given.charges.map((charge) => ({
            ...charge,
            last_signal_at: null,
          }))
          const windows = given.budget.windows.map((window) => ({
            ...window,
            left: window.left + more,
          }))
          const poor = plan({ ...given, charges })
          const rich = plan({
            ...given,
            charges,
            budget: { ...given.budget, windows },
          })
          expect(rich.price).toBeLessThanOrEqual(poor.price)
          for (const { id, at } of poor.looks) {
            expect(+lookAt(rich, id)!.at).toBeLessThanOrEqual(+at)
          }
        }
      ),
      { numRuns: 300 }
    )
  })

  it("a charge that has another in its place, or that failed, only has its closing", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const charges = given.charges.map((charge, n) => ({
          ...charge,
          last_signal_at: null,
          ...(n % 2 ? { superseded_at: NOW } : { status: "failed" as const }),
        }))
        const closings = byId({ ...given, charges })
        for (const { id, reason } of plan({ ...given, charges }).looks) {
          const charge = closings.get(id)!
          expect(reason).not.toBe("fallback")
          if (!isLate(charge) && !isSilenced(charge)) {
            expect(["closing", "along"]).toContain(reason)
          }
        }
      })
    )
  })
})

describe("The calls of a day", () => {
  it("are spent on questions of their own where there are many, and on none where there are few", () => {
    const charges = [aged(60)]
    const look = (left: number) =>
      plan(input({ charges, budget: calls(left) })).looks[0]
    expect(+look(100).at).toBeLessThan(+look(12).at)
    expect(look(100).reason).toBe("fallback")
    expect(asked(plan(input({ charges, budget: calls(4) })))).toEqual([])
  })

  it("are spent soon, where there are many, on a charge whose page tells nothing", () => {
    const charge = aged(1)
    const look = (watched_since: Date | null) => {
      const charges = [{ ...charge, watched_since }]
      const { looks } = plan(input({ charges, budget: calls(90) }))
      return +looks[0].at - +charge.issued_at
    }
    expect(look(null)).toBeLessThanOrEqual(30 * SECOND)
    // Nearly as soon as on one that is looked at all the time, by whom no signal is to be expected either.
    expect(look(charge.issued_at)).toBeLessThanOrEqual(look(null) + 5 * SECOND)
  })

  it("are what the tighter of the two calendars leaves", () => {
    const charges = [told(aged(300))]
    for (const budget of [calls(1, 5), calls(5, 1), calls(-3, 90)]) {
      expect(asked(plan(input({ charges, budget })))).toEqual([])
    }
    expect(asked(plan(input({ charges, budget: calls(2, 2) })))).toHaveLength(1)
  })

  it("are spent to the last on a signal where the other calendar's day has only begun, and kept from all else", () => {
    const signal = told(aged(300))
    const over = aged(2_500)
    for (const budget of [calls(90, 1), calls(1, 90)]) {
      const of = (charge: OpenCharge) =>
        asked(plan(input({ charges: [charge], budget })))
      expect(of(signal)).toMatchObject([{ id: signal.id, reason: "signal" }])
      expect(of(over)).toEqual([])
    }
    for (const budget of [calls(1, 6), calls(1, 1), calls(0, 90)]) {
      expect(asked(plan(input({ charges: [signal], budget })))).toEqual([])
    }
  })

  it.each([true, false])(
    "go to the first signal at once in a shop that has hardly sold anything yet, with lists: %p",
    (lists) => {
      // A single one, in the night before.
      const past = shop({
        arrivals: [{ hour: Math.floor(+NOW / HOUR) - 9, charges: 1 }],
      })
      for (const left of [25, 35, 90]) {
        const [look] = plan(
          input({
            charges: [told(aged(60))],
            budget: calls(left),
            lists,
            shop: past,
          })
        ).looks
        expect(look).toMatchObject({ at: NOW, reason: "signal" })
      }
    }
  )

  it("are counted with those that are under way", () => {
    const charges = [told(aged(300)), aged(40, { is_leased: true })]
    const left = (of: number) =>
      asked(plan(input({ charges, budget: calls(of) }))).length
    expect(left(2)).toBe(0)
    expect(left(3)).toBe(1)
  })

  it("go to those that are most likely paid, and the others wait", () => {
    const charges = [
      aged(3_000, { superseded_at: later(NOW, -40 * MINUTE) }),
      aged(2_500),
      told(aged(2_000)),
      aged(1_500, { watched_since: later(NOW, -1_500 * SECOND) }),
    ]
    const order = [2, 3, 4, 5].map((left) =>
      asked(plan(input({ charges, budget: calls(left) }))).map(({ id }) => id)
    )
    expect(order.map(({ length }) => length)).toEqual(
      [...order.map(({ length }) => length)].sort()
    )
    expect(order[0]).toEqual(["aged_2000"])
    for (const served of order) {
      expect(served).not.toContain("aged_3000")
    }
    const { looks } = plan(input({ charges, budget: calls(3) }))
    expect(looks).toHaveLength(charges.length)
    for (const { at } of looks) {
      expect(+at).toBeLessThanOrEqual(+later(NOW, HOUR))
    }
  })

  it("that do not reach go to the signals of now, and to those of yesterday when some are left", () => {
    const yesterday = Array.from({ length: 30 }, (_, n) =>
      told(aged(70_000 + n), 69_000)
    )
    const fresh = told(aged(300))
    const of = (left: number) =>
      asked(
        plan(input({ charges: [...yesterday, fresh], budget: calls(left) }))
      ).map(({ id }) => id)
    expect(of(3)).toEqual([fresh.id])
    expect(of(90)).toHaveLength(31)
  })

  it("that do not reach for a signal or a closing that is due leave it marked", () => {
    const charges = [told(aged(300)), aged(2_500), aged(60)]
    const short = (left: number) =>
      plan(input({ charges, budget: calls(left) }))
        .looks.filter(({ isShort }) => isShort)
        .map(({ id }) => id)
    expect(short(1)).toEqual(["aged_300", "aged_2500"])
    expect(short(2)).toEqual(["aged_2500"])
    expect(short(90)).toEqual([])
  })

  it("are no nearer to a charge of which it was said that they do not reach", () => {
    const answered = aged(2_500, {
      last_checked_at: later(NOW, -1_800 * SECOND),
      last_outcome: "not_found",
    })
    const left = {
      ...answered,
      last_outcome: "unknown:quota_spent",
      unknowns: 1,
      unknown_since: later(NOW, -5 * SECOND),
    }
    const chance = (charge: OpenCharge) => chanceOf(charge, shop(), NOW)
    expect(chance(answered)).toBeLessThan(0.05)
    expect(chance(left)).toBe(chance(answered))
  })

  it("are not said not to reach while others may bring some back", () => {
    const charges = [told(aged(300)), aged(40, { is_leased: true })]
    const [look] = plan(input({ charges, budget: calls(2) })).looks
    expect(look.isShort).toBeUndefined()
  })

  it("do not go to a late look while there are closings to come", () => {
    const late = expired(5 * 3_600, { next_check_at: NOW })
    const lookAtLate = (left: number) =>
      lookAt(
        plan(
          input({ charges: [late, aged(60), aged(90)], budget: calls(left) })
        ),
        late.id
      )!
    expect(lookAtLate(100).at).toEqual(NOW)
    // Those that can wait wait together.
    expect(lookAtLate(5).at).toEqual(later(NOW, 10 * MINUTE))
  })

  it.each<[string, Partial<OpenCharge>]>([
    ["was closed an hour ago", { next_check_at: NOW }],
    ["is to be looked at later", { next_check_at: later(NOW, HOUR) }],
  ])("go to the signal of a charge that %s", (_, changes) => {
    const late = told(expired(3_600, changes))
    expect(plan(input({ charges: [late], budget: calls(3) })).looks).toEqual([
      { id: late.id, at: NOW, reason: "signal" },
    ])
  })

  it("go to a signal where a look that was due has found none", () => {
    // Ten minutes to midnight: a look is worth it, but there are no calls to spare.
    const night = new Date("2026-11-21T16:50:00Z")
    const quiet = aged(200, {}, night)
    const signalled = {
      ...quiet,
      last_signal_at: night,
      last_signal: "announced" as const,
    }
    const [without, withSignal] = [quiet, signalled].map((charge) =>
      plan(
        input({ charges: [charge], budget: calls(4, 80, night), now: night })
      )
    )
    // And puts no closing off.
    expect(without.looks).toEqual([
      { id: quiet.id, at: closesAt(quiet), reason: "closing" },
    ])
    expect(withSignal.looks).toMatchObject([{ at: night, reason: "signal" }])
  })

  it("go to no look a moment before the closing", () => {
    // 256.001 s is not quite 256,001 ms once it was a fraction.
    const issued_at = later(NOW, -100 * SECOND)
    const expires_at = later(issued_at, 136_001)
    const charge = aged(100, { issued_at, expires_at, superseded_at: null })
    const { looks } = plan(input({ charges: [charge], budget: calls(4) }))
    expect(looks).toMatchObject([{ at: closesAt(charge), reason: "closing" }])
  })
})

describe("A list", () => {
  const charges = [
    aged(5),
    aged(60),
    aged(200, { superseded_at: NOW }),
    expired(3_600, { next_check_at: later(NOW, HOUR) }),
    told(aged(90)),
  ]

  it("takes along whom it costs nothing, but who was only just issued", () => {
    const planned = plan(input({ charges, lists: true, budget: calls(60) }))
    expect(lookAt(planned, "aged_90")).toMatchObject({ reason: "signal" })
    expect(due(planned)).toHaveLength(4)
    expect(+lookAt(planned, "aged_5")!.at).toBeGreaterThan(+NOW)
  })

  it("leaves for nobody who would only ride", () => {
    const riders = [aged(5), aged(100, { superseded_at: NOW })]
    const planned = plan(
      input({ charges: riders, lists: true, budget: calls(3) })
    )
    expect(due(planned)).toEqual([])
  })
})
