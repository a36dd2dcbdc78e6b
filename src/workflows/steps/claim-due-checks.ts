import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"

/** A charge as the later steps need it: plain data that a workflow engine may store. */
export type ClaimedCharge = {
  id: string
  md5: string
  payment_session_id: string
  payment_collection_id: string | null
}

export const claimDueChecksStep = createStep(
  "khqr-claim-due-checks",
  async ({ limit }: { limit: number }, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const charges = await khqr.claimDueChecks(limit)
    return new StepResponse<ClaimedCharge[]>(
      charges.map(({ id, md5, payment_session_id, payment_collection_id }) => ({
        id,
        md5,
        payment_session_id,
        payment_collection_id,
      }))
    )
  }
)
