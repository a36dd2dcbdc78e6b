import {
  isPaidLate,
  type ChargeStatus,
  type ReviewReason,
} from "../modules/khqr/state"
import { sameAmount } from "../khqr"

/** What Medusa has for a charge, read anew each time. Amounts are exact decimals. */
export type Situation = {
  charge: {
    status: ChargeStatus
    review_reason: ReviewReason | null
    amount: string
    currency_code: string
    paid_at: Date | null
    expires_at: Date
    superseded_at: Date | null
  }
  latePayments: "honour" | "review"
  session: {
    status: string
    amount: string
    currency_code: string
    /** The payment made from this session, if any. */
    payment_id: string | null
  } | null
  collection: { amount: string; has_other_payment: boolean } | null
  /** `null`: the collection belongs to no cart (a payment link, an order edit). */
  cart: {
    id: string
    /** `null`: the link is there, the cart is not. */
    total: string | null
    currency_code: string | null
    order_id: string | null
  } | null
}

export type Settlement =
  | { action: "done"; orderId: string | null }
  | { action: "review"; reason: ReviewReason; message: string }
  /** An unpaid charge whose time is over: the session becomes `canceled`, so that shop and dashboard see it. */
  | { action: "cancel_session" }
  /** An open cart: heal what needs healing, then complete it. */
  | {
      action: "complete_cart"
      cartId: string
      reopenSession: boolean
      healCollection: boolean
    }
  /** Nothing to complete, only the payment is missing. */
  | { action: "book_payment"; reopenSession: boolean; orderId: string | null }

/**
 * From what Medusa has to what is to be done, for a charge whose news it has
 * yet to get. Pure; the order of the questions is the order of the damage that
 * a wrong answer would do.
 */
export function decideSettlement(situation: Situation): Settlement {
  const { charge, session, collection, cart } = situation

  if (charge.status === "expired" || charge.status === "failed") {
    const gone = session === null || session.payment_id !== null
    return gone || charge.superseded_at !== null
      ? { action: "done", orderId: null }
      : { action: "cancel_session" }
  }
  if (charge.status !== "paid" || charge.review_reason !== null) {
    return { action: "done", orderId: cart?.order_id ?? null }
  }

  if (!session || !collection) {
    return review("orphaned", "The payment session of this KHQR is gone")
  }

  const orderId = cart?.order_id ?? null
  const awaitsOrder = cart !== null && orderId === null

  if (session.payment_id !== null && !awaitsOrder) {
    return { action: "done", orderId }
  }
  if (session.payment_id === null && collection.has_other_payment) {
    return review("duplicate", "The order was already paid in another way")
  }
  if (
    charge.currency_code !== session.currency_code ||
    !sameAmount(charge.amount, session.amount)
  ) {
    return review(
      "amount_mismatch",
      `The session now asks for ${session.amount} ${session.currency_code}, the KHQR asked for ${charge.amount} ${charge.currency_code}`
    )
  }

  const late = isPaidLate(charge)
  if (late && situation.latePayments === "review") {
    return review("paid_late", "Paid after the KHQR's time")
  }

  const reopenSession =
    session.payment_id === null && session.status !== "pending"

  if (!awaitsOrder) {
    return { action: "book_payment", reopenSession, orderId }
  }
  if (cart.total === null) {
    return review(late ? "paid_late" : "order_failed", "The cart is gone")
  }
  const asked = `${session.amount} ${session.currency_code}`
  const total = `${cart.total} ${cart.currency_code}`
  if (
    cart.currency_code !== session.currency_code ||
    !sameAmount(cart.total, session.amount)
  ) {
    return review(
      late ? "paid_late" : "order_failed",
      `The cart now costs ${total}, the KHQR asked for ${asked}`
    )
  }
  return {
    action: "complete_cart",
    cartId: cart.id,
    reopenSession,
    healCollection: !sameAmount(collection.amount, session.amount),
  }
}

function review(reason: ReviewReason, message: string): Settlement {
  return { action: "review", reason, message }
}
