import {
  validateAndTransformBody,
  type MiddlewareRoute,
} from "@medusajs/framework/http"

import { AdminKhqrSignal } from "./validators"

export const adminKhqrSignalMiddlewares: MiddlewareRoute[] = [
  {
    method: ["POST"],
    matcher: "/admin/khqr/signals",
    middlewares: [validateAndTransformBody(AdminKhqrSignal)],
  },
]
