import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import { exactDecimal, sameMoney } from "../../modules/khqr/medusa-amount"
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
  session: Situation["session"]
  /** What the session asks for as far as the ledger knows, an exact decimal. */
  session_amount: string
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
  const { session, collection, cart } = await readMedusa(charge, container)
  const attached =
    charge.resolution === "attach" && charge.order_id !== null
      ? await readAttached(charge, { session, collection, cart }, container)
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
      (session && collection?.id) ?? charge.payment_collection_id,
    session: situation.session,
    session_amount: charge.session_amount ?? charge.amount,
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
  const { cart } = await readMedusa(charge, container)
  return cart?.total ?? null
}

type Found = Pick<Situation, "collection" | "cart"> & {
  session: StoredSession | null
}

/** What Medusa has for a charge. */
async function readMedusa(
  { payment_session_id, payment_collection_id, cart_id }: Charge,
  container: MedusaContainer
): Promise<Found> {
  const isOurs = ({ id }: StoredSession) => id === payment_session_id
  const known = await readCollection(payment_collection_id, container)
  const collection = known?.payment_sessions.some(isOurs)
    ? known
    : await readCollection(
        await findCollection(payment_session_id, cart_id, container),
        container
      )
  if (!collection) {
    return { session: null, collection: null, cart: null }
  }
  const session = collection.payment_sessions.find(isOurs) ?? null
  const isAskedForAll =
    session !== null &&
    sameMoney(exactDecimal(collection.amount), exactDecimal(session.amount))
  return {
    session,
    collection: aroundSession(collection, session),
    cart: await readCart(collection.id, container, {
      orderTotal: !isAskedForAll,
    }),
  }
}

/** The session's, or the cart's when the session is gone. */
async function findCollection(
  sessionId: string,
  cartId: string | null,
  container: MedusaContainer
): Promise<string | null> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const {
    data: [session],
  } = await query.graph({
    entity: "payment_session",
    fields: ["payment_collection_id"],
    filters: { id: sessionId },
  })
  if (session || cartId === null) {
    return session?.payment_collection_id ?? null
  }
  const {
    data: [link],
  } = await query.graph({
    entity: "cart_payment_collection",
    fields: ["payment_collection_id"],
    filters: { cart_id: cartId },
  })
  return link?.payment_collection_id ?? null
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
  provider_id: string
  payment?: {
    id: string
    data?: Record<string, unknown>
    captures?: { id: string }[]
  } | null
}

type StoredCollection = {
  id: string
  amount: number
  payments: { id: string; canceled_at?: unknown }[]
  payment_sessions: StoredSession[]
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

async function readCollection(
  id: string | null,
  container: MedusaContainer
): Promise<StoredCollection | null> {
  if (id === null) {
    return null
  }
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "payment_collection",
      fields: [
        "id",
        "amount",
        "payments.id",
        "payments.canceled_at",
        "payment_sessions.id",
        "payment_sessions.status",
        "payment_sessions.amount",
        "payment_sessions.currency_code",
        "payment_sessions.provider_id",
        "payment_sessions.payment.id",
        "payment_sessions.payment.data",
        "payment_sessions.payment.captures.id",
      ],
      filters: { id },
    })
  const [collection] = data as (Partial<StoredCollection> | undefined)[]
  return collection
    ? ({
        payments: [],
        payment_sessions: [],
        ...collection,
      } as StoredCollection)
    : null
}

function aroundSession(
  { id, amount, payments, payment_sessions }: StoredCollection,
  session: StoredSession | null
): Situation["collection"] {
  const unpaid = payment_sessions.filter(
    ({ id, payment }) => id !== session?.id && !payment
  )
  return {
    id,
    amount: exactDecimal(amount),
    has_other_payment: payments.some(
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

/** @param orderTotal whether what an order costs is to be told */
async function readCart(
  collectionId: string,
  container: MedusaContainer,
  { orderTotal }: { orderTotal: boolean }
): Promise<Situation["cart"]> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const {
    data: [link],
  } = await query.graph({
    entity: "cart_payment_collection",
    fields: ["cart_id"],
    filters: { payment_collection_id: collectionId },
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
      filters: { payment_collection_id: collectionId },
    }),
  ])
  // The two are written side by side: a completion that was interrupted may have come to either.
  const linked = ofCart.length > 0 ? ofCart : ofCollection
  const order = await readOrder(
    linked.map(({ order_id }) => order_id),
    container,
    { total: orderTotal }
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
  { session, collection, cart }: Found,
  container: MedusaContainer
): Promise<Attached> {
  const order = await readOrderToPay(charge.order_id!, container)
  // Where another payment was made before, this money needs a collection of its own.
  const payer = sessionOf(session)?.payment
  const isTaken =
    (payer != null && payer.charge_id !== charge.id) ||
    collection?.has_other_payment === true
  if (
    !session ||
    !collection ||
    isTaken ||
    !order?.collection_ids.includes(collection.id)
  ) {
    return { order, collection: null, is_moved: false }
  }
  return {
    order,
    collection: { id: collection.id, cart_id: cart?.id ?? null },
    is_moved: charge.payment_collection_id === collection.id,
  }
}

/** An interrupted completion may leave a link to an order that is no more. */
async function readOrder(
  ids: string[],
  container: MedusaContainer,
  wanted: { total: boolean }
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
        // Worked out from all that the order has.
        ...(wanted.total ? ["total"] : []),
        "transactions.reference",
        "transactions.reference_id",
      ],
      filters: { id: ids },
    })
  const [order] = data as {
    id: string
    total?: number
    transactions?: { reference?: string; reference_id?: string }[]
  }[]
  return order
    ? {
        id: order.id,
        total: wanted.total ? exactDecimal(order.total!) : null,
        capture_ids: (order.transactions ?? [])
          .filter(({ reference }) => reference === "capture")
          .map(({ reference_id }) => reference_id ?? ""),
      }
    : null
}
