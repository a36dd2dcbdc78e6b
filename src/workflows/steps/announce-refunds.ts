import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import { describeRefundReview } from "../../modules/khqr/refund-texts"
import type KhqrModuleService from "../../modules/khqr/service"
import type { RefundAnnouncement } from "../../modules/khqr/types"

/** `khqr.refund.due`, `.sent`, `.expired`, `.canceled`, `.review`, each with `{ id, charge_id }`. */
export const announceRefundsStep = createStep(
  "khqr-announce-refunds",
  async (announcements: RefundAnnouncement[], { container }) => {
    if (announcements.length === 0) {
      return new StepResponse()
    }
    const refunds = await container
      .resolve<KhqrModuleService>(KHQR_MODULE)
      .listKhqrRefunds({ id: announcements.map(({ refund_id }) => refund_id) })
    const news = announcements.flatMap(({ refund_id, what }) =>
      refunds
        .filter(({ id }) => id === refund_id)
        .map((refund) => ({ refund, what }))
    )
    await container.resolve(Modules.EVENT_BUS).emit(
      news.map(({ refund, what }) => ({
        name: `khqr.refund.${what}`,
        data: { id: refund.id, charge_id: refund.charge_id },
      }))
    )
    for (const { refund, what } of news) {
      if (what === "review") {
        container
          .resolve(ContainerRegistrationKeys.LOGGER)
          .warn(
            `KHQR refund ${refund.id} of charge ${refund.charge_id} needs a person: ${describeRefundReview(refund)}`
          )
      }
    }
    return new StepResponse()
  }
)
