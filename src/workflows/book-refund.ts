import { createWorkflow } from "@medusajs/framework/workflows-sdk"

import { announceRefundsStep } from "./steps/announce-refunds"
import { bookRefundStep } from "./steps/book-refund"
import { decideRefundBookingStep } from "./steps/decide-refund-booking"

/**
 * Has Medusa book a refund that was sent, on the payment of its charge and on the
 * order. May run any number of times; what is booked is found booked.
 */
export const bookRefundWorkflow = createWorkflow(
  "khqr-book-refund",
  (input: { refund_id: string }) => {
    const booking = decideRefundBookingStep(input)
    const news = bookRefundStep(booking)
    announceRefundsStep(news.refunds)
  }
)
