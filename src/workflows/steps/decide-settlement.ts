import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import { exactDecimal } from "../../modules/khqr/medusa-amount"
import type KhqrModuleService from "../../modules/khqr/service"
import type { ChargeStatus } from "../../modules/khqr/state"
import type { Charge } from "../../modules/khqr/types"
import {
  decideSettlement,
  halfCompleted,
  type Attached,
  type LooseEnd,
  type Settlement,
  type Situation,
} from "../settlement"
import { readOrderToPay } from "./read-order-to-pay"

export type SettlementDecision = {
  charge_id: string
  /** What the charge was when this was decided. */
  status: ChargeStatus
  payment_session_id: string
  payment_collection_id: string | null
  half_completed: ReturnType<typeof halfCompleted>
  settlement: Settlement
}

/** Of the ids under which Medusa registers this provider, whatever the shop's own part of it. */
export const PROVIDER_PREFIX = "pp_khqr_"

export const decideSettlementStep = createStep(
  "khqr-decide-settlement",
  async ({ charge_id }: { charge_id: string }, { container }) => {
    return new StepResponse(await decideFor(charge_id, container))
  }
)

/** Reads ledger and Medusa anew and says what is left to do. */
export async function decideFor(
  chargeId: string,
  container: MedusaContainer
): Promise<SettlementDecision> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const charge = await khqr.retrieveKhqrCharge(chargeId)
  const session = await readSession(charge.payment_session_id, container)
  const { collection, cart } = await readAroundCharge(
    charge,
    session,
    container
  )
  const attached =
    charge.resolution === "attach" && charge.order_id !== null
      ? await readAttached(charge, { session, collection }, container)
      : undefined
  const situation: Situation = {
    charge,
    attached,
    latePayments: khqr.options.latePayments,
    session: sessionOf(session),
    collection,
    cart,
  }
  return {
    charge_id: charge.id,
    status: charge.status as Charge["status"],
    payment_session_id: charge.payment_session_id,
    payment_collection_id:
      session?.payment_collection_id ?? charge.payment_collection_id,
    half_completed: halfCompleted(situation),
    settlement: decideSettlement(situation),
  }
}

/** What the cart costs for which a charge would be settled, an exact decimal; `null` without one. */
export async function readCartTotal(
  chargeId: string,
  container: MedusaContainer
): Promise<string | null> {
  const charge = await container
    .resolve<KhqrModuleService>(KHQR_MODULE)
    .retrieveKhqrCharge(chargeId)
  const session = await readSession(charge.payment_session_id, container)
  const { cart } = await readAroundCharge(charge, session, container)
  return cart?.total ?? null
}

async function readAroundCharge(
  charge: Charge,
  session: StoredSession | null,
  container: MedusaContainer
): Promise<Around> {
  return session
    ? readAround(session.payment_collection_id, session, container)
    : readAroundCart(charge.cart_id, container)
}

/** Statuses in which Medusa may authorize a session when a cart is completed. */
const PROCESSABLE = [
  "pending",
  "requires_more",
  "authorized",
  "captured",
  "pending_authorization",
]

type StoredSession = {
  id: string
  status: string
  amount: number
  currency_code: string
  payment_collection_id: string
  payment?: {
    id: string
    data?: Record<string, unknown>
    captures?: { id: string }[]
  } | null
}

async function readSession(
  id: string,
  container: MedusaContainer
): Promise<StoredSession | null> {
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "payment_session",
      fields: [
        "id",
        "status",
        "amount",
        "currency_code",
        "payment_collection_id",
        "payment.id",
        "payment.data",
        "payment.captures.id",
      ],
      filters: { id },
    })
  return (data[0] as StoredSession | undefined) ?? null
}

function sessionOf(session: StoredSession | null): Situation["session"] {
  if (!session) {
    return null
  }
  const { payment } = session
  return {
    status: session.status,
    amount: exactDecimal(session.amount),
    currency_code: session.currency_code,
    payment: payment
      ? {
          id: payment.id,
          charge_id:
            typeof payment.data?.charge_id === "string"
              ? payment.data.charge_id
              : null,
          capture_ids: (payment.captures ?? []).map((capture) => capture.id),
        }
      : null,
  }
}

type Around = Pick<Situation, "collection" | "cart">

async function readAround(
  collectionId: string,
  session: StoredSession | null,
  container: MedusaContainer
): Promise<Around> {
  const [collection, cart] = await Promise.all([
    readCollection(collectionId, session, container),
    readCart({ payment_collection_id: collectionId }, container),
  ])
  return { collection, cart }
}

/** What the cart has now, for a charge whose own session is gone. */
async function readAroundCart(
  cartId: string | null,
  container: MedusaContainer
): Promise<Around> {
  if (cartId === null) {
    return { collection: null, cart: null }
  }
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "cart_payment_collection",
      fields: ["payment_collection_id"],
      filters: { cart_id: cartId },
    })
  const [link] = data
  return link
    ? readAround(link.payment_collection_id, null, container)
    : { collection: null, cart: await readCart({ cart_id: cartId }, container) }
}

