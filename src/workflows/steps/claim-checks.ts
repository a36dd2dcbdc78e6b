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

/** What is due, or one charge that a person wants checked. */
export type CheckInput = { limit: number } | { charge_id: string }

export const claimChecksStep = createStep(
  "khqr-claim-checks",
  async (input: CheckInput, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const now = new Date()
    const charges =
      "charge_id" in input
        ? await khqr.claimCheck(input.charge_id)
        : await khqr.claimDueChecks(input.limit)
    return new StepResponse<ClaimedCharge[], string[]>(
      charges.map((charge) => ({
        id: charge.id,
        question: toQuestion(charge, now),
        payment_session_id: charge.payment_session_id,
        payment_collection_id: charge.payment_collection_id,
      })),
      charges.map(({ id }) => id)
    )
  },
  async (ids: string[] | undefined, { container }) => {
    container.resolve<KhqrModuleService>(KHQR_MODULE).giveUp(ids ?? [])
  }
)
