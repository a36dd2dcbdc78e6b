import type { MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"

import type { ReceiptRefusal } from "../../../../modules/khqr/receipt"
import type { ReceiptClaim } from "../../../../workflows/steps/claim-by-receipt"

/** What a refusal looks like: `code` is for programs, `message` for people. */
export type Refusal = { type: string; code: string; message: string }

/** The first error of a workflow that ran with `throwOnError: false`. */
export type WorkflowErrors = { error?: unknown }[] | undefined

/**
 * Answers a refusal with 409 and its own words, for which Medusa's 409 puts others.
 * @returns whether there was one
 * @throws any other error
 */
export function answerRefusal(
  errors: WorkflowErrors,
  res: MedusaResponse<Refusal>
): boolean {
  const error = errors?.[0]?.error as MedusaError | undefined
  if (!error) {
    return false
  }
  if (error.type !== MedusaError.Types.NOT_ALLOWED) {
    throw error
  }
  const { type, code, message } = error
  res.status(409).json({ type, code: code ?? type, message })
  return true
}

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
