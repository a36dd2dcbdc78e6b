import fc from "fast-check"

import type { CallPurpose } from "../../../bakong"
import {
  budgetOf,
  claim,
  COMFORT_SHARE,
  freshQuota,
  giveBack,
  hear,
  RECEIPT_SHARE,
  remaining,
  RESERVED_SHARE,
  reserve,
  rollOver,
  usedToday,
  type QuotaNews,
  type QuotaState,
  type Ticket,
} from "../quota"
import { DAY, HOUR, later, MINUTE, SECOND } from "./world"

/** Ten in the morning in Phnom Penh. */
const MORNING = new Date("2026-11-21T03:00:00Z")
/** Past midnight in Phnom Penh, with room for clocks that differ; still the 21st UTC. */
const PHNOM_PENH_MIDNIGHT = new Date("2026-11-21T17:00:05Z")
const UTC_MIDNIGHT = new Date("2026-11-22T00:00:05Z")

const LIMIT = 100

function ask(
  state: QuotaState,
  {
    purpose = "closing",
    limit = LIMIT,
    now = MORNING,
  }: Partial<{
    purpose: CallPurpose
    limit: number | null
    now: Date
  }> = {}
) {
  return claim(state, limit, purpose, now)
}

function spendAll(
  count: number,
  now = MORNING,
  limit: number | null = LIMIT
): QuotaState {
  let state = freshQuota(now)
  for (let call = 0; call < count; call++) {
    state = ask(state, { now, limit }).state
  }
  return state
}

function must(made: ReturnType<typeof claim>): Ticket {
  if (!made.granted) {
    throw new Error(made.message)
  }
  return made.ticket
}

describe("a day's calls", () => {
  it("are granted up to the limit and no further", () => {
    const state = spendAll(LIMIT)
    expect(state.used).toBe(LIMIT)
    expect(remaining(state, LIMIT, MORNING)).toBe(0)
    expect(ask(state)).toMatchObject({
      granted: false,
      reason: "quota_spent",
      state: { used: LIMIT, spent_by: "count" },
    })
  })

  it("keep a share for open charges and a person's questions", () => {
    const kept = reserve(LIMIT)
    expect(kept).toBe(LIMIT * RESERVED_SHARE)
    const state = spendAll(LIMIT - kept)
    for (const purpose of ["receipt", "refund", "issue"] as const) {
      expect(ask(state, { purpose })).toMatchObject({
        granted: false,
        reason: "quota_spent",
        state: { spent_at: null },
      })
    }
    for (const purpose of ["check", "closing", "manual"] as const) {
      expect(ask(state, { purpose }).granted).toBe(true)
      expect(ask(spendAll(LIMIT), { purpose }).granted).toBe(false)
    }
  })

  it("go for shoppers' receipts up to their share, and never from what is kept", () => {
    const share = LIMIT * RECEIPT_SHARE
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom<CallPurpose>(
            "receipt",
            "receipt",
            "check",
            "closing"
          ),
          { maxLength: 3 * LIMIT }
        ),
        fc.boolean(),
        (purposes, isGivenBack) => {
          let state = freshQuota(MORNING)
          let receipts = 0
          for (const purpose of purposes) {
            const before = usedToday(state)
            const made = ask(state, { purpose })
            state = made.state
            if (purpose !== "receipt" || !made.granted) {
              continue
            }
            receipts += 1
            expect(before).toBeLessThan(LIMIT - reserve(LIMIT))
            if (isGivenBack) {
              state = giveBack(state, made.ticket, MORNING)
              receipts -= 1
            }
          }
          expect(receipts).toBeLessThanOrEqual(share)
          expect(state.receipts).toBe(receipts)
        }
      )
    )
    let state = freshQuota(MORNING)
    for (let n = 0; n < share; n++) {
      const made = ask(state, { purpose: "receipt" })
      expect(made.granted).toBe(true)
      state = made.state
    }
    expect(ask(state, { purpose: "receipt" })).toMatchObject({
      granted: false,
      reason: "quota_spent",
      state: { spent_at: null },
    })
    expect(ask(state, { purpose: "check" }).granted).toBe(true)
    const tomorrow = later(MORNING, DAY)
    expect(ask(state, { purpose: "receipt", now: tomorrow }).granted).toBe(true)
    expect(ask(state, { purpose: "receipt", limit: null }).granted).toBe(true)
  })

  it.each(["deeplink", "account"] as const)(
    "go for a %s only from the first half of what is not kept",
    (purpose) => {
      const half = (LIMIT - reserve(LIMIT)) * COMFORT_SHARE
      expect(ask(spendAll(half - 1), { purpose }).granted).toBe(true)
      expect(ask(spendAll(half), { purpose })).toMatchObject({
        granted: false,
        reason: "quota_spent",
        state: { spent_at: null },
      })
      expect(ask(spendAll(half), { purpose: "check" }).granted).toBe(true)
    }
  )

  it("never stand in the way of a new token, and count it", () => {
    const state = spendAll(LIMIT)
    const made = ask(state, { purpose: "token" })
    expect(made.granted).toBe(true)
    expect(made.state.used).toBe(LIMIT + 1)
  })

  it("have no end where there is no limit", () => {
    const state = spendAll(500, MORNING, null)
    expect(ask(state, { purpose: "check", limit: null }).granted).toBe(true)
    expect(remaining(state, null, MORNING)).toBeNull()
  })

  it("come back when a call was not sent", () => {
    const made = ask(freshQuota(MORNING))
    const state = giveBack(made.state, must(made), MORNING)
    expect(usedToday(state)).toBe(0)
  })
})

