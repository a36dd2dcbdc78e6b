import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"

import { renderKhqrCard } from "../../../../../../khqr/card"
import { requireCharge, resolveKhqr } from "../../../helpers"

/** The KHQR card as a picture, for e-mails and storefronts without the element. 404 once it must not be paid. */
export async function GET(
  req: MedusaRequest,
  res: MedusaResponse
): Promise<void> {
  const charge = requireCharge(
    await resolveKhqr(req).viewSession(req.params.id)
  )
  if (!charge.qr) {
    throw new MedusaError(
      MedusaError.Types.NOT_FOUND,
      "This KHQR is not to be paid any more."
    )
  }
  res.setHeader("Content-Type", "image/svg+xml; charset=utf-8")
  res.send(
    renderKhqrCard({
      qr: charge.qr,
      merchantName: charge.merchant_name,
      merchantNameKm: charge.merchant_name_km ?? undefined,
      amount: charge.amount,
      currency: charge.currency_code === "usd" ? "USD" : "KHR",
    })
  )
}
