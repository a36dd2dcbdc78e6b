import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../../../modules/khqr"
import type KhqrModuleService from "../../../../../../modules/khqr/service"
import { settleChargeWorkflow } from "../../../../../../workflows"
import type { Refusal } from "../../../../../refusal"
import { answerRefusal } from "../../helpers"
import { presentAdminCharge, type AdminCharge } from "../../view"

/**
 * Tries now what the clock tries by itself: the order of a paid charge. 409 when there is
 * nothing to try, or a person has to decide first.
 */
export async function POST(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ charge: AdminCharge; message: string } | Refusal>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const { id } = await khqr.findCharge(req.params.id)
  try {
    await khqr.claimSettlement(id)
  } catch (error) {
    answerRefusal([{ error }], res)
    return
  }
  try {
    await settleChargeWorkflow(req.scope).run({ input: { charge_id: id } })
  } finally {
    khqr.giveUp([id])
  }
  res.json({
    charge: presentAdminCharge(await khqr.findCharge(id)),
    message: await khqr.tellOutcome(id),
  })
}
