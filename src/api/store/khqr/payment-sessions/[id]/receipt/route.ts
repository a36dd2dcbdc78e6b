import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import type { ChargeView } from "../../../../../../modules/khqr/view"
import { claimByReceiptWorkflow } from "../../../../../../workflows"
import { answerReceiptRefusal } from "../../../../../receipt-refusal"
import type { Refusal } from "../../../../../refusal"
import { requireCharge, resolveKhqr } from "../../../helpers"
import type { StoreKhqrReceipt } from "../../../validators"

/**
 * The hash on the payer's receipt makes the session's KHQR paid, also one that is over:
 * 422 `receipt_not_found` and `receipt_mismatch`, 409 `receipt_used`,
 * `receipt_unclear` and `receipt_unsupported`, 429 `too_many_attempts`, 503 `receipt_unknown`.
 */
export async function POST(
  req: MedusaRequest<StoreKhqrReceipt>,
  res: MedusaResponse<{ charge: ChargeView } | Refusal>
): Promise<void> {
  const khqr = resolveKhqr(req)
  const shown = requireCharge(await khqr.viewSession(req.params.id))
  const charges = await khqr.listChargesOfSession(req.params.id)
  const isPaid = shown.status === "paid" || shown.status === "completed"
  if (isPaid && shown.closed === null) {
    res.json({ charge: shown })
    return
  }
  const { result } = await claimByReceiptWorkflow(req.scope).run({
    input: {
      bearer: {
        by: "shopper",
        payment_session_id: req.params.id,
        address: req.ip ?? "",
      },
      charge_ids: charges.map(({ id }) => id),
      hash: req.validatedBody.hash,
      actor: "shopper",
    },
  })
  if (answerReceiptRefusal(result, res)) {
    return
  }
  res.json({ charge: requireCharge(await khqr.viewSession(req.params.id)) })
}
