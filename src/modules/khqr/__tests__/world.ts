import type {
  BakongTransaction,
  Outcome,
  Unknown,
  UnknownReason,
} from "../../../bakong"
import type { Charge } from "../types"

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export const ISSUED_AT = new Date("2026-11-21T03:00:00Z")
export const EXPIRES_AT = later(ISSUED_AT, 10 * MINUTE)
/** From here on a "not found" is the end of a charge. */
export const CLOSES_AT = later(EXPIRES_AT, 120 * SECOND)

export function later(moment: Date, ms: number): Date {
  return new Date(moment.getTime() + ms)
}

/** A charge of 11 dollars that was just issued, with what a test wants otherwise. */
export function charge(changes: Partial<Charge> = {}): Charge {
  return {
    id: "khqr_1",
    reference: "KH23456789ABCDE",
    md5: "d60f3db96913029a2af979a1662c1e72",
    qr: "000201…6304ABCD",
    payment_session_id: "payses_1",
    moved_from: null,
    payment_collection_id: null,
    cart_id: null,
    order_id: null,
    amount: "11",
    currency_code: "usd",
    khqr_amount: "11",
    account_id: "lucky_shop@aclb",
    gateway_ref: null,
    deeplink: null,
    deeplink_asked_at: null,
    status: "pending",
    review_reason: null,
    resolution: null,
    resolved_at: null,
    resolved_by: null,
    evidence: null,
    confirmation_reference: null,
    session_amount: null,
    accepted_total: null,
    second_hash: null,
    adoption_key: null,
    mode: "dynamic",
    issued_at: ISSUED_AT,
    expires_at: EXPIRES_AT,
    superseded_at: null,
    bank_hash: null,
    payer_account: null,
    paid_amount: null,
    paid_currency: null,
    paid_to: null,
    paid_at: null,
    found_at: null,
    settled_at: null,
    next_check_at: null,
    next_settle_at: null,
    leased_until: null,
    last_checked_at: null,
    last_signal_at: null,
    last_signal: null,
    signals_in_vain: 0,
    watched_since: null,
    unwatched_at: null,
    check_reason: null,
    late_signals: 0,
    last_outcome: null,
    checks: 0,
    unknowns: 0,
    unknown_since: null,
    settle_attempts: 0,
    lasting_settle_failures: 0,
    created_at: ISSUED_AT,
    updated_at: ISSUED_AT,
    deleted_at: null,
    ...changes,
  }
}

/** The transfer that `charge()` asks for, confirmed a minute after it was issued. */
export function transfer(
  changes: Partial<BakongTransaction> = {}
): BakongTransaction {
  return {
    hash: "8465d722d7d5065f2886f0a474a4d34dc6a7855355b611836f7b6111228893e9",
    fromAccountId: "sok_dara@devb",
    toAccountId: "lucky_shop@aclb",
    currency: "USD",
    amount: "11",
    description: null,
    createdAt: ISSUED_AT.getTime() + MINUTE,
    acknowledgedAt: ISSUED_AT.getTime() + MINUTE + 400,
    trackingStatus: null,
    receiverBank: null,
    receiverBankAccount: null,
    instructionRef: null,
    externalRef: null,
    ...changes,
  }
}

export function paid(changes: Partial<BakongTransaction> = {}): Outcome {
  return { type: "paid", transaction: transfer(changes) }
}

export const NOT_FOUND: Outcome = { type: "not_found" }

export const ATTEMPT_FAILED: Outcome = {
  type: "failed",
  reason: "attempt_failed",
  transaction: null,
}

export const UNKNOWN_REASONS: UnknownReason[] = [
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

export function unknown(reason: UnknownReason = "unavailable"): Unknown {
  return { type: "unknown", reason, message: "Nothing that counts" }
}
