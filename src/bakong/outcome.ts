import { parseJsonKeepingAmounts } from "./json"
import { isRecord, readText, readTransaction } from "./transaction"
import type { FailedReason, Outcome, UnknownReason } from "./types"

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

type Unknown = Extract<Outcome, { type: "unknown" }>

/** An hour: whatever the bank says, a token is asked again by then. */
export const MAX_RETRY_AFTER_MS = 3_600_000

const MAX_MESSAGE_LENGTH = 300

/** A JWT or the beginning of one, in case a gateway echoes our headers. */
const JWT = /\beyJ[\w.-]*/g

const REASON_OF_CODE: Record<number, UnknownReason> = {
  2: "static_qr",
  4: "configuration",
  5: "configuration",
  6: "unauthorized",
  7: "configuration",
  8: "configuration",
  9: "unavailable",
  10: "configuration",
  11: "configuration",
  12: "configuration",
  17: "quota_spent",
  19: "quota_spent",
}

const REASON_OF_TRACKING_STATUS: Record<string, FailedReason> = {
  REFUNDED_BY_RECEIVER: "refunded_by_receiver",
  FAILED_AT_ACH: "failed_at_ach",
}

/** Reads the answer to a question about one charge. Never throws. */
export const readCheck = (answer: HttpAnswer): Outcome => {
  const envelope = readEnvelope(answer.text)
  const trouble = readTrouble(answer, envelope)
  if (trouble) {
    return trouble
  }
  const { responseCode, errorCode, data, message } = envelope!
  if (responseCode === 0) {
    return readPaid(data)
  }
  // A code 1 that also carries data contradicts itself and proves nothing.
  if (errorCode === 1 && data == null) {
    return { type: "not_found" }
  }
  if (errorCode === 3) {
    return {
      type: "failed",
      reason: "attempt_failed",
      transaction: readTransaction(data),
    }
  }
  return unknown("unrecognized", `Code ${errorCode}: ${message}`)
}

/**
 * Reads the answer to a question about many charges: one outcome for each of
 * `md5s`, under the spelling asked with. Items are matched by the md5 they
 * echo, never by position. Never throws.
 */
export const readCheckList = (
  answer: HttpAnswer,
  md5s: readonly string[]
): Map<string, Outcome> => {
  const envelope = readEnvelope(answer.text)
  const trouble = readTrouble(answer, envelope) ?? readListTrouble(envelope!)
  const told = trouble
    ? new Map<string, Outcome>()
    : readItems(envelope!.data as unknown[])
  const untold =
    trouble ?? unknown("unreadable", "The list does not mention this md5")
  return new Map(
    md5s.map((md5) => [md5, told.get(md5.trim().toLowerCase()) ?? untold])
  )
}

/** The envelope, or `null` when the text is not one. Never throws. */
export const readEnvelope = (text: string): Envelope | null => {
  const body = parse(text)
  if (!isRecord(body) || typeof body.responseCode !== "number") {
    return null
  }
  return {
    responseCode: body.responseCode,
    errorCode: readCode(body.errorCode),
    message: presentable(readText(body.responseMessage) ?? ""),
    data: body.data ?? null,
  }
}

