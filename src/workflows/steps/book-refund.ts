import type { MedusaContainer } from "@medusajs/framework/types"
import { Modules } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"
import { refundPaymentWorkflow } from "@medusajs/medusa/core-flows"

import { KHQR_MODULE } from "../../modules/khqr"
import { bookingNote } from "../../modules/khqr/refund-booking"
import type { RefundEvent } from "../../modules/khqr/refund-state"
import type { RefundChange } from "../../modules/khqr/refunds"
import type KhqrModuleService from "../../modules/khqr/service"
import type { RefundBooking } from "./decide-refund-booking"

type BookingEvent = Extract<
  RefundEvent,
  { type: "booked" | "not_to_book" | "booking_waits" | "booking_failed" }
>

/** Tells Medusa and writes down how that went; an interruption in between is found and mended by the next try. */
export const bookRefundStep = createStep(
  "khqr-book-refund",
  async (booking: RefundBooking, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const event = await carryOut(booking, container)
    const { refunds } = await khqr.recordBooking(booking.refund_id, event)
    return new StepResponse<Pick<RefundChange, "refunds">>({ refunds })
  }
)

async function carryOut(
  { refund_id, created_by, has_order, decision }: RefundBooking,
  container: MedusaContainer
): Promise<BookingEvent> {
  switch (decision.action) {
    case "done":
      return { type: "booked", message: decision.message }
    case "nothing":
      return { type: "not_to_book" }
    case "wait":
      return { type: "booking_waits" }
    case "fail":
      return { type: "booking_failed", message: decision.message }
    case "book": {
      const { payment_id, amount } = decision
      const input = {
        payment_id,
        amount,
        note: bookingNote(refund_id),
        created_by,
      }
      const fault = has_order
        ? await refundPayment(input, container)
        : await refundWithoutOrder(input, container)
      return fault
        ? { type: "booking_failed", message: fault }
        : { type: "booked", message: `${amount} booked in Medusa` }
    }
  }
}

type RefundInput = {
  payment_id: string
  amount: string
  note: string
  created_by: string
}

/** @returns why it failed */
async function refundPayment(
  input: RefundInput,
  container: MedusaContainer
): Promise<string | null> {
  const { errors } = await refundPaymentWorkflow(container).run({
    input,
    throwOnError: false,
  })
  return errors?.[0]?.error?.message ?? null
}

/** Medusa's workflow wants an order; a payment link, for one, has none. */
async function refundWithoutOrder(
  input: RefundInput,
  container: MedusaContainer
): Promise<string | null> {
  try {
    await container.resolve(Modules.PAYMENT).refundPayment(input)
    return null
  } catch (error) {
    return (error as Error).message
  }
}
