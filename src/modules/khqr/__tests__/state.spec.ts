import { isDeepStrictEqual } from "node:util"
import fc from "fast-check"

import type { FailedReason, Outcome } from "../../../bakong"
import {
  CHARGE_STATUSES,
  type ChargeEvent,
  type ChargeState,
  type ChargeStatus,
  closesAt,
  describeOutcome,
  hasMoney,
  isPaidLate,
  isSettleable,
  MAX_LASTING_SETTLE_FAILURES,
  MAX_SETTLE_FAILURES,
  REVIEW_REASONS,
  transition,
  type Transition,
} from "../state"
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
  transfer,
  unknown,
  UNKNOWN_REASONS,
} from "./world"

/** The bank's answer to a question; it arrives at once unless told otherwise. */
function answer(
  before: Charge,
  outcome: Outcome,
  askedAt: Date = later(ISSUED_AT, 2 * MINUTE),
  now: Date = askedAt
): Transition<Charge> {
  return transition(before, { type: "answered", outcome, askedAt }, now)
}

function returned(reason: FailedReason): Outcome {
  return { type: "failed", reason, transaction: transfer() }
}

const NOON = later(ISSUED_AT, 2 * MINUTE)

const paidCharge = (changes: Partial<Charge> = {}) =>
  charge({ ...answer(charge(), paid()).charge, ...changes })

const expiredCharge = () => answer(charge(), NOT_FOUND, CLOSES_AT).charge

const failedCharge = () => answer(charge(), ATTEMPT_FAILED).charge

const MONEY = [
  "bank_hash",
  "payer_account",
  "paid_amount",
  "paid_currency",
  "paid_to",
  "paid_at",
  "found_at",
] as const

describe("A charge that Bakong calls paid", () => {
  it("is paid, remembers the transfer and is to be settled at once", () => {
    const { charge: after, announcements, note } = answer(charge(), paid())

    expect(after).toMatchObject({
      status: "paid",
      review_reason: null,
      bank_hash: transfer().hash,
      payer_account: "sok_dara@devb",
      paid_amount: "11",
      paid_currency: "USD",
      paid_to: "lucky_shop@aclb",
      paid_at: later(ISSUED_AT, MINUTE),
      found_at: NOON,
      next_settle_at: NOON,
      settle_attempts: 0,
    })
    expect(announcements).toEqual(["paid"])
    expect(note).toBe("11 USD from sok_dara@devb")
  })

  it("is dated by the bank's confirmation, then its acknowledgement, then our clock", () => {
    const acknowledged = ISSUED_AT.getTime() + 90 * SECOND

    expect(
      answer(charge(), paid({ createdAt: null, acknowledgedAt: acknowledged }))
        .charge.paid_at
    ).toEqual(new Date(acknowledged))
    expect(
      answer(charge(), paid({ createdAt: null, acknowledgedAt: null })).charge
        .paid_at
    ).toEqual(NOON)
  })

  it.each<[string, Charge]>([
    ["failed", failedCharge()],
    ["expired", expiredCharge()],
    ["superseded", charge({ superseded_at: later(ISSUED_AT, MINUTE) })],
    ["unverifiable", charge({ review_reason: "unverifiable" })],
    ["returned", answer(charge(), returned("failed_at_ach")).charge],
  ])("is paid although it was %s before", (_, before) => {
    const { charge: after, announcements } = answer(before, paid(), CLOSES_AT)

    expect(after.status).toBe("paid")
    expect(after.review_reason).toBeNull()
    expect(after.next_settle_at).toEqual(CLOSES_AT)
    expect(after.superseded_at).toEqual(before.superseded_at)
    expect(announcements).toEqual(["paid"])
  })

  it("begins to count settling anew after the settling of its expiry", () => {
    const before = { ...expiredCharge(), lasting_settle_failures: 7 }

    expect(answer(before, paid(), CLOSES_AT).charge.settle_attempts).toBe(0)
  })

  it.each(["11", "11.0", "11.00", "011", "11.000000"])(
    "agrees on %s dollars where 11 were asked for",
    (amount) => {
      expect(answer(charge(), paid({ amount })).charge.review_reason).toBeNull()
    }
  )

  it("agrees whatever the case and blanks of account and currency", () => {
    const outcome = paid({
      toAccountId: " Lucky_Shop@ACLB ",
      currency: "usd",
    })

    expect(answer(charge(), outcome).charge.review_reason).toBeNull()
  })

  it.each([
    ["wrong_account", { toAccountId: "lucky_shop@devb" }],
    ["currency_mismatch", { currency: "KHR" }],
    ["amount_mismatch", { amount: "10.99" }],
    ["amount_mismatch", { amount: "11.000000000000001" }],
    ["amount_mismatch", { amount: "1.1" }],
    ["amount_mismatch", { amount: "110" }],
    // The worst comes first.
    ["wrong_account", { toAccountId: "a@b", currency: "KHR", amount: "1" }],
    ["currency_mismatch", { currency: "KHR", amount: "44000" }],
  ] as const)("goes to review as %s for %o", (reason, changes) => {
    const { charge: after, announcements } = answer(charge(), paid(changes))

    expect(after).toMatchObject({
      status: "paid",
      review_reason: reason,
      bank_hash: transfer().hash,
      next_settle_at: null,
    })
    expect(after.paid_amount).toBe(transfer(changes).amount)
    expect(announcements).toEqual(["paid", "review"])
    expect(isSettleable(after)).toBe(false)
  })

  it("keeps its first transfer, whatever the bank says later", () => {
    const before = paidCharge()

    for (const outcome of [
      paid({ hash: "f".repeat(64), amount: "1" }),
      NOT_FOUND,
      ATTEMPT_FAILED,
      returned("refunded_by_receiver"),
      ...UNKNOWN_REASONS.map(unknown),
    ]) {
      const { charge: after, announcements } = answer(
        before,
        outcome,
        later(EXPIRES_AT, 2 * DAY)
      )
      expect(after).toEqual({
        ...before,
        checks: 2,
        unknowns: outcome.type === "unknown" ? 1 : 0,
        unknown_since:
          outcome.type === "unknown" ? later(EXPIRES_AT, 2 * DAY) : null,
        last_outcome: describeOutcome(outcome),
        last_checked_at: later(EXPIRES_AT, 2 * DAY),
      })
      expect(announcements).toEqual([])
    }
  })
})

