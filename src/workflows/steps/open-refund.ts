import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Actor } from "../../modules/khqr/types"

export type OpenRefundInput = {
  charge_id: string
  /** Exact decimal in the currency that came. Default all that is left of it. */
  amount?: string
  /** Why, for the history. */
  note?: string | null
  actor: Actor
}

export const openRefundStep = createStep(
  "khqr-open-refund",
  async ({ charge_id, actor, ...input }: OpenRefundInput, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const { refund, ...news } = await khqr.openRefund(charge_id, input, actor)
    return new StepResponse({ refund_id: refund.id, ...news })
  }
)
