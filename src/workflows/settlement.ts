import { owesNothing } from "../modules/khqr/desk-decisions"
import { sameMoney } from "../modules/khqr/medusa-amount"
import {
  amountToBook,
  isAccepted,
  isPaidLate,
  mayBeLate,
  type ReviewReason,
} from "../modules/khqr/state"
import type { Charge } from "../modules/khqr/types"

/** What Medusa has for a charge, read anew each time. Amounts are exact decimals. */
export type Situation = {
  charge: Pick<
    Charge,
    | "id"
    | "status"
    | "review_reason"
    | "resolution"
    | "evidence"
    | "accepted_total"
    | "amount"
    | "khqr_amount"
    | "currency_code"
    | "paid_amount"
    | "paid_currency"
    | "paid_at"
    | "expires_at"
    | "superseded_at"
  >
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
  /** The session's, or the cart's when the session is gone. */
  collection: {
    id: string
    amount: string
    has_other_payment: boolean
    /** Sessions beside ours that Medusa might authorize in its place. */
    rival_session_ids: string[]
    /** Those of them that are KHQR's, with what they ask for. */
    khqr_sessions: { id: string; amount: string; currency_code: string }[]
  } | null
  /** `null`: the collection belongs to no cart (a payment link, an order edit), or nobody knows to which. */
  cart: {
    id: string
    /** `null` beside an order; without one the link is there, and the cart is not. */
    total: string | null
    currency_code: string | null
    order: {
      id: string
      /** `null`: not read, for the collection asks for no other amount than the session. */
      total: string | null
      /** Captures that the order's transactions tell of. */
      capture_ids: string[]
      /** What a completion ties to the order, and one that was interrupted did not. Default none. */
      loose_ends?: LooseEnd[]
    } | null
    /** That a completion made and undid, while its link to them was left behind. Default none. */
    undone_order_ids?: string[]
  } | null
  /** Of a charge that a person attached to an order. */
  attached?: Attached
}

/** The order's link to its cart or to its payment collection, or the cart's own word that it is completed. */
export type LooseEnd = "cart" | "collection" | "completed_at"

export type Attached = {
  order: {
    id: string
    is_canceled: boolean
    currency_code: string
    /** What is still to be paid. */
    outstanding: string
    total: string
    capture_ids: string[]
  } | null
  /** The order's collection in which the charge's session is, once it is there. */
  collection: { id: string; cart_id: string | null } | null
  /** Ledger and Medusa agree that the charge is in that collection. */
  is_moved: boolean
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
      /** What the session is to ask for first: a person took another amount. `null`: as it is. */
      bookAmount: string | null
      healCollection: boolean
      rivalSessionIds: string[]
      /** Medusa links the collection to no second order, so these links go first. */
      undoneOrderIds: string[]
    }
  /** The order of a completion that was interrupted, while its parts were written side by side. */
  | {
      action: "tie_up"
      cartId: string
      collectionId: string
      orderId: string
      looseEnds: LooseEnd[]
    }
  /** Nothing to complete, only the payment is missing. */
  | {
      action: "book_payment"
      reopenSession: boolean
      bookAmount: string | null
      rivalSessionIds: string[]
    }
  /** Its session is gone and its cart still wants the money: another session of the cart's takes the charge over. */
  | {
      action: "adopt"
      cartId: string
      collectionId: string
      /** A KHQR session that asks for the same; `null`: one is to be opened. */
      sessionId: string | null
      amount: string
      currencyCode: string
    }
  /** A person attached it to an order: a session of the order's takes it over. */
  | {
      action: "attach"
      orderId: string
      /** Where an interrupted attempt has put it; `null`: its session is to be opened. */
      collection: { id: string; cart_id: string | null } | null
      amount: string
      currencyCode: string
    }
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
  const { charge, session, collection, cart, attached } = situation
  const order = cart?.order ?? attached?.order ?? null

  if (charge.status === "expired" || charge.status === "failed") {
    const gone = session === null || session.payment !== null
    return gone || charge.superseded_at !== null
      ? { action: "done", orderId: null }
      : { action: "cancel_session" }
  }
  if (charge.status !== "paid" || charge.review_reason !== null) {
    return { action: "done", orderId: order?.id ?? null }
  }

  if (attached && !attached.is_moved) {
    return attach(charge, attached)
  }
  if (!session || !collection) {
    return withoutSession(situation)
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
  const looseEnds = cart?.order?.loose_ends ?? []
  if (cart?.order && !attached && looseEnds.length > 0) {
    return {
      action: "tie_up",
      cartId: cart.id,
      collectionId: collection.id,
      orderId: cart.order.id,
      looseEnds,
    }
  }
  const accepted = isAccepted(charge)
  const came = amountToBook(charge)
  const isSame =
    came.currency_code === session.currency_code &&
    sameMoney(came.amount, session.amount)
  const awaitsPayment = payment === null
  if (
    !isSame &&
    awaitsPayment &&
    !(accepted && came.currency_code === session.currency_code)
  ) {
    return review(
      came.currency_code === session.currency_code
        ? "amount_mismatch"
        : "currency_mismatch",
      `The session now asks for ${session.amount} ${session.currency_code}, the KHQR brought ${came.amount} ${came.currency_code}`
    )
  }

  const awaitsOrder = cart !== null && order === null
  if (payment && !awaitsOrder) {
    return afterPayment(situation)
  }

  const late = isPaidLate(charge)
  if (late && !mayBeLate(charge) && situation.latePayments === "review") {
    return review("paid_late", "Paid after the KHQR's time")
  }
  const reopenSession = awaitsPayment && session.status !== "pending"
  const bookAmount = awaitsPayment && !isSame ? came.amount : null
  if (!awaitsOrder) {
    return {
      action: "book_payment",
      reopenSession,
      bookAmount,
      rivalSessionIds: collection.rival_session_ids,
    }
  }
  if (cart.total === null) {
    return review(late ? "paid_late" : "order_failed", "The cart is gone")
  }
  const changed = changedSinceDecision(charge, cart.total)
  if (changed) {
    return changed
  }
  if (
    cart.currency_code !== session.currency_code ||
    (!accepted && !sameMoney(cart.total, session.amount))
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
    bookAmount,
    // What a person took may be less or more than the order costs, and the collection is to say so.
    healCollection:
      sameMoney(cart.total, session.amount) &&
      !sameMoney(collection.amount, session.amount),
    rivalSessionIds: collection.rival_session_ids,
    undoneOrderIds: cart.undone_order_ids ?? [],
  }
}

