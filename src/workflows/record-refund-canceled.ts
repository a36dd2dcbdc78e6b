import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { announceRefundsStep } from "./steps/announce-refunds"
import { cancelRefundStep } from "./steps/cancel-refund"

/** Calls a refund off of which nothing can be on its way. */
export const recordRefundCanceledWorkflow = createWorkflow(
  "khqr-record-refund-canceled",
  (input: { refund_id: string; reason: string; actor: string }) => {
    const change = cancelRefundStep(input)
    announceRefundsStep(change.refunds)
    return new WorkflowResponse({ refund_id: change.refund_id })
  }
)
