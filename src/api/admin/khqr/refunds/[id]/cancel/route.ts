import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import type { RefundView } from "../../../../../../modules/khqr/refund-view"
import { recordRefundCanceledWorkflow } from "../../../../../../workflows"
import type { Refusal } from "../../../../../refusal"
import { answerRefusal } from "../../../charges/helpers"
import { readRefund, resolveKhqr } from "../../helpers"
import type { AdminKhqrCancelRefund } from "../../validators"

/** Calls a refund off. 409 while its money may be on its way. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrCancelRefund>,
  res: MedusaResponse<{ refund: RefundView } | Refusal>
): Promise<void> {
  const { errors } = await recordRefundCanceledWorkflow(req.scope).run({
    input: {
      refund_id: req.params.id,
      reason: req.validatedBody.reason,
      actor: req.auth_context.actor_id,
    },
    throwOnError: false,
  })
  if (answerRefusal(errors, res)) {
    return
  }
  res.json({ refund: await readRefund(req.params.id, resolveKhqr(req)) })
}
