import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { Question } from "../../gateways"
import { KHQR_MODULE } from "../../modules/khqr"
import { toRefundQuestion } from "../../modules/khqr/refund-khqr"
import type KhqrModuleService from "../../modules/khqr/service"

export const claimRefundChecksStep = createStep(
  "khqr-claim-refund-checks",
  async ({ limit }: { limit: number }, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const refunds = await khqr.claimRefundChecks(limit)
    const now = new Date()
    return new StepResponse<Question[], string[]>(
      refunds.map((refund) => toRefundQuestion(refund, now)),
      refunds.map(({ id }) => id)
    )
  },
  async (ids, { container }) => {
    container.resolve<KhqrModuleService>(KHQR_MODULE).giveUpRefunds(ids ?? [])
  }
)
