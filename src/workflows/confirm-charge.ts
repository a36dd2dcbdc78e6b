import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { announceStep } from "./steps/announce"
import { confirmChargeStep, type ConfirmInput } from "./steps/confirm-charge"

/** A person vouches for a payment that the bank cannot be asked about; the order follows by the clock. */
export const confirmChargeWorkflow = createWorkflow(
  "khqr-confirm-charge",
  (input: ConfirmInput) => {
    const announcements = confirmChargeStep(input)
    announceStep(announcements)
    return new WorkflowResponse(announcements)
  }
)
