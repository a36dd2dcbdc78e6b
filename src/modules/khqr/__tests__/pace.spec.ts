import fc from "fast-check"

import type { Outcome } from "../../../bakong"
import {
  LATE_SIGNAL_COOLDOWN_MS,
  planNextCheck,
  MOST_LATE_SIGNALS,
  planSignalledCheck,
  SIGNAL_COOLDOWN_MS,
  WATCHED_EACH_MS,
} from "../pace"
import { closesAt, transition } from "../state"
import type { Charge } from "../types"
import {
  ATTEMPT_FAILED,
  charge,
  CLOSES_AT,
  DAY,
  EXPIRES_AT,
  HOUR,
  ISSUED_AT,
  later,
  MINUTE,
  NOT_FOUND,
  paid,
  SECOND,
  unknown,
} from "./world"

/** What a bank says to a question that leaves at a moment. */
type Bank = (askedAt: Date) => Outcome

type Asked = {
  due: Date
  at: Date
  answeredAt: Date
  reason: string | undefined
}

type Life = {
  bank: Bank
  start?: Charge
  until?: Date
  /** How long the bank takes for the n-th answer. */
  latency?: (n: number) => number
  /** How late the clock comes to the n-th question. */
  delay?: (n: number) => number
  /** When the shopper says that they may have paid. */
  signals?: Date[]
}

/** Lets a charge live as the ledger does: plan, ask, write down, plan. */
function live({
  bank,
  start = charge(),
  until = later(EXPIRES_AT, 4 * DAY),
  latency = () => 0,
  delay = () => 0,
  signals = [],
}: Life): { charge: Charge; asked: Asked[] } {
  const asked: Asked[] = []
  const first = planNextCheck(start, start.issued_at)
  let current: Charge = { ...start, next_check_at: first?.at ?? null }
  let reason: string | undefined = first?.reason
  let now = start.issued_at
  const waiting = [...signals].sort((a, b) => +a - +b)

  for (;;) {
    const due = current.next_check_at
    const signal = waiting[0]
    if (signal && (due === null || signal <= due)) {
      waiting.shift()
      now = latest(now, signal)
      const at = planSignalledCheck(current, now)
      if (at !== null) {
        current = { ...current, next_check_at: at }
        reason = "signal"
      }
      continue
    }
    if (due === null || due > until) {
      return { charge: current, asked }
    }
    const askedAt = later(latest(now, due), delay(asked.length))
    const answeredAt = later(askedAt, latency(asked.length))
    asked.push({ due, at: askedAt, answeredAt, reason })
    now = answeredAt
    const outcome = bank(askedAt)
    current = transition(
      current,
      { type: "answered", outcome, askedAt },
      now
    ).charge
    const plan = planNextCheck(current, now, retryAfterOf(outcome))
    reason = plan?.reason
    current = { ...current, next_check_at: plan?.at ?? null }
    if (asked.length > 20_000) {
      throw new Error("The charge is asked about without end")
    }
  }
}

const retryAfterOf = (outcome: Outcome) =>
  outcome.type === "unknown" ? outcome.retryAfterMs : undefined

const latest = (a: Date, b: Date) => (a > b ? a : b)

const sinceIssue = ({ at }: Asked) => (+at - +ISSUED_AT) / SECOND

const sinceExpiry = ({ at }: Asked) => (+at - +EXPIRES_AT) / MINUTE

/** Seconds from one answer to the next question. */
const pauses = (asked: Asked[]) =>
  asked.slice(1).map(({ at }, i) => (+at - +asked[i].answeredAt) / SECOND)

/** Seconds from one question to the next. */
const gaps = (asked: Asked[]) =>
  asked.slice(1).map(({ at }, i) => (+at - +asked[i].at) / SECOND)

const seconds = (from: number, to: number, step: number) =>
  Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step)

