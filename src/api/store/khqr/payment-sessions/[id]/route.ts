import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import type { ChargeView } from "../../../../../modules/khqr/view"
import { requireCharge, resolveKhqr } from "../../helpers"

/** The shopper's view of the session's charge. Reads the ledger, never asks Bakong. */
export async function GET(
  req: MedusaRequest,
  res: MedusaResponse<{ charge: ChargeView }>
): Promise<void> {
  const view = await resolveKhqr(req).viewSession(req.params.id)
  res.json({ charge: requireCharge(view) })
}
