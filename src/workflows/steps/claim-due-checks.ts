import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { Question } from "../../gateways"
import { KHQR_MODULE } from "../../modules/khqr"
import { toQuestion } from "../../modules/khqr/question"
import type KhqrModuleService from "../../modules/khqr/service"

/** A charge as the later steps need it: plain data that a workflow engine may store. */
export type ClaimedCharge = {
  id: string
  question: Question
  payment_session_id: string
  payment_collection_id: string | null
}

export const claimDueChecksStep = createStep(
  "khqr-claim-due-checks",
  async ({ limit }: { limit: number }, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const now = new Date()
    const charges = await khqr.claimDueChecks(limit)
    return new StepResponse<ClaimedCharge[]>(
      charges.map((charge) => ({
        id: charge.id,
        question: toQuestion(charge, now),
        payment_session_id: charge.payment_session_id,
        payment_collection_id: charge.payment_collection_id,
      }))
    )
  }
)