describe("The life of a charge that nobody pays", () => {
  const { charge: end, asked } = live({ bank: () => NOT_FOUND })
  const during = asked.filter(({ at }) => at < EXPIRES_AT)

  it("is asked about each 2 s for 2 minutes, each 5 s to the 5th, each 10 s after, where no page tells who looks", () => {
    expect(asked.filter(({ at }) => at < CLOSES_AT).map(sinceIssue)).toEqual([
      ...seconds(2, 120, 2),
      ...seconds(125, 300, 5),
      ...seconds(310, 710, 10),
    ])
    expect(during).toHaveLength(60 + 36 + 29)
  })

  it("is asked about each 2 s while somebody looks, and else at the pace of its age", () => {
    const watched = { watched_since: ISSUED_AT, unwatched_at: null }
    const left = { watched_since: ISSUED_AT, unwatched_at: ISSUED_AT }
    const next = (changes: Partial<Charge>, minutes: number) => {
      const now = later(ISSUED_AT, minutes * MINUTE)
      const { at, reason } = planNextCheck(charge(changes), now)!
      return [(+at - +now) / SECOND, reason]
    }
    for (const minutes of [0, 4, 9]) {
      expect(next(watched, minutes)).toEqual([2, "watched"])
    }
    // Who has just left the page is probably in their bank's app.
    expect(next(left, 1.9)).toEqual([2, "watched"])
    expect(next(left, 2)).toEqual([5, "unwatched"])
    expect(next(left, 4.9)).toEqual([5, "unwatched"])
    expect(next(left, 5)).toEqual([10, "aging"])
    expect(next({}, 1.9)).toEqual([2, "watched"])
    expect(next({}, 2)).toEqual([5, "unwatched"])
    expect(next({}, 5)).toEqual([10, "aging"])
    expect(next({ ...watched, superseded_at: ISSUED_AT }, 0)).toEqual([
      30,
      "superseded",
    ])
  })

  it("ends by one closing question, exactly 120 s after the KHQR's time", () => {
    const closing = asked.filter(({ reason }) => reason === "closing")

    expect(closing).toHaveLength(1)
    expect(closing[0].at).toEqual(CLOSES_AT)
    expect(end.status).toBe("expired")
  })

  it("is followed by five late questions, and none after a day", () => {
    const late = asked.filter(({ at }) => at > CLOSES_AT)

    expect(late.map(sinceExpiry)).toEqual([10, 30, 120, 360, 1440])
    expect(new Set(late.map(({ reason }) => reason))).toEqual(new Set(["late"]))
    expect(end.next_check_at).toBeNull()
  })

  it("is asked about each 30 s once it is no longer shown, and closed all the same", () => {
    const superseded = live({
      bank: () => NOT_FOUND,
      start: charge({ superseded_at: ISSUED_AT }),
    })

    expect(
      superseded.asked.filter(({ at }) => at <= CLOSES_AT).map(sinceIssue)
    ).toEqual(seconds(30, 720, 30))
    expect(superseded.charge.status).toBe("expired")
  })

  it("closes in time and apart from the last question, however slow bank and clock are", () => {
    const anyPace = fc.record({
      expiresIn: fc.integer({ min: 60, max: 600 }).map((s) => s * SECOND),
      latencies: fc.array(fc.nat(950), { minLength: 1, maxLength: 9 }),
      delays: fc.array(fc.nat(2 * SECOND), { minLength: 1, maxLength: 9 }),
      superseded: fc.boolean(),
    })

    fc.assert(
      fc.property(anyPace, ({ expiresIn, latencies, delays, superseded }) => {
        const start = charge({
          expires_at: later(ISSUED_AT, expiresIn),
          superseded_at: superseded ? ISSUED_AT : null,
        })
        const { charge: end, asked } = live({
          start,
          bank: () => NOT_FOUND,
          latency: (n) => latencies[n % latencies.length],
          delay: (n) => delays[n % delays.length],
        })
        const closing = asked.filter(({ reason }) => reason === "closing")
        const lateness = +closing[0].at - +closesAt(start)

        expect(end.status).toBe("expired")
        expect(closing).toHaveLength(1)
        // A question that was under way at the closing pushes it by its cool-down.
        expect(+closing[0].due).toBeGreaterThanOrEqual(+closesAt(start))
        expect(lateness).toBeLessThanOrEqual(6 * SECOND)
        expect(asked.at(-1)!.reason).toBe("late")
        expect(Math.min(...gaps(asked))).toBeGreaterThanOrEqual(1)
      }),
      { numRuns: 500 }
    )
  })
})

