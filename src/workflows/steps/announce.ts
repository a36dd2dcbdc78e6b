import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

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
        container
          .resolve(ContainerRegistrationKeys.LOGGER)
          .warn(
            `KHQR charge ${charge_id} needs a person: see its review_reason in khqr_charge`
          )
      }
    }
    return new StepResponse()
  }
)
