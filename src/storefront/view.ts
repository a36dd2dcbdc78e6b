import type { KhqrCharge, KhqrClientError, KhqrConflict } from "./client"

/** What the shopper is shown; one at a time. */
export type KhqrView =
  | "loading"
  | "waiting"
  /** The time is over, but the bank has not said yet that nothing came. */
  | "time_up"
  /** Not to be paid any more: the cart has changed and the session is gone. */
  | "replaced"
  | "paid"
  | "completed"
  | "expired"
  | "failed"
  /** The money is there; a person at the shop decides what it pays for. */
  | "in_review"
  | "offline"
  | "not_found"
  | "misconfigured"

/** Why the shopper did not get the new QR that was asked for. */
export type KhqrRefusal = KhqrConflict | "failed"

export function refusalOf(error: KhqrClientError): KhqrRefusal {
  return error.code ?? "failed"
}

/**
 * The one place that decides what is shown. What is known about the charge
 * outweighs a passing fault of the connection: then only a notice is added.
 *
 * @param now the server's time, epoch milliseconds
 */
export function viewOf(
  charge: KhqrCharge | null,
  error: KhqrClientError | null,
  now: number,
  refusal: KhqrRefusal | null = null
): KhqrView {
  if (charge) {
    return viewOfCharge(charge, now, refusal)
  }
  if (!error) {
    return "loading"
  }
  switch (error.kind) {
    case "not_found":
      return "not_found"
    case "unreachable":
      return "offline"
    default:
      return "misconfigured"
  }
}

function viewOfCharge(
  charge: KhqrCharge,
  now: number,
  refusal: KhqrRefusal | null
): KhqrView {
  if (charge.status === "completed") {
    return "completed"
  }
  if (charge.in_review) {
    return "in_review"
  }
  if (charge.status === "paid") {
    return "paid"
  }
  if (charge.superseded || refusal === "session_gone") {
    return "replaced"
  }
  if (charge.status !== "pending") {
    return charge.status
  }
  if (now >= Date.parse(charge.expires_at)) {
    return "time_up"
  }
  return charge.qr ? "waiting" : "replaced"
}

export function offersNewQr(view: KhqrView): boolean {
  return view === "expired" || view === "failed" || view === "time_up"
}

/** Where the shopper may say that they paid: also after a failed attempt and after its time a KHQR can be paid. */
export function hearsClaims(view: KhqrView): boolean {
  return view === "waiting" || offersNewQr(view)
}

/** No money is known of, and some may still come. */
export function mayStillBePaid(charge: KhqrCharge): boolean {
  return charge.status !== "paid" && charge.status !== "completed"
}

export type KhqrNotice =
  | "checking"
  | "not_seen_yet"
  | "bank_silent"
  | "offline"
  | "already_paid"
  | "renew_failed"
