import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { announceStep } from "./steps/announce"
import { announceRefundsStep } from "./steps/announce-refunds"
import { askAboutRefundsStep } from "./steps/ask-about-refunds"
import { claimRefundChecksStep } from "./steps/claim-refund-checks"
import { recordRefundAnswersStep } from "./steps/record-refund-answers"

/** Asks Bakong about the reverse KHQRs that are due and writes its answers down. */
export const recordRefundAnswersWorkflow = createWorkflow(
  "khqr-record-refund-answers",
  (input: { limit: number }) => {
    const questions = claimRefundChecksStep(input)
    const results = askAboutRefundsStep(questions)
    const news = recordRefundAnswersStep({ questions, results })
    announceRefundsStep(news.refunds)
    announceStep(news.charges)
    return new WorkflowResponse(questions)
  }
)
