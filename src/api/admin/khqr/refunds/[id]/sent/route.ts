import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import type { RefundView } from "../../../../../../modules/khqr/refund-view"
import { sendRefundByHandWorkflow } from "../../../../../../workflows"
import type { Refusal } from "../../../../../refusal"
import { answerRefusal } from "../../../charges/helpers"
import { readRefund, resolveKhqr } from "../../helpers"
import type { AdminKhqrSentRefund } from "../../validators"

/**
 * A person sent the money. 400 names what the bank says otherwise, 409 why it cannot be
 * recorded; `message` says whether the bank confirmed it or the person's word was taken.
 */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrSentRefund>,
  res: MedusaResponse<{ refund: RefundView; message: string } | Refusal>
): Promise<void> {
  const { hash } = req.validatedBody
  const { errors } = await sendRefundByHandWorkflow(req.scope).run({
    input: {
      ...req.validatedBody,
      refund_id: req.params.id,
      actor: req.auth_context.actor_id,
    },
    throwOnError: false,
  })
  if (answerRefusal(errors, res)) {
    return
  }
  const refund = await readRefund(req.params.id, resolveKhqr(req))
  res.json({ refund, message: explain(refund, hash) })
}

function explain({ verified_at }: RefundView, hash: string | undefined) {
  if (verified_at !== null) {
    return "The bank confirms the transfer."
  }
  return hash
    ? "The bank could not be asked about this transfer, so it is on record as sent on your word, unconfirmed. Enter the hash again later to have it confirmed."
    : "It is on record as sent on your word, unconfirmed. Enter the transfer's hash to have the bank confirm it."
}
