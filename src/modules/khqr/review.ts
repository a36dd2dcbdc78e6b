import type { Charge } from "./types"

/** Why a charge waits for a person, in one plain sentence. */
export function describeReview(charge: Charge): string {
  const came = `${charge.paid_amount} ${charge.paid_currency}`
  const asked = `${charge.khqr_amount} ${charge.currency_code.toUpperCase()}`
  switch (charge.review_reason) {
    case "amount_mismatch":
    case "currency_mismatch":
      return `${came} came, ${asked} was asked: no order is made, a person decides`
    case "wrong_account":
      return `${came} went to ${charge.paid_to}, not to ${charge.account_id}: no order is made, a person decides`
    case "paid_late":
      return `${came} came after the KHQR's time: a person decides`
    case "duplicate":
      return `${came} came for an order that is paid already: send it back`
    case "orphaned":
      return `${came} came, and its payment session is gone: a person decides`
    case "order_failed":
      return `${came} came, and the cart cannot become an order: a person decides`
    case "returned":
      return "The bank took the transfer and gave it back: the shopper may think that it is paid"
    case "unverifiable":
      return `Whether ${asked} came could not be learned from the bank for a day: look into the account`
    case "paid_early":
      return `${came} came before this charge was made: the storefront's KHQR was shown elsewhere before, and a person decides whose it is`
    case "hash_used":
      if (charge.evidence === "receipt") {
        return "The bank shows this charge's transfer for another KHQR: withdraw this payment, and check that charge again"
      }
      return "The transfer that the bank shows for this KHQR pays another charge already, by a receipt: look at both"
    case null:
      return "Nothing waits for a person"
  }
}
