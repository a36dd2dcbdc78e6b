import type {
  IPaymentModuleService,
  MedusaContainer,
  PaymentSessionDTO,
} from "@medusajs/framework/types"
import {
  MedusaError,
  Modules,
  PaymentActions,
  PaymentSessionStatus,
} from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"
import {
  completeCartWorkflow,
  processPaymentWorkflow,
} from "@medusajs/medusa/core-flows"

import type { ChargeStatus, SettlementEvent } from "../../modules/khqr/state"
import { decideFor, type SettlementDecision } from "./decide-settlement"

export type CarriedOut = { charge_id: string; event: SettlementEvent }

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

async function settle(
  decision: SettlementDecision,
  container: MedusaContainer
): Promise<SettlementEvent> {
  const { settlement, status: decidedFor } = decision
  if (settlement.action === "done") {
    return { type: "settled", decidedFor, orderId: settlement.orderId }
  }
  if (settlement.action === "review") {
    const { reason, message } = settlement
    return { type: "settle_refused", decidedFor, reason, message }
  }

  const fault = await carryOut(decision, container)
  const after = await decideFor(decision.charge_id, container)
  if (isDone(after, decidedFor)) {
    return { type: "settled", decidedFor, orderId: orderIdOf(after) }
  }
  if (settlement.action === "cancel_session" && !fault) {
    return { type: "settled", decidedFor, orderId: null }
  }
  return {
    type: "settle_failed",
    decidedFor,
    lasting: LASTING.includes((fault as MedusaError | null)?.type ?? ""),
    message: fault?.message ?? "Medusa has no payment for this charge yet",
  }
}

function isDone(after: SettlementDecision, decidedFor: ChargeStatus): boolean {
  return after.status === decidedFor && after.settlement.action === "done"
}

function orderIdOf({ settlement }: SettlementDecision): string | null {
  return settlement.action === "done" ? settlement.orderId : null
}

/** Returns the fault instead of throwing it: the ledger decides what follows from it. */
async function carryOut(
  decision: SettlementDecision,
  container: MedusaContainer
): Promise<Error | null> {
  const { settlement } = decision
  const payment = container.resolve(Modules.PAYMENT)
  try {
    const session = await payment.retrievePaymentSession(
      decision.payment_session_id
    )
    if (settlement.action === "cancel_session") {
      await setStatus(session, PaymentSessionStatus.CANCELED, payment)
      return null
    }
    if ("healCollection" in settlement && settlement.healCollection) {
      // A vetoed deletion leaves the cart's new total on the collection; the payment is the session's.
      await payment.updatePaymentCollections(decision.payment_collection_id!, {
        amount: session.amount,
      })
    }
    if ("reopenSession" in settlement && settlement.reopenSession) {
      // Medusa refuses to complete a cart whose session is canceled, even when its KHQR was paid after all.
      await setStatus(session, PaymentSessionStatus.PENDING, payment)
    }
    const { errors } =
      settlement.action === "complete_cart"
        ? await completeCartWorkflow(container).run({
            input: { id: settlement.cartId },
            throwOnError: false,
          })
        : // `captured` and a session that was just read: other actions can complete an unrelated cart.
          await processPaymentWorkflow(container).run({
            input: {
              action: PaymentActions.SUCCESSFUL,
              data: { session_id: session.id, amount: session.amount },
            },
            throwOnError: false,
          })
    return errors?.[0]?.error ?? null
  } catch (error) {
    return error as Error
  }
}

async function setStatus(
  session: PaymentSessionDTO,
  status: PaymentSessionStatus,
  payment: IPaymentModuleService
): Promise<void> {
  await payment.updatePaymentSession({
    id: session.id,
    amount: session.amount,
    currency_code: session.currency_code,
    data: session.data ?? {},
    status,
  })
}