describe("A charge that Bakong does not find", () => {
  it("stays as it is when it was asked 1 ms before its closing", () => {
    const { charge: after, announcements } = answer(
      charge(),
      NOT_FOUND,
      later(CLOSES_AT, -1)
    )

    expect(after.status).toBe("pending")
    expect(after.next_settle_at).toBeNull()
    expect(after).toMatchObject({ checks: 1, last_outcome: "not_found" })
    expect(announcements).toEqual([])
  })

  it("expires when it was asked exactly 120 s after its time", () => {
    const {
      charge: after,
      announcements,
      note,
    } = answer(charge(), NOT_FOUND, later(EXPIRES_AT, 120_000))

    expect(after).toMatchObject({
      status: "expired",
      review_reason: null,
      next_settle_at: CLOSES_AT,
      settle_attempts: 0,
    })
    expect(announcements).toEqual(["expired"])
    expect(note).not.toBeNull()
  })

  it("is judged by when it was asked, not by when the answer came", () => {
    const slow = answer(
      charge(),
      NOT_FOUND,
      later(CLOSES_AT, -1),
      later(CLOSES_AT, 3 * DAY)
    )

    expect(slow.charge.status).toBe("pending")
    expect(slow.charge.last_checked_at).toEqual(later(CLOSES_AT, -1))
  })

  it("expires after it failed, and after nobody could verify it", () => {
    const unverifiable = charge({ review_reason: "unverifiable" })

    expect(answer(failedCharge(), NOT_FOUND, CLOSES_AT).charge.status).toBe(
      "expired"
    )
    expect(
      answer(unverifiable, NOT_FOUND, later(EXPIRES_AT, 2 * DAY)).charge
    ).toMatchObject({ status: "expired", review_reason: null })
  })

  it("does not expire twice", () => {
    const before = { ...expiredCharge(), next_settle_at: null }
    const { charge: after, announcements } = answer(
      before,
      NOT_FOUND,
      later(CLOSES_AT, HOUR)
    )

    expect(after.status).toBe("expired")
    expect(after.next_settle_at).toBeNull()
    expect(announcements).toEqual([])
  })

  it("stays failed until its closing, and in review also after it", () => {
    const before = answer(charge(), returned("failed_at_ach")).charge

    expect(
      answer(before, NOT_FOUND, later(CLOSES_AT, -1)).charge
    ).toMatchObject({ status: "failed", review_reason: "returned" })
    expect(answer(before, NOT_FOUND, CLOSES_AT).charge).toMatchObject({
      status: "expired",
      review_reason: "returned",
    })
  })
})

