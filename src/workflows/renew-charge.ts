import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { renewChargeStep, type RenewalInput } from "./steps/renew-charge"
import { showChargeInSessionStep } from "./steps/show-charge-in-session"

/**
 * A new KHQR for a payment session whose old one is over. While the old one
 * lives, it stays; the old one is watched in any case.
 */
export const renewChargeWorkflow = createWorkflow(
  "khqr-renew-charge",
  (input: RenewalInput) => {
    const charge = renewChargeStep(input)
    showChargeInSessionStep(charge)
    return new WorkflowResponse(charge)
  }
)
