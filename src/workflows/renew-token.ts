import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { renewTokenStep } from "./steps/renew-token"

/** A new token for the registered e-mail, by a person's wish. The old one is kept until the bank has answered the new one. */
export const renewTokenWorkflow = createWorkflow(
  "khqr-renew-token",
  () => new WorkflowResponse(renewTokenStep())
)
