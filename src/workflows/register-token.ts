import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { requestTokenStep, type TokenRegistration } from "./steps/request-token"

/**
 * Has Bakong mail a code with which `verifyTokenWorkflow` fetches the token.
 *
 * @throws MedusaError NOT_ALLOWED where the server offers no registration any
 *   more, and where the token could not be kept.
 */
export const registerTokenWorkflow = createWorkflow(
  "khqr-register-token",
  (input: TokenRegistration) => new WorkflowResponse(requestTokenStep(input))
)
