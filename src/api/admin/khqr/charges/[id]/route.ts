import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../../modules/khqr"
import type { RefundView } from "../../../../../modules/khqr/refund-view"
import type KhqrModuleService from "../../../../../modules/khqr/service"
import {
  presentAdminCharge,
  presentHistoryEntry,
  type AdminCharge,
  type AdminHistoryEntry,
} from "../view"
import { viewOf } from "../../refunds/helpers"

/** One charge, by its id, reference or md5, with all that is known of it, the oldest news first. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{
    charge: AdminCharge
    history: AdminHistoryEntry[]
    refunds: RefundView[]
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
    refunds: refunds.map((refund) => viewOf(refund, khqr)),
  })
}
