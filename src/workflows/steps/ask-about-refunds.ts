import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { CheckResult, Question } from "../../gateways"
import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"

/** By the same gateway and gate as charges. */
export const askAboutRefundsStep = createStep(
  "khqr-ask-about-refunds",
  async (questions: Question[], { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    return new StepResponse<CheckResult[]>(
      await khqr.askBakong(questions, "refund")
    )
  }
)
