import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { issueRefundKhqrStep } from "./steps/issue-refund-khqr"

/** Makes the KHQR with which the merchant pays a refund; the clock finds it paid. */
export const sendRefundKhqrWorkflow = createWorkflow(
  "khqr-send-refund-khqr",
  (input: { refund_id: string; actor: string }) => {
    const change = issueRefundKhqrStep(input)
    return new WorkflowResponse({ refund_id: change.refund_id })
  }
)