describe("An expired charge", () => {
  const next = (msAfterExpiry: number) => {
    const plan = planNextCheck(
      charge({ status: "expired" }),
      later(EXPIRES_AT, msAfterExpiry)
    )
    return plan && (+plan.at - +EXPIRES_AT) / MINUTE
  }

  it("is not asked about again just after a question that a signal brought", () => {
    expect(next(9 * MINUTE)).toBe(10)
    expect(next(9 * MINUTE + 1)).toBe(30)
    expect(next(10 * MINUTE)).toBe(30)
  })

  it("is asked about what is left after a day without a clock", () => {
    expect(next(7 * HOUR)).toBe(1440)
    expect(next(DAY)).toBeNull()
  })
})

describe("A charge with money", () => {
  it("is never asked about again", () => {
    for (const status of ["paid", "completed"] as const) {
      const done = charge({ status, unknowns: 3 })
      for (const now of [ISSUED_AT, CLOSES_AT, later(EXPIRES_AT, HOUR)]) {
        expect(planNextCheck(done, now, HOUR)).toBeNull()
        expect(planSignalledCheck(done, now)).toBeNull()
      }
    }
  })

  it("is asked about until it is paid, also late", () => {
    for (const paidAt of [later(ISSUED_AT, MINUTE), later(EXPIRES_AT, HOUR)]) {
      const { charge: end, asked } = live({
        bank: (now) => (now >= paidAt ? paid() : NOT_FOUND),
      })
      expect(end.status).toBe("paid")
      expect(end.next_check_at).toBeNull()
      expect(asked.filter(({ at }) => at >= paidAt)).toHaveLength(1)
    }
  })
})

describe("A charge that a person confirmed", () => {
  const CONFIRMED = {
    status: "paid" as const,
    evidence: "staff" as const,
    paid_at: ISSUED_AT,
  }

  it("is asked about as rarely as an expired one, until the bank proves it", () => {
    const { asked, charge: last } = live({
      start: charge(CONFIRMED),
      bank: (askedAt) =>
        askedAt > later(EXPIRES_AT, HOUR) ? paid() : NOT_FOUND,
    })

    expect(asked.map(({ at }) => +at - +EXPIRES_AT)).toEqual([
      10 * MINUTE,
      30 * MINUTE,
      2 * HOUR,
    ])
    expect(new Set(asked.map(({ reason }) => reason))).toEqual(
      new Set(["late"])
    )
    expect(last.bank_hash).not.toBeNull()
  })

  it("is asked about five times at most, whatever the bank says, also when it is an order", () => {
    for (const bank of [
      () => NOT_FOUND,
      () => unknown(),
      () => ATTEMPT_FAILED,
    ]) {
      for (const status of ["paid", "completed"] as const) {
        const start = charge({ ...CONFIRMED, status })
        expect(live({ start, bank }).asked).toHaveLength(5)
      }
    }
  })

  it("is asked about no more once it is proven, or dismissed", () => {
    expect(
      planNextCheck(charge({ ...CONFIRMED, bank_hash: "a" }), EXPIRES_AT)
    ).toBeNull()
    expect(
      planNextCheck(
        charge({
          ...CONFIRMED,
          review_reason: "order_failed",
          resolution: "dismiss",
        }),
        EXPIRES_AT
      )
    ).toBeNull()
  })

  it("is asked about at no signal", () => {
    const start = { ...charge(CONFIRMED), next_check_at: null }
    expect(planSignalledCheck(start, later(ISSUED_AT, MINUTE))).toBeNull()
  })
})

