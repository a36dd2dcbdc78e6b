import type { BakongTransaction } from "../../bakong"
import type { TransferHash } from "../../gateways"
import {
  hasMoney,
  receiptFault,
  RECEIPT_SKEW_MS,
  type ChargeState,
} from "./state"
import type { Charge } from "./types"

/** Why a receipt did not make a charge paid. */
export type ReceiptRefusal =
  /** The bank knows no such transfer. */
  | "receipt_not_found"
  /** The transfer is not one for this charge. */
  | "receipt_mismatch"
  /** The transfer pays something else. */
  | "receipt_used"
  /** The bank does not tell just now. */
  | "receipt_unknown"
  /** A person has vouched for a payment of the same money, and it may be this one. */
  | "receipt_unclear"
  /** This shop's gateway cannot look a transfer up. */
  | "receipt_unsupported"
  | "too_many_attempts"

export const RECEIPT_HASH = /^([0-9a-f]{8}|[0-9a-f]{64})$/

/** The words are for the shopper too: no payer, and nothing of another charge. */
const WORDS: Record<ReceiptRefusal, string> = {
  receipt_not_found:
    "The bank knows no transfer with this hash over this amount. Compare the characters with the receipt; a transfer of the last minute may take a little longer.",
  receipt_mismatch: "This transfer is not for this KHQR.",
  receipt_used: "This transfer already pays something else.",
  receipt_unknown:
    "Whether this transfer came cannot be told just now: the bank does not answer. Keep the receipt, do not pay again, and try again in a few minutes.",
  receipt_unclear:
    "The shop has to look at it: this transfer may be one that it knows already. Keep the receipt, do not pay again, and show it to the shop.",
  receipt_unsupported:
    "This shop cannot look receipts up. Keep the receipt and show it to the shop; do not pay again.",
  too_many_attempts:
    "Too many receipts were tried. Keep the receipt, do not pay again, and try later or show it to the shop.",
}

/** The shoppers' share of the day's questions is used up. */
export const TOO_MUCH_ASKED =
  "Whether this transfer came cannot be told just now: too much was asked today. Keep the receipt, do not pay again, and try again later or show the receipt to the shop"

/** Longer after its time, nobody but staff says that a transfer is for a KHQR: a static one would take any of the same amount. */
export const SHOPPERS_RECEIPT_UNTIL_MS = 24 * 3_600_000

/** @param fault the one point in which the transfer does not agree, see `receiptFault` */
export function explainRefusal(
  refusal: ReceiptRefusal,
  fault?: string
): string {
  return fault ? `${fault}.` : WORDS[refusal]
}

/** The charges of a session that a receipt may still pay, newest first. */
export function payableByReceipt(charges: Charge[]): Charge[] {
  return charges
    .filter((charge) => !hasMoney(charge))
    .sort((a, b) => b.issued_at.getTime() - a.issued_at.getTime())
}

/** The bank finds the short form only together with what was paid: one look-up for each amount that was asked for. */
export function lookUps(
  hash: string,
  charges: Pick<ChargeState, "khqr_amount" | "currency_code">[]
): TransferHash[] {
  if (hash.length === 64) {
    return [{ full: hash }]
  }
  const asked = new Map(
    charges.map((charge) => [
      `${charge.khqr_amount} ${charge.currency_code}`,
      charge,
    ])
  )
  return [...asked.values()].map(({ khqr_amount, currency_code }) => ({
    short: hash,
    amount: khqr_amount,
    currency: currency_code.toUpperCase() === "KHR" ? "KHR" : "USD",
  }))
}

/** The newest charge that the transfer may be for, or what is wrong with it for the newest one. */
export function chargeForTransfer<
  T extends Parameters<typeof receiptFault>[0] &
    Pick<ChargeState, "expires_at">,
>(
  charges: T[],
  transaction: BakongTransaction,
  by: "shopper" | "staff",
  now: Date,
  anyAmount = false
): { charge: T } | { fault: string } {
  const faultOf = (charge: T) =>
    receiptFault(charge, transaction, now, anyAmount) ??
    (by === "shopper" ? latenessFault(charge, transaction) : null)
  const charge = charges.find((charge) => faultOf(charge) === null)
  return charge ? { charge } : { fault: faultOf(charges[0])! }
}

function latenessFault(
  { expires_at }: Pick<ChargeState, "expires_at">,
  transaction: BakongTransaction
): string | null {
  const until = expires_at.getTime() + SHOPPERS_RECEIPT_UNTIL_MS
  return madeAt(transaction) > until + RECEIPT_SKEW_MS
    ? "This transfer was made more than a day after the KHQR's time. Show the receipt to the shop"
    : null
}

/** Of a transfer in which `receiptFault` found no fault. */
function madeAt({ createdAt, acknowledgedAt }: BakongTransaction): number {
  return (createdAt ?? acknowledgedAt)!
}

/** Charges that a receipt's transfer may belong to as well: of more, nobody is asked. */
export const MOST_RIVALS = 50

/** In so many characters a receipt, a person or a bank's app may give a hash. */
const SHORTEST_NAME = 8
const WHOLE_HASH = 64

/** All texts of at least eight characters that a hash begins with, itself among them. */
export function namesOf(hash: string): string[] {
  return Array.from(
    { length: Math.max(0, hash.length - SHORTEST_NAME + 1) },
    (_, n) => hash.slice(0, SHORTEST_NAME + n)
  )
}

/** Two references are of one transfer: the same, or one a whole hash that the other begins. */
export function namesSame(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return (
    short === long ||
    (hashesNamedBy(short) !== null &&
      long.length === WHOLE_HASH &&
      long.startsWith(short))
  )
}

/** The hashes that begin with a text, as a condition that an index serves, or `null` when the text is no hash. */
export function hashesNamedBy(
  text: string
): { $gte: string; $lt: string } | null {
  const isName =
    text.length >= SHORTEST_NAME &&
    text.length <= WHOLE_HASH &&
    /^[0-9a-f]+$/.test(text)
  // Past every digit comes "g", in every collation.
  return isName ? { $gte: text, $lt: `${text}g` } : null
}

/**
 * Nothing ties a receipt to a KHQR. Another charge over the same money, issued
 * before the transfer, may be the one it was for, unless the bank has said since
 * that its KHQR is not paid.
 */
export type RivalWindow = {
  issuedBefore: Date
  settledByAnswerAfter: Date
  /** Whoever vouched for a payment before this did not see the transfer. */
  vouchedAfter: Date
}

export function rivalWindow(transaction: BakongTransaction): RivalWindow {
  const at = madeAt(transaction)
  return {
    issuedBefore: new Date(at + RECEIPT_SKEW_MS),
    settledByAnswerAfter: new Date(at + RECEIPT_SKEW_MS),
    vouchedAfter: new Date(at - RECEIPT_SKEW_MS),
  }
}
