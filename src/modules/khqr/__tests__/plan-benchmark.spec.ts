/** What the benchmark of the plan rests on: its own rules, not ours. */
import { Bank, nextReset } from "../../../../benchmarks/plan/bank"
import {
  Counter,
  prepare,
  runSchedule,
} from "../../../../benchmarks/plan/frontier"
import {
  figuresOf,
  isSameDay,
  quantile,
} from "../../../../benchmarks/plan/measure"
import { runOurs, type Rules } from "../../../../benchmarks/plan/ours"
import { POLLERS, runPoller } from "../../../../benchmarks/plan/pollers"
import { branch } from "../../../../benchmarks/plan/random"
import {
  BEGIN,
  CLOSES_MS,
  DAY,
  DEFAULT_WORLD,
  HOUR,
  LIVES_MS,
  SECOND,
  visitsOf,
  type Visit,
} from "../../../../benchmarks/plan/world"
import { claim, freshQuota } from "../quota"

const NOON = BEGIN + 12 * HOUR
const RULES: Rules = { limit: 100, lists: false, bankDay: "utc" }
const WORLD = { ...DEFAULT_WORLD, sessions: [40], days: 3 }
const AT_ONCE = {
  fallbacks: [],
  kept: 0,
  keptForSignals: 0,
  window: 0,
  closingWindow: 0,
  period: Infinity,
}

/** Pays after 40 s, is on record a second later and comes back another second later. */
function visit(changes: Partial<Visit> = {}): Visit {
  return {
    issuedAt: NOON,
    paidAt: NOON + 40 * SECOND,
    recordedAt: NOON + 41 * SECOND,
    deeds: [{ at: NOON + 42 * SECOND, deed: "returned" }],
    ...changes,
  }
}

describe("shoppers of the benchmark", () => {
  it("are the same for the same seed, and others for another", () => {
    expect(visitsOf(WORLD)).toEqual(visitsOf(WORLD))
    expect(visitsOf(WORLD)).not.toEqual(visitsOf({ ...WORLD, seed: 2 }))
  })

  it("are the same ones with a forwarder of the bank's notices", () => {
    const without = visitsOf(WORLD)
    const told = visitsOf({ ...WORLD, announced: 0.9 })

    const isAnnounced = ({ deed }: Visit["deeds"][number]) =>
      deed === "announced"
    expect(
      told.map((one) => ({
        ...one,
        deeds: one.deeds.filter((deed) => !isAnnounced(deed)),
      }))
    ).toEqual(without)
    const payers = told.filter(({ paidAt }) => paidAt < Infinity)
    const announced = payers.filter(({ deeds }) => deeds.some(isAnnounced))
    expect(announced.length / payers.length).toBeCloseTo(0.9, 1)
  })

  it("pay while their KHQR lives, and come as often as was asked for", () => {
    const visits = visitsOf({ ...WORLD, days: 30, sigma: 1.5 })
    const payers = visits.filter(({ paidAt }) => paidAt < Infinity)

    expect(visits.length / 30).toBeCloseTo(40, -1)
    expect(payers.length / visits.length).toBeCloseTo(0.7, 1)
    for (const { issuedAt, paidAt, recordedAt } of payers) {
      expect(paidAt).toBeLessThan(issuedAt + LIVES_MS)
      expect(recordedAt).toBeGreaterThanOrEqual(paidAt + SECOND)
      expect(recordedAt).toBeLessThanOrEqual(paidAt + 2 * SECOND)
    }
  })
})

describe("the bank of the benchmark", () => {
  it.each([
    ["phnom-penh" as const, BEGIN + DAY],
    ["utc" as const, BEGIN + 7 * HOUR],
  ])("serves so many calls a day, which begins by %s", (bankDay, reset) => {
    const bank = new Bank(2, bankDay)
    const before = reset - 1

    expect(nextReset(before, bankDay)).toBe(reset)
    expect([1, 2, 3].map(() => bank.serves(before))).toEqual([
      true,
      true,
      false,
    ])
    expect(bank.serves(reset)).toBe(true)
    expect([bank.served, bank.refused]).toEqual([3, 1])
  })
})

describe("ours in the benchmark", () => {
  it.each([
    ["with a quota", RULES],
    ["with lists", { ...RULES, lists: true }],
    ["without a quota", { ...RULES, limit: null }],
    ["with half of the calls that it would need", { ...RULES, limit: 30 }],
  ])("finds each payment once, never before it is there, %s", (_, rules) => {
    const visits = visitsOf(WORLD)

    const run = runOurs(visits, rules)

    const payers = visits.filter(({ paidAt }) => paidAt < Infinity)
    expect([...run.foundAt].filter(Number.isFinite)).toHaveLength(payers.length)
    visits.forEach(({ recordedAt }, i) => {
      expect(run.foundAt[i]).toBeGreaterThanOrEqual(recordedAt)
    })
    expect(run.falseExpiries).toBe(0)
    if (!rules.lists) {
      expect(run.calls - run.refused).toBeGreaterThanOrEqual(visits.length)
    }
  })

  it("is served no more than the bank's limit", () => {
    const run = runOurs(visitsOf(WORLD), { ...RULES, limit: 30 })

    // Three days, and the night in which the last is ended.
    expect(run.calls - run.refused).toBeLessThanOrEqual(5 * 30)
  })

  it("asks when a signal says that it is worth it", () => {
    const visits = [visit()]

    const { foundAt } = runOurs(visits, RULES)

    expect(foundAt[0]).toBe(visits[0].deeds[0].at + 150)
  })
})

