import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { CheckResult } from "../../gateways"
import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { ClaimedCharge } from "./claim-due-checks"

/** The only place where a charge costs a question. */
export const askBakongStep = createStep(
  "khqr-ask-bakong",
  async (charges: ClaimedCharge[], { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const results = await khqr.askBakong(
      charges.map(({ question }) => question)
    )
    return new StepResponse<CheckResult[]>(results)
  }
)
