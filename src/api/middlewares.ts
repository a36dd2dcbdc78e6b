import { defineMiddlewares } from "@medusajs/framework/http"

import { adminKhqrMiddlewares } from "./admin/khqr/middlewares"
import { orderMiddlewares } from "./admin/orders/middlewares"
import { paidCartMiddlewares } from "./store/carts/middlewares"
import { paymentCollectionMiddlewares } from "./store/payment-collections/middlewares"
import { storeKhqrMiddlewares } from "./store/khqr/middlewares"

export default defineMiddlewares({
  routes: [
    ...storeKhqrMiddlewares,
    ...paidCartMiddlewares,
    ...paymentCollectionMiddlewares,
    ...adminKhqrMiddlewares,
    ...orderMiddlewares,
  ],
})
