import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import { explained } from "./explain-token-error"
import {
  demandStore,
  SET_ADDRESS,
  type TokenErrandResult,
} from "./request-token"

/** Which address the code was mailed to, the bank does not say. */
const CHECK_ADDRESS =
  "The token renews itself only if bakong.email is the address you registered."

/** Fetches and keeps in one step, so that the token passes through no workflow. Not undone: the code is spent. */
export const verifyTokenStep = createStep(
  "khqr-verify-token-step",
  async ({ code }: { code: string }, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    await demandStore(khqr)
    const token = await explained("verification", () => khqr.verifyToken(code))
    return new StepResponse<TokenErrandResult>({
      token,
      message: khqr.options.bakong.email ? CHECK_ADDRESS : SET_ADDRESS,
    })
  }
)