/**
 * The order of a cart whose completion seems to be half done: it was interrupted,
 * or somebody is at it. A person's `attach` pays an order that was there before.
 */
export function halfCompleted({
  charge,
  session,
  collection,
  cart,
  attached,
}: Situation): { cartId: string; orderId: string } | null {
  const order = cart?.order
  if (!order || attached || charge.status !== "paid") {
    return null
  }
  if (!session) {
    // An order that another session is being tried for, and that is undone when it does not pay.
    return collection?.has_other_payment
      ? null
      : { cartId: cart.id, orderId: order.id }
  }
  const captures = session.payment?.capture_ids ?? []
  const isWhole =
    session.payment !== null &&
    captures.every((id) => order.capture_ids.includes(id)) &&
    !order.loose_ends?.length
  return isWhole ? null : { cartId: cart.id, orderId: order.id }
}

/** The person looked at the order before; only what has changed since speaks against it. */
function attach(
  charge: Situation["charge"],
  { order, collection }: Attached
): Settlement {
  const { amount, currency_code } = amountToBook(charge)
  if (!order || order.is_canceled) {
    return review("order_failed", "The order it was attached to is canceled")
  }
  if (order.currency_code !== currency_code) {
    return review(
      "currency_mismatch",
      `Order ${order.id} is in ${order.currency_code}, the KHQR brought ${amount} ${currency_code}`
    )
  }
  if (collection === null && owesNothing(order.outstanding)) {
    return review(
      "duplicate",
      `Order ${order.id} has nothing outstanding any more`
    )
  }
  return {
    action: "attach",
    orderId: order.id,
    collection,
    amount,
    currencyCode: currency_code,
  }
}

/**
 * The shopper went back and chose KHQR again, or opened a second tab, and paid
 * the first KHQR: the cart still costs what came, so it becomes the order.
 */
function withoutSession({
  charge,
  latePayments,
  collection,
  cart,
}: Situation): Settlement {
  if (cart?.order) {
    return collection?.has_other_payment
      ? review("duplicate", "The order was already paid in another way")
      : review(
          "orphaned",
          `The payment session of this KHQR is gone, and order ${cart.order.id} of its cart is not paid: attach it`
        )
  }
  if (!cart || cart.total === null || !collection) {
    return review("orphaned", "The payment session of this KHQR is gone")
  }
  if (collection.has_other_payment) {
    return review("duplicate", "The cart was already paid in another way")
  }
  const accepted = isAccepted(charge)
  if (isPaidLate(charge) && !mayBeLate(charge) && latePayments === "review") {
    return review("paid_late", "Paid after the KHQR's time")
  }
  const came = amountToBook(charge)
  const asks = { amount: cart.total, currency_code: cart.currency_code }
  if (
    came.currency_code !== asks.currency_code ||
    !(accepted || sameMoney(came.amount, asks.amount))
  ) {
    return review(
      "orphaned",
      `The cart now costs ${asks.amount} ${asks.currency_code}, the KHQR brought ${came.amount} ${came.currency_code}`
    )
  }
  const changed = changedSinceDecision(charge, cart.total)
  if (changed) {
    return changed
  }
  const session = collection.khqr_sessions.find(
    ({ amount, currency_code }) =>
      currency_code === came.currency_code && sameMoney(amount, came.amount)
  )
  return {
    action: "adopt",
    cartId: cart.id,
    collectionId: collection.id,
    sessionId: session?.id ?? null,
    amount: came.amount,
    currencyCode: came.currency_code,
  }
}

/** What a person took for one cart is not taken for another. */
function changedSinceDecision(
  { resolution, accepted_total }: Situation["charge"],
  total: string
): Settlement | null {
  return resolution === "settle" &&
    accepted_total !== null &&
    !sameMoney(accepted_total, total)
    ? review(
        "order_failed",
        `The cart cost ${accepted_total} when this was decided, and costs ${total} now`
      )
    : null
}

/**
 * Done, but for what a crash or a vetoed change of the cart left behind: an
 * order without the transaction of its capture, or a collection that asks for
 * more than the order costs.
 */
function afterPayment({
  session,
  collection,
  cart,
  attached,
}: Situation): Settlement {
  const order = cart?.order ?? attached?.order
  if (!order) {
    return { action: "done", orderId: null }
  }
  const unknownCaptureIds = session!.payment!.capture_ids.filter(
    (id) => !order.capture_ids.includes(id)
  )
  const healCollection =
    order.total !== null &&
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
