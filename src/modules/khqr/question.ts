import type { Question } from "../../gateways"
import { closesAt, hasMoney } from "./state"
import type { Charge } from "./types"

/** What a gateway is told of a charge. `closing`: a "not found" now would end it. */
export function toQuestion(charge: Charge, now: Date): Question {
  return {
    charge_id: charge.id,
    md5: charge.md5,
    reference: charge.reference,
    khqr_amount: charge.khqr_amount,
    currency_code: charge.currency_code,
    gateway_ref: charge.gateway_ref,
    closing: isClosing(charge, now),
  }
}

function isClosing(charge: Charge, now: Date): boolean {
  const closing = closesAt(charge)
  const asked = charge.last_checked_at
  const wasClosed =
    charge.status === "failed" && asked !== null && asked >= closing
  return (
    closing <= now &&
    !wasClosed &&
    !hasMoney(charge) &&
    charge.status !== "expired"
  )
}
