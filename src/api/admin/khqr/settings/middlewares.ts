import {
  validateAndTransformBody,
  type MiddlewareRoute,
} from "@medusajs/framework/http"

import { AdminKhqrSettings } from "./validators"

export const adminKhqrSettingsMiddlewares: MiddlewareRoute[] = [
  {
    method: ["POST"],
    matcher: "/admin/khqr/settings",
    middlewares: [validateAndTransformBody(AdminKhqrSettings)],
  },
]
