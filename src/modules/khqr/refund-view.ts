import { isInReview } from "./refund-state"
import { describeRefundReview } from "./refund-texts"
import type { Refund } from "./types"

/** What an admin is told of a refund. */
export type RefundView = {
  id: string
  charge_id: string
  status: Refund["status"]
  /** Why a person has to look at it, or had to. */
  review_reason: Refund["review_reason"]
  /** In words; `null` when nobody has to look. */
  explanation: string | null
  /** When a person closed the review, and who (an admin's id). */
  resolved_at: string | null
  resolved_by: string | null
  method: Refund["method"]
  /** Exact decimal. */
  amount: string
  currency_code: string
  payer_account: string | null
  note: string | null
  /** An admin's id. */
  created_by: string
  created_at: string
  /** Of a reverse KHQR its bill number, of a transfer by hand as the bank's app names it. */
  reference: string | null
  bank_hash: string | null
  sent_at: string | null
  /** An admin's id, or `clock` when it was found by itself. */
  sent_by: string | null
  /** When the bank confirmed the transfer; `null` while it stands on a person's word. */
  verified_at: string | null
  /** The KHQR to scan with the merchant's app; `null` unless it may be paid now. */
  qr: string | null
  md5: string | null
  expires_at: string | null
  server_time: string
  /** Why no KHQR can be made for it, in one plain sentence; `null` when one can, or is no longer wanted. */
  khqr_refusal: string | null
  /** When Medusa booked it. */
  booked_at: string | null
  /** Why Medusa could not, the last time it was tried. */
  booking_error: string | null
}

export function presentRefund(
  refund: Refund,
  khqrRefusal: string | null,
  now: Date
): RefundView {
  const payable =
    refund.status === "pending" &&
    refund.expires_at !== null &&
    refund.expires_at > now
  return {
    id: refund.id,
    charge_id: refund.charge_id,
    status: refund.status,
    review_reason: refund.review_reason,
    explanation: isInReview(refund) ? describeRefundReview(refund) : null,
    resolved_at: moment(refund.resolved_at),
    resolved_by: refund.resolved_by,
    method: refund.method,
    amount: refund.amount,
    currency_code: refund.currency_code,
    payer_account: refund.payer_account,
    note: refund.note,
    created_by: refund.created_by,
    created_at: moment(refund.created_at)!,
    reference: refund.reference,
    bank_hash: refund.bank_hash,
    sent_at: moment(refund.sent_at),
    sent_by: refund.sent_by,
    verified_at: moment(refund.verified_at),
    qr: payable ? refund.qr : null,
    md5: refund.md5,
    expires_at: moment(refund.expires_at),
    server_time: now.toISOString(),
    khqr_refusal: refund.status === "due" ? khqrRefusal : null,
    booked_at: moment(refund.booked_at),
    booking_error: refund.booking_error,
  }
}

function moment(at: Date | null): string | null {
  return at && new Date(at).toISOString()
}
