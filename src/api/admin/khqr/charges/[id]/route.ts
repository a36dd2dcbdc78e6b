import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../../modules/khqr"
import type KhqrModuleService from "../../../../../modules/khqr/service"
import {
  presentAdminCharge,
  presentChargeRefund,
  presentHistoryEntry,
  type AdminCharge,
  type AdminChargeRefund,
  type AdminHistoryEntry,
} from "../view"

/** One charge, by its id, reference or md5, with all that is known of it, the oldest news first. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{
    charge: AdminCharge
    history: AdminHistoryEntry[]
    refunds: AdminChargeRefund[]
  }>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const charge = await khqr.findCharge(req.params.id)
  const [history, refunds] = await Promise.all([
    khqr.listKhqrEvents(
      { charge_id: charge.id },
      { order: { created_at: "ASC", id: "ASC" } }
    ),
    khqr.listKhqrRefunds(
      { charge_id: charge.id },
      { order: { created_at: "ASC" } }
    ),
  ])
  res.json({
    charge: presentAdminCharge(charge),
    history: history.map(presentHistoryEntry),
    refunds: refunds.map(presentChargeRefund),
  })
}
