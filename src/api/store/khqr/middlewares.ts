import {
  validateAndTransformBody,
  type MedusaNextFunction,
  type MedusaRequest,
  type MedusaResponse,
  type MiddlewareRoute,
} from "@medusajs/framework/http"

import { StoreKhqrRenew } from "./payment-sessions/[id]/renew/validators"
import { StoreKhqrSignal, StoreKhqrReceipt } from "./validators"

/** A charge changes by the second: no cache may answer for it. */
function noStore(
  _req: MedusaRequest,
  res: MedusaResponse,
  next: MedusaNextFunction
): void {
  res.setHeader("Cache-Control", "no-store")
  next()
}

export const storeKhqrMiddlewares: MiddlewareRoute[] = [
  { matcher: "/store/khqr/*", middlewares: [noStore] },
  {
    method: ["POST"],
    matcher: "/store/khqr/payment-sessions/:id/signals",
    middlewares: [validateAndTransformBody(StoreKhqrSignal)],
  },
  {
    method: ["POST"],
    matcher: "/store/khqr/payment-sessions/:id/renew",
    middlewares: [validateAndTransformBody(StoreKhqrRenew)],
  },
  {
    method: ["POST"],
    matcher: "/store/khqr/payment-sessions/:id/receipt",
    middlewares: [validateAndTransformBody(StoreKhqrReceipt)],
  },
]
