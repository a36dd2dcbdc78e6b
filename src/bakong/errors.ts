import type { Exchange } from "./gate"
import { explainCode } from "./trouble"
import type { BakongCall, UnknownReason } from "./types"

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

const KIND_OF_REASON: Record<
  Exclude<UnknownReason, "unrecognized">,
  BakongErrorKind
> = {
  unauthorized: "unauthorized",
  forbidden: "forbidden",
  quota_spent: "quota_spent",
  rate_limited: "rate_limited",
  unavailable: "unavailable",
  unreadable: "unreadable",
  static_qr: "rejected",
  configuration: "rejected",
}

/** The error of an exchange that did not bring what was asked for. */
export const errorOf = ({ call, trouble }: Exchange): BakongError => {
  const kind = kindOf(call, trouble?.reason)
  return new BakongError(
    kind,
    describeError(kind, call, trouble?.message),
    call,
    trouble?.retryAfterMs
  )
}

const kindOf = (
  call: BakongCall,
  reason: UnknownReason | undefined
): BakongErrorKind => {
  // The bank answers 404 about a transfer too, but then it speaks.
  if (call.httpStatus === 404 && call.responseCode === null) {
    return "endpoint_closed"
  }
  if (reason && reason !== "unrecognized") {
    return KIND_OF_REASON[reason]
  }
  return call.responseCode === 1 ? "rejected" : "unreadable"
}

const describeError = (
  kind: BakongErrorKind,
  call: BakongCall,
  trouble: string | undefined
): string => {
  if (kind === "endpoint_closed") {
    return `The server does not offer ${call.endpoint}`
  }
  if (trouble) {
    return trouble
  }
  return kind === "rejected"
    ? explainCode(call.errorCode, call.message)
    : "A success without what was asked for"
}
