import {
  validateAndTransformBody,
  type MiddlewareRoute,
} from "@medusajs/framework/http"

import {
  AdminKhqrConfirmCharge,
  AdminKhqrReceipt,
  AdminKhqrResolveCharge,
} from "./validators"

export const adminKhqrChargeMiddlewares: MiddlewareRoute[] = [
  {
    method: ["POST"],
    matcher: "/admin/khqr/charges/:id/resolve",
    middlewares: [validateAndTransformBody(AdminKhqrResolveCharge)],
  },
  {
    method: ["POST"],
    matcher: "/admin/khqr/charges/:id/confirm",
    middlewares: [validateAndTransformBody(AdminKhqrConfirmCharge)],
  },
  {
    method: ["POST"],
    matcher: "/admin/khqr/charges/:id/receipt",
    middlewares: [validateAndTransformBody(AdminKhqrReceipt)],
  },
]
