import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import {
  decideBooking,
  type BookingDecision,
} from "../../modules/khqr/refund-booking"
import type KhqrModuleService from "../../modules/khqr/service"
import { mendRefunds } from "../refunds-in-medusa/mend-refunds"

export type RefundBooking = {
  refund_id: string
  /** An admin's id. */
  created_by: string
  has_order: boolean
  decision: BookingDecision
}

/** Reads ledger and Medusa anew, puts right what was left half done, and says what is left to do. */
export const decideRefundBookingStep = createStep(
  "khqr-decide-refund-booking",
  async ({ refund_id }: { refund_id: string }, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const refund = await khqr.retrieveKhqrRefund(refund_id)
    const charge = await khqr.retrieveKhqrCharge(refund.charge_id)
    const payment = await mendRefunds(charge, refund_id, container)
    const refunds = await khqr.listKhqrRefunds({ charge_id: charge.id })
    return new StepResponse<RefundBooking>({
      refund_id,
      created_by: refund.created_by,
      has_order: payment !== null && payment.order !== null,
      decision: decideBooking({ refund, refunds, charge, payment }),
    })
  }
)