describe("others in the benchmark", () => {
  const naive = POLLERS[0]

  it("ask at their times until the money is there", () => {
    const run = runPoller([visit()], { ...RULES, limit: null }, naive)

    expect(run.foundAt[0]).toBe(NOON + 42 * SECOND + 150)
    expect(run.calls).toBe(14)
  })

  it("double their pauses up to the longest", () => {
    const doubling = POLLERS.find(({ name }) => name.startsWith("doubling"))!
    const ages: number[] = []
    for (let at: number | null = null; ages.length < 8;) {
      at = doubling.next(NOON, at)
      ages.push((at - NOON) / SECOND)
    }

    expect(ages).toEqual([2, 6, 14, 30, 62, 122, 182, 242])
  })

  it("ask on when they are refused, and take for unpaid what they could not find", () => {
    const run = runPoller([visit()], { ...RULES, limit: 5 }, naive)

    expect(run).toMatchObject({ calls: 200, refused: 195, falseExpiries: 1 })
    expect(run.foundAt[0]).toBe(Infinity)
  })
})

describe("fixed schedules in the benchmark", () => {
  const unpaid = visit({ paidAt: Infinity, recordedAt: Infinity })

  it("ask at a signal, and at their ages where none comes", () => {
    const silent = visit({ deeds: [] })
    const prepared = prepare([visit(), silent])

    const run = runSchedule(prepared, RULES, {
      ...AT_ONCE,
      fallbacks: [30, 90],
    })

    expect([...run.foundAt]).toEqual([
      NOON + 42 * SECOND + 150,
      NOON + 90 * SECOND + 150,
    ])
    expect(run.calls).toBe(4)
  })

  it("end with a closing question", () => {
    const run = runSchedule(prepare([{ ...unpaid, deeds: [] }]), RULES, AT_ONCE)

    expect(run).toMatchObject({ calls: 1, held: 0 })
  })

  it("find after the reset what the day's calls did not reach for", () => {
    const silent = visit({ deeds: [] })
    const rules = { ...RULES, limit: 1 }

    const run = runSchedule(prepare([visit(), silent]), rules, AT_ONCE)

    const reset = BEGIN + DAY + 7 * HOUR
    // A clock's difference later.
    expect(run.foundAt[1]).toBe(reset + 5 * SECOND + 150)
    // When it closes, and at midnight in Phnom Penh.
    expect(run.held).toBe(2)
  })

  it("ask about all that are open in one call where there are lists", () => {
    const visits = [visit(), visit({ deeds: [] })]

    const run = runSchedule(
      prepare(visits),
      { ...RULES, lists: true },
      { ...AT_ONCE, window: 20 }
    )

    const at = NOON + 62 * SECOND + 150
    expect([...run.foundAt]).toEqual([at, at])
    expect(run.calls).toBe(1)
  })

  it("are granted what the gate would grant", () => {
    const random = branch(1, 1)
    const counter = new Counter(20, AT_ONCE)
    const from = BEGIN + HOUR
    let state = freshQuota(new Date(from))
    for (let at = from; at < BEGIN + 4 * DAY; at += random() * HOUR) {
      const purpose = random() < 0.7 ? "check" : "closing"
      const leave = claim(state, 20, purpose, new Date(at))
      const isGranted = leave.granted && !leave.ticket.probe

      expect(
        counter.grants(at, purpose === "check" ? "signal" : "closing")
      ).toBe(isGranted)
      // What a probe would cost is not what is compared.
      state = leave.granted && leave.ticket.probe ? state : leave.state
    }
  })
})

describe("figures of the benchmark", () => {
  it("count an order for its day until the bank's day ends, or its KHQR's time", () => {
    const reset = nextReset(NOON, "utc")
    const late = visit({ issuedAt: reset - 60_000, paidAt: reset - 20_000 })

    expect(isSameDay(visit(), reset - 1, "utc")).toBe(true)
    expect(isSameDay(visit(), reset, "utc")).toBe(false)
    expect(isSameDay(late, late.issuedAt + CLOSES_MS, "utc")).toBe(true)
  })

  it("keep what was never found among the waits", () => {
    const waits = [1, 2, 3, Infinity]
    expect(quantile(waits, 0.5)).toBe(2)
    expect(quantile(waits, 0.99)).toBe(Infinity)

    const visits = [visit(), visit()]
    const figures = figuresOf(
      visits,
      {
        foundAt: Float64Array.from([NOON + 44 * SECOND, Infinity]),
        calls: 6,
        refused: 0,
        held: 0,
        falseExpiries: 1,
      },
      "utc"
    )
    expect(figures).toMatchObject({
      orders: 2,
      callsPerOrder: 3,
      p50: 4,
      p99: Infinity,
      sameDay: 0.5,
      lost: 1,
    })
  })
})
