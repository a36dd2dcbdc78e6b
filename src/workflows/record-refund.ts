import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { announceRefundsStep } from "./steps/announce-refunds"
import { openRefundStep, type OpenRefundInput } from "./steps/open-refund"

/** Sets money of a charge aside that is to be sent back. */
export const recordRefundWorkflow = createWorkflow(
  "khqr-record-refund",
  (input: OpenRefundInput) => {
    const change = openRefundStep(input)
    announceRefundsStep(change.refunds)
    return new WorkflowResponse({ refund_id: change.refund_id })
  }
)