async function readCollection(
  collectionId: string,
  session: StoredSession | null,
  container: MedusaContainer
): Promise<Situation["collection"]> {
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "payment_collection",
      fields: [
        "amount",
        "payments.id",
        "payments.canceled_at",
        "payment_sessions.id",
        "payment_sessions.status",
        "payment_sessions.amount",
        "payment_sessions.currency_code",
        "payment_sessions.provider_id",
        "payment_sessions.payment.id",
      ],
      filters: { id: collectionId },
    })
  const [collection] = data as {
    amount: number
    payments?: { id: string; canceled_at?: unknown }[]
    payment_sessions?: {
      id: string
      status: string
      amount: number
      currency_code: string
      provider_id: string
      payment?: unknown
    }[]
  }[]
  if (!collection) {
    return null
  }
  const unpaid = (collection.payment_sessions ?? []).filter(
    ({ id, payment }) => id !== session?.id && !payment
  )
  return {
    id: collectionId,
    amount: exactDecimal(collection.amount),
    has_other_payment: (collection.payments ?? []).some(
      (payment) => payment.id !== session?.payment?.id && !payment.canceled_at
    ),
    rival_session_ids: unpaid
      .filter(({ status }) => PROCESSABLE.includes(status))
      .map(({ id }) => id),
    khqr_sessions: unpaid
      .filter(({ provider_id }) => provider_id.startsWith(PROVIDER_PREFIX))
      .map(({ id, amount, currency_code }) => ({
        id,
        amount: exactDecimal(amount),
        currency_code,
      })),
  }
}

async function readCart(
  by: { payment_collection_id: string } | { cart_id: string },
  container: MedusaContainer
): Promise<Situation["cart"]> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const {
    data: [link],
  } = await query.graph({
    entity: "cart_payment_collection",
    fields: ["cart_id", "payment_collection_id"],
    filters: by,
  })
  if (!link) {
    return null
  }
  const [{ data: ofCart }, { data: ofCollection }] = await Promise.all([
    query.graph({
      entity: "order_cart",
      fields: ["order_id"],
      filters: { cart_id: link.cart_id },
    }),
    query.graph({
      entity: "order_payment_collection",
      fields: ["order_id"],
      filters: { payment_collection_id: link.payment_collection_id },
    }),
  ])
  // The two are written side by side: a completion that was interrupted may have come to either.
  const linked = ofCart.length > 0 ? ofCart : ofCollection
  const order = await readOrder(
    linked.map(({ order_id }) => order_id),
    container
  )
  const {
    data: [cart],
  } = await query.graph({
    entity: "cart",
    // What it costs takes long to work out, and says nothing any more beside an order.
    fields: [
      "id",
      "currency_code",
      "completed_at",
      ...(order ? [] : ["total"]),
    ],
    filters: { id: link.cart_id },
  })
  const linkedIds = [...ofCart, ...ofCollection].map(({ order_id }) => order_id)
  const names = (orders: { order_id: string }[]) =>
    orders.some(({ order_id }) => order_id === order?.id)
  const looseEnds: LooseEnd[] = [
    ...(names(ofCart) ? [] : ["cart" as const]),
    ...(names(ofCollection) ? [] : ["collection" as const]),
    ...(cart && !cart.completed_at ? ["completed_at" as const] : []),
  ]
  return {
    id: link.cart_id,
    total: cart && !order ? exactDecimal(cart.total!) : null,
    currency_code: cart?.currency_code ?? null,
    order: order && { ...order, loose_ends: looseEnds },
    undone_order_ids: order ? [] : [...new Set<string>(linkedIds)],
  }
}

/** The order that a person attached the charge to, and how far that has come. */
async function readAttached(
  charge: Charge,
  {
    session,
    collection: around,
  }: { session: StoredSession | null; collection: Situation["collection"] },
  container: MedusaContainer
): Promise<Attached> {
  const order = await readOrderToPay(charge.order_id!, container)
  const collectionId = session?.payment_collection_id
  // Where another payment was made before, this money needs a collection of its own.
  const payer = sessionOf(session)?.payment
  const isTaken =
    (payer != null && payer.charge_id !== charge.id) ||
    around?.has_other_payment === true
  if (
    !collectionId ||
    isTaken ||
    !order?.collection_ids.includes(collectionId)
  ) {
    return { order, collection: null, is_moved: false }
  }
  const cart = await readCart(
    { payment_collection_id: collectionId },
    container
  )
  return {
    order,
    collection: { id: collectionId, cart_id: cart?.id ?? null },
    is_moved: charge.payment_collection_id === collectionId,
  }
}

/** An interrupted completion may leave a link to an order that is no more. */
async function readOrder(
  ids: string[],
  container: MedusaContainer
): Promise<NonNullable<Situation["cart"]>["order"]> {
  if (ids.length === 0) {
    return null
  }
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "order",
      fields: [
        "id",
        "total",
        "transactions.reference",
        "transactions.reference_id",
      ],
      filters: { id: ids },
    })
  const [order] = data as {
    id: string
    total: number
    transactions?: { reference?: string; reference_id?: string }[]
  }[]
  return order
    ? {
        id: order.id,
        total: exactDecimal(order.total),
        capture_ids: (order.transactions ?? [])
          .filter(({ reference }) => reference === "capture")
          .map(({ reference_id }) => reference_id ?? ""),
      }
    : null
}
