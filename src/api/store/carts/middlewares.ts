import type {
  MedusaNextFunction,
  MedusaRequest,
  MedusaResponse,
  MiddlewareRoute,
} from "@medusajs/framework/http"
import {
  ContainerRegistrationKeys,
  MedusaError,
} from "@medusajs/framework/utils"

import { exactDecimal, sameMoney } from "../../../modules/khqr/medusa-amount"
import { ALREADY_PAID } from "../../../modules/khqr/refusals"
import { isAccepted, isSettleable } from "../../../modules/khqr/state"
import type { Charge } from "../../../modules/khqr/types"
import { resolveKhqr } from "../khqr/helpers"

/**
 * Medusa deletes the sessions of a cart that changes, and the provider refuses to
 * let go of one that is paid: the shopper would read a 500. Here they read why.
 */
function refuseWhenPaid(column: "cart_id" | "payment_collection_id") {
  return async (
    req: MedusaRequest,
    res: MedusaResponse,
    next: MedusaNextFunction
  ): Promise<void> => {
    // Completing is what a paid cart is for; see `refuseOtherTotal`.
    if (req.path.endsWith("/complete")) {
      return next()
    }
    const paid = await resolveKhqr(req).findUnsettled(column, req.params.id)
    if (!paid) {
      return next()
    }
    res.status(409).json({
      type: MedusaError.Types.NOT_ALLOWED,
      code: ALREADY_PAID,
      message: explain(paid),
    })
  }
}

function explain({ review_reason, reference }: Charge): string {
  return review_reason === null
    ? "This cart is paid by KHQR and its order is being made, so it cannot be changed any more. Do not pay again."
    : `We have your payment for this cart and are looking at it, so it cannot be changed. Do not pay again; the shop will contact you. Reference ${reference}.`
}

/**
 * Medusa compares no amounts. Where new taxes were written on the cart, its order
 * would be paid in part, and nobody told; the settlement calls a person instead.
 */
async function refuseOtherTotal(
  req: MedusaRequest,
  res: MedusaResponse,
  next: MedusaNextFunction
): Promise<void> {
  const { id } = req.params
  const paid = await resolveKhqr(req).findUnsettled("cart_id", id)
  if (!paid || !isSettleable(paid) || isAccepted(paid)) {
    return next()
  }
  const {
    data: [cart],
  } = await req.scope.resolve(ContainerRegistrationKeys.QUERY).graph({
    entity: "cart",
    fields: ["total", "currency_code"],
    filters: { id },
  })
  if (
    !cart ||
    (cart.currency_code === paid.currency_code &&
      sameMoney(exactDecimal(cart.total!), paid.amount))
  ) {
    return next()
  }
  res.status(409).json({
    type: MedusaError.Types.NOT_ALLOWED,
    code: ALREADY_PAID,
    message: `We have your payment for this cart, and the cart costs something else now, so we are looking at it. Do not pay again; the shop will contact you. Reference ${paid.reference}.`,
  })
}

export const paidCartMiddlewares: MiddlewareRoute[] = [
  {
    method: ["POST", "DELETE"],
    matcher: "/store/carts/:id",
    middlewares: [refuseWhenPaid("cart_id")],
  },
  {
    method: ["POST", "DELETE"],
    matcher: "/store/carts/:id/*",
    middlewares: [refuseWhenPaid("cart_id")],
  },
  {
    method: ["POST"],
    matcher: "/store/carts/:id/complete",
    middlewares: [refuseOtherTotal],
  },
  {
    method: ["POST"],
    matcher: "/store/payment-collections/:id/payment-sessions",
    middlewares: [refuseWhenPaid("payment_collection_id")],
  },
]
