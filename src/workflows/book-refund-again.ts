import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { makeBookingDueStep } from "./steps/make-booking-due"

/** Has the clock tell Medusa once more of a refund that was sent. */
export const bookRefundAgainWorkflow = createWorkflow(
  "khqr-book-refund-again",
  (input: { refund_id: string; actor: string }) => {
    const change = makeBookingDueStep(input)
    return new WorkflowResponse({ refund_id: change.refund_id })
  }
)
