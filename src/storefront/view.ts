import type { KhqrCharge, KhqrClientError } from "./client"

/** What the shopper is shown; one at a time. */
export type KhqrView =
  | "loading"
  | "waiting"
  /** The time is over, but the bank has not said yet that nothing came. */
  | "time_up"
  /** Withheld before its time: the cart has changed and the session is gone. */
  | "replaced"
  | "paid"
  | "completed"
  | "expired"
  | "failed"
  /** The money is there; a person at the shop decides what it pays for. */
  | "in_review"
  /** Nobody knows whether there is money; a person at the shop finds out. */
  | "unverified"
  | "offline"
  | "not_found"
  | "misconfigured"

/**
 * The one place that decides what is shown. What is known about the charge
 * outweighs a passing fault of the connection: then only a notice is added.
 *
 * @param now the server's time, epoch milliseconds
 */
export function viewOf(
  charge: KhqrCharge | null,
  error: KhqrClientError | null,
  now: number
): KhqrView {
  if (charge) {
    return viewOfCharge(charge, now)
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

function viewOfCharge(charge: KhqrCharge, now: number): KhqrView {
  if (charge.status === "completed") {
    return "completed"
  }
  if (charge.in_review) {
    return charge.status === "paid" ? "in_review" : "unverified"
  }
  if (charge.status !== "pending") {
    return charge.status
  }
  if (now >= Date.parse(charge.expires_at)) {
    return "time_up"
  }
  return charge.qr ? "waiting" : "replaced"
}

export type KhqrNotice =
  "checking" | "not_seen_yet" | "bank_silent" | "offline" | "renew_failed"
