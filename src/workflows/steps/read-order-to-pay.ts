import type { BigNumberInput, MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import type { OrderToPay } from "../../modules/khqr/desk-decisions"
import { exactDecimal } from "../../modules/khqr/medusa-amount"

type StoredOrder = {
  id: string
  display_id?: number | null
  status: string
  currency_code: string
  total: BigNumberInput
  summary?: { pending_difference?: BigNumberInput } | null
  transactions?: { reference?: string; reference_id?: string }[]
  payment_collections?: { id: string }[]
}

/** What an order still wants, and where it may be paid; `null` when there is none with this id. */
export async function readOrderToPay(
  id: string,
  container: MedusaContainer
): Promise<
  | (OrderToPay & {
      total: string
      capture_ids: string[]
      collection_ids: string[]
    })
  | null
> {
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "order",
      fields: [
        "id",
        "display_id",
        "status",
        "currency_code",
        "total",
        "summary.*",
        "transactions.reference",
        "transactions.reference_id",
        "payment_collections.id",
      ],
      filters: { id },
    })
  const order = data[0] as unknown as StoredOrder | undefined
  if (!order) {
    return null
  }
  return {
    id: order.id,
    display_id: order.display_id ?? null,
    currency_code: order.currency_code,
    is_canceled: order.status === "canceled",
    outstanding: exactDecimal(order.summary?.pending_difference ?? order.total),
    total: exactDecimal(order.total),
    capture_ids: (order.transactions ?? [])
      .filter(({ reference }) => reference === "capture")
      .map(({ reference_id }) => reference_id ?? ""),
    collection_ids: (order.payment_collections ?? []).map(({ id }) => id),
  }
}