describe("A charge about which the bank can add nothing", () => {
  it.each<[string, Partial<Charge>]>([
    ["has the shop's KHQR without an amount", { mode: "static" }],
    [
      "has the shop's KHQR and is over",
      { mode: "static", status: "expired", last_checked_at: CLOSES_AT },
    ],
    [
      "has the shop's KHQR and a person's word",
      { mode: "static", status: "paid", evidence: "staff" },
    ],
    ["shows a transfer that pays another", { review_reason: "hash_used" }],
    [
      "was dismissed as unverifiable",
      { review_reason: "unverifiable", resolution: "dismiss" },
    ],
  ])("is never asked about when it %s", (_, changes) => {
    const start = { ...charge(changes), next_check_at: null }
    for (const now of [ISSUED_AT, EXPIRES_AT, later(EXPIRES_AT, HOUR)]) {
      expect(planNextCheck(start, now)).toBeNull()
      expect(planNextCheck({ ...start, unknowns: 3 }, now)).toBeNull()
      expect(planSignalledCheck(start, now)).toBeNull()
    }
    expect(live({ start: start, bank: () => paid() }).asked).toEqual([])
  })

  it("is not one whose transfer was given back, also when that was dismissed: the KHQR may be paid again", () => {
    const start = charge({
      status: "failed",
      review_reason: "returned",
      resolution: "dismiss",
      resolved_at: ISSUED_AT,
      bank_hash: "a".repeat(64),
    })
    const { asked, charge: last } = live({ start, bank: () => paid() })

    expect(asked[0].at).toEqual(CLOSES_AT)
    expect(last.status).toBe("paid")
  })

  it("is not one that the storefront made", () => {
    expect(planNextCheck(charge({ mode: "client" }), ISSUED_AT)).toEqual(
      planNextCheck(charge(), ISSUED_AT)
    )
  })
})

describe("A charge whose payment failed", () => {
  it("is left alone until its closing question", () => {
    const failedAt = later(ISSUED_AT, 60 * SECOND)
    const { charge: end, asked } = live({
      bank: (now) => (+now === +failedAt ? ATTEMPT_FAILED : NOT_FOUND),
    })

    expect(asked.filter(({ at }) => at > failedAt)[0].at).toEqual(CLOSES_AT)
    expect(end.status).toBe("expired")
  })

  it("is asked about as rarely as an expired one when it still fails at its closing", () => {
    const { charge: end, asked } = live({ bank: () => ATTEMPT_FAILED })

    expect(asked.map(sinceIssue)).toEqual([
      2,
      720,
      ...[10, 30, 120, 360, 1440].map((minutes) => 600 + minutes * 60),
    ])
    expect(end.status).toBe("failed")
    expect(end.next_check_at).toBeNull()
  })

  it("is asked about at once when the shopper says they paid", () => {
    const signal = later(ISSUED_AT, 5 * MINUTE)
    const { charge: end } = live({
      bank: (now) => (now < signal ? ATTEMPT_FAILED : paid()),
      signals: [signal],
    })

    expect(end.found_at).toEqual(signal)
  })
})

