import { readAmount } from "./json"
import type { BakongTransaction } from "./types"

const HASH = /^[0-9a-f]{64}$/
const CURRENCY = /^[A-Z]{3}$/
/** 9999-12-31: the last moment worth believing, epoch ms. */
const LAST_MOMENT = 253_402_300_799_999

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A non-blank string, trimmed, or `null`. */
export const readText = (value: unknown): string | null => {
  if (typeof value !== "string") {
    return null
  }
  return value.trim() || null
}

/** Epoch ms; the bank sends floats at times (1.7e12, 1700000000000.5). */
const readMoment = (value: unknown): number | null => {
  const moment = typeof value === "string" ? Number(value || NaN) : value
  if (typeof moment !== "number" || !(moment > 0 && moment <= LAST_MOMENT)) {
    return null
  }
  return Math.floor(moment)
}

/**
 * A transaction, or `null` when one of the fields that prove a payment (hash,
 * both accounts, currency, a positive amount) is missing or malformed.
 */
export const readTransaction = (value: unknown): BakongTransaction | null => {
  if (!isRecord(value)) {
    return null
  }
  const hash = readText(value.hash)?.toLowerCase()
  const fromAccountId = readText(value.fromAccountId)
  const toAccountId = readText(value.toAccountId)
  const currency = readText(value.currency)?.toUpperCase()
  const amount = readAmount(value.amount)
  if (!hash || !HASH.test(hash) || !currency || !CURRENCY.test(currency)) {
    return null
  }
  if (!fromAccountId || !toAccountId || !amount) {
    return null
  }
  return {
    hash,
    fromAccountId,
    toAccountId,
    currency,
    amount,
    description: readText(value.description),
    createdAt: readMoment(value.createdDateMs),
    acknowledgedAt: readMoment(value.acknowledgedDateMs),
    trackingStatus: readText(value.trackingStatus),
    receiverBank: readText(value.receiverBank),
    receiverBankAccount: readText(value.receiverBankAccount),
    instructionRef: readText(value.instructionRef),
    externalRef: readText(value.externalRef),
  }
}
