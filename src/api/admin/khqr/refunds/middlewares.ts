import {
  validateAndTransformBody,
  type MiddlewareRoute,
} from "@medusajs/framework/http"

import {
  AdminKhqrCancelRefund,
  AdminKhqrOpenRefund,
  AdminKhqrResolveRefund,
  AdminKhqrSentRefund,
} from "./validators"

/** Medusa lets only admins at `/admin`. */
export const adminKhqrRefundMiddlewares: MiddlewareRoute[] = [
  {
    method: ["POST"],
    matcher: "/admin/khqr/charges/:id/refunds",
    middlewares: [validateAndTransformBody(AdminKhqrOpenRefund)],
  },
  {
    method: ["POST"],
    matcher: "/admin/khqr/refunds/:id/sent",
    middlewares: [validateAndTransformBody(AdminKhqrSentRefund)],
  },
  {
    method: ["POST"],
    matcher: "/admin/khqr/refunds/:id/cancel",
    middlewares: [validateAndTransformBody(AdminKhqrCancelRefund)],
  },
  {
    method: ["POST"],
    matcher: "/admin/khqr/refunds/:id/resolve",
    middlewares: [validateAndTransformBody(AdminKhqrResolveRefund)],
  },
]
