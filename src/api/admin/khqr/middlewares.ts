import {
  validateAndTransformBody,
  type MiddlewareRoute,
} from "@medusajs/framework/http"

import { adminKhqrTokenMiddlewares } from "./token/middlewares"
import { AdminKhqrDiagnose } from "./validators"

/** Medusa lets only admins at `/admin`. */
export const adminKhqrMiddlewares: MiddlewareRoute[] = [
  ...adminKhqrTokenMiddlewares,
  {
    method: ["POST"],
    matcher: "/admin/khqr/charges/:id/diagnose",
    middlewares: [validateAndTransformBody(AdminKhqrDiagnose)],
  },
]
