import { sameMoney } from "./medusa-amount"
import { MathBN } from "@medusajs/framework/utils"

import { describeReview } from "./review"
import {
  amountToBook,
  hasMoney,
  needsPerson,
  RECEIPT_SKEW_MS,
  resolutionsOf,
  type Resolution,
} from "./state"
import type { Charge, Refund } from "./types"

/** Why a decision cannot be taken, in words that say what can, or `null` when it can. */
export function decisionFault(
  charge: Charge,
  resolution: Resolution,
  refunds: Pick<Refund, "id" | "status">[]
): string | null {
  const possible = resolutionsOf(charge)
  if (possible.length === 0) {
    return `${nothingToDecide(charge)}: there is nothing to resolve.`
  }
  if (!possible.includes(resolution)) {
    return `"${resolution}" is not possible: ${describeReview(charge)}. Possible: ${possible.join(", ")}.`
  }
  if (resolution === "refund") {
    return null
  }
  const open = refunds.find(
    ({ status }) => status === "due" || status === "pending"
  )
  if (open) {
    return `The money of this charge is on its way back (refund ${open.id}): cancel that refund first, or send it.`
  }
  const isSent = refunds.some(({ status }) => status === "sent")
  return isSent && (resolution === "settle" || resolution === "attach")
    ? "Some of this money was sent back already, so it cannot pay an order any more. Possible: refund, dismiss."
    : null
}

/** Why settling cannot be tried now, or `null` when it can. */
export function settleFault(charge: Charge): string | null {
  if (charge.status === "paid" && needsPerson(charge)) {
    return `A person has to decide first, since ${lowerFirst(describeReview(charge))}. Resolve it. Possible: ${resolutionsOf(charge).join(", ")}.`
  }
  return charge.status === "paid" && charge.review_reason === null
    ? null
    : `${nothingToDecide(charge)}: there is nothing to settle.`
}

/** What has become of a charge about which a person has decided; `lastNews` is the last line of its history. */
export function describeOutcomeOf(
  charge: Charge,
  lastNews: string | null
): string {
  if (needsPerson(charge)) {
    return lastNews
      ? `${describeReview(charge)}: ${lastNews}`
      : describeReview(charge)
  }
  if (charge.status === "completed") {
    return charge.order_id
      ? `Completed with order ${charge.order_id}`
      : "Completed: the payment is recorded"
  }
  if (charge.review_reason !== null) {
    return `Closed: ${charge.resolution}`
  }
  return lastNews
    ? `Not settled yet, it is tried again by itself: ${lastNews}`
    : "Not settled yet, it is tried again by itself"
}

function nothingToDecide(charge: Charge): string {
  if (charge.resolved_at !== null && charge.review_reason !== null) {
    return `A person has decided already (${charge.resolution})`
  }
  if (charge.status === "completed") {
    return charge.order_id
      ? `This charge is completed with order ${charge.order_id}`
      : "This charge is completed"
  }
  return charge.status === "paid"
    ? "This charge is paid and on its way to its order"
    : `No money is on record for this charge (${charge.status})`
}

function lowerFirst(text: string): string {
  return /^\d/.test(text) ? text : text[0].toLowerCase() + text.slice(1)
}

/** An order as a person wants a charge's money attached to it. Amounts are exact decimals. */
export type OrderToPay = {
  id: string
  display_id: number | null
  currency_code: string
  is_canceled: boolean
  /** What is still to be paid; zero or less when nothing is. */
  outstanding: string
}

/** Why the money of a charge cannot pay an order, with the amounts, or `null` when it can. */
export function attachFault(
  charge: Parameters<typeof amountToBook>[0],
  order: OrderToPay
): string | null {
  const came = amountToBook(charge)
  const name = order.display_id === null ? order.id : `#${order.display_id}`
  const currency = order.currency_code.toLowerCase()
  const left = `${order.outstanding} ${currency.toUpperCase()}`
  const money = `${came.amount} ${came.currency_code.toUpperCase()}`
  if (order.is_canceled) {
    return `Order ${name} is canceled: ${money} cannot be attached to it.`
  }
  if (currency !== came.currency_code) {
    return `Order ${name} is in ${currency.toUpperCase()} (${left} outstanding), and ${money} came.`
  }
  return owesNothing(order.outstanding)
    ? `Order ${name} has nothing outstanding (${left}), and ${money} came.`
    : null
}

export function owesNothing(outstanding: string): boolean {
  return sameMoney(outstanding, "0") || MathBN.lt(outstanding, 0)
}

/** Why a payment cannot be confirmed by hand at this moment, or `null` when it can. */
export function confirmFault(charge: Charge): string | null {
  return hasMoney(charge)
    ? `${charge.paid_amount} ${charge.paid_currency} is on record for this charge already: there is nothing to confirm.`
    : null
}

/** As it is compared: people type it. */
export function plainReference(reference: string): string {
  return reference.trim().toLowerCase()
}

/** A cart that costs something else now than the person has read, in words, or `null`. */
export function totalFault(
  expected: string | undefined,
  total: string | null
): string | null {
  if (expected === undefined) {
    return null
  }
  if (total === null) {
    return `There is no cart any more, and you decided about one of ${expected}: look again.`
  }
  return sameMoney(expected, total)
    ? null
    : `The cart costs ${total} now, and you decided about ${expected}: look again.`
}

/** Why a payment cannot have been made then, or `null` when it can. */
export function paidAtFault(
  charge: Pick<Charge, "issued_at">,
  paidAt: Date,
  now: Date
): string | null {
  if (paidAt > now) {
    return "paid_at must not lie in the future."
  }
  return paidAt.getTime() < charge.issued_at.getTime() - RECEIPT_SKEW_MS
    ? `paid_at must not be before ${charge.issued_at.toISOString()}, when the KHQR was issued.`
    : null
}
