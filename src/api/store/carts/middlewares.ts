import type {
  MedusaNextFunction,
  MedusaRequest,
  MedusaResponse,
  MiddlewareRoute,
} from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"

import { ALREADY_PAID } from "../../../modules/khqr/refusals"
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
    // Completing is what a paid cart is for.
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
    matcher: "/store/payment-collections/:id/payment-sessions",
    middlewares: [refuseWhenPaid("payment_collection_id")],
  },
]
