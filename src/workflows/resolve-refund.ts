import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { announceRefundsStep } from "./steps/announce-refunds"
import { resolveRefundStep } from "./steps/resolve-refund"

/** Closes a refund's review in the words of the person who looked. */
export const resolveRefundWorkflow = createWorkflow(
  "khqr-resolve-refund",
  (input: { refund_id: string; reason: string; actor: string }) => {
    const change = resolveRefundStep(input)
    announceRefundsStep(change.refunds)
    return new WorkflowResponse({ refund_id: change.refund_id })
  }
)
