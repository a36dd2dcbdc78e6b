import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import type { ChargeView } from "../../../../../modules/khqr/view"
import { requireCharge, resolveKhqr } from "../../helpers"

/** The shopper's view of the session's charge. Reads the ledger, never asks Bakong. */
export async function GET(
  req: MedusaRequest,
  res: MedusaResponse<{ charge: ChargeView }>
): Promise<void> {
  const khqr = resolveKhqr(req)
  const charge = requireCharge(await khqr.viewSession(req.params.id))
  khqr.hub.seen(req.params.id, charge)
  res.json({ charge })
}
