import type { MedusaContainer } from "@medusajs/framework/types"
import { MathBN } from "@medusajs/framework/utils"

import { KHQR_MODULE } from "../modules/khqr"
import { sum } from "../modules/khqr/refund-rules"
import type KhqrModuleService from "../modules/khqr/service"
import type { Charge, Refund } from "../modules/khqr/types"
import { bookRefundWorkflow } from "./book-refund"
import { readPaymentsOfOrder } from "./steps/read-refunded-payment"

/** Money of an order that Medusa has captured by KHQR and not booked as refunded. */
export type Unrefunded = {
  charge: Charge
  refunds: Refund[]
  /** Exact decimal in Medusa's units. */
  amount: string
  currency_code: string
}

export async function readUnrefunded(
  orderId: string,
  container: MedusaContainer
): Promise<Unrefunded[]> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const payments = await readPaymentsOfOrder(orderId, container)
  const unrefunded: Unrefunded[] = []
  for (const { charge_id, captured, refunds, currency_code } of payments) {
    const left = MathBN.sub(captured, sum(refunds.map(({ amount }) => amount)))
    const [charge] = await khqr.listKhqrCharges({ id: charge_id }, { take: 1 })
    if (charge && MathBN.gt(left, 0)) {
      unrefunded.push({
        charge,
        refunds: await khqr.listKhqrRefunds({ charge_id }),
        amount: left.toFixed(),
        currency_code,
      })
    }
  }
  return unrefunded
}

/** Has Medusa book at once what went back of these, instead of at the clock's next tick. */
export async function bookSentRefunds(
  unrefunded: Unrefunded[],
  container: MedusaContainer
): Promise<void> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  for (const { charge } of unrefunded) {
    for (const id of await khqr.claimBookingsOf(charge.id)) {
      await bookRefundWorkflow(container).run({
        input: { refund_id: id },
        throwOnError: false,
      })
    }
  }
}
