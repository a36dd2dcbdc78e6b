/** A transfer as Bakong reports it, read strictly: money as an exact decimal string, times in epoch ms. */
export type BakongTransaction = {
  /** 64 lower-case hex characters; a hosted gateway may have its own form of id. */
  hash: string
  /** `null` where a hosted gateway does not name the payer. */
  fromAccountId: string | null
  /** `null` where a hosted gateway vouches for the receiver; the Open API always names it. */
  toAccountId: string | null
  currency: string
  /** Exact decimal as the bank wrote it, without exponent ("12.5"). */
  amount: string
  description: string | null
  /** When the payer confirmed, by the bank's clock, epoch ms. `null` in older answers. */
  createdAt: number | null
  acknowledgedAt: number | null
  trackingStatus: string | null
  receiverBank: string | null
  receiverBankAccount: string | null
  instructionRef: string | null
  externalRef: string | null
}

/** Why an answer says nothing about the charge. Nothing may be concluded from any of these. */
export type UnknownReason =
  /** Code 6 or HTTP 401: the token is expired or wrong. */
  | "unauthorized"
  /** HTTP 403: outside Cambodia, or the endpoint is closed to this token. */
  | "forbidden"
  /** Code 17, 19 or its message: the day's requests are used up. */
  | "quota_spent"
  /** HTTP 429. */
  | "rate_limited"
  /** Code 9, HTTP 5xx, time-out, refused, reset, SERVICE_FAILED. */
  | "unavailable"
  /** Not JSON, truncated, or a transaction without what proves it. */
  | "unreadable"
  /** Code 2, STATIC_QR: md5 checks do not work on a static QR; our own error. */
  | "static_qr"
  /** Codes 4, 5, 7, 8, 10, 11, 12: the request or the account is set up wrongly. */
  | "configuration"
  /** A code, status word or shape that no document names. */
  | "unrecognized"

/** Why the bank says that a transfer did not stand. */
export type FailedReason =
  /** Code 3: this attempt failed, the same QR may still be paid. */
  | "attempt_failed"
  /** `trackingStatus` REFUNDED_BY_RECEIVER. */
  | "refunded_by_receiver"
  /** `trackingStatus` FAILED_AT_ACH. */
  | "failed_at_ach"

/** What one check told about one charge. Only `paid` and `not_found` are evidence. */
export type Outcome =
  | { type: "paid"; transaction: BakongTransaction }
  | { type: "not_found" }
  | {
      type: "failed"
      reason: FailedReason
      transaction: BakongTransaction | null
    }
  | Unknown

export type Unknown = {
  type: "unknown"
  reason: UnknownReason
  message: string
  retryAfterMs?: number
}

/** What came back over HTTP, before anything is made of it. */
export type HttpAnswer = {
  status: number
  /** The `Retry-After` header as received. */
  retryAfter: string | null
  text: string
  /** Our clock when it arrived, epoch ms: `Retry-After` may be a date. */
  receivedAt: number
}

/** What every answer of the Open API is wrapped in. */
export type Envelope = {
  responseCode: number
  /** May be absent on success, and a string at times. */
  errorCode: number | null
  message: string
  data: unknown
}

/** One HTTP call, for the audit log. Holds no token. */
export type BakongCall = {
  endpoint: string
  /** False when we refused it ourselves: it cost no question. */
  sent: boolean
  /** Sent with the call as `X-Request-Id`; ours. */
  requestId: string
  /** `null` when no answer came. */
  httpStatus: number | null
  responseCode: number | null
  errorCode: number | null
  message: string
  durationMs: number
  /** When the question left, epoch ms: evidence of "not found" is dated by this. */
  askedAt: number
  /** The answer's HTTP `Date`, epoch ms. */
  serverTime: number | null
}

export type CheckAnswer = { outcome: Outcome; call: BakongCall }

/** `outcomes` has exactly one entry for each md5 or hash that was asked about, whatever the bank sent back. */
export type CheckListAnswer = {
  outcomes: Map<string, Outcome>
  call: BakongCall
}
