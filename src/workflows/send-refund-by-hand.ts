import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { announceStep } from "./steps/announce"
import { announceRefundsStep } from "./steps/announce-refunds"
import {
  recordSentRefundStep,
  type SentRefundInput,
} from "./steps/record-sent-refund"

/** Records a refund that a person sent with their bank's app. Medusa hears of it from the clock. */
export const sendRefundByHandWorkflow = createWorkflow(
  "khqr-send-refund-by-hand",
  (input: SentRefundInput) => {
    const change = recordSentRefundStep(input)
    announceRefundsStep(change.refunds)
    announceStep(change.charges)
    return new WorkflowResponse({ refund_id: change.refund_id })
  }
)
