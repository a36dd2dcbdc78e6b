import { defineMiddlewares } from "@medusajs/framework/http"

import { storeKhqrMiddlewares } from "./store/khqr/middlewares"

export default defineMiddlewares({ routes: [...storeKhqrMiddlewares] })