/** Builds an outcome of which nothing may be concluded. */
export const unknown = (
  reason: UnknownReason,
  message: string,
  retryAfterMs?: number
): Unknown => ({
  type: "unknown",
  reason,
  message: presentable(message),
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

/** Milliseconds to wait by a `Retry-After` of seconds or a date, at most an hour. */
export const readRetryAfter = (
  header: string | null,
  receivedAt: number
): number | undefined => {
  const text = header?.trim() ?? ""
  const wait = /^\d+$/.test(text)
    ? Number(text) * 1000
    : /^[A-Za-z]{3,9},? /.test(text)
      ? Date.parse(text) - receivedAt
      : NaN
  if (Number.isNaN(wait)) {
    return undefined
  }
  return Math.min(Math.max(0, wait), MAX_RETRY_AFTER_MS)
}

/**
 * Everything that makes an answer say nothing about any charge, in the order in
 * which one cause hides another. `null` leaves an envelope to be read: either a
 * success, or an error about the transaction itself.
 */
const readTrouble = (
  { status, retryAfter, receivedAt }: HttpAnswer,
  envelope: Envelope | null
): Unknown | null => {
  const message = envelope?.message || `HTTP ${status}`
  const wait = readRetryAfter(retryAfter, receivedAt)
  const code = envelope?.responseCode === 1 ? envelope.errorCode : null

  // The quota's refusal has come with several codes; its words are constant.
  if (/daily request limit/i.test(envelope?.message ?? "")) {
    return unknown("quota_spent", message)
  }
  // Before 429: a bank that says why is better than a gateway that says when.
  if (code !== null && REASON_OF_CODE[code] === "quota_spent") {
    return unknown("quota_spent", message)
  }
  if (status === 401 || code === 6) {
    return unknown("unauthorized", message)
  }
  if (status === 429) {
    return unknown("rate_limited", message, wait)
  }
  // The gateway closes countries and endpoints; it knows nothing of tokens.
  if (status === 403) {
    return unknown("forbidden", message)
  }
  if (status >= 500) {
    return unknown("unavailable", message, wait)
  }
  if (!envelope) {
    return unknown(...describeUnreadable(status))
  }
  if (envelope.responseCode === 0) {
    // Only a plain 200 is the bank speaking; a gateway may answer otherwise.
    return status === 200
      ? null
      : unknown("unrecognized", `HTTP ${status} with a success`)
  }
  if (envelope.responseCode !== 1) {
    return unknown("unrecognized", `responseCode ${envelope.responseCode}`)
  }
  // NBC documents 400 and 404 beside 200 for errors; nothing else is expected.
  if (![200, 400, 404].includes(status)) {
    return unknown("unrecognized", `HTTP ${status}: ${message}`)
  }
  if (code !== null && code in REASON_OF_CODE) {
    return unknown(REASON_OF_CODE[code], message)
  }
  return null
}

const describeUnreadable = (status: number): [UnknownReason, string] =>
  status >= 400 && status < 500
    ? ["unrecognized", `HTTP ${status} without Bakong's envelope`]
    : ["unreadable", `HTTP ${status} with a body that is no Bakong answer`]

/** An error of the whole list proves nothing about one charge, not even code 1. */
const readListTrouble = (envelope: Envelope): Unknown | null => {
  if (envelope.responseCode !== 0) {
    return unknown(
      "unrecognized",
      `Code ${envelope.errorCode} for a whole list: ${envelope.message}`
    )
  }
  if (!Array.isArray(envelope.data)) {
    return unknown("unreadable", "The list answer holds no list")
  }
  return null
}

const readItems = (items: unknown[]): Map<string, Outcome> => {
  const told = new Map<string, Outcome>()
  for (const item of items) {
    const md5 = isRecord(item) ? readText(item.md5)?.toLowerCase() : null
    if (!isRecord(item) || !md5) {
      continue
    }
    const outcome = readItem(item)
    const earlier = told.get(md5)
    told.set(md5, earlier ? agree(earlier, outcome) : outcome)
  }
  return told
}

const readItem = (item: Record<string, unknown>): Outcome => {
  const status = readText(item.status)?.toUpperCase() ?? ""
  const message = readText(item.message) ?? status
  const held = item.data ?? item.transaction
  switch (status) {
    case "SUCCESS":
      return readPaid(held ?? item)
    case "NOT_FOUND":
      // "Not found" beside a transaction contradicts itself.
      return held == null && item.hash == null
        ? { type: "not_found" }
        : unknown("unrecognized", "NOT_FOUND with a transaction")
    case "FAILED":
      return {
        type: "failed",
        reason: "attempt_failed",
        transaction: readTransaction(held ?? item),
      }
    case "STATIC_QR":
      return unknown("static_qr", message)
    case "SERVICE_FAILED":
      return unknown("unavailable", message)
    default:
      return unknown("unrecognized", `Status "${status}" in a list`)
  }
}

const readPaid = (data: unknown): Outcome => {
  const transaction = readTransaction(data)
  if (!transaction) {
    return unknown(
      "unreadable",
      "A success without a readable hash, amount, currency or account"
    )
  }
  const reason =
    REASON_OF_TRACKING_STATUS[transaction.trackingStatus?.toUpperCase() ?? ""]
  return reason
    ? { type: "failed", reason, transaction }
    : { type: "paid", transaction }
}

/** Two items about one md5 must tell the same story, or neither is believed. */
const agree = (earlier: Outcome, later: Outcome): Outcome =>
  JSON.stringify(earlier) === JSON.stringify(later)
    ? earlier
    : unknown("unrecognized", "The list contradicts itself about this md5")

const parse = (text: string): unknown => {
  try {
    return parseJsonKeepingAmounts(text.replace(/^\ufeff/, ""))
  } catch {
    return undefined
  }
}

const readCode = (value: unknown): number | null => {
  if (typeof value === "string" && /^\d{1,6}$/.test(value.trim())) {
    return Number(value)
  }
  return typeof value === "number" ? value : null
}

const presentable = (message: string): string =>
  message
    .slice(0, 4 * MAX_MESSAGE_LENGTH)
    .replace(JWT, "[redacted]")
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, MAX_MESSAGE_LENGTH)
