import type {
  MedusaContainer,
  PaymentCollectionUpdatableFields,
} from "@medusajs/framework/types"
import { MathBN, MedusaError, Modules } from "@medusajs/framework/utils"

import { KHQR_MODULE } from "../../modules/khqr"
import { sameMoney } from "../../modules/khqr/medusa-amount"
import { bookingNote } from "../../modules/khqr/refund-booking"
import { sum } from "../../modules/khqr/refund-rules"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Charge } from "../../modules/khqr/types"
import {
  readRefundedPayment,
  type RefundedPayment,
} from "./read-refunded-payment"

/** A refund of Medusa's that is younger may be under way: whoever makes it finishes it. */
const UNDER_WAY_MS = 60_000

/** Medusa's own, which its package does not export. */
const CREDIT_LINES = "create-order-refund-credit-lines"

/**
 * Puts right what interruptions left between Medusa's refunds, our bookings of
 * them and the order's transactions: a refund that was taken back counts no more,
 * one that nobody let pass is covered by what went back, and the order hears of each.
 *
 * @param refundId ours, which nobody else is booking now
 */
export async function mendRefunds(
  charge: Charge,
  refundId: string | null,
  container: MedusaContainer
): Promise<RefundedPayment | null> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  // Before Medusa's are read: a booking is written after its refund.
  const booked = await khqr.listBookingIds(charge.id)
  const payment = await readRefundedPayment(charge, container)
  if (!payment) {
    return null
  }
  const live = new Set(payment.refunds.map(({ id }) => id))
  await khqr.dropBookings(booked.filter((id) => !live.has(id)))

  const settled = payment.refunds.filter(
    ({ created_at, note }) =>
      Date.now() - created_at.getTime() > UNDER_WAY_MS ||
      (refundId !== null && note?.includes(bookingNote(refundId)))
  )
  const covered: RefundedPayment["refunds"] = []
  for (const refund of settled) {
    if (
      booked.includes(refund.id) ||
      (await isLetPass(payment, refund, khqr))
    ) {
      covered.push(refund)
    }
  }
  await tellOrder({ ...payment, refunds: covered }, container)
  await tellCollection(payment, settled, container)
  return payment
}

/** Medusa was interrupted before it asked us. */
async function isLetPass(
  { charge_id, captured, currency_code }: RefundedPayment,
  { id, amount }: { id: string; amount: string },
  khqr: KhqrModuleService
): Promise<boolean> {
  try {
    await khqr.bookRefund(charge_id, id, amount, {
      amount: captured,
      currency_code,
    })
    return true
  } catch (error) {
    if ((error as MedusaError).type === MedusaError.Types.NOT_ALLOWED) {
      // Nothing that went back covers it: a person made it without us, and it stays theirs.
      return false
    }
    throw error
  }
}

/** Medusa adds its refunds up when it has made one, and not when it was interrupted before. */
async function tellCollection(
  { collection, refunds }: RefundedPayment,
  settled: RefundedPayment["refunds"],
  container: MedusaContainer
): Promise<void> {
  const isQuiet = settled.length === refunds.length
  if (isQuiet && !sameMoney(collection.refunded, collection.refunds)) {
    await container
      .resolve(Modules.PAYMENT)
      .updatePaymentCollections(collection.id, {
        refunded_amount: collection.refunds,
      } as PaymentCollectionUpdatableFields)
  }
}

async function tellOrder(
  { id, currency_code, refunds, order }: RefundedPayment,
  container: MedusaContainer
): Promise<void> {
  if (!order) {
    return
  }
  const untold = refunds.filter(
    (refund) =>
      !order.transactions.some(({ reference_id }) => reference_id === refund.id)
  )
  // A canceled order's transactions name the payment and not its refunds.
  const toldByCancel = MathBN.abs(
    sum(
      order.transactions
        .filter(({ reference_id }) => reference_id === id)
        .map(({ amount }) => amount)
    )
  )
  if (
    untold.length === 0 ||
    MathBN.gte(toldByCancel, sum(untold.map(({ amount }) => amount)))
  ) {
    return
  }
  let owes = MathBN.convert(order.pending_difference)
  for (const { id: refundId, amount } of untold) {
    await container.resolve(Modules.ORDER).addOrderTransactions({
      order_id: order.id,
      amount: MathBN.mult(amount, -1).toFixed() as unknown as number,
      currency_code,
      reference: "refund",
      reference_id: refundId,
    })
    // As Medusa does it: what the shop did not owe makes the order cheaper by as much.
    const credit = MathBN.lt(owes, 0) ? MathBN.add(amount, owes) : amount
    if (MathBN.gt(credit, 0) && order.status !== "canceled") {
      await container.resolve(Modules.WORKFLOW_ENGINE).run(CREDIT_LINES, {
        input: { order_id: order.id, amount: MathBN.convert(credit).toFixed() },
      })
    }
    owes = MathBN.lt(owes, 0)
      ? MathBN.min(0, MathBN.add(owes, amount))
      : MathBN.convert(0)
  }
}
