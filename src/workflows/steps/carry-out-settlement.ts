import type { MedusaContainer } from "@medusajs/framework/types"
import {
  ContainerRegistrationKeys,
  MathBN,
  MedusaError,
  Modules,
  OrderWorkflowEvents,
  PaymentActions,
  PaymentCollectionStatus,
  PaymentSessionStatus,
} from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"
import {
  completeCartWorkflow,
  processPaymentWorkflow,
} from "@medusajs/medusa/core-flows"

import { KHQR_MODULE } from "../../modules/khqr"
import { sameMoney } from "../../modules/khqr/medusa-amount"
import type KhqrModuleService from "../../modules/khqr/service"
import type { SettlementEvent } from "../../modules/khqr/state"
import type { Settlement } from "../settlement"
import { openCollectionFor } from "./open-collection"
import {
  decideFor,
  PROVIDER_PREFIX,
  type SettlementDecision,
} from "./decide-settlement"

export type CarriedOut = { charge_id: string; event: SettlementEvent }

/** As long as Medusa's own workflows wait for it. */
const LOCK_TIMEOUT_S = 30

/** Medusa's errors that speak of the cart itself: trying again alone will hardly help. */
const LASTING: string[] = [
  MedusaError.Types.INVALID_DATA,
  MedusaError.Types.NOT_ALLOWED,
  MedusaError.Types.NOT_FOUND,
  MedusaError.Types.PAYMENT_REQUIRES_MORE_ERROR,
  MedusaError.Types.PAYMENT_AUTHORIZATION_ERROR,
  "insufficient_inventory",
]

/** Does what was decided, and believes what Medusa then has rather than what a workflow returned. */
export const carryOutSettlementStep = createStep(
  "khqr-carry-out-settlement",
  async (decision: SettlementDecision, { container }) => {
    const event = await settle(decision, container)
    return new StepResponse<CarriedOut>({
      charge_id: decision.charge_id,
      event,
    })
  }
)

/** Each action at most once: the cart completed, what an interruption left repaired, and no more. */
async function settle(
  first: SettlementDecision,
  container: MedusaContainer
): Promise<SettlementEvent> {
  const decidedFor = first.status
  const tried = new Set<Settlement["action"]>()
  let decision = await afterOthers(first, container)
  let fault: Error | null = null
  const interrupted = decision.half_completed
  while (!tried.has(decision.settlement.action)) {
    const { settlement } = decision
    if (settlement.action === "done") {
      if (interrupted) {
        await announceOrder(interrupted.orderId, container)
      }
      return { type: "settled", decidedFor, orderId: settlement.orderId }
    }
    if (settlement.action === "review") {
      const { reason, message } = settlement
      return { type: "settle_refused", decidedFor, reason, message }
    }
    tried.add(settlement.action)
    fault = await carryOut(decision, container)
    if (settlement.action === "cancel_session" && !fault) {
      return { type: "settled", decidedFor, orderId: null }
    }
    decision = await decideFor(decision.charge_id, container)
  }
  return {
    type: "settle_failed",
    decidedFor,
    lasting: LASTING.includes((fault as MedusaError | null)?.type ?? ""),
    message: fault?.message ?? "Medusa has no payment for this charge yet",
  }
}

/**
 * A completion that is half done may be somebody's who is at it: they hold Medusa's
 * lock on the cart. What is half done once the lock is free was interrupted.
 */
async function afterOthers(
  decision: SettlementDecision,
  container: MedusaContainer
): Promise<SettlementDecision> {
  if (!decision.half_completed) {
    return decision
  }
  const { cartId } = decision.half_completed
  return container
    .resolve(Modules.LOCKING)
    .execute(cartId, () => decideFor(decision.charge_id, container), {
      timeout: LOCK_TIMEOUT_S,
    })
}

/** Medusa keeps this back until a completion is done, and what is kept back dies with the process. */
async function announceOrder(
  orderId: string,
  container: MedusaContainer
): Promise<void> {
  await container.resolve(Modules.EVENT_BUS).emit({
    name: OrderWorkflowEvents.PLACED,
    data: { id: orderId },
  })
}

/** Returns the fault instead of throwing it: the ledger decides what follows from it. */
async function carryOut(
  decision: SettlementDecision,
  container: MedusaContainer
): Promise<Error | null> {
  const { settlement } = decision
  try {
    switch (settlement.action) {
      case "adopt":
        await adopt(decision.charge_id, settlement, container)
        return null
      case "attach":
        await attach(decision.charge_id, settlement, container)
        return null
      case "cancel_session":
        await setStatus(
          decision.payment_session_id,
          PaymentSessionStatus.CANCELED,
          container
        )
        return null
      case "complete_cart":
        return await completeCart(decision, settlement, container)
      case "book_payment":
        return await bookPayment(decision, settlement, container)
      case "tie_up":
        await tieUp(settlement, container)
        return null
      case "repair":
        await repair(decision, settlement, container)
        return null
      default:
        return null
    }
  } catch (error) {
    return error as Error
  }
}

