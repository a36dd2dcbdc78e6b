import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type { TokenState } from "../../modules/khqr/bank/tokens"
import type KhqrModuleService from "../../modules/khqr/service"
import { explained } from "./explain-token-error"
import { demandStore } from "./request-token"

/** Fetches and keeps in one step, so that the token passes through no workflow. Not undone: the code is spent. */
export const verifyTokenStep = createStep(
  "khqr-verify-token-step",
  async ({ code }: { code: string }, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    await demandStore(khqr)
    return new StepResponse<TokenState>(
      await explained("verification", () => khqr.verifyToken(code))
    )
  }
)