describe("midnight", () => {
  it("is counted from both, and the greater count rules", () => {
    const evening = new Date("2026-11-21T16:00:00Z")
    const early = new Date("2026-11-21T18:00:00Z")
    const before = spendAll(30, evening)
    const after = rollOver(before, early)
    expect(after).toMatchObject({
      day: "2026-11-22",
      used: 0,
      utc_day: "2026-11-21",
      used_utc: 30,
    })
    expect(usedToday(after)).toBe(30)
    expect(rollOver(after, UTC_MIDNIGHT)).toMatchObject({
      day: "2026-11-22",
      used_utc: 0,
    })
  })

  it("lets one call find out where only one of the counts is used up", () => {
    const before = spendAll(LIMIT, new Date("2026-11-21T16:00:00Z"))
    const first = ask(before, { now: PHNOM_PENH_MIDNIGHT })
    expect(must(first).probe).toBe(true)
    expect(ask(first.state, { now: PHNOM_PENH_MIDNIGHT }).granted).toBe(false)
  })

  it("ends a quota spent by our own count without asking anybody", () => {
    const spent = ask(spendAll(LIMIT)).state
    expect(spent.spent_by).toBe("count")
    const next = later(MORNING, DAY)
    expect(remaining(spent, LIMIT, next)).toBe(LIMIT)
    expect(must(ask(spent, { now: next })).probe).toBe(false)
  })

  it("is not waited for when the limit was raised, or taken away", () => {
    const spent = ask(spendAll(LIMIT)).state
    for (const limit of [2 * LIMIT, null]) {
      expect(must(ask(spent, { limit })).probe).toBe(false)
    }
  })

  it("is not brought back by a clock that lags behind", () => {
    const ahead = rollOver(spendAll(5), new Date("2026-11-22T03:00:00Z"))
    expect(rollOver(ahead, MORNING)).toMatchObject({
      day: "2026-11-22",
      utc_day: "2026-11-22",
    })
  })
})

