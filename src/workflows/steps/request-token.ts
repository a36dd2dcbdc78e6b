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

/** The token as it is, and what a person is to do next. */
export type TokenErrandResult = { token: TokenState; message: string }

const CODE_IS_MAILED =
  "Bakong mails a code of 20 characters to that address; send it to /admin/khqr/token/verify."

/** Does not name the configured address: whoever knows it can renew the token. */
export const SET_ADDRESS =
  "Set bakong.email to the address you registered, or the token will not renew itself."

/** Not undone: the mail is on its way. */
export const requestTokenStep = createStep(
  "khqr-request-token",
  async (registration: TokenRegistration, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    await demandStore(khqr)
    await explained("registration", () => khqr.requestToken(registration))
    const advice = isSame(khqr.options.bakong.email, registration.email)
      ? []
      : [SET_ADDRESS]
    return new StepResponse<TokenErrandResult>({
      token: await khqr.tokenState(),
      message: [CODE_IS_MAILED, ...advice].join(" "),
    })
  }
)

/** Asked before the bank is: a code is good once, and its token must find a place. */
export async function demandStore(khqr: KhqrModuleService): Promise<void> {
  const { can_store } = await khqr.tokenState()
  if (!can_store) {
    throw new MedusaError(MedusaError.Types.NOT_ALLOWED, `${cannotStore}.`)
  }
}

function isSame(configured: string | undefined, registered: string): boolean {
  return configured?.toLowerCase() === registered.toLowerCase()
}
