import {
  validateAndTransformBody,
  type MiddlewareRoute,
} from "@medusajs/framework/http"

import { adminKhqrSettingsMiddlewares } from "./settings/middlewares"
import { adminKhqrChargeMiddlewares } from "./charges/middlewares"
import { adminKhqrRefundMiddlewares } from "./refunds/middlewares"
import { adminKhqrSignalMiddlewares } from "./signals/middlewares"
import { adminKhqrTokenMiddlewares } from "./token/middlewares"
import { AdminKhqrDiagnose } from "./validators"

/** Medusa lets only admins at `/admin`. */
export const adminKhqrMiddlewares: MiddlewareRoute[] = [
  ...adminKhqrTokenMiddlewares,
  ...adminKhqrRefundMiddlewares,
  ...adminKhqrChargeMiddlewares,
  ...adminKhqrSettingsMiddlewares,
  ...adminKhqrSignalMiddlewares,
  {
    method: ["POST"],
    matcher: "/admin/khqr/charges/:id/diagnose",
    middlewares: [validateAndTransformBody(AdminKhqrDiagnose)],
  },
]
