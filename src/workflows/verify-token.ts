import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { verifyTokenStep } from "./steps/verify-token"

/** Fetches the token for the code that Bakong mailed, and keeps it. */
export const verifyTokenWorkflow = createWorkflow(
  "khqr-verify-token",
  (input: { code: string }) => new WorkflowResponse(verifyTokenStep(input))
)
