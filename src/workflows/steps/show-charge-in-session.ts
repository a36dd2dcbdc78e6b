import { Modules, PaymentSessionStatus } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { RenewedCharge } from "./renew-charge"

/** Puts the new KHQR into Medusa's session and opens it again if its time-out had canceled it. */
export const showChargeInSessionStep = createStep(
  "khqr-show-charge-in-session",
  async ({ id, payment_session_id }: RenewedCharge, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const payment = container.resolve(Modules.PAYMENT)
    const [charge, session] = await Promise.all([
      khqr.retrieveKhqrCharge(id),
      payment.retrievePaymentSession(payment_session_id),
    ])
    const shown = session.data?.charge_id === id
    if (!shown || session.status !== PaymentSessionStatus.PENDING) {
      await payment.updatePaymentSession({
        id: session.id,
        amount: session.amount,
        currency_code: session.currency_code,
        data: khqr.sessionData(charge, session.data),
        status: PaymentSessionStatus.PENDING,
      })
    }
    return new StepResponse()
  }
)
