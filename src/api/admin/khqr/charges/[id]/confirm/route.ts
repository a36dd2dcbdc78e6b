import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../../../modules/khqr"
import type KhqrModuleService from "../../../../../../modules/khqr/service"
import { confirmChargeWorkflow } from "../../../../../../workflows"
import type { Refusal } from "../../../../../refusal"
import { answerRefusal } from "../../helpers"
import type { AdminKhqrConfirmCharge } from "../../validators"
import { presentAdminCharge, type AdminCharge } from "../../view"

/**
 * Staff vouch for a payment that the bank cannot be asked about; the order follows by
 * itself. 409 where the shop does not allow it, and where money is on record already.
 */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrConfirmCharge>,
  res: MedusaResponse<{ charge: AdminCharge } | Refusal>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const { id } = await khqr.findCharge(req.params.id)
  const { errors } = await confirmChargeWorkflow(req.scope).run({
    input: {
      charge_id: id,
      confirmation: req.validatedBody,
      actor: req.auth_context.actor_id,
    },
    throwOnError: false,
  })
  if (answerRefusal(errors, res)) {
    return
  }
  res.json({ charge: presentAdminCharge(await khqr.findCharge(id)) })
}
