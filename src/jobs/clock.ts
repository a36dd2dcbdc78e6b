import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import { KHQR_MODULE } from "../modules/khqr"
import type KhqrModuleService from "../modules/khqr/service"
import {
  bookRefundWorkflow,
  checkChargesWorkflow,
  recordRefundAnswersWorkflow,
  settleChargeWorkflow,
} from "../workflows"

/** One list call; more would hold settlements up. */
const CHECKS_AT_ONCE = 50

/** Carts completed at the same time: more would only wait for the database. */
const SETTLERS = 3

/** A tick that finds more than it can do goes on for at most this long. */
const BUSY_FOR_MS = 20_000

/**
 * The clock: asks about what is due and settles what was found. An idle shop
 * costs one indexed query a tick and asks nothing.
 */
export default async function tick(container: MedusaContainer): Promise<void> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const until = Date.now() + BUSY_FOR_MS
  let due = await khqr.hasDueWork()
  while (Object.values(due).includes(true) && Date.now() < until) {
    if (due.checks) {
      await checkDue(container)
    }
    await Promise.all(
      Array.from({ length: SETTLERS }, () => settleDue(khqr, container, until))
    )
    if (due.refundChecks) {
      await checkRefunds(container)
    }
    if (due.refundBookings) {
      await bookRefunds(khqr, container, until)
    }
    due = await khqr.hasDueWork()
  }
}

/** What goes wrong here holds up no settlement; the charges' lease runs out and they are asked about again. */
async function checkDue(container: MedusaContainer): Promise<void> {
  const { errors } = await checkChargesWorkflow(container).run({
    input: { limit: CHECKS_AT_ONCE },
    throwOnError: false,
  })
  if (errors?.length) {
    container
      .resolve(ContainerRegistrationKeys.LOGGER)
      .error(
        `KHQR: the charges that are due could not be asked about: ${errors[0].error?.message}`
      )
  }
}

/** One at a time: a claim must outlast its work, and completing a cart may wait for a lock. */
async function settleDue(
  khqr: KhqrModuleService,
  container: MedusaContainer,
  until: number
): Promise<void> {
  while (Date.now() < until) {
    const [charge] = await khqr.claimDueSettlements(1)
    if (!charge) {
      return
    }
    const { errors } = await settleChargeWorkflow(container).run({
      input: { charge_id: charge.id },
      throwOnError: false,
    })
    if (errors?.length) {
      // The charge's lease runs out and it is settled again; the others are not held up.
      khqr.giveUp([charge.id])
      container
        .resolve(ContainerRegistrationKeys.LOGGER)
        .error(
          `KHQR charge ${charge.id} could not be settled: ${errors[0].error?.message}`
        )
    }
  }
}

/** The same as `checkDue`, about the KHQRs by which money goes back. */
async function checkRefunds(container: MedusaContainer): Promise<void> {
  const { errors } = await recordRefundAnswersWorkflow(container).run({
    input: { limit: CHECKS_AT_ONCE },
    throwOnError: false,
  })
  if (errors?.length) {
    container
      .resolve(ContainerRegistrationKeys.LOGGER)
      .error(
        `KHQR: the refunds that are due could not be asked about: ${errors[0].error?.message}`
      )
  }
}

/** One at a time: two refunds of one payment would wait for each other. */
async function bookRefunds(
  khqr: KhqrModuleService,
  container: MedusaContainer,
  until: number
): Promise<void> {
  while (Date.now() < until) {
    const [refund] = await khqr.claimRefundBookings(1)
    if (!refund) {
      return
    }
    const { errors } = await bookRefundWorkflow(container).run({
      input: { refund_id: refund.id },
      throwOnError: false,
    })
    if (errors?.length) {
      // The refund's lease runs out and it is booked again; the others are not held up.
      khqr.giveUpRefunds([refund.id])
      container
        .resolve(ContainerRegistrationKeys.LOGGER)
        .error(
          `KHQR refund ${refund.id} could not be booked in Medusa: ${errors[0].error?.message}`
        )
    }
  }
}

export const config = {
  name: "khqr-clock",
  schedule: { interval: 2_000 },
}
