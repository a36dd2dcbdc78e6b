import type {
  KhqrCharge,
  KhqrClientError,
  KhqrConflict,
  KhqrReceiptRefusal,
} from "./client"

/** What the shopper is shown; one at a time. */
export type KhqrView =
  | "loading"
  | "waiting"
  /** The KHQR has no amount: the shopper types it, and then shows the receipt. */
  | "static_waiting"
  /** It was shown for a day; whether it was paid, the receipt alone tells. */
  | "static_over"
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
  /** The shop has sent the money back. */
  | "refunded"
  /** The shop has closed the case: what became of the money, it alone can say. */
  | "dismissed"
  | "offline"
  | "not_found"
  | "misconfigured"

/** Why the shopper did not get the new QR that was asked for. */
export type KhqrRefusal = KhqrConflict | "failed"

export function refusalOf({ code }: KhqrClientError): KhqrRefusal {
  return code === "already_paid" ||
    code === "session_gone" ||
    code === "switched_off"
    ? code
    : "failed"
}

/** Why the receipt did not help; `malformed` is seen before it is sent. */
export type KhqrReceiptFault = KhqrReceiptRefusal | "malformed" | "failed"

export function receiptFaultOf({ code }: KhqrClientError): KhqrReceiptFault {
  return code === null ||
    code === "already_paid" ||
    code === "session_gone" ||
    code === "switched_off"
    ? "failed"
    : code
}

/** As the bank wants it; `null` when it is none. Receipts show it in any case, and in groups. */
export function readReceiptHash(typed: string): string | null {
  const hash = typed.replace(/\s/g, "").toLowerCase()
  return /^([0-9a-f]{8}|[0-9a-f]{64})$/.test(hash) ? hash : null
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
  if (charge.closed) {
    return charge.closed === "refund" ? "refunded" : "dismissed"
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
  const isStatic = charge.mode === "static"
  if (now >= Date.parse(charge.expires_at)) {
    return isStatic ? "static_over" : "time_up"
  }
  if (!charge.qr) {
    return "replaced"
  }
  return isStatic ? "static_waiting" : "waiting"
}

export function offersNewQr(view: KhqrView): boolean {
  return (
    view === "expired" ||
    view === "failed" ||
    view === "time_up" ||
    view === "static_over"
  )
}

/**
 * Where the shopper may say that they paid: also after a failed attempt and after its
 * time a KHQR can be paid. Of a static one the word alone is of no use.
 */
export function hearsClaims(view: KhqrView): boolean {
  return (
    view === "waiting" ||
    view === "expired" ||
    view === "failed" ||
    view === "time_up"
  )
}

/**
 * Where coming back to the page may mean that it was paid meanwhile. When the bank has said that
 * nothing came in time, only the shopper's word is worth another question.
 */
export function hearsReturns(view: KhqrView): boolean {
  return view === "waiting" || view === "failed" || view === "time_up"
}

/** Where the hash on the shopper's receipt may be entered, in some only after they say that they paid. */
export function takesReceipts(view: KhqrView): "always" | "claimed" | "no" {
  switch (view) {
    case "static_waiting":
    case "static_over":
    case "expired":
      return "always"
    case "waiting":
    case "time_up":
    case "failed":
      return "claimed"
    default:
      return "no"
  }
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
  | "switched_off"
