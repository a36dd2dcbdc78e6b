import {
  createWorkflow,
  transform,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { announceStep } from "./steps/announce"
import { claimByReceiptStep, type ReceiptInput } from "./steps/claim-by-receipt"

/**
 * A payer's receipt makes a charge paid, when the bank knows its transfer and it can be
 * for nothing else. What is refused is told in the result; the order is left to the clock.
 */
export const claimByReceiptWorkflow = createWorkflow(
  "khqr-claim-by-receipt",
  (input: ReceiptInput) => {
    const claim = claimByReceiptStep(input)
    announceStep(transform({ claim }, ({ claim }) => claim.announcements))
    return new WorkflowResponse(claim)
  }
)