describe("A charge whose payment failed", () => {
  it("is failed, and nobody has to look", () => {
    const {
      charge: after,
      announcements,
      note,
    } = answer(charge(), ATTEMPT_FAILED)

    expect(after).toMatchObject({ status: "failed", review_reason: null })
    expect(announcements).toEqual(["failed"])
    expect(note).toBe("Bakong: the attempt to pay failed")
  })

  it("does not fail twice, nor after it expired", () => {
    for (const before of [failedCharge(), expiredCharge()]) {
      const { charge: after, announcements } = answer(
        before,
        ATTEMPT_FAILED,
        CLOSES_AT
      )
      expect(after.status).toBe(before.status)
      expect(announcements).toEqual([])
    }
  })

  it("lets go of its session once, when it still fails at its closing", () => {
    const before = answer(charge(), ATTEMPT_FAILED).charge
    expect(before.next_settle_at).toBeNull()

    const closed = answer(before, ATTEMPT_FAILED, CLOSES_AT).charge
    expect(closed).toMatchObject({
      status: "failed",
      next_settle_at: CLOSES_AT,
    })

    const settled = { ...closed, next_settle_at: null }
    expect(
      answer(settled, ATTEMPT_FAILED, later(CLOSES_AT, HOUR)).charge
        .next_settle_at
    ).toBeNull()
  })

  it.each(["refunded_by_receiver", "failed_at_ach"] as const)(
    "goes to review when the transfer was %s, once",
    (reason) => {
      const first = answer(charge(), returned(reason))
      expect(first.charge).toMatchObject({
        status: "failed",
        review_reason: "returned",
        bank_hash: null,
        next_settle_at: null,
      })
      expect(first.announcements).toEqual(["failed", "review"])

      const second = answer(first.charge, returned(reason))
      expect(second.charge.review_reason).toBe("returned")
      expect(second.announcements).toEqual([])
    }
  )

  it("goes to review also when it failed plainly before", () => {
    const { charge: after, announcements } = answer(
      failedCharge(),
      returned("failed_at_ach")
    )

    expect(after).toMatchObject({ status: "failed", review_reason: "returned" })
    expect(announcements).toContain("review")
  })

  it("stays expired when the bank shows later that the money went back", () => {
    const { charge: after, announcements } = answer(
      expiredCharge(),
      returned("refunded_by_receiver"),
      later(CLOSES_AT, HOUR)
    )

    expect(after).toMatchObject({
      status: "expired",
      review_reason: "returned",
    })
    expect(announcements).toEqual(["review"])
  })
})

describe("A question that could not be put", () => {
  const notAsked = (before: Charge, now: Date) =>
    transition(
      before,
      { type: "not_asked", outcome: unknown("quota_spent") },
      now
    )

  it("counts as silence, not as a check", () => {
    const now = later(EXPIRES_AT, DAY - 1)
    const { charge: after, announcements } = notAsked(charge(), now)
    expect(after).toEqual({
      ...charge(),
      unknowns: 1,
      unknown_since: now,
      last_outcome: "unknown:quota_spent",
    })
    expect(announcements).toEqual([])
  })

  it("asks a person to look after a day of it past the KHQR's time", () => {
    const first = notAsked(charge(), EXPIRES_AT).charge
    expect(notAsked(first, later(EXPIRES_AT, DAY))).toMatchObject({
      charge: { status: "pending", review_reason: "unverifiable" },
      announcements: ["review"],
    })
  })

  it("changes nothing of a charge that has its money", () => {
    expect(notAsked(paidCharge(), NOON).charge).toEqual(paidCharge())
  })
})

