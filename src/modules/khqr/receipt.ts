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
  receipt_unsupported:
    "This shop cannot look receipts up. Keep the receipt and show it to the shop; do not pay again.",
  too_many_attempts:
    "Too many receipts were tried. Keep the receipt, do not pay again, and try later or show it to the shop.",
}

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
export function chargeForTransfer<T extends Parameters<typeof receiptFault>[0]>(
  charges: T[],
  transaction: BakongTransaction,
  now: Date
): { charge: T } | { fault: string } {
  const charge = charges.find(
    (charge) => receiptFault(charge, transaction, now) === null
  )
  return charge
    ? { charge }
    : { fault: receiptFault(charges[0], transaction, now)! }
}

/**
 * Nothing ties a receipt to a KHQR. Another charge over the same money, issued
 * before the transfer, may be the one it was for, unless the bank has said since
 * that its KHQR is not paid.
 */
export type RivalWindow = { issuedBefore: Date; settledByAnswerAfter: Date }

export function rivalWindow(transaction: BakongTransaction): RivalWindow {
  const at = (transaction.createdAt ?? transaction.acknowledgedAt)!
  return {
    issuedBefore: new Date(at + RECEIPT_SKEW_MS),
    settledByAnswerAfter: new Date(at + RECEIPT_SKEW_MS),
  }
}
