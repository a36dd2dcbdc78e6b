import {
  ContainerRegistrationKeys,
  MedusaError,
} from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import { ALREADY_PAID, SESSION_GONE } from "../../modules/khqr/refusals"
import { exactDecimal } from "../../modules/khqr/medusa-amount"
import type KhqrModuleService from "../../modules/khqr/service"

export type RenewedCharge = { id: string; payment_session_id: string }

export type RenewalInput = {
  payment_session_id: string
  /** Of a shop in mode `client`: what the storefront made for this renewal. */
  client_qr?: string
}

/** Not undone: a KHQR that was written may have been seen. */
export const renewChargeStep = createStep(
  "khqr-renew-charge-step",
  async ({ payment_session_id, client_qr }: RenewalInput, { container }) => {
    const query = container.resolve(ContainerRegistrationKeys.QUERY)
    const {
      data: [session],
    } = await query.graph({
      entity: "payment_session",
      fields: ["id", "amount", "currency_code", "payment.id"],
      filters: { id: payment_session_id },
    })
    if (!session) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        "This payment is no longer open: the cart has changed. Go back to the payment step for a new KHQR.",
        SESSION_GONE
      )
    }
    if (session.payment) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        "This KHQR is already paid. Do not pay again.",
        ALREADY_PAID
      )
    }
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const charge = await khqr.renewCharge(
      {
        payment_session_id,
        amount: exactDecimal(session.amount),
        currency_code: session.currency_code,
        client_qr,
      },
      "shopper"
    )
    return new StepResponse<RenewedCharge>({
      id: charge.id,
      payment_session_id,
    })
  }
)
