import { bindsSession, hasMoney, needsPerson } from "./state"
import type { Charge } from "./types"

/** What the shopper's page is told of a payment session. Public: no payer, no bank hash. */
export type ChargeView = {
  id: string
  payment_session_id: string
  status: Charge["status"]
  /** Money came, and a person looks at it: the shopper is not to pay again. */
  in_review: boolean
  /** No longer the KHQR of an open payment: the cart has changed, or another KHQR took its place. */
  superseded: boolean
  /** What a person did with money that could not become the order: sent it back, or left it; `null` otherwise. */
  closed: "refund" | "dismiss" | null
  /** `static`: the payer types the amount, and the shop has to see the receipt. */
  mode: Charge["mode"]
  /** To quote to the shop. */
  reference: string
  /** `null` unless this KHQR may be paid now. */
  qr: string | null
  md5: string
  /** Opens the payer's app with this KHQR; `null` until asked for, and where there is none. */
  deeplink: string | null
  /** Exact decimal as the KHQR has it. */
  amount: string
  currency_code: string
  merchant_name: string
  merchant_name_km: string | null
  issued_at: string
  expires_at: string
  server_time: string
  /** Whether Bakong answers: if not, "not paid" is not known. */
  bank: "ok" | "unreachable" | "quota_spent"
  order_id: string | null
}

export function presentCharge(
  charge: Charge,
  merchant: { name: string; nameKm?: string },
  now: Date
): ChargeView {
  const payable =
    charge.status === "pending" &&
    charge.superseded_at === null &&
    charge.expires_at > now
  return {
    id: charge.id,
    payment_session_id: charge.payment_session_id,
    status: charge.status,
    in_review: hasMoney(charge) && needsPerson(charge),
    closed:
      hasMoney(charge) && !bindsSession(charge)
        ? (charge.resolution as "refund" | "dismiss")
        : null,
    mode: charge.mode,
    superseded: charge.superseded_at !== null,
    reference: charge.reference,
    qr: payable ? charge.qr : null,
    md5: charge.md5,
    deeplink: payable ? charge.deeplink : null,
    amount: charge.khqr_amount,
    currency_code: charge.currency_code,
    merchant_name: merchant.name,
    merchant_name_km: merchant.nameKm ?? null,
    issued_at: charge.issued_at.toISOString(),
    expires_at: charge.expires_at.toISOString(),
    server_time: now.toISOString(),
    bank: bankState(charge),
    order_id: charge.status === "completed" ? charge.order_id : null,
  }
}

/** One silent answer is weather; two in a row is news. */
function bankState(charge: Charge): ChargeView["bank"] {
  if (hasMoney(charge) || charge.unknowns === 0) {
    return "ok"
  }
  if (charge.last_outcome === "unknown:quota_spent") {
    return "quota_spent"
  }
  return charge.unknowns >= 2 ? "unreachable" : "ok"
}
