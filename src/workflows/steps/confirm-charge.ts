import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type { Confirmation } from "../../modules/khqr/desk"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Actor, ChargeAnnouncement } from "../../modules/khqr/types"

export type ConfirmInput = {
  charge_id: string
  confirmation: Confirmation
  actor: Actor
}

export const confirmChargeStep = createStep(
  "khqr-confirm-charge",
  async ({ charge_id, confirmation, actor }: ConfirmInput, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    return new StepResponse<ChargeAnnouncement[]>(
      await khqr.confirmCharge(charge_id, confirmation, actor)
    )
  }
)
