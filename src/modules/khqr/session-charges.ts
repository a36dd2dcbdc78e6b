import { sameMoney } from "./medusa-amount"
import {
  amountToBook,
  bindsSession,
  isAccepted,
  isPaidLate,
  isSettleable,
  mayBeLate,
} from "./state"
import type { Charge } from "./types"

/*
 * One payment session may have had several KHQRs: what they mean together.
 */

/**
 * The one charge of a session that matters to the shopper: the one with money,
 * completed before paid before in review, else the one that is shown.
 */
export function chargeToShow(charges: Charge[]): Charge | undefined {
  return [...charges].sort(
    (a, b) => rank(a) - rank(b) || b.issued_at.getTime() - a.issued_at.getTime()
  )[0]
}

function rank(charge: Charge): number {
  if (charge.status === "completed") {
    return 0
  }
  if (bindsSession(charge)) {
    return charge.review_reason === null ? 1 : 2
  }
  if (charge.status === "paid") {
    return 5
  }
  return charge.superseded_at === null ? 3 : 4
}

/**
 * Medusa books what its session asks for, without a look at what came. Where that
 * is another amount, the session has to be set to it first.
 */
function asksForWhatCame(charge: Charge): boolean {
  const { amount, currency_code } = amountToBook(charge)
  return charge.session_amount === null
    ? currency_code === charge.currency_code && sameMoney(amount, charge.amount)
    : sameMoney(amount, charge.session_amount)
}

/**
 * The charge for which Medusa may book a payment of the session: confirmed, in
 * no review, and for what the session asks for now: what it was set to, else what
 * its newest charge asks for. What a person takes as it is may be booked once the session asks
 * for what it brought, and comes first.
 */
export function bookableCharge(
  charges: Charge[],
  latePayments: "honour" | "review"
): Charge | undefined {
  const [newest] = [...charges].sort(
    (a, b) => b.issued_at.getTime() - a.issued_at.getTime()
  )
  const known = charges.find(({ session_amount }) => session_amount !== null)
  const asked = known?.session_amount ?? newest?.amount
  const settleable = charges.filter(isSettleable)
  return (
    settleable.find(
      (charge) => isAccepted(charge) && asksForWhatCame(charge)
    ) ??
    settleable.find(
      (charge) =>
        !isAccepted(charge) &&
        charge.currency_code === newest.currency_code &&
        sameMoney(charge.amount, asked) &&
        (latePayments === "honour" || mayBeLate(charge) || !isPaidLate(charge))
    )
  )
}
