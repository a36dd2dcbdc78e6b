import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import { describeReview } from "../../modules/khqr/review"
import type KhqrModuleService from "../../modules/khqr/service"
import type { ChargeAnnouncement } from "../../modules/khqr/types"

/** `khqr.charge.paid`, `.completed`, `.expired`, `.failed`, `.review`, each with `{ id }`. */
export const announceStep = createStep(
  "khqr-announce",
  async (announcements: ChargeAnnouncement[], { container }) => {
    if (announcements.length > 0) {
      await container.resolve(Modules.EVENT_BUS).emit(
        announcements.map(({ charge_id, what }) => ({
          name: `khqr.charge.${what}`,
          data: { id: charge_id },
        }))
      )
    }
    for (const { charge_id, what } of announcements) {
      if (what === "review") {
        const charge = await container
          .resolve<KhqrModuleService>(KHQR_MODULE)
          .retrieveKhqrCharge(charge_id)
        container
          .resolve(ContainerRegistrationKeys.LOGGER)
          .warn(
            `KHQR charge ${charge.reference} (${charge_id}) needs a person: ${describeReview(charge)}`
          )
      }
    }
    return new StepResponse()
  }
)
