import {
  type ListItem,
  readListItem,
  readText,
  readTransaction,
} from "./schemas"
import { explainCode, readEnvelope, readTrouble, unknown } from "./trouble"
import type {
  Envelope,
  FailedReason,
  HttpAnswer,
  Outcome,
  Unknown,
} from "./types"

/** What a list is asked about, and what its items echo. */
export type ListKey = "md5" | "hash"

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
  return unknown("unrecognized", explainCode(errorCode, message))
}

/** As `readCheck`, where the transaction has to be the one with this full hash. */
export const readCheckByHash = (answer: HttpAnswer, hash: string): Outcome =>
  demandHash(readCheck(answer), hash)

/**
 * Reads the answer to a question about many charges: one outcome for each of
 * `asked`, under the spelling asked with. Items are matched by the md5 or hash
 * they echo, never by position. Never throws.
 */
export const readCheckList = (
  answer: HttpAnswer,
  asked: readonly string[],
  key: ListKey = "md5"
): Map<string, Outcome> => {
  const envelope = readEnvelope(answer.text)
  const trouble = readTrouble(answer, envelope) ?? readListTrouble(envelope!)
  const told = trouble
    ? new Map<string, Outcome>()
    : readItems(envelope!.data as unknown[], key)
  const untold =
    trouble ?? unknown("unreadable", `The list does not mention this ${key}`)
  return new Map(
    asked.map((one) => [one, told.get(one.trim().toLowerCase()) ?? untold])
  )
}

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

const readItems = (items: unknown[], key: ListKey): Map<string, Outcome> => {
  const told = new Map<string, Outcome>()
  for (const value of items) {
    const item = readListItem(value)
    const name = readText(item?.[key])?.toLowerCase()
    if (!item || !name) {
      continue
    }
    const outcome = readItem(item, key)
    const checked = key === "hash" ? demandHash(outcome, name) : outcome
    const earlier = told.get(name)
    told.set(name, earlier ? agree(earlier, checked, key) : checked)
  }
  return told
}

const readItem = (item: ListItem, key: ListKey): Outcome => {
  const { status } = item
  const message = item.message ?? status
  const held = item.data ?? item.transaction
  switch (status) {
    case "SUCCESS":
      return readPaid(held ?? item)
    case "NOT_FOUND":
      // "Not found" beside a transaction contradicts itself.
      return held == null && !holdsTransaction(item, key)
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

/** Whether an item carries fields of a transaction beside its own key. */
const holdsTransaction = (item: ListItem, key: ListKey): boolean =>
  ["hash", "amount", "fromAccountId", "toAccountId"].some(
    (field) => field !== key && item[field] != null
  )

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

/** Another transfer than the one asked about proves nothing about it. */
const demandHash = (outcome: Outcome, hash: string): Outcome => {
  const told = "transaction" in outcome ? outcome.transaction : null
  return told && told.hash !== hash
    ? unknown("unrecognized", "The transaction has another hash than asked for")
    : outcome
}

/** Two items about one charge must tell the same story, or neither is believed. */
const agree = (earlier: Outcome, later: Outcome, key: ListKey): Outcome =>
  JSON.stringify(earlier) === JSON.stringify(later)
    ? earlier
    : unknown("unrecognized", `The list contradicts itself about this ${key}`)
