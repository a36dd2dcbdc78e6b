import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import type { RefundView } from "../../../../../../modules/khqr/refund-view"
import { resolveRefundWorkflow } from "../../../../../../workflows"
import type { Refusal } from "../../../../../refusal"
import { answerRefusal } from "../../../charges/helpers"
import { readRefund, resolveKhqr } from "../../helpers"
import type { AdminKhqrResolveRefund } from "../../validators"

/** Closes a refund's review: a person has looked, and nothing more is to be done. 409 when nobody has to look. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrResolveRefund>,
  res: MedusaResponse<{ refund: RefundView } | Refusal>
): Promise<void> {
  const { errors } = await resolveRefundWorkflow(req.scope).run({
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
