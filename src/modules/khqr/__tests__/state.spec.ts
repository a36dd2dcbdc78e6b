import { isDeepStrictEqual } from "node:util"
import fc from "fast-check"

import type { FailedReason, Outcome } from "../../../bakong"
import {
  amountToBook,
  bindsSession,
  CHARGE_STATUSES,
  type ChargeEvent,
  type ChargeState,
  type ChargeStatus,
  closesAt,
  describeOutcome,
  EVIDENCES,
  hasMoney,
  isAccepted,
  isPaidLate,
  isSettleable,
  isUnproven,
  MAX_LASTING_SETTLE_FAILURES,
  MAX_SETTLE_FAILURES,
  needsPerson,
  RECEIPT_SKEW_MS,
  receiptFault,
  type Resolution,
  RESOLUTIONS,
  resolutionsOf,
  REVIEW_REASONS,
  type ReviewReason,
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

function returned(
  reason: FailedReason,
  changes: Parameters<typeof transfer>[0] = {}
): Outcome {
  return { type: "failed", reason, transaction: transfer(changes) }
}

const OTHER_HASH = "b".repeat(64)

const resolve = (
  before: Charge,
  resolution: Resolution,
  orderId?: string,
  now = later(EXPIRES_AT, HOUR)
) =>
  transition(
    before,
    {
      type: "resolved",
      resolution,
      by: "user_1",
      reason: "Talked to the shopper",
      ...(orderId ? { orderId } : {}),
    },
    now
  )

const receipt = (
  before: Charge,
  changes: Parameters<typeof transfer>[0] = {},
  now = NOON
) =>
  transition(before, { type: "receipt", transaction: transfer(changes) }, now)

const confirm = (before: Charge, paidAt = later(ISSUED_AT, MINUTE)) =>
  transition(before, { type: "confirmed", paidAt }, NOON)

const hashUsed = (before: Charge, askedAt = NOON) =>
  transition(before, { type: "hash_used", usedBy: "khqr_9", askedAt }, askedAt)

const NOON = later(ISSUED_AT, 2 * MINUTE)

const paidCharge = (changes: Partial<Charge> = {}) =>
  charge({ ...answer(charge(), paid()).charge, ...changes })

const expiredCharge = () => answer(charge(), NOT_FOUND, CLOSES_AT).charge

const failedCharge = () => answer(charge(), ATTEMPT_FAILED).charge

const returnedCharge = () => answer(charge(), returned("failed_at_ach")).charge

const confirmedCharge = () => confirm(charge()).charge

const inReview = (review_reason: ReviewReason, changes: Partial<Charge> = {}) =>
  paidCharge({
    review_reason,
    next_settle_at: null,
    cart_id: "cart_1",
    ...changes,
  })

const DECIDED = {
  resolved_at: later(EXPIRES_AT, HOUR),
  resolved_by: "user_1",
}

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
    ["returned", returnedCharge()],
    ["hash_used", hashUsed(charge()).charge],
    [
      "dismissed",
      resolve(charge({ review_reason: "unverifiable" }), "dismiss").charge,
    ],
  ])("is paid although it was %s before", (_, before) => {
    const { charge: after, announcements } = answer(
      before,
      paid({ hash: OTHER_HASH }),
      CLOSES_AT
    )

    expect(after.status).toBe("paid")
    expect(after.review_reason).toBeNull()
    expect(after.next_settle_at).toEqual(CLOSES_AT)
    expect(after.superseded_at).toEqual(before.superseded_at)
    expect(after).toMatchObject({
      bank_hash: OTHER_HASH,
      evidence: "khqr",
      resolution: null,
      resolved_at: null,
      resolved_by: null,
    })
    expect(announcements).toEqual(["paid"])
  })

  it("begins to count settling anew after the settling of its expiry", () => {
    const before = { ...expiredCharge(), lasting_settle_failures: 7 }

    expect(answer(before, paid(), CLOSES_AT).charge.settle_attempts).toBe(0)
  })

  it("calls a person when a storefront's KHQR was paid before it was ours", () => {
    const early = paid({ createdAt: later(ISSUED_AT, -61 * SECOND).getTime() })
    const justBefore = paid({
      createdAt: later(ISSUED_AT, -60 * SECOND).getTime(),
    })

    expect(answer(charge({ mode: "client" }), early).charge).toMatchObject({
      status: "paid",
      review_reason: "paid_early",
      next_settle_at: null,
    })
    expect(
      answer(charge({ mode: "client" }), justBefore).charge.review_reason
    ).toBeNull()
    // Nobody can have paid our own before it was there: the clocks differ.
    expect(answer(charge(), early).charge.review_reason).toBeNull()
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
      paid({ amount: "1" }),
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

describe("A charge for which the bank shows another transfer than the one on record", () => {
  it.each<[string, Charge]>([
    ["paid", paidCharge()],
    ["completed", paidCharge({ status: "completed", next_settle_at: null })],
    ["in review", inReview("paid_late")],
  ])("goes to a person, with the first one untouched: %s", (_, before) => {
    const {
      charge: after,
      announcements,
      note,
    } = answer(
      { ...before, last_outcome: "not_found" },
      paid({ hash: OTHER_HASH, amount: "3" })
    )

    expect(money(after)).toBe(money(before))
    expect(after).toMatchObject({
      status: before.status,
      review_reason: "duplicate",
      next_settle_at: null,
    })
    expect(announcements).toEqual(["review"])
    expect(note).toContain(`3 USD from sok_dara@devb, hash ${OTHER_HASH}`)
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
        bank_hash: transfer().hash,
        payer_account: "sok_dara@devb",
        paid_at: null,
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

describe("A charge whose transfer was given back", () => {
  it("is not paid by the same hash again, neither by the KHQR nor by a receipt", () => {
    const before = returnedCharge()

    expect(answer(before, paid()).charge).toMatchObject({
      status: "failed",
      review_reason: "returned",
    })
    expect(receipt(before).charge).toEqual(before)
    expect(receiptFault(before, transfer(), NOON)).toMatch(/gave .* back/)
  })

  it("is paid by another", () => {
    const before = returnedCharge()

    expect(answer(before, paid({ hash: OTHER_HASH })).charge).toMatchObject({
      status: "paid",
      review_reason: null,
      bank_hash: OTHER_HASH,
    })
    expect(receipt(before, { hash: OTHER_HASH }).charge).toMatchObject({
      status: "paid",
      evidence: "receipt",
      bank_hash: OTHER_HASH,
    })
  })

  it("calls nobody again when the bank leaves the transfer out, or names it later", () => {
    const untold: Outcome = {
      type: "failed",
      reason: "failed_at_ach",
      transaction: null,
    }
    const dismissed = resolve(returnedCharge(), "dismiss").charge
    const again = answer(dismissed, untold)
    expect(again.announcements).toEqual([])
    expect(again.charge).toMatchObject({
      bank_hash: transfer().hash,
      resolution: "dismiss",
    })

    const nameless = answer(charge(), untold).charge
    const named = answer(nameless, returned("failed_at_ach"))
    expect(named.announcements).toEqual([])
    expect(answer(named.charge, paid()).charge.status).toBe("failed")
  })

  it("calls a person again when another transfer is given back too", () => {
    const dismissed = resolve(returnedCharge(), "dismiss").charge
    expect(answer(dismissed, returned("failed_at_ach")).charge).toMatchObject({
      resolution: "dismiss",
      ...DECIDED,
    })

    const second = answer(
      dismissed,
      returned("refunded_by_receiver", { hash: OTHER_HASH })
    )
    expect(second.charge).toMatchObject({
      review_reason: "returned",
      bank_hash: OTHER_HASH,
      resolution: null,
    })
    expect(second.announcements).toContain("review")
  })
})

describe("A charge whose transfer pays another charge already", () => {
  it.each<[string, Charge]>([
    ["pending", charge()],
    ["failed", failedCharge()],
    ["expired", expiredCharge()],
    ["unverifiable", charge({ review_reason: "unverifiable" })],
    ["returned", returnedCharge()],
  ])("goes to review without money when it is %s", (_, before) => {
    const { charge: after, announcements, note } = hashUsed(before)

    expect(after).toMatchObject({
      status: before.status,
      review_reason: "hash_used",
      bank_hash: before.bank_hash,
      paid_at: null,
      next_settle_at: before.next_settle_at,
      checks: before.checks + 1,
      last_outcome: "hash_used",
      unknowns: 0,
    })
    expect(announcements).toEqual(["review"])
    expect(note).toContain("khqr_9")
  })

  it("does so once, also after somebody dismissed it", () => {
    const dismissed = resolve(hashUsed(charge()).charge, "dismiss").charge
    const { charge: after, announcements } = hashUsed(dismissed, CLOSES_AT)

    expect(after).toEqual({
      ...dismissed,
      checks: 2,
      last_checked_at: CLOSES_AT,
    })
    expect(announcements).toEqual([])
  })

  it("keeps the money it has", () => {
    const before = paidCharge()
    const { charge: after, announcements } = hashUsed(before)

    expect(after).toEqual({ ...before, checks: 2, last_outcome: "hash_used" })
    expect(announcements).toEqual([])
  })

  it.each(["paid", "completed"] as const)(
    "goes to review when it is %s on a person's word alone, once",
    (status) => {
      const before = { ...confirmedCharge(), status }
      const { charge: after, announcements } = hashUsed(before)

      expect(after).toMatchObject({
        status,
        review_reason: "hash_used",
        bank_hash: null,
        next_settle_at: null,
      })
      expect(announcements).toEqual(["review"])
      const [decision] = resolutionsOf(after)
      const decided = resolve(after, decision).charge
      expect(hashUsed(decided).announcements).toEqual([])
    }
  )
})

describe("A transfer on a receipt", () => {
  const fault = (
    changes: Parameters<typeof transfer>[0],
    before = charge(),
    now = NOON
  ) => receiptFault(before, transfer(changes), now)

  it.each<[string, Charge]>([
    ["pending", charge()],
    ["failed", failedCharge()],
    ["expired", expiredCharge()],
    ["unverifiable", charge({ review_reason: "unverifiable" })],
    ["hash_used", hashUsed(charge()).charge],
    [
      "dismissed",
      resolve(charge({ review_reason: "unverifiable" }), "dismiss").charge,
    ],
  ])("pays a charge that is %s, and says how we know", (_, before) => {
    const { charge: after, announcements } = receipt(before, {
      hash: OTHER_HASH,
    })

    expect(after).toMatchObject({
      status: "paid",
      review_reason: null,
      resolution: null,
      evidence: "receipt",
      bank_hash: OTHER_HASH,
      paid_at: later(ISSUED_AT, MINUTE),
      found_at: NOON,
      next_settle_at: NOON,
      settle_attempts: 0,
    })
    expect(after.checks).toBe(before.checks)
    expect(announcements).toEqual(["paid"])
  })

  it("changes nothing of a charge that has its money", () => {
    for (const before of [
      paidCharge(),
      confirmedCharge(),
      inReview("amount_mismatch"),
      paidCharge({ status: "completed" }),
    ]) {
      expect(receipt(before, { hash: OTHER_HASH })).toEqual({
        charge: before,
        announcements: [],
        note: null,
      })
    }
  })

  it.each([
    [{ toAccountId: "other@devb" }, /did not go to lucky_shop@aclb/],
    [{ toAccountId: null }, /to whom/],
    [{ currency: "KHR" }, /11 KHR, and 11 USD/],
    [{ amount: "10.99" }, /10\.99 USD, and 11 USD/],
    [{ amount: "11.01" }, /11\.01 USD, and 11 USD/],
    [{ createdAt: null, acknowledgedAt: null }, /when/],
    [{ createdAt: +ISSUED_AT - RECEIPT_SKEW_MS - 1 }, /older/],
    [{ createdAt: +NOON + RECEIPT_SKEW_MS + 1 }, /future/],
  ])("does not pay when it is of %o", (changes, words) => {
    expect(fault(changes)).toMatch(words)
    expect(receipt(charge(), changes).charge).toEqual(charge())
  })

  it.each([
    {},
    { toAccountId: " Lucky_Shop@ACLB " },
    { currency: "usd", amount: "11.00" },
    { createdAt: null },
    { createdAt: +ISSUED_AT - RECEIPT_SKEW_MS },
    { createdAt: +NOON + RECEIPT_SKEW_MS },
  ])("pays when it is of %o", (changes) => {
    expect(fault(changes)).toBeNull()
    expect(receipt(charge(), changes).charge.status).toBe("paid")
  })

  it.each(["paid", "completed"] as const)(
    "does not hide the KHQR's own transfer when that is told a moment later: %s",
    (status) => {
      const before = {
        ...receipt(charge(), { hash: OTHER_HASH }).charge,
        status,
      }
      const {
        charge: after,
        announcements,
        note,
      } = answer(before, paid({ amount: "11.5" }))

      expect(after).toMatchObject({
        status,
        review_reason: "duplicate",
        bank_hash: OTHER_HASH,
        paid_amount: "11",
        next_settle_at: null,
      })
      expect(announcements).toEqual(["review"])
      expect(note).toContain(transfer().hash)
      expect(note).toContain("11.5 USD from sok_dara@devb")
      expect(resolutionsOf(after)).toEqual(
        status === "paid"
          ? ["settle", "attach", "refund", "dismiss"]
          : ["dismiss"]
      )
      // The bank's word for the receipt's own transfer is no news.
      expect(answer(before, paid({ hash: OTHER_HASH })).announcements).toEqual(
        []
      )
    }
  )

  it("does not hide it either where the receipt's own is a duplicate already", () => {
    const before = {
      ...receipt(charge(), { hash: OTHER_HASH }).charge,
      review_reason: "duplicate" as const,
      next_settle_at: null,
    }
    const decided = resolve(before, "refund").charge

    for (const row of [before, decided]) {
      const { charge: after, announcements, note } = answer(row, paid())
      expect(after).toMatchObject({
        review_reason: "duplicate",
        resolution: null,
      })
      expect(announcements).toEqual(["review"])
      expect(note).toContain(transfer().hash)
    }
  })

  it("may be made long after the KHQR's time, and is then late", () => {
    const createdAt = +EXPIRES_AT + DAY
    const now = later(EXPIRES_AT, 2 * DAY)

    expect(fault({ createdAt }, expiredCharge(), now)).toBeNull()
    expect(
      isPaidLate(receipt(expiredCharge(), { createdAt }, now).charge)
    ).toBe(true)
  })
})

describe("A charge that a person confirmed", () => {
  it.each<[string, Charge]>([
    ["pending", charge()],
    ["failed", failedCharge()],
    ["expired", expiredCharge()],
    ["unverifiable", charge({ review_reason: "unverifiable" })],
    ["returned", returnedCharge()],
    ["hash_used", hashUsed(charge()).charge],
    [
      "dismissed",
      resolve(charge({ review_reason: "unverifiable" }), "dismiss").charge,
    ],
  ])("is paid, on their word, although it was %s", (_, before) => {
    const paidAt = later(ISSUED_AT, 90 * SECOND)
    const { charge: after, announcements } = confirm(before, paidAt)

    expect(after).toMatchObject({
      status: "paid",
      review_reason: null,
      resolution: null,
      evidence: "staff",
      bank_hash: null,
      payer_account: null,
      paid_amount: "11",
      paid_currency: "USD",
      paid_to: "lucky_shop@aclb",
      paid_at: paidAt,
      found_at: NOON,
      next_settle_at: NOON,
      settle_attempts: 0,
    })
    expect(isUnproven(after)).toBe(true)
    expect(announcements).toEqual(["paid"])
  })

  it("keeps the money it has", () => {
    for (const before of [paidCharge(), inReview("amount_mismatch")]) {
      expect(confirm(before).charge).toEqual(before)
    }
  })

  it.each(["paid", "completed"] as const)(
    "learns from the bank who paid, and is its word for ever: %s",
    (status) => {
      const before = { ...confirmedCharge(), status }
      const { charge: after, announcements } = answer(before, paid(), CLOSES_AT)

      expect(after).toMatchObject({
        status,
        evidence: "staff",
        review_reason: null,
        bank_hash: transfer().hash,
        payer_account: "sok_dara@devb",
        paid_at: before.paid_at,
        next_settle_at: before.next_settle_at,
      })
      expect(announcements).toEqual([])
      expect(isUnproven(after)).toBe(false)

      const again = answer(after, paid({ amount: "1" }))
      expect(money(again.charge)).toBe(money(after))
      expect(again.announcements).toEqual([])
    }
  )

  it.each([
    ["amount_mismatch", paid({ amount: "1" })],
    ["currency_mismatch", paid({ currency: "KHR" })],
    ["wrong_account", paid({ toAccountId: "x@y" })],
  ] as const)(
    "goes to review as %s when the bank knows otherwise, with what the bank knows",
    (reason, outcome) => {
      for (const before of [
        confirmedCharge(),
        { ...confirmedCharge(), status: "completed" as const },
        resolve(
          { ...confirmedCharge(), review_reason: "order_failed" },
          "settle"
        ).charge,
      ]) {
        const { charge: after, announcements } = answer(before, outcome)
        const { transaction } = outcome as { transaction: { amount: string } }
        expect(after).toMatchObject({
          status: before.status,
          review_reason: reason,
          resolution: null,
          bank_hash: transfer().hash,
          paid_amount: transaction.amount,
          next_settle_at: null,
        })
        expect(announcements).toEqual(["review"])
        expect(needsPerson(after)).toBe(true)
      }
    }
  )

  it("goes to review once when the bank gave a transfer back, and may still be proven by another", () => {
    const first = answer(confirmedCharge(), returned("refunded_by_receiver"))
    expect(first.charge).toMatchObject({
      status: "paid",
      review_reason: "returned",
      next_settle_at: null,
    })
    expect(money(first.charge)).toBe(money(confirmedCharge()))
    expect(first.announcements).toEqual(["review"])
    expect(
      answer(first.charge, returned("failed_at_ach")).announcements
    ).toEqual([])

    expect(
      answer(first.charge, paid({ hash: OTHER_HASH })).charge
    ).toMatchObject({ bank_hash: OTHER_HASH, review_reason: "returned" })
  })

  it("is moved by nothing else that the bank says", () => {
    for (const outcome of [NOT_FOUND, ATTEMPT_FAILED, unknown()]) {
      const before = confirmedCharge()
      const { charge: after, announcements } = answer(
        before,
        outcome,
        later(EXPIRES_AT, 2 * DAY)
      )
      expect(money(after)).toBe(money(before))
      expect(after).toMatchObject({ status: "paid", review_reason: null })
      expect(announcements).toEqual([])
    }
  })
})

describe("What a person takes back", () => {
  const withdraw = (before: Charge) =>
    transition(
      before,
      {
        type: "resolved",
        resolution: "withdraw",
        by: "user_1",
        reason: "The wrong row",
      },
      later(EXPIRES_AT, HOUR)
    )

  it("holds no session and is not booked, and stays on record", () => {
    const { charge: after, announcements } = withdraw(confirmedCharge())

    expect(after).toMatchObject({
      status: "paid",
      review_reason: "unverifiable",
      resolution: "withdraw",
      resolved_by: "user_1",
      evidence: "staff",
      next_settle_at: null,
    })
    expect(announcements).toEqual(["resolved"])
    expect(bindsSession(after)).toBe(false)
    expect(isSettleable(after)).toBe(false)
    expect(withdraw(after).charge).toEqual(after)
  })

  it("is paid as any other when the bank shows the transfer after all", () => {
    const { charge: after } = answer(withdraw(confirmedCharge()).charge, paid())

    expect(after).toMatchObject({
      status: "paid",
      review_reason: null,
      resolution: null,
      evidence: "staff",
      bank_hash: transfer().hash,
    })
    expect(after.next_settle_at).not.toBeNull()
    const receipt = withdraw(
      paidCharge({ evidence: "receipt", review_reason: "hash_used" })
    ).charge
    expect(
      answer(receipt, paid({ hash: "c".repeat(64) })).charge
    ).toMatchObject({ status: "paid", review_reason: null, evidence: "khqr" })
  })

  it("keeps the transfer that contradicted it when the bank shows another", () => {
    const contradicted = answer(confirmedCharge(), paid({ amount: "5" })).charge
    const other = paid({ hash: "d".repeat(64) })

    expect(answer(withdraw(contradicted).charge, other).charge).toMatchObject({
      bank_hash: transfer().hash,
      paid_amount: "5",
      second_hash: "d".repeat(64),
      review_reason: "duplicate",
      resolution: null,
    })
  })

  it("calls a person when the bank shows the transfer of an order that was made", () => {
    const completed = withdraw({ ...confirmedCharge(), status: "completed" })

    expect(answer(completed.charge, paid()).charge).toMatchObject({
      status: "completed",
      review_reason: "orphaned",
      resolution: null,
      bank_hash: transfer().hash,
    })
  })

  it("frees the transfer that the bank gives to another charge", () => {
    const receipt = paidCharge({ evidence: "receipt" })
    const contested = transition(
      receipt,
      { type: "contested", by: "khqr_2" },
      later(EXPIRES_AT, HOUR)
    )
    expect(contested.charge).toMatchObject({
      review_reason: "hash_used",
      next_settle_at: null,
    })
    expect(contested.announcements).toEqual(["review"])

    const { charge: after, note } = withdraw(contested.charge)
    expect(after.bank_hash).toBeNull()
    expect(note).toContain(receipt.bank_hash)
  })

  it("is no charge that the bank itself vouches for", () => {
    expect(
      transition(
        paidCharge(),
        { type: "contested", by: "khqr_2" },
        later(EXPIRES_AT, HOUR)
      ).charge
    ).toEqual(paidCharge())
  })
})

describe("What a person may decide", () => {
  it.each(REVIEW_REASONS)("of money in review as %s", (reason) => {
    const currencyOrTwice =
      reason === "currency_mismatch" || reason === "duplicate"
    expect(resolutionsOf(inReview(reason))).toEqual(
      currencyOrTwice
        ? ["attach", "refund", "dismiss"]
        : ["settle", "attach", "refund", "dismiss"]
    )
  })

  it("of money whose cart nobody knows is not to settle it", () => {
    expect(resolutionsOf(inReview("orphaned", { cart_id: null }))).toEqual([
      "attach",
      "refund",
      "dismiss",
    ])
  })

  it("of what a person confirmed, and of a receipt that the bank gives to another, is to withdraw it too", () => {
    const confirmed = confirmedCharge()
    expect(resolutionsOf(confirmed)).toEqual(["withdraw"])
    expect(resolutionsOf({ ...confirmed, status: "completed" })).toEqual([
      "withdraw",
    ])
    expect(
      resolutionsOf(answer(confirmed, paid({ amount: "2" })).charge)
    ).toContain("withdraw")
    expect(resolutionsOf(answer(confirmed, paid()).charge)).toEqual([])
    const receipt = inReview("hash_used", { evidence: "receipt" })
    expect(resolutionsOf(receipt)).toContain("withdraw")
    expect(resolutionsOf(inReview("paid_late"))).not.toContain("withdraw")
  })

  it("is only to let it be where there is no money, or an order already", () => {
    for (const status of [
      "pending",
      "failed",
      "expired",
      "completed",
    ] as const) {
      expect(
        resolutionsOf(charge({ status, review_reason: "returned" }))
      ).toEqual(["dismiss"])
    }
  })

  it("is nothing where nobody has to look, or somebody has decided", () => {
    for (const status of CHARGE_STATUSES) {
      expect(resolutionsOf(charge({ status }))).toEqual([])
      expect(
        resolutionsOf(charge({ status, review_reason: "returned", ...DECIDED }))
      ).toEqual([])
    }
  })
})

describe("What a person decides", () => {
  const everyCase = CHARGE_STATUSES.flatMap((status) =>
    [null, ...REVIEW_REASONS].flatMap((review_reason) =>
      RESOLUTIONS.map((resolution) => ({ status, review_reason, resolution }))
    )
  )

  it("holds for each resolution, each reason and each status", () => {
    for (const { status, review_reason, resolution } of everyCase) {
      const before = paidCharge({ status, review_reason, settle_attempts: 3 })
      const allowed = resolutionsOf(before).includes(resolution)
      const { charge: after, announcements } = resolve(before, resolution)

      if (!allowed) {
        expect(after).toEqual(before)
        expect(announcements).toEqual([])
        continue
      }
      const accepted = resolution === "settle" || resolution === "attach"
      expect(after).toEqual({
        ...before,
        ...DECIDED,
        resolution,
        review_reason: accepted ? null : review_reason,
        next_settle_at: accepted ? DECIDED.resolved_at : null,
        settle_attempts: accepted ? 0 : 3,
      })
      expect(announcements).toEqual(["resolved"])
      expect(needsPerson(after)).toBe(false)
      expect(isAccepted(after)).toBe(accepted)
      // Decided once; what comes after is news of its own.
      for (const again of RESOLUTIONS) {
        expect(resolve(after, again).charge).toEqual(after)
      }
    }
  })

  it("is told to the history in their words", () => {
    expect(resolve(inReview("paid_late"), "refund").note).toBe(
      "refund: Talked to the shopper"
    )
  })

  it("names the order that the money is for", () => {
    const after = resolve(inReview("orphaned"), "attach", "order_7").charge
    expect(after.order_id).toBe("order_7")
    expect(
      resolve(inReview("orphaned", { order_id: "order_0" }), "settle").charge
        .order_id
    ).toBe("order_0")
  })

  it("is asked anew when the cart does not take the money after all", () => {
    const accepted = resolve(inReview("amount_mismatch"), "settle").charge
    const { charge: after } = transition(
      accepted,
      {
        type: "settle_refused",
        decidedFor: "paid",
        reason: "order_failed",
        message: "Gone",
      },
      NOON
    )

    expect(after).toMatchObject({
      review_reason: "order_failed",
      resolution: null,
      resolved_at: null,
      resolved_by: null,
    })
    expect(resolutionsOf(after)).toContain("settle")
  })

  it("stays beside its reason when the bank answers at last", () => {
    const before = resolve(
      charge({ review_reason: "unverifiable" }),
      "dismiss"
    ).charge
    for (const outcome of [NOT_FOUND, ATTEMPT_FAILED]) {
      const after = answer(before, outcome, later(EXPIRES_AT, 3 * DAY)).charge
      expect(after).toMatchObject({
        review_reason: "unverifiable",
        resolution: "dismiss",
        ...DECIDED,
      })
      expect(
        answer(after, unknown(), later(EXPIRES_AT, 9 * DAY)).announcements
      ).toEqual([])
    }
  })
})

describe("The money that a session is bound by", () => {
  it("is what is neither sent back nor dismissed, and in any case what is booked", () => {
    const binds = (changes: Partial<Charge>) => bindsSession(charge(changes))

    for (const status of ["pending", "failed", "expired"] as const) {
      expect(binds({ status })).toBe(false)
    }
    for (const resolution of [null, ...RESOLUTIONS]) {
      expect(binds({ status: "paid", resolution })).toBe(
        resolution !== "refund" &&
          resolution !== "dismiss" &&
          resolution !== "withdraw"
      )
      expect(binds({ status: "completed", resolution })).toBe(true)
    }
  })
})

describe("What Medusa is to book", () => {
  it("is what was asked for, with its fractions, when that came", () => {
    const asked = charge({
      amount: "44000.4",
      khqr_amount: "44000",
      currency_code: "khr",
    })
    expect(amountToBook(asked)).toEqual({
      amount: "44000.4",
      currency_code: "khr",
    })
    expect(
      amountToBook({
        ...asked,
        paid_amount: "44000.00",
        paid_currency: "KHR",
      })
    ).toEqual({ amount: "44000.4", currency_code: "khr" })
  })

  it("is what came where it was something else", () => {
    expect(amountToBook(paidCharge({ paid_amount: "5" }))).toEqual({
      amount: "5",
      currency_code: "usd",
    })
    expect(
      amountToBook(paidCharge({ paid_amount: "44000", paid_currency: "KHR" }))
    ).toEqual({ amount: "44000", currency_code: "khr" })
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
    weight: 1,
    arbitrary: fc
      .oneof(
        fc.constant(transfer()),
        anyTransaction,
        fc.constant(transfer({ hash: "a".repeat(64) }))
      )
      .map((transaction) => (): ChargeEvent => ({
        type: "receipt",
        transaction,
      })),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 0, max: HOUR })
      .map((ago) => (now: Date): ChargeEvent => ({
        type: "confirmed",
        paidAt: later(now, -ago),
      })),
  },
  {
    weight: 1,
    arbitrary: fc.nat(HOUR).map((latency) => (now: Date): ChargeEvent => ({
      type: "hash_used",
      usedBy: "khqr_2",
      askedAt: later(now, -latency),
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...RESOLUTIONS)
      .map((resolution) => (): ChargeEvent => ({
        type: "resolved",
        resolution,
        by: "user_1",
        reason: "Talked to the shopper",
        ...(resolution === "attach" ? { orderId: "order_9" } : {}),
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

const outcomeOf = (event: ChargeEvent) =>
  event.type === "answered" ? event.outcome.type : null

/** What the bank says of a transfer, by the KHQR or by a receipt. */
const tellsOfReturn = (event: ChargeEvent) =>
  event.type === "answered" &&
  event.outcome.type === "failed" &&
  event.outcome.reason !== "attempt_failed"

const decision = ({ resolution, resolved_at, resolved_by }: Charge) =>
  JSON.stringify([resolution, resolved_at, resolved_by])

const UNDECIDED = JSON.stringify([null, null, null])

/** The bank shows the transfer of a payment that a person had taken back: it is paid anew. */
const isFoundAfterAll = (event: ChargeEvent, before: Charge) =>
  before.resolution === "withdraw" &&
  outcomeOf(event) === "paid" &&
  before.bank_hash === null

/** Beside the one on record. */
const tellsOfAnother = (event: ChargeEvent, before: Charge) =>
  event.type === "answered" &&
  event.outcome.type === "paid" &&
  hasMoney(before) &&
  !isUnproven(before) &&
  !isFoundAfterAll(event, before) &&
  event.outcome.transaction.hash !== before.bank_hash &&
  event.outcome.transaction.hash !== before.second_hash

/** A person's word that was proven keeps the reason for which its cart was not completed. */
const bankAgrees = (before: Charge, after: Charge) =>
  hasMoney(before) &&
  after.review_reason === before.review_reason &&
  Number(after.paid_amount) === 11 &&
  after.paid_currency === "USD" &&
  after.paid_to!.toLowerCase() === "lucky_shop@aclb"

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

  "It gets money only from a paid answer, a receipt or a person, and remembers which":
    ({ before, event, after }) =>
      hasMoney(before) &&
      !(isFoundAfterAll(event, before) && after.evidence === "khqr")
        ? after.evidence === before.evidence
        : hasMoney(after)
          ? after.evidence ===
              (event.type === "confirmed"
                ? "staff"
                : event.type === "receipt"
                  ? "receipt"
                  : "khqr") &&
            (outcomeOf(event) === "paid" ||
              event.type === "receipt" ||
              event.type === "confirmed")
          : after.evidence === null &&
            after.paid_at === null &&
            after.found_at === null,

  "Money on record has its amount, its receiver and its times, and a hash unless it is a person's word":
    ({ after }) =>
      !hasMoney(after) ||
      (after.paid_amount !== null &&
        after.paid_to !== null &&
        after.paid_at !== null &&
        after.found_at !== null &&
        (after.bank_hash !== null ||
          after.evidence === "staff" ||
          after.resolution === "withdraw")),

  "What it got never changes, but for a word that the bank proves or contradicts, or that was taken back":
    ({ before, event, after }) =>
      !hasMoney(before) ||
      isFoundAfterAll(event, before) ||
      (after.resolution === "withdraw" && before.evidence === "receipt") ||
      money(after) === money(before) ||
      (isUnproven(before) &&
        outcomeOf(event) === "paid" &&
        after.bank_hash !== null &&
        +after.paid_at! === +before.paid_at! &&
        +after.found_at! === +before.found_at!),

  "Without money it knows only of a transfer that was given back": ({
    before,
    event,
    after,
  }) =>
    hasMoney(after) ||
    after.bank_hash === before.bank_hash ||
    (tellsOfReturn(event) && after.review_reason === "returned"),

  "A receipt's transfer agrees in everything": ({ before, event, after }) =>
    event.type !== "receipt" ||
    hasMoney(before) ||
    !hasMoney(after) ||
    (after.review_reason === null &&
      Number(after.paid_amount) === 11 &&
      after.paid_currency === "USD" &&
      after.paid_to!.toLowerCase() === "lucky_shop@aclb" &&
      +after.paid_at! >= +ISSUED_AT - RECEIPT_SKEW_MS),

  "It is settleable only when receiver, currency and amount agree, or a person took it":
    ({ after }) =>
      !isSettleable(after) ||
      isAccepted(after) ||
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

  "It loses a review reason only by evidence, or because a person takes the money":
    ({ before, event, after }) =>
      before.review_reason === null ||
      after.review_reason === before.review_reason ||
      ["paid", "not_found", "failed"].includes(outcomeOf(event) ?? "") ||
      ["hash_used", "receipt", "confirmed"].includes(event.type) ||
      (event.type === "resolved" && isAccepted(after)),

  "With money it loses a review reason only to a person, or to what the bank contradicts":
    ({ before, event, after }) =>
      before.review_reason === null ||
      !hasMoney(before) ||
      after.review_reason === before.review_reason ||
      isFoundAfterAll(event, before) ||
      (event.type === "resolved" && isAccepted(after)) ||
      (["answered", "hash_used"].includes(event.type) &&
        after.review_reason !== null),

  "A decision is a person's, allowed, and stands until there is news": ({
    before,
    event,
    now,
    after,
    announcements,
  }) => {
    if (decision(after) === decision(before)) {
      return !announcements.includes("resolved")
    }
    return event.type === "resolved"
      ? announcements.includes("resolved") &&
          resolutionsOf(before).includes(event.resolution) &&
          after.resolution === event.resolution &&
          after.resolved_by === event.by &&
          after.resolved_at === now
      : decision(after) === UNDECIDED &&
          (announcements.includes("review") || announcements.includes("paid"))
  },

  "What was decided without taking the money stays beside its reason": ({
    after,
  }) =>
    after.resolution === null ||
    (after.review_reason !== null) !==
      (after.resolution === "settle" || after.resolution === "attach"),

  "Whoever has to look has not decided": ({ after, announcements }) =>
    !announcements.includes("review") || needsPerson(after),

  "Money always is an order, on its way to one, before a person, or decided": ({
    after,
  }) =>
    after.status !== "paid" ||
    after.next_settle_at !== null ||
    after.review_reason !== null,

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
    event,
    after,
    announcements,
  }) =>
    (["paid", "completed", "expired"] as const).every(
      (status) =>
        announcements.includes(status) ===
        (after.status === status &&
          (before.status !== status ||
            (isFoundAfterAll(event, before) && after.review_reason === null)))
    ),

  "It calls for a person when it has a new review reason or another transfer in review, and only then":
    ({ before, event, after, announcements }) =>
      announcements.includes("review") ===
      (after.review_reason !== null &&
        event.type !== "resolved" &&
        (after.review_reason !== before.review_reason ||
          tellsOfAnother(event, before) ||
          (before.bank_hash !== null && after.bank_hash !== before.bank_hash) ||
          (isUnproven(before) &&
            !isUnproven(after) &&
            !bankAgrees(before, after)))),

  "It counts every answer, and nothing else": ({ before, event, after }) =>
    after.checks - before.checks ===
    (event.type === "answered" || event.type === "hash_used" ? 1 : 0),
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
        evidence: maybe(fc.constantFrom(...EVIDENCES)),
        resolution: maybe(fc.constantFrom(...RESOLUTIONS)),
        resolved_at: maybe(anyMoment),
        bank_hash: maybe(fc.constantFrom("a".repeat(64), "b".repeat(64))),
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