describe("a bank whose clock is behind ours", () => {
  it.each([
    ["in Phnom Penh", PHNOM_PENH_MIDNIGHT],
    ["UTC", UTC_MIDNIGHT],
  ])("counts no new day before it is past there too: %s", (_, begins) => {
    const evening = later(begins, -HOUR)
    const spent = ask(spendAll(LIMIT, evening), { now: evening }).state
    const before = later(begins, -1)
    expect(rollOver(spent, before)).toEqual(spent)
    expect(ask(spent, { now: before }).granted).toBe(false)
    expect(ask(spent, { now: begins }).granted).toBe(true)
  })

  it.each([PHNOM_PENH_MIDNIGHT, UTC_MIDNIGHT])(
    "is not asked while it may count the call for either day, if calls are counted: %p",
    (begins) => {
      const midnight = later(begins, -5_000)
      const state = freshQuota(midnight)
      for (const now of [midnight, later(begins, -1)]) {
        for (const purpose of ["check", "manual", "receipt"] as const) {
          expect(ask(state, { purpose, now })).toMatchObject({
            granted: false,
            reason: "rate_limited",
            retryAfterMs: +begins - +now,
          })
        }
        for (const purpose of ["token", "issue", "deeplink"] as const) {
          expect(ask(state, { purpose, now }).granted).toBe(true)
        }
        expect(claim(state, null, "check", now).granted).toBe(true)
        expect(budgetOf(state, LIMIT, now).closedUntil).toEqual(begins)
      }
      expect(ask(state, { now: later(midnight, -1) }).granted).toBe(true)
      expect(ask(state, { now: begins }).granted).toBe(true)
    }
  )

  it("is never asked for a day that it has not begun", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(PHNOM_PENH_MIDNIGHT, UTC_MIDNIGHT),
        fc.integer({ min: 0, max: 5_000 }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 60 }),
        (begins, behindMs, pauses, limit) => {
          const midnight = later(begins, -5_000)
          let now = later(midnight, -5_000)
          let state = freshQuota(now)
          let last = state
          for (const pause of pauses) {
            now = later(now, pause)
            const made = claim(state, limit, "closing", now)
            state = made.state
            if (made.granted) {
              const isFirst =
                state.day > last.day || state.utc_day > last.utc_day
              last = state
              expect(isFirst && +now - behindMs < +midnight).toBe(false)
              const news = { type: "served" } as const
              state = hear(state, made.ticket, news, limit, now)
            }
          }
        }
      ),
      { numRuns: 1_000 }
    )
  })
})

