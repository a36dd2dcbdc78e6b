import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"

import type { ChargeView } from "../../../../../../modules/khqr/view"
import { renewChargeWorkflow } from "../../../../../../workflows"
import { requireCharge, resolveKhqr } from "../../../helpers"
import type { StoreKhqrRenew } from "./validators"

/**
 * A new KHQR when the old one is over; the same one while it lives. In a shop of
 * mode `client` the new one comes as `qr`, and 400 says what is wrong with it.
 * 409 when the session is paid (`already_paid`) or no longer open (`session_gone`),
 * and while the shop takes no KHQR payments (`switched_off`).
 */
export async function POST(
  req: MedusaRequest<StoreKhqrRenew>,
  res: MedusaResponse<
    { charge: ChargeView } | { type: string; code: string; message: string }
  >
): Promise<void> {
  const khqr = resolveKhqr(req)
  const shown = requireCharge(await khqr.viewSession(req.params.id))
  if (shown.qr !== null) {
    res.json({ charge: shown })
    return
  }

  const { errors } = await renewChargeWorkflow(req.scope).run({
    input: {
      payment_session_id: req.params.id,
      client_qr: req.validatedBody.qr,
    },
    throwOnError: false,
  })
  const error = errors?.[0]?.error
  if (error?.type === MedusaError.Types.NOT_ALLOWED) {
    // Medusa's own 409 replaces the message, and the shopper needs it.
    const { type, code, message } = error
    res.status(409).json({ type, code, message })
    return
  }
  if (error) {
    throw error
  }
  const view = await khqr.viewSession(req.params.id)
  res.json({ charge: requireCharge(view) })
}
