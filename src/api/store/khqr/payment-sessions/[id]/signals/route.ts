import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import type { ChargeView } from "../../../../../../modules/khqr/view"
import { requireCharge, resolveKhqr } from "../../../helpers"
import type { StoreKhqrSignal } from "../../../validators"

/** The shopper came back or says that they paid: Bakong is asked soon, by the clock. */
export async function POST(
  req: MedusaRequest<StoreKhqrSignal>,
  res: MedusaResponse<{ charge: ChargeView }>
): Promise<void> {
  const view = await resolveKhqr(req).signal(
    req.params.id,
    req.validatedBody.kind
  )
  res.json({ charge: requireCharge(view) })
}
