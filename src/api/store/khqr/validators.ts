import { z } from "@medusajs/framework/zod"

import { RECEIPT_HASH } from "../../../modules/khqr/receipt"

export const StoreKhqrSignal = z.strictObject({
  /** `returned`: the shopper looks at the page again; `claims_paid`: they say that they paid. */
  kind: z.enum(["returned", "claims_paid"]),
})

export type StoreKhqrSignal = z.infer<typeof StoreKhqrSignal>

export const StoreKhqrReceipt = z.strictObject({
  /** As the receipt shows it: the first 8 or all 64 hex characters. */
  hash: z
    .string()
    .trim()
    .toLowerCase()
    .regex(
      RECEIPT_HASH,
      "hash must be the 8 or the 64 hex characters that a receipt shows"
    ),
})

export type StoreKhqrReceipt = z.infer<typeof StoreKhqrReceipt>
