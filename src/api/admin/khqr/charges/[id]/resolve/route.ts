import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../../../modules/khqr"
import type KhqrModuleService from "../../../../../../modules/khqr/service"
import { resolveChargeWorkflow } from "../../../../../../workflows"
import type { Refusal } from "../../../../../refusal"
import { answerRefusal } from "../../helpers"
import type { AdminKhqrResolveCharge } from "../../validators"
import { presentAdminCharge, type AdminCharge } from "../../view"

/**
 * Decides about a charge in review. What is taken is settled at once, and `message` tells
 * what came of it. 409 when this is not possible, with what is.
 */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrResolveCharge>,
  res: MedusaResponse<{ charge: AdminCharge; message: string } | Refusal>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const { id } = await khqr.findCharge(req.params.id)
  const { errors } = await resolveChargeWorkflow(req.scope).run({
    input: {
      charge_id: id,
      decision: req.validatedBody,
      actor: req.auth_context.actor_id,
    },
    throwOnError: false,
  })
  if (answerRefusal(errors, res)) {
    return
  }
  res.json({
    charge: presentAdminCharge(await khqr.findCharge(id)),
    message: await khqr.tellOutcome(id),
  })
}
