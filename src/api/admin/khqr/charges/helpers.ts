import type { MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"

import type { Refusal } from "../../../refusal"

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
