import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type { Confirmation } from "../../modules/khqr/desk"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Actor, ChargeAnnouncement } from "../../modules/khqr/types"

export type ConfirmInput = {
  charge_id: string
  /** `paid_at` in ISO 8601: a workflow engine may store it. */
  confirmation: Omit<Confirmation, "paid_at"> & { paid_at?: string }
  actor: Actor
}

export const confirmChargeStep = createStep(
  "khqr-confirm-charge",
  async ({ charge_id, confirmation, actor }: ConfirmInput, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    return new StepResponse<ChargeAnnouncement[]>(
      await khqr.confirmCharge(
        charge_id,
        {
          reference: confirmation.reference,
          reason: confirmation.reason,
          ...(confirmation.paid_at
            ? { paid_at: new Date(confirmation.paid_at) }
            : {}),
        },
        actor
      )
    )
  }
)
