import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../../../modules/khqr"
import type KhqrModuleService from "../../../../../../modules/khqr/service"
import { checkChargesWorkflow } from "../../../../../../workflows"
import { presentAdminCharge, type AdminCharge } from "../../view"

/**
 * Asks the bank about a charge now, by its id, reference or md5, and records the
 * answer as the clock does; the order of a paid one follows by itself. A charge
 * that has its money, or is being asked about at this moment, is answered as it is.
 */
export async function POST(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ charge: AdminCharge }>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const { id } = await khqr.findCharge(req.params.id)
  await checkChargesWorkflow(req.scope).run({ input: { charge_id: id } })
  res.json({ charge: presentAdminCharge(await khqr.findCharge(id)) })
}