describe("a refusal by the bank", () => {
  const refusedAt = (count: number, now = MORNING, heard = now) => {
    const made = ask(spendAll(count - 1, now), { now })
    return hear(made.state, must(made), { type: "refused" }, LIMIT, heard)
  }

  it("stops all calls and corrects the limit", () => {
    const state = refusedAt(71)
    expect(state).toMatchObject({
      spent_by: "bank",
      learned_limit: 70,
      refused: 1,
    })
    expect(ask(state, { purpose: "manual" })).toMatchObject({
      granted: false,
      reason: "quota_spent",
      retryAfterMs: HOUR,
    })
  })

  it("holds for a shop without a limit too", () => {
    expect(ask(refusedAt(41), { limit: null }).granted).toBe(false)
  })

  it("is told once by calls that were under way together", () => {
    const made = ask(spendAll(40))
    const first = hear(
      made.state,
      must(made),
      { type: "refused" },
      LIMIT,
      MORNING
    )
    const second = hear(first, must(made), { type: "refused" }, LIMIT, MORNING)
    expect(second).toEqual({ ...first, refused: 2 })
  })

  it("is probed once an hour", () => {
    const state = refusedAt(41)
    expect(ask(state, { now: later(MORNING, HOUR - 1) }).granted).toBe(false)
    const probe = ask(state, { now: later(MORNING, HOUR) })
    expect(must(probe).probe).toBe(true)
    expect(
      ask(probe.state, { now: later(MORNING, HOUR + MINUTE) }).granted
    ).toBe(false)
    expect(ask(probe.state, { now: later(MORNING, 2 * HOUR) }).granted).toBe(
      true
    )
  })

  it.each([PHNOM_PENH_MIDNIGHT, UTC_MIDNIGHT])(
    "is probed at the midnight of %p",
    (midnight) => {
      const shortBefore = later(midnight, -20 * MINUTE)
      const state = refusedAt(41, shortBefore)
      expect(ask(state, { now: later(midnight, -1) }).granted).toBe(false)
      expect(must(ask(state, { now: midnight })).probe).toBe(true)
    }
  )

  it("is lifted by a probe that is served, and by nothing else", () => {
    const state = refusedAt(41)
    const at = later(MORNING, HOUR)
    const probe = ask(state, { now: at })
    for (const type of ["refused", "nothing"] as const) {
      expect(
        hear(probe.state, must(probe), { type }, LIMIT, at).spent_at
      ).not.toBe(null)
    }
    const straggler = { probe: false }
    expect(
      hear(probe.state, straggler, { type: "served" }, LIMIT, at).spent_at
    ).not.toBe(null)
    const lifted = hear(probe.state, must(probe), { type: "served" }, LIMIT, at)
    // No midnight has passed: what was asked today was asked today.
    expect(lifted).toMatchObject({ spent_at: null, used: 42, used_utc: 42 })
    expect(ask(lifted, { now: at, purpose: "check" }).granted).toBe(true)
  })

  it("is lifted to what the bank may have counted since either midnight", () => {
    const evening = new Date("2026-11-21T16:00:00Z")
    const state = refusedAt(91, evening)
    const early = new Date("2026-11-21T18:00:00Z")
    const probe = ask(state, { now: early })
    const lifted = hear(
      probe.state,
      must(probe),
      { type: "served" },
      LIMIT,
      early
    )
    expect(lifted).toMatchObject({ used: 1, used_utc: 1, learned_limit: 90 })
  })

  it("keeps nobody away for longer than the probe takes", () => {
    const at = later(MORNING, HOUR)
    const probe = ask(refusedAt(41), { now: at })
    const [other] = [ask(probe.state, { now: at })]
    expect(other).toMatchObject({ granted: false })
    expect((other as { retryAfterMs: number }).retryAfterMs).toBeLessThan(
      2 * MINUTE
    )
  })

  it("is probed again soon when the probe learned nothing", () => {
    const at = later(MORNING, HOUR)
    const probe = ask(refusedAt(41), { now: at })
    const state = hear(probe.state, must(probe), { type: "nothing" }, LIMIT, at)
    expect(ask(state, { now: later(at, 9 * MINUTE) }).granted).toBe(false)
    expect(must(ask(state, { now: later(at, 10 * MINUTE) })).probe).toBe(true)
  })

  it.each(["deeplink", "account"] as const)(
    "is not probed by a %s, which carries no token in practice",
    (purpose) => {
      const at = later(MORNING, HOUR)
      expect(ask(refusedAt(41), { purpose, now: at }).granted).toBe(false)
    }
  )

  it.each([
    ["before half of the limit, which somebody else may have used", 12, LIMIT],
    ["where there is no limit", 90, null],
  ])("teaches no limit %s", (_, count, limit) => {
    const made = ask(spendAll(count, MORNING, limit), { limit })
    const state = hear(
      made.state,
      must(made),
      { type: "refused" },
      limit,
      MORNING
    )
    expect(state).toMatchObject({ spent_by: "bank", learned_limit: null })
  })

  it.each([PHNOM_PENH_MIDNIGHT, UTC_MIDNIGHT])(
    "teaches no limit within a minute of the midnight of %p",
    (begins) => {
      const midnight = later(begins, -5_000)
      const learnedAt = (ms: number, heardMs = ms) =>
        refusedAt(71, later(midnight, ms), later(midnight, heardMs))
          .learned_limit
      expect(learnedAt(-MINUTE - 1)).toBe(70)
      expect(learnedAt(-MINUTE)).toBeNull()
      // What left before it was counted by one of the two days.
      expect(learnedAt(-1, 0)).toBeNull()
      expect(learnedAt(-1, 1)).toBeNull()
      expect(learnedAt(5_000)).toBeNull()
      expect(learnedAt(MINUTE)).toBeNull()
      expect(learnedAt(MINUTE + 1)).toBe(70)
    }
  )

  it("gives a probe back that was not sent", () => {
    const at = later(MORNING, HOUR)
    const probe = ask(refusedAt(41), { now: at })
    const state = giveBack(probe.state, must(probe), at)
    expect(must(ask(state, { now: at })).probe).toBe(true)
  })

  it("lasts over midnight, and the corrected limit gives way by a tenth a day", () => {
    const next = later(MORNING, DAY)
    const still = rollOver(refusedAt(71), next)
    expect(still).toMatchObject({ learned_limit: 70, used: 0 })
    expect(still.spent_at).not.toBeNull()
    const lifted = { ...still, spent_at: null, spent_by: null }
    expect(rollOver(lifted, later(next, DAY)).learned_limit).toBe(77)
  })
})

