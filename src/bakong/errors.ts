import type { BakongCall } from "./types"

export const BAKONG_ERROR_KINDS = [
  /** HTTP 401, code 6, or no usable token: register, renew or paste one. */
  "unauthorized",
  /** The day's questions are used up, by the bank's word or by our count. */
  "quota_spent",
  /** HTTP 403: the caller stands outside Cambodia, or the endpoint is closed to this token. */
  "forbidden",
  /** HTTP 404: the server does not offer this endpoint (any more). */
  "endpoint_closed",
  /** HTTP 429; `retryAfterMs` when the bank said it. */
  "rate_limited",
  /** Time-out, refused, reset, HTTP 5xx, code 9, or our own circuit is open. */
  "unavailable",
  /** Not JSON, truncated, or without what was asked for. */
  "unreadable",
  /** The bank understood and said no; `code` is its errorCode. */
  "rejected",
] as const

export type BakongErrorKind = (typeof BAKONG_ERROR_KINDS)[number]

/** A call that brought nothing usable. Holds no token. */
export class BakongError extends Error {
  readonly kind: BakongErrorKind
  /** The bank's `errorCode`, when it spoke. */
  readonly code: number | null
  readonly retryAfterMs: number | undefined
  readonly call: BakongCall

  constructor(
    kind: BakongErrorKind,
    message: string,
    call: BakongCall,
    retryAfterMs?: number
  ) {
    super(message)
    this.name = "BakongError"
    this.kind = kind
    this.code = call.errorCode
    this.retryAfterMs = retryAfterMs
    this.call = call
  }
}
