import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { announceStep } from "./steps/announce"
import { askBakongStep } from "./steps/ask-bakong"
import { claimChecksStep, type CheckInput } from "./steps/claim-checks"
import { linkChargesStep } from "./steps/link-charges"
import { recordAnswersStep } from "./steps/record-answers"

/**
 * Asks Bakong about the charges that are due and writes its answers down. What
 * follows from an answer, an order for one, is left to the settlement, so that
 * nothing can stand between the bank's word and the ledger.
 */
export const checkChargesWorkflow = createWorkflow(
  "khqr-check-charges",
  (input: CheckInput) => {
    const charges = claimChecksStep(input)
    linkChargesStep(charges)
    const results = askBakongStep({ charges, input })
    const announcements = recordAnswersStep({ charges, results })
    announceStep(announcements)
    return new WorkflowResponse(charges)
  }
)