it("keeps the longer of two pauses", () => {
  const made = ask(freshQuota(MORNING))
  const pause = (state: QuotaState, retryAfterMs: number) =>
    hear(
      state,
      must(made),
      { type: "rate_limited", retryAfterMs },
      LIMIT,
      MORNING
    )
  const state = pause(pause(made.state, HOUR), SECOND)
  expect(state.paused_until).toEqual(later(MORNING, HOUR))
})

it("obeys the pause of a 429", () => {
  const made = ask(freshQuota(MORNING))
  const paused = hear(
    made.state,
    must(made),
    { type: "rate_limited", retryAfterMs: 20 * SECOND },
    LIMIT,
    MORNING
  )
  expect(ask(paused, { now: later(MORNING, 5 * SECOND) })).toMatchObject({
    granted: false,
    reason: "rate_limited",
    retryAfterMs: 15 * SECOND,
  })
  expect(ask(paused, { now: later(MORNING, 20 * SECOND) }).granted).toBe(true)
})

/** A bank that serves `limit` calls from each of its own midnights. */
class CountingBank {
  served = 0
  refused = 0
  protected day_ = ""
  protected used_ = 0

  constructor(
    readonly limit: number,
    readonly offsetMs: number
  ) {}

  call(now: Date): "served" | "refused" {
    const day = later(now, this.offsetMs).toISOString().slice(0, 10)
    if (day !== this.day_) {
      this.day_ = day
      this.used_ = 0
    }
    this.used_ += 1
    if (this.used_ > this.limit) {
      this.refused += 1
      return "refused"
    }
    this.served += 1
    return "served"
  }
}

const anyDays = fc.record({
  bankLimit: fc.integer({ min: 1, max: 60 }),
  option: fc.option(fc.integer({ min: 1, max: 60 })),
  offsetMs: fc.constantFrom(0, 7 * HOUR),
  start: fc.integer({ min: 0, max: DAY - 1 }),
  /** When calls are wanted, ms after the one before. */
  pauses: fc.array(fc.integer({ min: 0, max: 40 * MINUTE }), {
    minLength: 1,
    maxLength: 300,
  }),
  purpose: fc.constantFrom<CallPurpose>("check", "closing"),
})

function live({
  bankLimit,
  option,
  offsetMs,
  start,
  pauses,
  purpose,
}: typeof anyDays extends fc.Arbitrary<infer T> ? T : never) {
  const bank = new CountingBank(bankLimit, offsetMs)
  let now = later(new Date("2026-11-21T00:00:00Z"), start)
  let state = freshQuota(now)
  const refusals: Date[] = []
  const sent: { at: Date; probe: boolean }[] = []
  const learned: number[] = []
  for (const pause of pauses) {
    now = later(now, pause)
    const made = claim(state, option, purpose, now)
    state = made.state
    if (made.granted) {
      sent.push({ at: now, probe: made.ticket.probe })
      const answer = bank.call(now)
      if (answer === "refused") {
        refusals.push(now)
      }
      state = hear(state, made.ticket, { type: answer }, option, now)
      if (state.learned_limit !== null) {
        learned.push(state.learned_limit)
      }
    }
  }
  return { bank, state, sent, refusals, learned, now }
}

