import { Modules } from "@medusajs/framework/utils"
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
    return new StepResponse()
  }
)
