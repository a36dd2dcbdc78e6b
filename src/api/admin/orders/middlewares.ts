import type {
  MedusaNextFunction,
  MedusaRequest,
  MedusaResponse,
  MiddlewareRoute,
} from "@medusajs/framework/http"
import { MathBN, MedusaError } from "@medusajs/framework/utils"

import { coverOf, isCovered } from "../../../modules/khqr/refund-rules"
import { isBeingBooked } from "../../../modules/khqr/refund-state"
import {
  howToGoOn,
  inWords,
  REFUND_FIRST,
} from "../../../modules/khqr/refund-texts"
import {
  bookSentRefunds,
  readUnrefunded,
  type Unrefunded,
} from "../../../workflows/refunds-in-medusa/refunds-of-order"

/**
 * Medusa cancels an order even where its payment cannot be refunded, and books a
 * refund that nobody sent. What went back is booked first, so that it finds nothing
 * left to refund but what never came; for the rest the person reads what to do.
 */
async function refuseUnlessRefunded(
  req: MedusaRequest,
  res: MedusaResponse,
  next: MedusaNextFunction
): Promise<void> {
  const { id } = req.params
  let unrefunded = await readUnrefunded(id, req.scope)
  if (unrefunded.length > 0) {
    for (const { charge } of unrefunded) {
      await bookSentRefunds(charge.id, req.scope)
    }
    unrefunded = await readUnrefunded(id, req.scope)
  }
  const faults = unrefunded.map(explain).filter((fault) => fault !== null)
  if (faults.length === 0) {
    return next()
  }
  res.status(409).json({
    type: MedusaError.Types.NOT_ALLOWED,
    code: REFUND_FIRST,
    message: faults.join(" "),
  })
}

/** Why the order is not to be canceled yet, or `null` when all that is left may be booked. */
function explain({ charge, refunds, captured }: Unrefunded): string | null {
  const { amount, currency_code } = captured
  const cover = coverOf(charge, refunds, captured)
  if (isCovered(amount, cover, currency_code)) {
    return refunds.some(isBeingBooked)
      ? `The ${inWords(amount, currency_code)} of this order went back, and the order is hearing of it just now: cancel it in a minute.`
      : null
  }
  const owed = MathBN.sub(amount, cover).toFixed()
  const underWay = refunds
    .filter(({ status }) => status === "due" || status === "pending")
    .map(
      (refund) =>
        `A refund of ${inWords(refund.amount, refund.currency_code)} is opened and not on record as sent yet.`
    )
  return [
    `This order is paid by KHQR, and ${inWords(owed, currency_code)} of it has not gone back to the customer: if it were canceled now, its books would show a refund that nobody sent.`,
    ...underWay,
    howToGoOn(charge, refunds, { amount: owed, currency_code }),
    "Then cancel the order.",
  ]
    .filter(Boolean)
    .join(" ")
}

export const orderMiddlewares: MiddlewareRoute[] = [
  {
    method: ["POST"],
    matcher: "/admin/orders/:id/cancel",
    middlewares: [refuseUnlessRefunded],
  },
]