async function completeCart(
  decision: SettlementDecision,
  settlement: Extract<Settlement, { action: "complete_cart" }>,
  container: MedusaContainer
): Promise<Error | null> {
  const payment = container.resolve(Modules.PAYMENT)
  if (
    (await anotherIsBooked(decision, container)) ||
    (await anotherGoesFirst(decision, settlement.rivalSessionIds, container))
  ) {
    return new Error("Another paid KHQR of this cart is settled first")
  }
  if (settlement.healCollection) {
    // A vetoed deletion leaves the cart's new total on the collection; the payment is the session's.
    await payment.updatePaymentCollections(decision.payment_collection_id!, {
      amount: decision.session!.amount,
    })
  }
  for (const orderId of settlement.undoneOrderIds) {
    await unlinkUndone(orderId, settlement.cartId, decision, container)
  }
  // Medusa authorizes the first session it finds, whichever was paid: ours is to be the only one.
  for (const id of settlement.rivalSessionIds) {
    await dismiss(id, container)
  }
  // A cart is not completed while its session is canceled, even when its KHQR was paid after all.
  await makeReady(decision, settlement, container)
  const { errors } = await completeCartWorkflow(container).run({
    input: { id: settlement.cartId },
    throwOnError: false,
  })
  return errors?.[0]?.error ?? null
}

/** A completion whose connections were cut took its order back and not the links to it. */
async function unlinkUndone(
  orderId: string,
  cartId: string,
  { payment_collection_id }: SettlementDecision,
  container: MedusaContainer
): Promise<void> {
  const link = container.resolve(ContainerRegistrationKeys.LINK)
  const order = { [Modules.ORDER]: { order_id: orderId } }
  await link.dismiss([
    { ...order, [Modules.CART]: { cart_id: cartId } },
    { ...order, [Modules.PAYMENT]: { payment_collection_id } },
  ])
}

async function bookPayment(
  decision: SettlementDecision,
  settlement: Extract<Settlement, { action: "book_payment" }>,
  container: MedusaContainer
): Promise<Error | null> {
  if (
    (await anotherIsBooked(decision, container)) ||
    (await anotherGoesFirst(decision, settlement.rivalSessionIds, container))
  ) {
    return new Error("Another paid KHQR of this payment is settled first")
  }
  await makeReady(decision, settlement, container)
  // `captured` and a session that was just read: other actions can complete an unrelated cart.
  const { errors } = await processPaymentWorkflow(container).run({
    input: {
      action: PaymentActions.SUCCESSFUL,
      data: {
        session_id: decision.payment_session_id,
        amount: settlement.bookAmount ?? decision.session!.amount,
      },
    },
    throwOnError: false,
  })
  return errors?.[0]?.error ?? null
}

/** Of two paid KHQRs of one session Medusa's payment is for one: no other is to say what is booked. */
async function anotherIsBooked(
  { charge_id, payment_session_id, session }: SettlementDecision,
  container: MedusaContainer
): Promise<boolean> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const bookable = session?.payment
    ? undefined
    : await khqr.findBookable(payment_session_id)
  return bookable !== undefined && bookable.id !== charge_id
}

/** As the completion would have; what is there already stays as it is. */
async function tieUp(
  {
    cartId,
    collectionId,
    orderId,
    looseEnds,
  }: Extract<Settlement, { action: "tie_up" }>,
  container: MedusaContainer
): Promise<void> {
  const link = container.resolve(ContainerRegistrationKeys.LINK)
  const order = { [Modules.ORDER]: { order_id: orderId } }
  if (looseEnds.includes("cart")) {
    await link.create({ ...order, [Modules.CART]: { cart_id: cartId } })
  }
  if (looseEnds.includes("collection")) {
    await link.create({
      ...order,
      [Modules.PAYMENT]: { payment_collection_id: collectionId },
    })
  }
  if (looseEnds.includes("completed_at")) {
    await container
      .resolve(Modules.CART)
      .updateCarts(cartId, { completed_at: new Date() } as never)
  }
}

/** Two paid sessions must neither dismiss each other nor both be booked: the older one goes first. */
async function anotherGoesFirst(
  { payment_session_id }: SettlementDecision,
  rivalSessionIds: string[],
  container: MedusaContainer
): Promise<boolean> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  for (const id of rivalSessionIds.filter((id) => id < payment_session_id)) {
    if (await khqr.findBookable(id)) {
      return true
    }
  }
  return false
}

/** A session whose own KHQR is paid cannot be deleted; canceled, it is passed over, and its charge settled by itself. */
async function dismiss(
  sessionId: string,
  container: MedusaContainer
): Promise<void> {
  try {
    await container.resolve(Modules.PAYMENT).deletePaymentSession(sessionId)
  } catch {
    await setStatus(sessionId, PaymentSessionStatus.CANCELED, container)
  }
}

