import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import { exactDecimal } from "../../modules/khqr/medusa-amount"
import { sum } from "../../modules/khqr/refund-rules"
import type { Charge } from "../../modules/khqr/types"
import { PROVIDER_PREFIX } from "../steps/decide-settlement"

/** Medusa's payment of a charge, and what its order tells of refunds. Amounts are exact decimals. */
export type RefundedPayment = {
  id: string
  charge_id: string
  currency_code: string
  /** Of the collection that it belongs to: what Medusa shows of it, and what its payments' refunds add up to. */
  collection: { id: string; refunded: string; refunds: string }
  captured: string
  refunds: {
    id: string
    amount: string
    note: string | null
    created_at: Date
  }[]
  order: {
    id: string
    status: string
    /** What the customer still owes; negative when the shop owes them. */
    pending_difference: string
    /** Refunds that the order's transactions tell of. */
    transactions: { reference_id: string | null; amount: string }[]
  } | null
}

/** `null` while Medusa has none. */
export async function readRefundedPayment(
  charge: Pick<Charge, "id" | "payment_session_id" | "payment_collection_id">,
  container: MedusaContainer
): Promise<RefundedPayment | null> {
  const collectionId =
    charge.payment_collection_id ??
    (await collectionIdOf(charge.payment_session_id, container))
  if (collectionId === null) {
    return null
  }
  const payments = await readRefundedPayments([collectionId], container)
  return payments.find(({ charge_id }) => charge_id === charge.id) ?? null
}

/** The payments of an order that were made by KHQR. */
export async function readPaymentsOfOrder(
  orderId: string,
  container: MedusaContainer
): Promise<RefundedPayment[]> {
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "order_payment_collection",
      fields: ["payment_collection_id"],
      filters: { order_id: orderId },
    })
  return readRefundedPayments(
    data.map(({ payment_collection_id }) => payment_collection_id),
    container
  )
}

type Amount = { amount: number; raw_amount?: unknown }

type StoredPayment = {
  id: string
  currency_code: string
  provider_id: string
  data?: Record<string, unknown>
  payment_collection_id: string
  payment_collection?: {
    refunded_amount: number | null
    raw_refunded_amount?: unknown
  }
  captures?: Amount[]
  refunds?: (Amount & {
    id: string
    note?: string | null
    created_at: string | Date
  })[]
}

async function readRefundedPayments(
  collectionIds: string[],
  container: MedusaContainer
): Promise<RefundedPayment[]> {
  if (collectionIds.length === 0) {
    return []
  }
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "payment",
      fields: [
        "id",
        "currency_code",
        "provider_id",
        "data",
        "payment_collection_id",
        "payment_collection.*",
        "captures.*",
        "refunds.*",
      ],
      filters: { payment_collection_id: collectionIds },
    })
  const payments = data as unknown as StoredPayment[]
  const own = payments.filter(
    (payment) =>
      payment.provider_id.startsWith(PROVIDER_PREFIX) &&
      typeof payment.data?.charge_id === "string"
  )
  return Promise.all(
    own.map(async (payment) => ({
      id: payment.id,
      charge_id: payment.data!.charge_id as string,
      currency_code: payment.currency_code,
      collection: collectionOf(payment, payments),
      captured: sum((payment.captures ?? []).map(amountOf)),
      refunds: (payment.refunds ?? []).map((refund) => ({
        id: refund.id,
        amount: amountOf(refund),
        note: refund.note ?? null,
        created_at: new Date(refund.created_at),
      })),
      order: await readOrder(payment.payment_collection_id, container),
    }))
  )
}

async function readOrder(
  collectionId: string,
  container: MedusaContainer
): Promise<RefundedPayment["order"]> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const {
    data: [link],
  } = await query.graph({
    entity: "order_payment_collection",
    fields: ["order_id"],
    filters: { payment_collection_id: collectionId },
  })
  if (!link) {
    return null
  }
  const { data } = await query.graph({
    entity: "order",
    fields: ["id", "status", "summary.*", "transactions.*"],
    filters: { id: link.order_id },
  })
  const [order] = data as unknown as {
    id: string
    status: string
    summary?: { pending_difference?: number; raw_pending_difference?: unknown }
    transactions?: (Amount & {
      reference: string | null
      reference_id: string | null
    })[]
  }[]
  if (!order) {
    return null
  }
  const { summary } = order
  return {
    id: order.id,
    status: order.status,
    pending_difference: exactDecimal(
      (summary?.raw_pending_difference ??
        summary?.pending_difference ??
        0) as number
    ),
    transactions: (order.transactions ?? [])
      .filter(({ reference }) => reference === "refund")
      .map((transaction) => ({
        reference_id: transaction.reference_id,
        amount: amountOf(transaction),
      })),
  }
}

function collectionOf(
  { payment_collection_id: id, payment_collection }: StoredPayment,
  payments: StoredPayment[]
): RefundedPayment["collection"] {
  return {
    id,
    refunded: amountOf({
      amount: payment_collection?.refunded_amount ?? 0,
      raw_amount: payment_collection?.raw_refunded_amount,
    }),
    refunds: sum(
      payments
        .filter((payment) => payment.payment_collection_id === id)
        .flatMap(({ refunds }) => (refunds ?? []).map(amountOf))
    ),
  }
}

async function collectionIdOf(
  sessionId: string,
  container: MedusaContainer
): Promise<string | null> {
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "payment_session",
      fields: ["payment_collection_id"],
      filters: { id: sessionId },
    })
  return data[0]?.payment_collection_id ?? null
}

/** A number would have lost what is behind its sixteenth digit. */
function amountOf({ amount, raw_amount }: Amount): string {
  return exactDecimal((raw_amount ?? amount) as number)
}
