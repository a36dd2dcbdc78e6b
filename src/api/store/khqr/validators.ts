import { z } from "@medusajs/framework/zod"

import { receiptHash } from "../../receipt-hash"

export const StoreKhqrSignal = z.strictObject({
  /** `returned`: the shopper looks at the page again; `claims_paid`: they say that they paid. */
  kind: z.enum(["returned", "claims_paid"]),
})

export type StoreKhqrSignal = z.infer<typeof StoreKhqrSignal>

export const StoreKhqrReceipt = z.strictObject({
  hash: receiptHash,
})

export type StoreKhqrReceipt = z.infer<typeof StoreKhqrReceipt>
