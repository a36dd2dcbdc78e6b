import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { Question } from "../../gateways"
import { KHQR_MODULE } from "../../modules/khqr"
import { toQuestion } from "../../modules/khqr/question"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Charge } from "../../modules/khqr/types"

/** A charge as the later steps need it: plain data that a workflow engine may store. */
export type ClaimedCharge = {
  id: string
  question: Question
  /** The day's calls do not reach for it: it is not asked about, and that is put on record. */
  is_short: boolean
  payment_session_id: string
  payment_collection_id: string | null
}

/** What the plan wants asked now, or one charge that a person wants checked. */
export type CheckInput = { planned: true } | { charge_id: string }

export const claimChecksStep = createStep(
  "khqr-claim-checks",
  async (input: CheckInput, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const now = new Date()
    const charges =
      "charge_id" in input
        ? (await khqr.claimCheck(input.charge_id)).map(asPlanned)
        : await khqr.planRound(now)
    return new StepResponse<ClaimedCharge[], string[]>(
      charges.map(({ charge, reason }) => ({
        id: charge.id,
        question: { ...toQuestion(charge, now), rides: reason === "along" },
        is_short: reason === "short",
        payment_session_id: charge.payment_session_id,
        payment_collection_id: charge.payment_collection_id,
      })),
      charges.map(({ charge }) => charge.id)
    )
  },
  async (ids: string[] | undefined, { container }) => {
    container.resolve<KhqrModuleService>(KHQR_MODULE).giveUp(ids ?? [])
  }
)

const asPlanned = (charge: Charge) => ({ charge, reason: null })
