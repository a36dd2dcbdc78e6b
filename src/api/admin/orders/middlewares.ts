import type {
  MedusaNextFunction,
  MedusaRequest,
  MedusaResponse,
  MiddlewareRoute,
} from "@medusajs/framework/http"
import { MathBN, MedusaError } from "@medusajs/framework/utils"

import { isSentBack, leftToRefund } from "../../../modules/khqr/refund-rules"
import {
  howToRefund,
  inWords,
  REFUND_FIRST,
} from "../../../modules/khqr/refund-texts"
import {
  bookSentRefunds,
  readUnrefunded,
  type Unrefunded,
} from "../../../workflows/book-refunds-of-order"

/**
 * Medusa cancels an order even where its payment cannot be refunded, and books a
 * refund that nobody sent. What went back is booked first, so that it finds nothing
 * left to refund; for the rest the person reads what to do.
 */
async function refuseUnlessRefunded(
  req: MedusaRequest,
  res: MedusaResponse,
  next: MedusaNextFunction
): Promise<void> {
  const { id } = req.params
  let unrefunded = await readUnrefunded(id, req.scope)
  if (unrefunded.length > 0) {
    await bookSentRefunds(unrefunded, req.scope)
    unrefunded = await readUnrefunded(id, req.scope)
  }
  if (unrefunded.length === 0) {
    return next()
  }
  res.status(409).json({
    type: MedusaError.Types.NOT_ALLOWED,
    code: REFUND_FIRST,
    message: unrefunded.map(explain).join(" "),
  })
}

function explain({
  charge,
  refunds,
  amount,
  currency_code,
}: Unrefunded): string {
  if (isSentBack(charge, refunds)) {
    return `The ${inWords(amount, currency_code)} of this order went back, and the order is hearing of it just now: cancel it in a minute.`
  }
  const due = refunds.filter(
    ({ status }) => status === "due" || status === "pending"
  )
  const left = leftToRefund(charge, refunds)
  const underWay = due
    .map(
      (refund) =>
        `A refund of ${inWords(refund.amount, refund.currency_code)} is opened and not on record as sent yet. `
    )
    .join("")
  return `This order is paid by KHQR, and ${inWords(amount, currency_code)} of it has not gone back to the customer: if it were canceled now, its books would show a refund that nobody sent. ${underWay}${MathBN.gt(left, 0) ? `${howToRefund(left, charge)} ` : ""}Then cancel the order.`
}

export const orderMiddlewares: MiddlewareRoute[] = [
  {
    method: ["POST"],
    matcher: "/admin/orders/:id/cancel",
    middlewares: [refuseUnlessRefunded],
  },
]
