import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import type { ChargeView } from "../../../../../../modules/khqr/view"
import { requireCharge, resolveKhqr } from "../../../helpers"

/**
 * A link that opens the payer's app with this KHQR, in `charge.deeplink`. The bank
 * is asked at most once for each charge; `null` where it has none.
 */
export async function POST(
  req: MedusaRequest,
  res: MedusaResponse<{ charge: ChargeView }>
): Promise<void> {
  const view = await resolveKhqr(req).openDeeplink(req.params.id)
  res.json({ charge: requireCharge(view) })
}