describe("An answer that says nothing", () => {
  it.each(UNKNOWN_REASONS)("moves no charge when it is %s", (reason) => {
    for (const before of [
      charge(),
      failedCharge(),
      expiredCharge(),
      charge({ superseded_at: NOON }),
    ]) {
      const askedAt = later(EXPIRES_AT, DAY - 1)
      const {
        charge: after,
        announcements,
        note,
      } = answer(before, unknown(reason), askedAt)
      expect(after).toEqual({
        ...before,
        checks: before.checks + 1,
        unknowns: 1,
        unknown_since: askedAt,
        last_checked_at: askedAt,
        last_outcome: `unknown:${reason}`,
      })
      expect(announcements).toEqual([])
      expect(note).toBeNull()
    }
  })

  it("is counted in a row, and the row ends with an answer that counts", () => {
    let current = charge()
    for (const [outcome, unknowns] of [
      [unknown("forbidden"), 1],
      [unknown("quota_spent"), 2],
      [NOT_FOUND, 0],
      [unknown(), 1],
      [ATTEMPT_FAILED, 0],
    ] as [Outcome, number][]) {
      current = answer(current, outcome).charge
      expect(current.unknowns).toBe(unknowns)
    }
    expect(current.checks).toBe(5)
  })

  it("asks a person to look after a day of asking in vain past the KHQR's time, and only once", () => {
    const waiting = answer(charge(), unknown(), NOON).charge
    const before = answer(waiting, unknown(), later(EXPIRES_AT, DAY - 1))
    expect(before.charge.review_reason).toBeNull()

    const first = answer(before.charge, unknown(), later(EXPIRES_AT, DAY))
    expect(first.charge).toMatchObject({
      status: "pending",
      review_reason: "unverifiable",
    })
    expect(first.announcements).toEqual(["review"])

    const second = answer(first.charge, unknown(), later(EXPIRES_AT, 2 * DAY))
    expect(second.charge.review_reason).toBe("unverifiable")
    expect(second.announcements).toEqual([])
  })

  it("calls nobody after days in which nobody asked, but a day after that", () => {
    const back = later(EXPIRES_AT, 3 * DAY)
    const first = answer(charge(), unknown(), back).charge
    expect(first).toMatchObject({ review_reason: null, unknown_since: back })

    expect(
      answer(first, unknown(), later(back, DAY - 1)).charge.review_reason
    ).toBeNull()
    expect(
      answer(first, unknown(), later(back, DAY)).charge.review_reason
    ).toBe("unverifiable")
  })

  it("asks a person about a failed charge too, but not about an expired one", () => {
    const day = later(EXPIRES_AT, DAY)
    const silent = { unknowns: 9, unknown_since: EXPIRES_AT }

    expect(
      answer({ ...failedCharge(), ...silent }, unknown(), day).charge
    ).toMatchObject({ status: "failed", review_reason: "unverifiable" })
    expect(
      answer({ ...expiredCharge(), ...silent }, unknown(), day).charge
        .review_reason
    ).toBeNull()
  })

  it("does not hide that a transfer was returned", () => {
    const before = answer(charge(), returned("failed_at_ach")).charge

    expect(
      answer(before, unknown(), later(EXPIRES_AT, 2 * DAY)).charge.review_reason
    ).toBe("returned")
  })

  it("is mended by evidence: an unverifiable charge becomes paid or expired", () => {
    const before = charge({ review_reason: "unverifiable" })
    const now = later(EXPIRES_AT, 3 * DAY)

    expect(answer(before, paid(), now).charge).toMatchObject({
      status: "paid",
      review_reason: null,
      next_settle_at: now,
    })
    expect(answer(before, NOT_FOUND, now).charge).toMatchObject({
      status: "expired",
      review_reason: null,
    })
    expect(answer(before, ATTEMPT_FAILED, now).charge).toMatchObject({
      status: "failed",
      review_reason: null,
    })
  })
})

describe("A charge that is superseded", () => {
  it("keeps its status and the moment it was first superseded", () => {
    const first = transition(charge(), { type: "superseded" }, NOON)
    expect(first.charge).toEqual(charge({ superseded_at: NOON }))
    expect(first.announcements).toEqual([])
    expect(first.note).not.toBeNull()

    const again = transition(first.charge, { type: "superseded" }, CLOSES_AT)
    expect(again.charge.superseded_at).toEqual(NOON)
    expect(again.note).toBeNull()
  })

  it("keeps the settling of its payment", () => {
    const before = paidCharge()
    const after = transition(before, { type: "superseded" }, CLOSES_AT).charge

    expect(after).toEqual({ ...before, superseded_at: CLOSES_AT })
  })
})

