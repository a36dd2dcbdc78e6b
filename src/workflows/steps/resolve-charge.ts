import type { MedusaContainer } from "@medusajs/framework/types"
import {
  ContainerRegistrationKeys,
  MedusaError,
} from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type { Decision } from "../../modules/khqr/desk"
import { attachFault, totalFault } from "../../modules/khqr/desk-decisions"
import { NOT_POSSIBLE } from "../../modules/khqr/refusals"
import type KhqrModuleService from "../../modules/khqr/service"
import type {
  Actor,
  Charge,
  ChargeAnnouncement,
} from "../../modules/khqr/types"
import { readCartTotal } from "./decide-settlement"
import { readOrderToPay } from "./read-order-to-pay"

export type ResolveInput = {
  charge_id: string
  decision: Decision
  actor: Actor
}

/** @throws MedusaError NOT_ALLOWED when this is not possible, or the order does not want this money, with the amounts */
export const checkDecisionStep = createStep(
  "khqr-check-decision",
  async ({ charge_id, decision }: ResolveInput, { container }) => {
    const { resolution, order_id } = decision
    const charge = await container
      .resolve<KhqrModuleService>(KHQR_MODULE)
      .requireDecision(charge_id, resolution)
    if (resolution === "attach") {
      await requireOrderFor(charge, order_id!, container)
    }
    return new StepResponse()
  }
)

async function requireOrderFor(
  charge: Charge,
  orderId: string,
  container: MedusaContainer
): Promise<void> {
  const order = await readOrderToPay(orderId, container)
  if (!order) {
    throw new MedusaError(
      MedusaError.Types.NOT_FOUND,
      `There is no order with the id ${orderId}.`
    )
  }
  const fault =
    attachFault(charge, order) ?? (await bookedFault(charge, container))
  if (fault) {
    throw new MedusaError(MedusaError.Types.NOT_ALLOWED, fault, NOT_POSSIBLE)
  }
}

/** Money that Medusa has booked once is not booked on another order as well. */
async function bookedFault(
  charge: Charge,
  container: MedusaContainer
): Promise<string | null> {
  const { data } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "payment_session",
      fields: ["payment.id", "payment.data"],
      filters: { id: charge.payment_session_id },
    })
  const payment = data[0]?.payment
  return payment && payment.data?.charge_id === charge.id
    ? `This money is booked already, as payment ${payment.id}: settle it, or send it back.`
    : null
}

/** Writes the decision down. */
export const resolveChargeStep = createStep(
  "khqr-resolve-charge",
  async ({ charge_id, decision, actor }: ResolveInput, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const total =
      decision.resolution === "settle"
        ? await readCartTotal(charge_id, container)
        : null
    const fault = totalFault(decision.expected_total, total)
    if (fault) {
      throw new MedusaError(MedusaError.Types.NOT_ALLOWED, fault, NOT_POSSIBLE)
    }
    return new StepResponse<ChargeAnnouncement[], string>(
      await khqr.decideReview(charge_id, decision, actor, total),
      charge_id
    )
  },
  // The decision stands; the clock carries it out.
  async (charge_id: string | undefined, { container }) => {
    if (charge_id) {
      container.resolve<KhqrModuleService>(KHQR_MODULE).giveUp([charge_id])
    }
  }
)
