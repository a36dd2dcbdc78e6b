import type { MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"

import type { ReceiptRefusal } from "../modules/khqr/receipt"
import type { ReceiptClaim } from "../workflows/steps/claim-by-receipt"
import type { Refusal } from "./refusal"

const STATUS: Record<ReceiptRefusal, number> = {
  receipt_not_found: 422,
  receipt_mismatch: 422,
  receipt_used: 409,
  receipt_unclear: 409,
  receipt_unsupported: 409,
  too_many_attempts: 429,
  receipt_unknown: 503,
}

/** @returns whether the receipt was refused */
export function answerReceiptRefusal(
  { refusal }: ReceiptClaim,
  res: MedusaResponse<Refusal>
): boolean {
  if (!refusal) {
    return false
  }
  const { code, message, retry_after_seconds } = refusal
  if (retry_after_seconds !== null) {
    res.setHeader("Retry-After", String(retry_after_seconds))
  }
  res
    .status(STATUS[code])
    .json({ type: MedusaError.Types.NOT_ALLOWED, code, message })
  return true
}
