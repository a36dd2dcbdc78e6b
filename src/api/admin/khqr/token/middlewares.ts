import {
  validateAndTransformBody,
  type MiddlewareRoute,
} from "@medusajs/framework/http"

import {
  AdminKhqrPasteToken,
  AdminKhqrRegisterToken,
  AdminKhqrVerifyToken,
} from "./validators"

/** Medusa lets only admins at `/admin`. */
export const adminKhqrTokenMiddlewares: MiddlewareRoute[] = [
  {
    method: ["POST"],
    matcher: "/admin/khqr/token",
    middlewares: [validateAndTransformBody(AdminKhqrPasteToken)],
  },
  {
    method: ["POST"],
    matcher: "/admin/khqr/token/register",
    middlewares: [validateAndTransformBody(AdminKhqrRegisterToken)],
  },
  {
    method: ["POST"],
    matcher: "/admin/khqr/token/verify",
    middlewares: [validateAndTransformBody(AdminKhqrVerifyToken)],
  },
]
