import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { storeTokenStep } from "./steps/store-token"

/**
 * Keeps a token that a person pasted, encrypted. No retention, time-out or
 * retries here: with them Medusa would write the input, which is the token, into
 * its own tables.
 */
export const storeTokenWorkflow = createWorkflow(
  "khqr-store-token",
  (input: { token: string }) => new WorkflowResponse(storeTokenStep(input))
)
