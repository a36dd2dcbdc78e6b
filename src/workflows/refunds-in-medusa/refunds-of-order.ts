import type { MedusaContainer } from "@medusajs/framework/types"

import { KHQR_MODULE } from "../../modules/khqr"
import { isCovered, sum, type Captured } from "../../modules/khqr/refund-rules"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Charge, Refund } from "../../modules/khqr/types"
import { bookRefundWorkflow } from "../book-refund"
import { readPaymentsOfOrder } from "./read-refunded-payment"

/** A payment of an order that Medusa has captured by KHQR and not booked as refunded to the last cent or riel. */
export type Unrefunded = {
  charge: Charge
  refunds: Refund[]
  captured: Captured
}

export async function readUnrefunded(
  orderId: string,
  container: MedusaContainer
): Promise<Unrefunded[]> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const payments = await readPaymentsOfOrder(orderId, container)
  const unrefunded: Unrefunded[] = []
  for (const { charge_id, captured, refunds, currency_code } of payments) {
    const booked = sum(refunds.map(({ amount }) => amount))
    const [charge] = await khqr.listKhqrCharges({ id: charge_id }, { take: 1 })
    if (charge && !isCovered(captured, booked, currency_code)) {
      unrefunded.push({
        charge,
        refunds: await khqr.listKhqrRefunds({ charge_id }),
        captured: { amount: captured, currency_code },
      })
    }
  }
  return unrefunded
}

/** Has Medusa book at once what went back of a charge, instead of at the clock's next tick. */
export async function bookSentRefunds(
  chargeId: string,
  container: MedusaContainer
): Promise<void> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  for (const id of await khqr.claimBookingsOf(chargeId)) {
    const { errors } = await bookRefundWorkflow(container).run({
      input: { refund_id: id },
      throwOnError: false,
    })
    if (errors?.length) {
      // Its lease runs out and the clock books it.
      khqr.giveUpRefunds([id])
    }
  }
}
