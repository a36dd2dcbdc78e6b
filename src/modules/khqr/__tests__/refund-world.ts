import type { BakongTransaction } from "../../../bakong"
import type { Refund } from "../types"
import { ISSUED_AT, MINUTE, later, transfer } from "./world"

/** A refund of the eleven dollars of `charge()`, just opened, with what a test wants otherwise. */
export function refund(changes: Partial<Refund> = {}): Refund {
  return {
    id: "khqrref_1",
    charge_id: "khqr_1",
    amount: "11",
    currency_code: "usd",
    status: "due",
    review_reason: null,
    resolved_at: null,
    resolved_by: null,
    method: null,
    payer_account: "sok_dara@devb",
    note: null,
    created_by: "user_1",
    reference: null,
    bank_hash: null,
    sent_at: null,
    sent_by: null,
    verified_at: null,
    qr: null,
    md5: null,
    issued_at: null,
    expires_at: null,
    next_check_at: null,
    leased_until: null,
    last_checked_at: null,
    last_outcome: null,
    checks: 0,
    unknowns: 0,
    unknown_since: null,
    next_book_at: null,
    book_attempts: 0,
    booking_error: null,
    booked_at: null,
    created_at: ISSUED_AT,
    updated_at: ISSUED_AT,
    deleted_at: null,
    ...changes,
  }
}

/** The same with its KHQR shown. */
export function shown(changes: Partial<Refund> = {}): Refund {
  return refund({
    status: "pending",
    method: "reverse_khqr",
    qr: "000201…6304ABCD",
    md5: "0123456789abcdef0123456789abcdef",
    reference: "KH98765432ZYXWV",
    issued_at: ISSUED_AT,
    expires_at: later(ISSUED_AT, 10 * MINUTE),
    ...changes,
  })
}

/** The transfer by which the shop sends `refund()`. */
export function backTransfer(
  changes: Partial<BakongTransaction> = {}
): BakongTransaction {
  return transfer({
    hash: "c0ffee".padEnd(64, "0"),
    fromAccountId: "lucky_shop@aclb",
    toAccountId: "sok_dara@devb",
    ...changes,
  })
}