async function repair(
  decision: SettlementDecision,
  settlement: Extract<Settlement, { action: "repair" }>,
  container: MedusaContainer
): Promise<void> {
  const session = await container
    .resolve(Modules.PAYMENT)
    .retrievePaymentSession(decision.payment_session_id, {
      relations: ["payment", "payment.captures"],
    })
  const captures = session.payment?.captures ?? []
  if (settlement.healCollection) {
    const captured = MathBN.sum(...captures.map(({ amount }) => amount))
    await container
      .resolve(Modules.PAYMENT)
      .updatePaymentCollections(decision.payment_collection_id!, {
        amount: session.amount,
        // Only its own writes make the payment module count again.
        ...(MathBN.gte(captured, session.amount)
          ? { status: PaymentCollectionStatus.COMPLETED }
          : {}),
      })
  }
  const unknown = captures.filter(({ id }) =>
    settlement.unknownCaptureIds.includes(id)
  )
  if (unknown.length > 0) {
    await container.resolve(Modules.ORDER).addOrderTransactions(
      unknown.map(({ id, amount }) => ({
        order_id: settlement.orderId,
        amount,
        currency_code: session.currency_code,
        reference: "capture",
        reference_id: id,
      }))
    )
  }
}

/** The charge goes to a session of its cart's, an open one or one that is opened for it. */
async function adopt(
  chargeId: string,
  settlement: Extract<Settlement, { action: "adopt" }>,
  container: MedusaContainer
): Promise<void> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const { cartId, collectionId, amount, currencyCode } = settlement
  const sessionId =
    settlement.sessionId ??
    (await openSessionFor(
      chargeId,
      { collectionId, amount, currencyCode },
      container
    ))
  await khqr.moveCharge(chargeId, {
    payment_session_id: sessionId,
    payment_collection_id: collectionId,
    cart_id: cartId,
    session_amount: amount,
  })
}

/** The charge goes to a session of the order's; where an attempt before has opened it, to that one. */
async function attach(
  chargeId: string,
  settlement: Extract<Settlement, { action: "attach" }>,
  container: MedusaContainer
): Promise<void> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const { orderId, amount, currencyCode } = settlement
  const collection =
    settlement.collection ??
    (await openCollectionFor(orderId, { amount, currencyCode }, container))
  const sessionId = settlement.collection
    ? (await khqr.retrieveKhqrCharge(chargeId)).payment_session_id
    : await openSessionFor(
        chargeId,
        { collectionId: collection.id, amount, currencyCode },
        container
      )
  await khqr.moveCharge(chargeId, {
    payment_session_id: sessionId,
    payment_collection_id: collection.id,
    cart_id: collection.cart_id,
    session_amount: amount,
  })
}

/**
 * A payment session that shows no KHQR of its own: it is for a charge that is paid.
 * @returns its id
 */
export async function openSessionFor(
  chargeId: string,
  to: { collectionId: string; amount: string; currencyCode: string },
  container: MedusaContainer
): Promise<string> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const payment = container.resolve(Modules.PAYMENT)
  const providers = await payment.listPaymentProviders({ is_enabled: true })
  const provider = providers.find(({ id }) => id.startsWith(PROVIDER_PREFIX))
  if (!provider) {
    throw new MedusaError(
      MedusaError.Types.NOT_FOUND,
      "KHQR is no enabled payment provider of this shop"
    )
  }
  const session = await payment.createPaymentSession(to.collectionId, {
    provider_id: provider.id,
    amount: to.amount as unknown as number,
    currency_code: to.currencyCode,
    data: { adopt: await khqr.prepareAdoption(chargeId) },
  })
  return session.id
}

/** Pending, and for what is to be booked; only then may the provider let Medusa book it. */
async function makeReady(
  {
    charge_id,
    payment_session_id,
    session,
    session_amount,
  }: SettlementDecision,
  {
    reopenSession,
    bookAmount,
  }: { reopenSession: boolean; bookAmount: string | null },
  container: MedusaContainer
): Promise<void> {
  const asks = bookAmount ?? session!.amount
  if (reopenSession || bookAmount !== null) {
    await setStatus(
      payment_session_id,
      PaymentSessionStatus.PENDING,
      container,
      asks
    )
  }
  if (!sameMoney(asks, session_amount)) {
    await container
      .resolve<KhqrModuleService>(KHQR_MODULE)
      .noteSessionAmount(charge_id, asks)
  }
}

/** @param amount what it is to ask for, an exact decimal; default as it does */
async function setStatus(
  sessionId: string,
  status: PaymentSessionStatus,
  container: MedusaContainer,
  amount?: string
): Promise<void> {
  const payment = container.resolve(Modules.PAYMENT)
  const session = await payment.retrievePaymentSession(sessionId)
  await payment.updatePaymentSession({
    id: session.id,
    amount: (amount ?? session.amount) as number,
    currency_code: session.currency_code,
    data: session.data ?? {},
    status,
  })
}
