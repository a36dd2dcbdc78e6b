import type { Charge } from "./types"

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