describe("whatever the bank's limit and its midnight are", () => {
  it("a shop is refused at most once an hour and at the midnights", () => {
    fc.assert(
      fc.property(anyDays, (days) => {
        const { refusals } = live(days)
        for (let i = 1; i < refusals.length; i++) {
          const gap = +refusals[i] - +refusals[i - 1]
          const midnightBetween = [0, 7 * HOUR].some(
            (offset) =>
              Math.floor((+refusals[i] + offset - 5_000) / DAY) !==
              Math.floor((+refusals[i - 1] + offset - 5_000) / DAY)
          )
          expect(gap >= HOUR || midnightBetween).toBe(true)
        }
      })
    )
  })

  it("no more calls than the option allows leave in any day, but the probes", () => {
    fc.assert(
      fc.property(anyDays, (days) => {
        const { sent } = live(days)
        if (days.option === null) {
          return
        }
        const plain = sent.filter(({ probe }) => !probe)
        const byDay = new Map<string, number>()
        for (const { at } of plain) {
          const day = later(at, days.offsetMs).toISOString().slice(0, 10)
          byDay.set(day, (byDay.get(day) ?? 0) + 1)
        }
        // A probe that is served begins the count anew: the bank's day did.
        const probesServed = sent.filter(({ probe }) => probe).length
        for (const count of byDay.values()) {
          expect(count).toBeLessThanOrEqual(
            days.option * (1 + Math.min(1, probesServed))
          )
        }
      })
    )
  })

  it("nothing is learned of a limit that is lower than the bank's", () => {
    fc.assert(
      fc.property(anyDays, (days) => {
        const { learned } = live(days)
        for (const limit of learned) {
          expect(limit).toBeGreaterThanOrEqual(days.bankLimit)
        }
      }),
      { numRuns: 1_000 }
    )
  })

  it("the bank's whole day is used, whenever it begins", () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 7 * HOUR), (offsetMs) => {
        // Two weeks in which a call is wanted every seven minutes.
        const { bank, state } = live({
          bankLimit: LIMIT,
          option: LIMIT,
          offsetMs,
          start: 3 * HOUR,
          pauses: Array(14 * 205).fill(7 * MINUTE),
          purpose: "closing",
        })
        expect(state.learned_limit).toBeNull()
        expect(bank.served).toBeGreaterThan(13 * LIMIT * 0.95)
      })
    )
  })

  it("a spent quota comes back within a day and an hour of the bank's own", () => {
    fc.assert(
      fc.property(anyDays, (days) => {
        const { state, bank, now } = live(days)
        let after = state
        let at = now
        let served = false
        for (let hour = 0; hour <= 26 && !served; hour++) {
          at = later(at, HOUR)
          const made = claim(after, days.option, "closing", at)
          after = made.state
          if (made.granted) {
            const answer = bank.call(at)
            served = answer === "served"
            after = hear(after, made.ticket, { type: answer }, days.option, at)
          }
        }
        expect(served).toBe(true)
      })
    )
  })
})

/** A quota in any state, as days of calls and what the bank said of them leave it. */
const anyQuota = fc
  .record({
    limit: fc.option(fc.integer({ min: 1, max: 40 })),
    start: fc.integer({ min: 0, max: DAY - 1 }),
    deeds: fc.array(
      fc.record({
        pause: fc.oneof(
          fc.integer({ min: 0, max: MINUTE }),
          fc.integer({ min: 0, max: 9 * HOUR })
        ),
        calls: fc.integer({ min: 1, max: 15 }),
        news: fc.constantFrom<QuotaNews>(
          { type: "served" },
          { type: "served" },
          { type: "refused" },
          { type: "rate_limited", retryAfterMs: undefined },
          { type: "rate_limited", retryAfterMs: 20 * MINUTE },
          { type: "nothing" }
        ),
        isGivenBack: fc.boolean(),
        purpose: fc.constantFrom<CallPurpose>("check", "receipt", "token"),
      }),
      { maxLength: 12 }
    ),
    pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: DAY })),
  })
  .map(({ limit, start, deeds, pause }) => {
    let now = later(new Date("2026-11-21T00:00:00Z"), start)
    let state = freshQuota(now)
    for (const { pause, calls, news, isGivenBack, purpose } of deeds) {
      now = later(now, pause)
      for (let call = 0; call < calls; call++) {
        const made = claim(state, limit, purpose, now)
        state = made.state
        if (made.granted) {
          const { ticket } = made
          const isLast = call === calls - 1
          state = hear(
            state,
            ticket,
            isLast ? news : { type: "served" },
            limit,
            now
          )
          state = isGivenBack ? giveBack(state, ticket, now) : state
        }
      }
    }
    return { state, limit, now: later(now, pause) }
  })

