import { MathBN } from "@medusajs/framework/utils"

import { sameMoney } from "./medusa-amount"
import { coverOf, sum } from "./refund-rules"
import type { RefundState } from "./refund-state"
import { bindsSession, type ChargeState } from "./state"

/** What ledger and Medusa have of a refund that was sent. Amounts are exact decimals. */
export type BookingSituation = {
  refund: BookedRefund
  /** All of the charge's, this one among them. */
  refunds: BookedRefund[]
  charge: Pick<
    ChargeState,
    | "status"
    | "resolution"
    | "amount"
    | "khqr_amount"
    | "currency_code"
    | "paid_amount"
    | "paid_currency"
    | "bank_hash"
  >
  /** Medusa's payment of the charge, if there is one. */
  payment: {
    id: string
    currency_code: string
    captured: string
    refunds: { id: string; amount: string; note: string | null }[]
  } | null
}

type BookedRefund = { id: string } & Pick<
  RefundState,
  "status" | "amount" | "currency_code" | "booked_at"
>

export type BookingDecision =
  | { action: "done"; message: string }
  | { action: "nothing" }
  | { action: "wait" }
  | { action: "fail"; message: string }
  | { action: "book"; payment_id: string; amount: string }

/** Names our refund in the note of Medusa's, for persons and for finding it again. */
export function bookingNote(refundId: string): string {
  return `KHQR refund ${refundId}`
}

/**
 * What Medusa is still to be told of a refund. Medusa is never told more than went
 * back, and once all of it went back, it is told all that it had captured. Pure.
 */
export function decideBooking({
  refund,
  refunds,
  charge,
  payment,
}: BookingSituation): BookingDecision {
  if (refund.status !== "sent" || refund.booked_at !== null) {
    return { action: "nothing" }
  }
  if (!payment) {
    return withoutPayment(charge)
  }
  const { currency_code } = payment
  const isOfPayment = (other: BookedRefund) =>
    other.currency_code === currency_code.toLowerCase()
  if (!isOfPayment(refund)) {
    return { action: "nothing" }
  }
  const bookedAs = ({ id }: BookedRefund) =>
    payment.refunds.find(({ note }) => note?.includes(bookingNote(id)))
  const own = bookedAs(refund)
  if (own) {
    return { action: "done", message: `Booked in Medusa as ${own.id}` }
  }
  const cover = coverOf(charge, refunds, {
    amount: payment.captured,
    currency_code,
  })
  const left = MathBN.sub(cover, sum(payment.refunds.map((r) => r.amount)))
  if (MathBN.lte(left, 0) || sameMoney(left.toFixed(), "0")) {
    return {
      action: "done",
      message: "Medusa has booked already what went back",
    }
  }
  const isLast = !refunds.some(
    (other) =>
      other.id !== refund.id &&
      other.status === "sent" &&
      isOfPayment(other) &&
      other.booked_at === null &&
      !bookedAs(other)
  )
  return {
    action: "book",
    payment_id: payment.id,
    // What never came is a person's to book: this refund is over money that went back.
    amount: (isLast && charge.resolution !== "withdraw"
      ? left
      : MathBN.min(refund.amount, left)
    ).toFixed(),
  }
}

function withoutPayment(charge: BookingSituation["charge"]): BookingDecision {
  if (charge.status === "completed") {
    return {
      action: "fail",
      message: "Medusa has no payment of this charge to book the refund on",
    }
  }
  return bindsSession(charge) ? { action: "wait" } : { action: "nothing" }
}