describe("A bank that says nothing", () => {
  it("is asked after 3, 6, 12, 24, 48 and then each 60 s", () => {
    const { asked } = live({
      bank: () => unknown(),
      until: later(ISSUED_AT, 10 * MINUTE),
    })

    expect(pauses(asked).slice(0, 8)).toEqual([3, 6, 12, 24, 48, 60, 60, 60])
    expect(new Set(asked.slice(1).map(({ reason }) => reason))).toEqual(
      new Set(["backoff"])
    )
  })

  it("is asked hourly about a charge whose time is over for a day, and expires nothing", () => {
    const { charge: end, asked } = live({
      bank: () => unknown(),
      until: later(EXPIRES_AT, 3 * DAY),
    })
    const old = asked.filter(({ at }) => at > later(EXPIRES_AT, DAY + HOUR))

    expect(end.status).toBe("pending")
    expect(end.review_reason).toBe("unverifiable")
    expect(old).toHaveLength(47)
    expect(Math.min(...pauses(old))).toBe(3_600)
    expect(end.next_check_at).not.toBeNull()
  })

  it("is asked about the closing as soon as it speaks again", () => {
    const back = later(EXPIRES_AT, 3 * DAY)
    const { charge: end } = live({
      bank: (now) => (now < back ? unknown() : NOT_FOUND),
    })

    expect(end.status).toBe("expired")
    expect(end.review_reason).toBeNull()
    expect(end.next_check_at).toBeNull()
  })

  it("is asked by the minute for an hour after the KHQR's time, each 10 minutes for a day, then by the hour", () => {
    const pause = (now: Date, status: "pending" | "expired" = "pending") =>
      +planNextCheck(charge({ status, unknowns: 99 }), now)!.at - +now

    expect(pause(later(EXPIRES_AT, HOUR))).toBe(MINUTE)
    expect(pause(later(EXPIRES_AT, HOUR + 1))).toBe(10 * MINUTE)
    expect(pause(later(EXPIRES_AT, DAY))).toBe(10 * MINUTE)
    expect(pause(later(EXPIRES_AT, DAY + 1))).toBe(HOUR)
    expect(pause(CLOSES_AT, "expired")).toBe(HOUR)
  })

  it("is asked no more about an expired charge after a day", () => {
    const { charge: end, asked } = live({
      bank: (now) => (now <= CLOSES_AT ? NOT_FOUND : unknown()),
      until: later(EXPIRES_AT, 9 * DAY),
    })

    expect(end.next_check_at).toBeNull()
    expect(+asked.at(-1)!.at - +EXPIRES_AT).toBeLessThan(DAY + HOUR)
  })

  it("does not sleep through the closing check, for which calls are kept", () => {
    const silent = charge({ unknowns: 2 })
    const shortBefore = later(CLOSES_AT, -5 * MINUTE)
    expect(planNextCheck(silent, shortBefore, HOUR)).toEqual({
      at: CLOSES_AT,
      reason: "closing",
    })
    // Past it, the pause is kept.
    expect(planNextCheck(silent, CLOSES_AT, HOUR)).toEqual({
      at: later(CLOSES_AT, HOUR),
      reason: "backoff",
    })
    expect(
      planNextCheck(
        charge({ status: "expired", unknowns: 2 }),
        shortBefore,
        HOUR
      )
    ).toMatchObject({ reason: "backoff" })
  })

  it("is obeyed when it says how long to wait, if that is longer", () => {
    const silent = charge({ unknowns: 1 })

    expect(planNextCheck(silent, ISSUED_AT, 30 * SECOND)).toEqual({
      at: later(ISSUED_AT, 30 * SECOND),
      reason: "backoff",
    })
    expect(planNextCheck(silent, ISSUED_AT, SECOND)!.at).toEqual(
      later(ISSUED_AT, 3 * SECOND)
    )
  })

  it("is waited for no shorter with each silence, and never beyond its cap", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 0, max: 3 * DAY }),
        fc.constantFrom("pending", "failed", "expired" as const),
        (unknowns, ms, status) => {
          const now = later(ISSUED_AT, ms)
          const pause = (times: number) => {
            const plan = planNextCheck(charge({ status, unknowns: times }), now)
            return plan && +plan.at - +now
          }
          const age = +now - +EXPIRES_AT
          const young = age > HOUR ? 10 * MINUTE : MINUTE
          const cap = status === "expired" || age > DAY ? HOUR : young
          const one = pause(unknowns)
          const next = pause(unknowns + 1)
          if (one === null || next === null) {
            expect([status, one, next]).toEqual(["expired", null, null])
            return
          }
          expect(next).toBeGreaterThanOrEqual(one)
          expect(next).toBeLessThanOrEqual(cap)
          expect(one).toBeGreaterThanOrEqual(SIGNAL_COOLDOWN_MS)
          const closing = +CLOSES_AT - +now
          const isOpen = status !== "expired" && closing > 0
          expect(pause(100_000)).toBe(
            isOpen ? Math.min(cap, Math.max(closing, SIGNAL_COOLDOWN_MS)) : cap
          )
        }
      ),
      { numRuns: 2_000 }
    )
  })
})