describe("A charge that is settled", () => {
  const settled = (before: Charge, orderId: string | null = "order_1") =>
    transition(
      before,
      { type: "settled", decidedFor: before.status, orderId },
      NOON
    )

  it("is completed with its order when it was paid", () => {
    const { charge: after, announcements, note } = settled(paidCharge())

    expect(after).toMatchObject({
      status: "completed",
      order_id: "order_1",
      settled_at: NOON,
      next_settle_at: null,
    })
    expect(announcements).toEqual(["completed"])
    expect(note).toBe("Order order_1")
  })

  it("is completed without an order when there is none to make", () => {
    const { charge: after } = settled(paidCharge(), null)

    expect(after).toMatchObject({ status: "completed", order_id: null })
    expect(
      settled(paidCharge({ order_id: "order_0" }), null).charge.order_id
    ).toBe("order_0")
  })

  it("stays expired when it was the canceled session that was settled", () => {
    const before = expiredCharge()
    const { charge: after, announcements } = settled(before, null)

    expect(after).toEqual({ ...before, next_settle_at: null })
    expect(announcements).toEqual([])
  })

  it("is not completed while a person looks at it", () => {
    for (const review_reason of REVIEW_REASONS) {
      const before = paidCharge({ review_reason })
      const { charge: after, announcements } = settled(before)
      expect(after).toEqual({ ...before, next_settle_at: null })
      expect(announcements).toEqual([])
    }
  })

  it("is not completed without money", () => {
    for (const before of [charge(), failedCharge()]) {
      expect(settled(before).charge.status).toBe(before.status)
    }
  })

  it("is not completed twice", () => {
    const once = settled(paidCharge()).charge
    const twice = transition(
      once,
      { type: "settled", decidedFor: "completed", orderId: "order_2" },
      CLOSES_AT
    )

    expect(twice.charge).toEqual(once)
    expect(twice.announcements).toEqual([])
  })
})

describe("What was settled for what the charge was before", () => {
  it("changes nothing: the late payment is still to be settled", () => {
    const before = answer(expiredCharge(), paid(), NOON).charge
    for (const event of [
      { type: "settled", orderId: null },
      { type: "settle_failed", lasting: true, message: "Gone" },
      { type: "settle_refused", reason: "orphaned", message: "Gone" },
    ] as const) {
      const { charge: after, announcements } = transition(
        before,
        { ...event, decidedFor: "expired" },
        later(NOON, SECOND)
      )
      expect(after).toEqual(before)
      expect(after.next_settle_at).toEqual(NOON)
      expect(announcements).toEqual([])
    }
  })
})

describe("A charge that could not be settled", () => {
  const fail = (before: Charge, lasting = false, now = NOON) =>
    transition(
      before,
      {
        type: "settle_failed",
        decidedFor: before.status,
        lasting,
        message: "No stock",
      },
      now
    )

  it("is tried again after 2, 4, 8 … seconds, at most 5 minutes", () => {
    let current = paidCharge()
    const pauses = Array.from({ length: 20 }, () => {
      const { charge: after, note } = fail(current)
      expect(note).toBe("No stock")
      expect(after.status).toBe("paid")
      current = after
      return (after.next_settle_at!.getTime() - NOON.getTime()) / SECOND
    })

    expect(pauses.slice(0, 10)).toEqual([
      2, 4, 8, 16, 32, 64, 128, 256, 300, 300,
    ])
    expect(new Set(pauses.slice(10))).toEqual(new Set([300]))
  })

  it("goes to review after 8 failures of a lasting kind", () => {
    let current = paidCharge()
    for (let i = 1; i < MAX_LASTING_SETTLE_FAILURES; i++) {
      const { charge: after, announcements } = fail(current, true)
      expect(after.review_reason).toBeNull()
      expect(announcements).toEqual([])
      current = after
    }
    const last = fail(current, true)

    expect(MAX_LASTING_SETTLE_FAILURES).toBe(8)
    expect(last.charge).toMatchObject({
      status: "paid",
      review_reason: "order_failed",
      next_settle_at: null,
    })
    expect(last.announcements).toEqual(["review"])
    expect(last.note).toBe("No stock")
  })

  it("is not blamed for what an outage did", () => {
    let current = paidCharge()
    for (let i = 0; i < 20; i++) {
      current = fail(current, false).charge
    }
    for (let i = 1; i < MAX_LASTING_SETTLE_FAILURES; i++) {
      current = fail(current, true).charge
    }
    expect(current.review_reason).toBeNull()
    expect(fail(fail(current, false).charge, true).charge.review_reason).toBe(
      null
    )
    expect(fail(current, true).charge.review_reason).toBe("order_failed")
  })

  it("goes to review after about a day of other failures", () => {
    let current = paidCharge()
    let now = NOON
    let failures = 0
    while (current.next_settle_at !== null) {
      now = current.next_settle_at
      current = fail(current, false, now).charge
      failures++
    }

    expect(failures).toBe(MAX_SETTLE_FAILURES)
    expect(current.review_reason).toBe("order_failed")
    const hours = (now.getTime() - NOON.getTime()) / HOUR
    expect(hours).toBeGreaterThan(23)
    expect(hours).toBeLessThan(26)
  })

  it("is let be, without review, when it had only expired", () => {
    const before = { ...expiredCharge(), lasting_settle_failures: 7 }
    const { charge: after, announcements } = fail(before, true)

    expect(after).toEqual({ ...before, next_settle_at: null })
    expect(announcements).toEqual([])
  })

  it("is not taken up again when nothing was due", () => {
    for (const before of [
      charge(),
      paidCharge({ review_reason: "orphaned", next_settle_at: null }),
      paidCharge({ status: "completed", next_settle_at: null }),
    ]) {
      const { charge: after, announcements } = fail(before, true)
      expect(after).toEqual(before)
      expect(announcements).toEqual([])
    }
  })

  it.each(REVIEW_REASONS)(
    "goes to review at once as %s when refused",
    (reason) => {
      const {
        charge: after,
        announcements,
        note,
      } = transition(
        paidCharge(),
        {
          type: "settle_refused",
          decidedFor: "paid",
          reason,
          message: "Gone",
        },
        NOON
      )

      expect(after).toMatchObject({
        status: "paid",
        review_reason: reason,
        next_settle_at: null,
      })
      expect(announcements).toEqual(["review"])
      expect(note).toBe("Gone")
    }
  )

  it("keeps its first review reason, and a completed charge stays completed", () => {
    const refuse = (before: Charge) =>
      transition(
        before,
        {
          type: "settle_refused",
          decidedFor: before.status,
          reason: "orphaned",
          message: "Gone",
        },
        NOON
      )
    const inReview = paidCharge({ review_reason: "paid_late" })
    const completed = paidCharge({ status: "completed", next_settle_at: null })

    expect(refuse(inReview).charge.review_reason).toBe("paid_late")
    expect(refuse(completed).charge).toEqual(completed)
    expect(refuse(expiredCharge()).charge.review_reason).toBeNull()
    expect(refuse(expiredCharge()).announcements).toEqual([])
  })
})

