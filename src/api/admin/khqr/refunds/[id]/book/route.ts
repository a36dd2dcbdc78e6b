import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import type { RefundView } from "../../../../../../modules/khqr/refund-view"
import { bookRefundAgainWorkflow } from "../../../../../../workflows"
import { bookSentRefunds } from "../../../../../../workflows/refunds-in-medusa/refunds-of-order"
import type { Refusal } from "../../../../../refusal"
import { answerRefusal } from "../../../charges/helpers"
import { readRefund, resolveKhqr } from "../../helpers"

/**
 * Tells Medusa once more of a refund that was sent: `booked_at` says that it knows,
 * `booking_error` why it could not. 409 when there is nothing to tell.
 */
export async function POST(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ refund: RefundView } | Refusal>
): Promise<void> {
  const { errors } = await bookRefundAgainWorkflow(req.scope).run({
    input: { refund_id: req.params.id, actor: req.auth_context.actor_id },
    throwOnError: false,
  })
  if (answerRefusal(errors, res)) {
    return
  }
  const khqr = resolveKhqr(req)
  const { charge_id } = await khqr.retrieveKhqrRefund(req.params.id)
  await bookSentRefunds(charge_id, req.scope)
  res.json({ refund: await readRefund(req.params.id, khqr) })
}
