import { z } from "@medusajs/framework/zod"

import { MAX_KHQR_LENGTH } from "../../../../../../khqr/rules"

export const StoreKhqrRenew = z.strictObject({
  /** In a shop of mode `client`: the KHQR that the storefront made for this renewal. */
  qr: z.string().max(MAX_KHQR_LENGTH).optional(),
})

export type StoreKhqrRenew = z.infer<typeof StoreKhqrRenew>