describe("Paid late", () => {
  it.each([
    [-DAY, false],
    [0, false],
    [59_000, false],
    [60_000, false],
    [60_001, true],
    [61_000, true],
  ])("is a transfer %d ms after the KHQR's time: %s", (ms, late) => {
    const { charge: after } = answer(
      charge(),
      paid({ createdAt: EXPIRES_AT.getTime() + ms }),
      later(EXPIRES_AT, DAY)
    )

    expect(isPaidLate(after)).toBe(late)
  })

  it("is no charge without a payment", () => {
    expect(isPaidLate(charge())).toBe(false)
  })
})

// What may happen to a charge in any order, by any clock.

const RANK: ChargeStatus[] = [
  "pending",
  "failed",
  "expired",
  "paid",
  "completed",
]

const rank = (state: ChargeState) => RANK.indexOf(state.status)

const anyTransaction = fc
  .record({
    hash: fc.constantFrom("a".repeat(64), "b".repeat(64)),
    toAccountId: fc.constantFrom("lucky_shop@aclb", "LUCKY_SHOP@aclb", "x@y"),
    currency: fc.constantFrom("USD", "KHR"),
    amount: fc.constantFrom("11", "11.00", "10.99", "0.01", "44000"),
    createdAt: fc.option(
      fc.integer({ min: -HOUR, max: 3 * DAY }).map((ms) => +ISSUED_AT + ms)
    ),
    acknowledgedAt: fc.option(
      fc.integer({ min: 0, max: 3 * DAY }).map((ms) => +ISSUED_AT + ms)
    ),
  })
  .map((changes) => transfer(changes))

const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(paid()) },
  {
    weight: 1,
    arbitrary: anyTransaction.map((transaction): Outcome => ({
      type: "paid",
      transaction,
    })),
  },
  { weight: 3, arbitrary: fc.constant(NOT_FOUND) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("failed" as const),
      reason: fc.constantFrom<FailedReason>(
        "attempt_failed",
        "refunded_by_receiver",
        "failed_at_ach"
      ),
      transaction: fc.option(anyTransaction),
    }),
  },
  { weight: 4, arbitrary: fc.constantFrom(...UNKNOWN_REASONS).map(unknown) }
)

