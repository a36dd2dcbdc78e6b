import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { CheckResult } from "../../gateways"
import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { CheckInput, ClaimedCharge } from "./claim-checks"

/** The only place where a charge costs a question. */
export const askBakongStep = createStep(
  "khqr-ask-bakong",
  async (
    { charges, input }: { charges: ClaimedCharge[]; input: CheckInput },
    { container }
  ) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const results = await khqr.askBakong(
      charges
        .filter(({ is_short }) => !is_short)
        .map(({ question }) => question),
      "charge_id" in input ? "manual" : "check"
    )
    return new StepResponse<CheckResult[]>(results)
  }
)