describe("A signal", () => {
  const now = later(ISSUED_AT, 4 * MINUTE)
  const asked = (secondsAgo: number, changes: Partial<Charge> = {}) =>
    charge({
      last_checked_at: later(now, -secondsAgo * SECOND),
      next_check_at: later(now, 10 * SECOND),
      ...changes,
    })

  it("is served at once, also when nothing was ever asked", () => {
    expect(planSignalledCheck(asked(10), now)).toEqual(now)
    expect(
      planSignalledCheck(charge({ next_check_at: later(now, SECOND) }), now)
    ).toEqual(now)
    expect(planSignalledCheck(charge(), now)).toEqual(now)
  })

  it("waits for the cool-down of 2 s", () => {
    expect(planSignalledCheck(asked(2), now)).toEqual(now)
    expect(planSignalledCheck(asked(1.999), now)).toEqual(later(now, 1))
    expect(planSignalledCheck(asked(0), now)).toEqual(later(now, 2 * SECOND))
  })

  it("changes nothing when a check is due earlier, or just then", () => {
    const due = (ms: number) =>
      planSignalledCheck(asked(10, { next_check_at: later(now, ms) }), now)

    expect(due(-1)).toBeNull()
    expect(due(0)).toBeNull()
    expect(due(1)).toEqual(now)
  })

  it("does not break the pause of a bank that says nothing", () => {
    expect(planSignalledCheck(asked(10, { unknowns: 1 }), now)).toBeNull()
  })

  it("asks at once after a spent quota, which our own gate may have taken back", () => {
    const waiting = (reason: string) =>
      charge({
        unknowns: 4,
        last_outcome: `unknown:${reason}`,
        next_check_at: later(now, HOUR),
      })
    expect(planSignalledCheck(waiting("quota_spent"), now)).toEqual(now)
    // A new token wakes them all; what wants a login on the way would cost a call each time.
    expect(planSignalledCheck(waiting("unauthorized"), now)).toBeNull()
  })

  it("is heard for a day after the KHQR's time, each minute at most", () => {
    const day = later(EXPIRES_AT, DAY)
    const expired = (secondsAgo: number) =>
      charge({
        status: "expired",
        last_checked_at: later(day, -secondsAgo * SECOND),
      })

    expect(LATE_SIGNAL_COOLDOWN_MS).toBe(MINUTE)
    expect(planSignalledCheck(expired(61), day)).toEqual(day)
    expect(planSignalledCheck(expired(20), day)).toEqual(
      later(day, 40 * SECOND)
    )
    expect(planSignalledCheck(expired(61), later(day, 1))).toBeNull()
  })

  it("is heard so many times after the KHQR's time, and before it always", () => {
    const now = later(EXPIRES_AT, HOUR)
    const late = (late_signals: number) =>
      charge({ status: "expired", late_signals })
    expect(planSignalledCheck(late(MOST_LATE_SIGNALS - 1), now)).toEqual(now)
    expect(planSignalledCheck(late(MOST_LATE_SIGNALS), now)).toBeNull()
    const open = charge({ late_signals: MOST_LATE_SIGNALS })
    expect(planSignalledCheck(open, ISSUED_AT)).toEqual(ISSUED_AT)
  })
})

describe("Whatever the bank says and the shopper does", () => {
  const anyAnswer = fc.oneof(
    { weight: 6, arbitrary: fc.constant(NOT_FOUND) },
    { weight: 2, arbitrary: fc.constant(unknown()) },
    { weight: 1, arbitrary: fc.constant(ATTEMPT_FAILED) }
  )
  const anyLife = fc.record({
    answers: fc.array(anyAnswer, { minLength: 1, maxLength: 12 }),
    latencies: fc.array(fc.nat(12 * SECOND), { minLength: 1, maxLength: 7 }),
    delays: fc.array(fc.nat(2 * SECOND), { minLength: 1, maxLength: 5 }),
    signals: fc.array(
      fc.integer({ min: 0, max: 2 * HOUR }).map((ms) => later(ISSUED_AT, ms)),
      { maxLength: 20 }
    ),
    paidAt: fc.option(
      fc.integer({ min: 0, max: DAY }).map((ms) => later(ISSUED_AT, ms))
    ),
  })

  it("no question follows an answer sooner than while somebody looks, but for the closing", () => {
    fc.assert(
      fc.property(
        anyLife,
        ({ answers, latencies, delays, signals, paidAt }) => {
          let n = 0
          const { charge: end, asked } = live({
            bank: (askedAt) =>
              paidAt && askedAt >= paidAt
                ? paid()
                : answers[n++ % answers.length],
            latency: (i) => latencies[i % latencies.length],
            delay: (i) => delays[i % delays.length],
            signals,
          })

          asked.slice(1).forEach(({ at, reason }, i) => {
            if (reason !== "closing") {
              expect(+at - +asked[i].at).toBeGreaterThanOrEqual(WATCHED_EACH_MS)
            }
          })
          if (hasSaidNothing(answers)) {
            expect(end.status).not.toBe("expired")
          }
          if (end.status === "paid") {
            expect(end.next_check_at).toBeNull()
          }
        }
      ),
      { numRuns: 1_000 }
    )
  })

  const hasSaidNothing = (answers: Outcome[]) =>
    answers.every(({ type }) => type === "unknown")
})
