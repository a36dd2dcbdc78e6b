import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type { TokenState } from "../../modules/khqr/bank/tokens"
import type KhqrModuleService from "../../modules/khqr/service"

/** Not undone: the older tokens are kept until the bank has answered this one. */
export const storeTokenStep = createStep(
  "khqr-store-token-step",
  async ({ token }: { token: string }, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    return new StepResponse<TokenState>(await khqr.storeToken(token, "pasted"))
  }
)
