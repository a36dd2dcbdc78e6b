import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Actor } from "../../modules/khqr/types"

export const issueRefundKhqrStep = createStep(
  "khqr-issue-refund-khqr",
  async (
    { refund_id, actor }: { refund_id: string; actor: Actor },
    { container }
  ) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const { refund, ...news } = await khqr.issueReverseKhqr(refund_id, actor)
    return new StepResponse({ refund_id: refund.id, ...news })
  }
)
