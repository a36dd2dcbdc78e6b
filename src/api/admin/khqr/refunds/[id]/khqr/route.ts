import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import type { RefundView } from "../../../../../../modules/khqr/refund-view"
import { sendRefundKhqrWorkflow } from "../../../../../../workflows"
import type { Refusal } from "../../../../../refusal"
import { answerRefusal } from "../../../charges/helpers"
import { readRefund, resolveKhqr } from "../../helpers"

/**
 * Makes a KHQR to the payer's own account, in `refund.qr`; the same one while it
 * may be paid. 409 says why there can be none.
 */
export async function POST(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ refund: RefundView } | Refusal>
): Promise<void> {
  const { errors } = await sendRefundKhqrWorkflow(req.scope).run({
    input: { refund_id: req.params.id, actor: req.auth_context.actor_id },
    throwOnError: false,
  })
  if (answerRefusal(errors, res)) {
    return
  }
  res.json({ refund: await readRefund(req.params.id, resolveKhqr(req)) })
}
