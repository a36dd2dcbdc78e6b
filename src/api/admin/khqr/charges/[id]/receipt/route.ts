import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../../../modules/khqr"
import type KhqrModuleService from "../../../../../../modules/khqr/service"
import { hasMoney } from "../../../../../../modules/khqr/state"
import { claimByReceiptWorkflow } from "../../../../../../workflows"
import { answerReceiptRefusal } from "../../../../../receipt-refusal"
import type { Refusal } from "../../../../../refusal"
import type { AdminKhqrReceipt } from "../../validators"
import { presentAdminCharge, type AdminCharge } from "../../view"

/**
 * The same as the shopper's, for one charge. 409 `receipt_unclear` names the charges that a
 * person vouched for and whose the transfer may be; `despite` takes it all the same.
 * `any_amount` takes a transfer over other money than was asked for, into review.
 * A charge that has its money is answered as it is.
 */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrReceipt>,
  res: MedusaResponse<{ charge: AdminCharge } | Refusal>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const charge = await khqr.findCharge(req.params.id)
  if (!hasMoney(charge)) {
    const { result } = await claimByReceiptWorkflow(req.scope).run({
      input: {
        bearer: { by: "staff", charge_id: charge.id },
        charge_ids: [charge.id],
        hash: req.validatedBody.hash,
        despite: req.validatedBody.despite,
        any_amount: req.validatedBody.any_amount,
        actor: req.auth_context.actor_id,
      },
    })
    if (answerReceiptRefusal(result, res)) {
      return
    }
  }
  res.json({ charge: presentAdminCharge(await khqr.findCharge(charge.id)) })
}
