import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Actor } from "../../modules/khqr/types"

export const makeBookingDueStep = createStep(
  "khqr-make-booking-due",
  async (
    { refund_id, actor }: { refund_id: string; actor: Actor },
    { container }
  ) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const { refund } = await khqr.bookRefundAgain(refund_id, actor)
    return new StepResponse({ refund_id: refund.id })
  }
)