/** How many checks are granted one after the other, none of them a probe; at most so many. */
function grants(
  { state, limit, now }: { state: QuotaState; limit: number | null; now: Date },
  most: number
): number {
  let current = state
  for (let count = 0; count < most; count++) {
    const made = claim(current, limit, "check", now)
    if (!made.granted || made.ticket.probe) {
      return count
    }
    current = made.state
  }
  return most
}

describe("What the plan may spend", () => {
  it("is what the gate grants, and not one more", () => {
    fc.assert(
      fc.property(anyQuota, (quota) => {
        const { state, limit, now } = quota
        const { windows, closedUntil, isProbe } = budgetOf(state, limit, now)
        if (closedUntil !== null || isProbe) {
          expect(grants(quota, 1)).toBe(0)
          return
        }
        const left = Math.min(...windows.map((window) => window.left))
        expect(left).toBeGreaterThan(0)
        expect(grants(quota, 200)).toBe(Math.min(left, 200))
      }),
      { numRuns: 500 }
    )
  })

  it("is closed for as long as the gate refuses, and then open or probed as it says", () => {
    fc.assert(
      fc.property(anyQuota, (quota) => {
        const { state, limit, now } = quota
        const { closedUntil, isProbe } = budgetOf(state, limit, now)
        const at = (moment: Date) => claim(state, limit, "check", moment)
        if (closedUntil === null) {
          expect(at(now)).toMatchObject({
            granted: true,
            ticket: { probe: isProbe },
          })
          return
        }
        expect(+closedUntil).toBeGreaterThan(+now)
        expect(at(now)).toMatchObject({ granted: false })
        // The state it leaves is the state in which the plan finds it then.
        const { state: refused } = at(now)
        const then = budgetOf(refused, limit, closedUntil)
        expect(then.closedUntil).toBeNull()
        expect(claim(refused, limit, "check", closedUntil)).toMatchObject({
          granted: true,
          ticket: { probe: then.isProbe },
        })
      }),
      { numRuns: 500 }
    )
  })

  it("is counted until the two midnights, by each calendar", () => {
    const state = { ...freshQuota(MORNING), used: 30, used_utc: 70 }
    expect(budgetOf(state, LIMIT, MORNING)).toEqual({
      windows: [
        { left: 70, endsAt: PHNOM_PENH_MIDNIGHT },
        { left: 30, endsAt: UTC_MIDNIGHT },
      ],
      closedUntil: null,
      isProbe: false,
    })
    expect(budgetOf(state, null, MORNING).windows).toEqual([])
  })

  it("ends in the future, and is whole again then by that calendar", () => {
    fc.assert(
      fc.property(anyQuota, ({ state, limit, now }) => {
        const { windows } = budgetOf(state, limit, now)
        windows.forEach(({ endsAt }, calendar) => {
          expect(+endsAt).toBeGreaterThan(+now)
          expect(+endsAt).toBeLessThanOrEqual(+later(now, DAY))
          const rolled = rollOver(state, endsAt)
          expect([rolled.used, rolled.used_utc][calendar]).toBe(0)
        })
      })
    )
  })

  it("is nothing while the bank wants a pause, whatever is left", () => {
    const paused_until = later(MORNING, HOUR)
    const state = { ...freshQuota(MORNING), paused_until }
    expect(budgetOf(state, LIMIT, MORNING).closedUntil).toEqual(paused_until)
    expect(budgetOf(state, LIMIT, paused_until).closedUntil).toBeNull()
  })

  it("is a probe once the hour is over, after a pause that lasts longer", () => {
    const next_probe_at = later(MORNING, HOUR)
    const spent = {
      ...freshQuota(MORNING),
      spent_at: MORNING,
      spent_by: "bank" as const,
      next_probe_at,
    }
    expect(budgetOf(spent, LIMIT, MORNING)).toMatchObject({
      closedUntil: next_probe_at,
      isProbe: true,
    })
    expect(budgetOf(spent, LIMIT, next_probe_at)).toMatchObject({
      closedUntil: null,
      isProbe: true,
    })
    const paused_until = later(next_probe_at, MINUTE)
    expect(
      budgetOf({ ...spent, paused_until }, LIMIT, MORNING).closedUntil
    ).toEqual(paused_until)
  })
})
