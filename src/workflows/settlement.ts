import { sameMoney } from "../modules/khqr/medusa-amount"
import {
  isPaidLate,
  type ChargeStatus,
  type ReviewReason,
} from "../modules/khqr/state"

/** What Medusa has for a charge, read anew each time. Amounts are exact decimals. */
export type Situation = {
  charge: {
    id: string
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
    /** The payment made from this session, if any, and the charge it was made for. */
    payment: {
      id: string
      charge_id: string | null
      capture_ids: string[]
    } | null
  } | null
  collection: {
    amount: string
    has_other_payment: boolean
    /** Sessions beside ours that Medusa might authorize in its place. */
    rival_session_ids: string[]
  } | null
  /** `null`: the collection belongs to no cart (a payment link, an order edit). */
  cart: {
    id: string
    /** `null`: the link is there, the cart is not. */
    total: string | null
    currency_code: string | null
    order: {
      id: string
      total: string
      /** Captures that the order's transactions tell of. */
      capture_ids: string[]
    } | null
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
      rivalSessionIds: string[]
    }
  /** Nothing to complete, only the payment is missing. */
  | { action: "book_payment"; reopenSession: boolean }
  /** Order and payment are there, and do not quite know of each other: somebody was interrupted. */
  | {
      action: "repair"
      orderId: string
      healCollection: boolean
      unknownCaptureIds: string[]
    }

/**
 * From what Medusa has to what is to be done, for a charge whose news it has
 * yet to get. Pure; the order of the questions is the order of the damage that
 * a wrong answer would do.
 */
export function decideSettlement(situation: Situation): Settlement {
  const { charge, session, collection, cart } = situation
  const order = cart?.order ?? null

  if (charge.status === "expired" || charge.status === "failed") {
    const gone = session === null || session.payment !== null
    return gone || charge.superseded_at !== null
      ? { action: "done", orderId: null }
      : { action: "cancel_session" }
  }
  if (charge.status !== "paid" || charge.review_reason !== null) {
    return { action: "done", orderId: order?.id ?? null }
  }

  if (!session || !collection) {
    return review("orphaned", "The payment session of this KHQR is gone")
  }
  const { payment } = session
  if (
    payment &&
    payment.charge_id !== null &&
    payment.charge_id !== charge.id
  ) {
    return review("duplicate", "The order was already paid by another KHQR")
  }
  if (!payment && collection.has_other_payment) {
    return review("duplicate", "The order was already paid in another way")
  }
  if (
    charge.currency_code !== session.currency_code ||
    !sameMoney(charge.amount, session.amount)
  ) {
    return review(
      "amount_mismatch",
      `The session now asks for ${session.amount} ${session.currency_code}, the KHQR asked for ${charge.amount} ${charge.currency_code}`
    )
  }

  const awaitsOrder = cart !== null && order === null
  if (payment && !awaitsOrder) {
    return afterPayment(situation)
  }

  const late = isPaidLate(charge)
  if (late && situation.latePayments === "review") {
    return review("paid_late", "Paid after the KHQR's time")
  }
  const reopenSession = payment === null && session.status !== "pending"
  if (!awaitsOrder) {
    return { action: "book_payment", reopenSession }
  }
  if (cart.total === null) {
    return review(late ? "paid_late" : "order_failed", "The cart is gone")
  }
  if (
    cart.currency_code !== session.currency_code ||
    !sameMoney(cart.total, session.amount)
  ) {
    return review(
      late ? "paid_late" : "order_failed",
      `The cart now costs ${cart.total} ${cart.currency_code}, the KHQR asked for ${session.amount} ${session.currency_code}`
    )
  }
  return {
    action: "complete_cart",
    cartId: cart.id,
    reopenSession,
    healCollection: !sameMoney(collection.amount, session.amount),
    rivalSessionIds: collection.rival_session_ids,
  }
}

/**
 * Done, but for what a crash or a vetoed change of the cart left behind: an
 * order without the transaction of its capture, or a collection that asks for
 * more than the order costs.
 */
function afterPayment({ session, collection, cart }: Situation): Settlement {
  const order = cart?.order
  if (!order) {
    return { action: "done", orderId: null }
  }
  const unknownCaptureIds = session!.payment!.capture_ids.filter(
    (id) => !order.capture_ids.includes(id)
  )
  const healCollection =
    sameMoney(order.total, session!.amount) &&
    !sameMoney(collection!.amount, session!.amount)
  return unknownCaptureIds.length > 0 || healCollection
    ? {
        action: "repair",
        orderId: order.id,
        healCollection,
        unknownCaptureIds,
      }
    : { action: "done", orderId: order.id }
}

function review(reason: ReviewReason, message: string): Settlement {
  return { action: "review", reason, message }
}
