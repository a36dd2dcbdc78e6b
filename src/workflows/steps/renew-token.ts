import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type { TokenState } from "../../modules/khqr/bank/tokens"
import type KhqrModuleService from "../../modules/khqr/service"
import { explained } from "./explain-token-error"

/** Not undone: whether the bank still takes the old token, nobody knows. */
export const renewTokenStep = createStep(
  "khqr-renew-token-step",
  async (_: undefined, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    return new StepResponse<TokenState>(
      await explained("renewal", () => khqr.renewTokenNow())
    )
  }
)
