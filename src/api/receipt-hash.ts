import { z } from "@medusajs/framework/zod"

import { RECEIPT_HASH } from "../modules/khqr/receipt"

/** As a receipt shows it: the first 8 or all 64 hex characters. */
export const receiptHash = z
  .string()
  .trim()
  .toLowerCase()
  .regex(
    RECEIPT_HASH,
    "hash must be the 8 or the 64 hex characters that a receipt shows"
  )
