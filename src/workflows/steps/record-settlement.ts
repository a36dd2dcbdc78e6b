import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { ChargeAnnouncement } from "../../modules/khqr/types"
import type { CarriedOut } from "./carry-out-settlement"

export const recordSettlementStep = createStep(
  "khqr-record-settlement",
  async ({ charge_id, event }: CarriedOut, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    return new StepResponse<ChargeAnnouncement[]>(
      await khqr.recordSettlement(charge_id, event, "clock")
    )
  }
)
