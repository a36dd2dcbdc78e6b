import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { leftToRefund } from "../../../../../../modules/khqr/refund-rules"
import type { RefundView } from "../../../../../../modules/khqr/refund-view"
import { hasMoney } from "../../../../../../modules/khqr/state"
import { recordRefundWorkflow } from "../../../../../../workflows"
import type { Refusal } from "../../../../../refusal"
import { answerRefusal } from "../../helpers"
import { readRefund, resolveKhqr, viewOf } from "../../../refunds/helpers"
import type { AdminKhqrOpenRefund } from "../../../refunds/validators"

/** Oldest first, with what can still be sent back of what came (`null` where nothing came). */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{
    refunds: RefundView[]
    left: { amount: string; currency_code: string } | null
  }>
): Promise<void> {
  const khqr = resolveKhqr(req)
  const charge = await khqr.findCharge(req.params.id)
  const refunds = await khqr.listKhqrRefunds(
    { charge_id: charge.id },
    { order: { created_at: "ASC" } }
  )
  res.json({
    refunds: refunds.map((refund) => viewOf(refund, khqr)),
    left:
      hasMoney(charge) && charge.paid_currency
        ? {
            amount: leftToRefund(charge, refunds),
            currency_code: charge.paid_currency.toLowerCase(),
          }
        : null,
  })
}

/** Sets money aside that is to be sent back. 409 when less of it is left, or nothing may go back now. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrOpenRefund>,
  res: MedusaResponse<{ refund: RefundView } | Refusal>
): Promise<void> {
  const khqr = resolveKhqr(req)
  const charge = await khqr.findCharge(req.params.id)
  const { result, errors } = await recordRefundWorkflow(req.scope).run({
    input: {
      ...req.validatedBody,
      charge_id: charge.id,
      actor: req.auth_context.actor_id,
    },
    throwOnError: false,
  })
  if (answerRefusal(errors, res)) {
    return
  }
  res.json({ refund: await readRefund(result.refund_id, khqr) })
}
