import { hashesNamedBy } from "./receipt"
import type { ChargeStatus, Evidence, ReviewReason } from "./state"
import type { ChargeMode } from "./types"

/** What staff look for. All that is given has to hold. */
export type ChargeFilters = {
  status?: ChargeStatus[]
  /** `open`: a person has to decide. */
  review?: ("open" | ReviewReason)[]
  currency?: string[]
  mode?: ChargeMode[]
  evidence?: Evidence[]
  /** A charge's id or reference, its md5, the reference of its confirmation, a transfer's hash or the beginning of it, or the id of an order, cart or payment session. */
  q?: string
  issued_from?: Date
  issued_to?: Date
}

/** As `MedusaService` takes it. */
export function whereOf(filters: ChargeFilters): Record<string, unknown> {
  const all: Record<string, unknown>[] = []
  const { status, currency, mode, evidence, issued_from, issued_to } = filters
  if (status) {
    all.push({ status })
  }
  if (filters.review) {
    all.push({ $or: filters.review.map(inReview) })
  }
  if (currency) {
    all.push({ currency_code: currency })
  }
  if (mode) {
    all.push({ mode })
  }
  if (evidence) {
    all.push({ evidence })
  }
  if (issued_from) {
    all.push({ issued_at: { $gte: issued_from } })
  }
  if (issued_to) {
    all.push({ issued_at: { $lte: issued_to } })
  }
  if (filters.q) {
    all.push({ $or: namedBy(filters.q) })
  }
  return all.length > 0 ? { $and: all } : {}
}

function inReview(review: "open" | ReviewReason): Record<string, unknown> {
  return review === "open"
    ? { review_reason: { $ne: null }, resolved_at: null }
    : { review_reason: review }
}

function namedBy(q: string): Record<string, unknown>[] {
  const hex = q.toLowerCase()
  return [
    { id: q },
    { reference: [q, q.toUpperCase()] },
    // The md5 of a static KHQR is many charges'.
    { md5: hex, mode: { $ne: "static" } },
    { confirmation_reference: hex },
    { order_id: q },
    { cart_id: q },
    { payment_session_id: q },
    { moved_from: q },
    { bank_hash: hashesNamedBy(hex) ?? q },
  ]
}
