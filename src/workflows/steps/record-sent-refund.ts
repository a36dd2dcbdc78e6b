import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Actor } from "../../modules/khqr/types"

export type SentRefundInput = {
  refund_id: string
  /** 64 hex characters: what the bank says of it has to agree. */
  hash?: string
  /** As the bank's app names the transfer. */
  reference?: string
  note?: string
  actor: Actor
}

/** Asks the bank about the transfer where it can be asked; without its word, the person's stands. */
export const recordSentRefundStep = createStep(
  "khqr-record-sent-refund",
  async ({ refund_id, actor, ...said }: SentRefundInput, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const hash = said.hash?.toLowerCase()
    // Before a question is spent on it.
    await khqr.requireSendable(refund_id, hash ?? null)
    const answer =
      hash && khqr.findsByHash ? await khqr.findTransfer({ full: hash }) : null
    const { refund, ...news } = await khqr.recordSent(
      refund_id,
      { ...said, hash, answer },
      actor
    )
    return new StepResponse({ refund_id: refund.id, ...news })
  }
)
