import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Actor } from "../../modules/khqr/types"

export const resolveRefundStep = createStep(
  "khqr-resolve-refund",
  async (
    {
      refund_id,
      reason,
      actor,
    }: { refund_id: string; reason: string; actor: Actor },
    { container }
  ) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const { refund, ...news } = await khqr.resolveRefund(
      refund_id,
      reason,
      actor
    )
    return new StepResponse({ refund_id: refund.id, ...news })
  }
)
