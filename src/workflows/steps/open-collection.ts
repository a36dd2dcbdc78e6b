import type { BigNumberInput, MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { createOrderPaymentCollectionWorkflow } from "@medusajs/medusa/core-flows"

import { exactDecimal, sameMoney } from "../../modules/khqr/medusa-amount"

type StoredCollection = {
  id: string
  status: string
  amount: BigNumberInput
  currency_code: string
  payments?: unknown[]
}

const UNPAID = ["not_paid", "awaiting"]

/**
 * A payment collection of the order for exactly this money: one that waits for it,
 * as an interrupted attempt leaves it, or a new one.
 */
export async function openCollectionFor(
  orderId: string,
  money: { amount: string; currencyCode: string },
  container: MedusaContainer
): Promise<{ id: string; cart_id: string | null }> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "order",
    fields: [
      "payment_collections.id",
      "payment_collections.status",
      "payment_collections.amount",
      "payment_collections.currency_code",
      "payment_collections.payments.id",
    ],
    filters: { id: orderId },
  })
  const collections = (data[0]?.payment_collections ??
    []) as unknown as StoredCollection[]
  const open = collections.find(
    ({ status, amount, currency_code, payments }) =>
      UNPAID.includes(status) &&
      !payments?.length &&
      currency_code === money.currencyCode &&
      sameMoney(exactDecimal(amount), money.amount)
  )
  if (!open) {
    const { result } = await createOrderPaymentCollectionWorkflow(
      container
    ).run({
      input: { order_id: orderId, amount: money.amount as unknown as number },
    })
    return { id: result[0].id, cart_id: null }
  }
  const { data: links } = await query.graph({
    entity: "cart_payment_collection",
    fields: ["cart_id"],
    filters: { payment_collection_id: open.id },
  })
  return { id: open.id, cart_id: links[0]?.cart_id ?? null }
}