/** An event whose question, if any, left `latency` ms before its answer. */
const anyEvent = fc.oneof(
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...UNKNOWN_REASONS)
      .map((reason) => (): ChargeEvent => ({
        type: "not_asked",
        outcome: unknown(reason),
      })),
  },
  {
    weight: 5,
    arbitrary: fc
      .record({
        outcome: anyOutcome,
        latency: fc.oneof(
          fc.constantFrom(0, 1, 10 * SECOND),
          fc.integer({ min: 0, max: HOUR })
        ),
      })
      .map(({ outcome, latency }) => (now: Date): ChargeEvent => ({
        type: "answered",
        outcome,
        askedAt: later(now, -latency),
      })),
  },
  {
    weight: 3,
    arbitrary: fc
      .oneof<fc.Arbitrary<ChargeEvent>[]>(
        fc.constant({ type: "superseded" }),
        fc.record({
          type: fc.constant("settled" as const),
          decidedFor: fc.constantFrom(...CHARGE_STATUSES),
          orderId: fc.constantFrom(null, "order_1", "order_2"),
        }),
        fc.record({
          type: fc.constant("settle_failed" as const),
          decidedFor: fc.constantFrom(...CHARGE_STATUSES),
          lasting: fc.boolean(),
          message: fc.constant("No stock"),
        }),
        fc.record({
          type: fc.constant("settle_refused" as const),
          decidedFor: fc.constantFrom(...CHARGE_STATUSES),
          reason: fc.constantFrom(...REVIEW_REASONS),
          message: fc.constant("Gone"),
        })
      )
      .map((event) => (): ChargeEvent => event),
  }
)

/** The clock's moments crowd where the rules have their edges. */
const anyMoment = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(ISSUED_AT, EXPIRES_AT, CLOSES_AT, later(EXPIRES_AT, DAY)),
      fc.integer({ min: -2, max: 2 })
    )
    .map(([edge, ms]) => later(edge, ms)),
  fc.integer({ min: 0, max: 3 * DAY }).map((ms) => later(ISSUED_AT, ms))
)

const anyLife = fc
  .array(fc.record({ now: anyMoment, event: anyEvent }), {
    minLength: 1,
    maxLength: 25,
  })
  .chain((steps) =>
    // Mostly in order, as clocks are; sometimes not, as clocks are too.
    fc.boolean().map((inOrder) => {
      const moments = steps.map(({ now }) => now)
      if (inOrder) {
        moments.sort((a, b) => +a - +b)
      }
      return steps.map(({ event }, i) => ({
        now: moments[i],
        event: event(moments[i]),
      }))
    })
  )

type Step = {
  before: Charge
  event: ChargeEvent
  now: Date
  after: Charge
  announcements: string[]
}

function liveThrough(life: { now: Date; event: ChargeEvent }[]): Step[] {
  let current = deepFreeze(charge())
  return life.map(({ now, event }) => {
    const { charge: after, announcements } = transition(current, event, now)
    const step = { before: current, event, now, after, announcements }
    current = deepFreeze(after)
    return step
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze)
    Object.freeze(value)
  }
  return value
}

const money = (state: Charge) =>
  JSON.stringify(MONEY.map((field) => state[field]))

const NO_MONEY = money(charge())

const outcomeOf = (event: ChargeEvent) =>
  event.type === "answered" ? event.outcome.type : null

