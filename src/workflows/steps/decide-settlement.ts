import type { MedusaContainer } from "@medusajs/framework/types"
import { BigNumber, ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { ChargeStatus } from "../../modules/khqr/state"
import type { Charge } from "../../modules/khqr/types"
import {
  decideSettlement,
  type Settlement,
  type Situation,
} from "../settlement"

export type SettlementDecision = {
  charge_id: string
  /** What the charge was when this was decided. */
  status: ChargeStatus
  payment_session_id: string
  payment_collection_id: string | null
  settlement: Settlement
}

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
  const { situation, collectionId } = await readSituation(
    charge,
    khqr.options.latePayments,
    container
  )
  return {
    charge_id: charge.id,
    status: charge.status,
    payment_session_id: charge.payment_session_id,
    payment_collection_id: collectionId,
    settlement: decideSettlement(situation),
  }
}

async function readSituation(
  charge: Charge,
  latePayments: "honour" | "review",
  container: MedusaContainer
): Promise<{ situation: Situation; collectionId: string | null }> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const {
    data: [session],
  } = await query.graph({
    entity: "payment_session",
    fields: [
      "id",
      "status",
      "amount",
      "currency_code",
      "payment_collection_id",
      "payment.id",
      "payment_collection.amount",
      "payment_collection.payments.id",
      "payment_collection.payments.canceled_at",
    ],
    filters: { id: charge.payment_session_id },
  })
  if (!session) {
    return {
      situation: {
        charge,
        latePayments,
        session: null,
        collection: null,
        cart: null,
      },
      collectionId: charge.payment_collection_id,
    }
  }
  const collectionId = session.payment_collection_id
  const payments: { id: string; canceled_at?: unknown }[] =
    session.payment_collection?.payments ?? []
  const otherPayments = payments.filter(
    (payment) => payment.id !== session.payment?.id && !payment.canceled_at
  )
  return {
    situation: {
      charge,
      latePayments,
      session: {
        status: session.status,
        amount: decimal(session.amount),
        currency_code: session.currency_code,
        payment_id: session.payment?.id ?? null,
      },
      collection: {
        amount: decimal(session.payment_collection?.amount),
        has_other_payment: otherPayments.length > 0,
      },
      cart: await readCart(collectionId, container),
    },
    collectionId,
  }
}

async function readCart(
  collectionId: string,
  container: MedusaContainer
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
  const [{ data: carts }, { data: orders }] = await Promise.all([
    query.graph({
      entity: "cart",
      // The tax lines and adjustments are what `total` is computed from.
      fields: ["id", "currency_code", "total"],
      filters: { id: link.cart_id },
    }),
    query.graph({
      entity: "order_cart",
      fields: ["order_id"],
      filters: { cart_id: link.cart_id },
    }),
  ])
  const [cart] = carts
  return {
    id: link.cart_id,
    total: cart ? decimal(cart.total) : null,
    currency_code: cart?.currency_code ?? null,
    order_id: orders[0]?.order_id ?? null,
  }
}

function decimal(amount: unknown): string {
  return new BigNumber(amount as number).bigNumber!.toFixed()
}
