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
  charge: Pick<Charge, "payer_account" | "paid_currency" | "currency_code">
): string {
  const money = inWords(amount, charge.paid_currency ?? charge.currency_code)
  const to =
    charge.payer_account ??
    "the customer (the bank did not say from which account they paid)"
  return `Bakong has no way to take a payment back, so the shop sends the money itself. Open a refund for this KHQR payment and send ${money} to ${to} in one of two ways: have a KHQR to the customer's account made and scan it with your bank's app, and it is found by itself; or send it by hand and enter the transfer's hash or reference.`
}

/** Why a refund waits for a person, in one plain sentence. */
export function describeRefundReview(refund: Refund): string {
  const money = inWords(refund.amount, refund.currency_code)
  switch (refund.review_reason) {
    case "excess":
      return `${money} went back, and with it more than came: ask the customer for it`
    case "mismatch":
      return `What the bank shows for the KHQR over ${money} is not what it asked for: look into the bank's app`
    case null:
      return refund.booking_error
        ? `${money} went back and Medusa could not be told (${refund.booking_error}): book it with the refund button of the order's payment`
        : "Nothing waits for a person"
  }
}