/** Sentences that hold for every step of every life. */
const INVARIANTS: Record<string, (step: Step) => boolean> = {
  "It goes forward only": ({ before, after }) => rank(after) >= rank(before),

  "It expires only by a not found asked at or after its closing": ({
    before,
    event,
    after,
  }) =>
    after.status !== "expired" ||
    before.status === "expired" ||
    (event.type === "answered" &&
      event.outcome.type === "not_found" &&
      +event.askedAt >= +EXPIRES_AT + 120_000),

  "It gets money only from a paid answer": ({ before, event, after }) =>
    hasMoney(before) ||
    (hasMoney(after)
      ? outcomeOf(event) === "paid" && !money(after).includes("null")
      : money(after) === NO_MONEY),

  "What it got never changes": ({ before, after }) =>
    !hasMoney(before) || money(after) === money(before),

  "It is settleable only when receiver, currency and amount agree": ({
    after,
  }) =>
    !isSettleable(after) ||
    (after.paid_to!.toLowerCase() === "lucky_shop@aclb" &&
      after.paid_currency === "USD" &&
      Number(after.paid_amount) === 11),

  "It completes only from paid, without a review reason, by being settled": ({
    before,
    event,
    after,
  }) =>
    after.status !== "completed" ||
    before.status === "completed" ||
    (before.status === "paid" &&
      before.review_reason === null &&
      event.type === "settled" &&
      event.decidedFor === "paid"),

  "It loses a review reason only by evidence": ({ before, event, after }) =>
    before.review_reason === null ||
    after.review_reason === before.review_reason ||
    ["paid", "not_found", "failed"].includes(outcomeOf(event) ?? ""),

  "With money it never loses a review reason": ({ before, after }) =>
    before.review_reason === null ||
    !hasMoney(before) ||
    after.review_reason === before.review_reason,

  "A question that was not put never moves a status": ({
    before,
    event,
    after,
  }) => event.type !== "not_asked" || after.status === before.status,

  "An unknown moves its counters, and calls a person after a day": ({
    before,
    event,
    now,
    after,
  }) => {
    if (event.type !== "answered" || event.outcome.type !== "unknown") {
      return true
    }
    const since = before.unknown_since ?? event.askedAt
    const calls =
      ["pending", "failed"].includes(before.status) &&
      before.review_reason === null &&
      +now >= Math.max(+EXPIRES_AT, +since) + DAY
    return isDeepStrictEqual(after, {
      ...before,
      checks: before.checks + 1,
      unknowns: before.unknowns + 1,
      unknown_since: since,
      last_checked_at:
        before.last_checked_at !== null &&
        before.last_checked_at > event.askedAt
          ? before.last_checked_at
          : event.askedAt,
      last_outcome: `unknown:${event.outcome.reason}`,
      review_reason: calls ? "unverifiable" : before.review_reason,
    })
  },

  "It is due for settling only when paid without review, or over": ({
    after,
  }) =>
    after.next_settle_at === null ||
    after.status === "expired" ||
    (after.status === "failed" &&
      +after.last_checked_at! >= +EXPIRES_AT + 120_000) ||
    (after.status === "paid" && after.review_reason === null),

  "It announces a new status when it has one, and only then": ({
    before,
    after,
    announcements,
  }) =>
    (["paid", "completed", "expired"] as const).every(
      (status) =>
        announcements.includes(status) ===
        (after.status === status && before.status !== status)
    ),

  "It calls for a person when it has a new review reason, and only then": ({
    before,
    after,
    announcements,
  }) =>
    announcements.includes("review") ===
    (after.review_reason !== null &&
      after.review_reason !== before.review_reason),

  "It counts every answer, and nothing else": ({ before, event, after }) =>
    after.checks - before.checks === (event.type === "answered" ? 1 : 0),
}

describe("Whatever happens to a charge, in whatever order", () => {
  it("keeps every promise", () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const broken = liveThrough(life).flatMap((step) =>
          Object.keys(INVARIANTS).filter((name) => !INVARIANTS[name](step))
        )
        expect(broken).toEqual([])
      }),
      { numRuns: 6_000 }
    )
  })

  it("has an answer for every state and event, and changes nothing it was given", () => {
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary)
    const anyState = fc
      .record({
        status: fc.constantFrom(...CHARGE_STATUSES),
        review_reason: maybe(fc.constantFrom(...REVIEW_REASONS)),
        superseded_at: maybe(anyMoment),
        paid_at: maybe(anyMoment),
        found_at: maybe(anyMoment),
        settled_at: maybe(anyMoment),
        next_settle_at: maybe(anyMoment),
        last_checked_at: maybe(anyMoment),
        order_id: maybe(fc.constant("order_0")),
        checks: fc.nat(),
        unknowns: fc.nat(),
        unknown_since: maybe(anyMoment),
        lasting_settle_failures: fc.nat(9),
        settle_attempts: fc.oneof(fc.nat(6), fc.nat(400)),
        khqr_amount: fc.constantFrom("11", "0.50", "44000"),
      })
      .map((changes) => charge(changes))

    fc.assert(
      fc.property(anyState, anyEvent, anyMoment, (before, toEvent, now) => {
        const event = toEvent(now)
        const given = structuredClone({ before, event, now })
        const result = transition(deepFreeze(before), deepFreeze(event), now)

        expect({ before, event, now }).toEqual(given)
        expect(CHARGE_STATUSES).toContain(result.charge.status)
        expect(rank(result.charge)).toBeGreaterThanOrEqual(rank(before))
        // The rest of the row is along for the ride.
        expect(result.charge).toMatchObject({
          id: before.id,
          md5: before.md5,
          khqr_amount: before.khqr_amount,
          expires_at: before.expires_at,
        })
        expect(Object.keys(result.charge)).toEqual(Object.keys(before))
      }),
      { numRuns: 5_000 }
    )
  })

  it("closes 120 s after its time", () => {
    expect(closesAt(charge())).toEqual(CLOSES_AT)
  })
})
