import { MedusaError } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type { TokenState } from "../../modules/khqr/bank/tokens"
import { cannotStore } from "../../modules/khqr/bank/token-texts"
import type KhqrModuleService from "../../modules/khqr/service"
import { explained } from "./explain-token-error"

export type TokenRegistration = {
  email: string
  organization: string
  project: string
}

/** Not undone: the mail is on its way. */
export const requestTokenStep = createStep(
  "khqr-request-token",
  async (registration: TokenRegistration, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    await demandStore(khqr)
    await explained("registration", () => khqr.requestToken(registration))
    return new StepResponse<TokenState>(await khqr.tokenState())
  }
)

/** Asked before the bank is: a code is good once, and its token must find a place. */
export async function demandStore(khqr: KhqrModuleService): Promise<void> {
  const { can_store } = await khqr.tokenState()
  if (!can_store) {
    throw new MedusaError(MedusaError.Types.NOT_ALLOWED, `${cannotStore}.`)
  }
}
