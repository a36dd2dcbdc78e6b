import { parseJsonKeepingAmounts } from "./json"
import { parseEnvelope } from "./schemas"
import type {
  BakongCall,
  Envelope,
  HttpAnswer,
  Unknown,
  UnknownReason,
} from "./types"

/** What an answer says, for the audit log and the gate. */
export type Description = Pick<
  BakongCall,
  "responseCode" | "errorCode" | "message"
> & {
  /** Why nothing may be concluded from it, if so. */
  trouble: Unknown | null
}

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

/** What the bank's own words often leave open. */
const MEANING_OF_CODE: Record<number, string> = {
  2: "the QR is static",
  4: "Bakong could not make the deep link",
  5: "a required field is missing",
  7: "Bakong's mail server is down",
  8: "the e-mail address is registered already",
  10: "the e-mail address is not registered",
  11: "the account does not exist",
  12: "the account id is not valid",
}

/** Reads what the Open API sent into what may be concluded from it. Never throws. */
export const describeAnswer = (answer: HttpAnswer): Description => {
  const envelope = readEnvelope(answer.text)
  return {
    responseCode: envelope?.responseCode ?? null,
    errorCode: envelope?.errorCode ?? null,
    message:
      envelope?.message ?? `HTTP ${answer.status} without a Bakong answer`,
    trouble: readTrouble(answer, envelope),
  }
}

/** The envelope, or `null` when the text is not one. Never throws. */
export const readEnvelope = (text: string): Envelope | null => {
  const envelope = parseEnvelope(parseBody(text))
  return envelope && { ...envelope, message: presentable(envelope.message) }
}

/** JSON with exact amounts, or `undefined` when it is none. Never throws. */
export const parseBody = (text: string): unknown => {
  try {
    return parseJsonKeepingAmounts(text.replace(/^\ufeff/, ""))
  } catch {
    return undefined
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
 * What a status says whoever sent it, or `null` when it is for the body to say.
 * The gateway before a bank closes countries and endpoints; it knows nothing of tokens.
 */
export const readStatus = (
  { status, retryAfter, receivedAt }: HttpAnswer,
  message: string
): Unknown | null => {
  const wait = readRetryAfter(retryAfter, receivedAt)
  if (status === 401) {
    return unknown("unauthorized", message)
  }
  if (status === 429) {
    return unknown("rate_limited", message, wait)
  }
  if (status === 403) {
    return unknown("forbidden", message)
  }
  return status >= 500 ? unknown("unavailable", message, wait) : null
}

/**
 * Everything that makes an answer say nothing about any charge, in the order in
 * which one cause hides another. `null` leaves an envelope to be read: either a
 * success, or an error about the transaction itself.
 */
export const readTrouble = (
  answer: HttpAnswer,
  envelope: Envelope | null
): Unknown | null => {
  const { status } = answer
  const message = envelope?.message || `HTTP ${status}`
  const code = envelope?.responseCode === 1 ? envelope.errorCode : null
  const reason = code === null ? undefined : REASON_OF_CODE[code]

  // The quota's refusal has come with several codes; its words are constant.
  if (/daily request limit/i.test(envelope?.message ?? "")) {
    return unknown("quota_spent", message)
  }
  // Before 401 and 429: a bank that says why is better than a gateway that says when.
  if (reason === "quota_spent" || reason === "unauthorized") {
    return unknown(reason, message)
  }
  const refusal = readStatus(answer, message)
  if (refusal) {
    return refusal
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
  return reason ? unknown(reason, explainCode(code, message)) : null
}

/** The bank's words, with what its code means before them. */
export const explainCode = (code: number | null, message: string): string => {
  const meaning = code === null ? undefined : MEANING_OF_CODE[code]
  return meaning
    ? `Code ${code}, ${meaning}: ${message}`
    : `Code ${code}: ${message}`
}

/** Text from outside, fit for a log, a page and a person: short, one line, no token. */
export const presentable = (message: string): string =>
  message
    .slice(0, 4 * MAX_MESSAGE_LENGTH)
    .replace(JWT, "[redacted]")
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, MAX_MESSAGE_LENGTH)

const describeUnreadable = (status: number): [UnknownReason, string] =>
  status >= 400 && status < 500
    ? ["unrecognized", `HTTP ${status} without Bakong's envelope`]
    : ["unreadable", `HTTP ${status} with a body that is no Bakong answer`]
