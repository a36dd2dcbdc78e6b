import { MathBN } from "@medusajs/framework/utils"

import { leftToRefund, type Captured } from "./refund-rules"
import { resolutionsOf } from "./state"
import type { Charge, Refund } from "./types"

/** Codes of refusals, for programs. */
export const REFUND_FIRST = "refund_first"

/** `11 USD`. */
export function inWords(amount: string, currency: string): string {
  return `${amount} ${currency.toUpperCase()}`
}

/** The two ways in which money goes back, for a person who wanted Medusa to do it. */
export function howToRefund(
  amount: string,
  charge: Pick<
    Charge,
    "reference" | "payer_account" | "paid_currency" | "currency_code"
  >
): string {
  const money = inWords(amount, charge.paid_currency ?? charge.currency_code)
  const to =
    charge.payer_account ??
    "the customer (the bank did not say from which account they paid)"
  return `Bakong has no way to take a payment back, so the shop sends the money itself. Open a refund for the KHQR payment ${charge.reference} (POST /admin/khqr/charges/${charge.reference}/refunds) and send ${money} to ${to} in one of two ways: have a KHQR to the customer's account made and scan it with your bank's app, and it is found by itself; or send it by hand and enter the transfer's hash or reference.`
}

/**
 * What is to be done before Medusa may book `wanted` as refunded: money is to go back, or
 * it never came and is to be withdrawn.
 */
export function howToGoOn(
  charge: Charge,
  refunds: Refund[],
  wanted: Captured
): string {
  const left = leftToRefund(charge, refunds)
  const isSameCurrency =
    charge.paid_currency?.toLowerCase() === wanted.currency_code.toLowerCase()
  const money = isSameCurrency
    ? MathBN.min(left, wanted.amount).toFixed()
    : left
  return [
    MathBN.gt(left, 0) ? howToRefund(money, charge) : null,
    resolutionsOf(charge).includes("withdraw") ? howToWithdraw(charge) : null,
  ]
    .filter((way) => way !== null)
    .join(" ")
}

function howToWithdraw(charge: Charge): string {
  const word = charge.evidence === "staff" ? "a person's word" : "a receipt"
  const shown =
    charge.bank_hash === null || charge.paid_amount === null
      ? "the bank has not confirmed it"
      : `the bank shows ${inWords(charge.paid_amount, charge.paid_currency ?? charge.currency_code)}`
  return `This payment was taken on ${word}, and ${shown}. If that was a mistake, resolve the payment ${charge.reference} with \`withdraw\`: what never came may then be booked as refunded, and nothing is to be sent for it.`
}

/** Why a refund waits for a person, in one plain sentence. */
export function describeRefundReview(refund: Refund): string {
  const money = inWords(refund.amount, refund.currency_code)
  switch (refund.review_reason) {
    case "excess":
      return `${money} went back, and with it more than came: ask the customer for it`
    case "mismatch":
      return `What the bank shows for the KHQR over ${money} is not what it asked for: look into the bank's app`
    case "unverifiable":
      return `Whether the KHQR over ${money} was paid could not be learned from the bank for a day: look into the account, then enter the transfer by hand or call the refund off`
    case "not_booked":
      return `${money} went back and Medusa could not be told (${refund.booking_error}): have it tried again, or book it with the refund button of the order's payment`
    case null:
      return "Nothing waits for a person"
  }
}
