import { MathBN } from "@medusajs/framework/utils"

import type { BakongTransaction } from "../../bakong"
import { sameAmount } from "../../khqr"
import { NOISE, sameMoney } from "./medusa-amount"
import { isReserved, type RefundState } from "./refund-state"
import {
  amountToBook,
  bindsSession,
  hasMoney,
  needsPerson,
  type ChargeState,
} from "./state"

type Amounts = Pick<RefundState, "status" | "amount" | "currency_code">

type PaidCharge = Pick<
  ChargeState,
  | "amount"
  | "khqr_amount"
  | "currency_code"
  | "paid_amount"
  | "paid_currency"
  | "bank_hash"
  | "resolution"
>

/** What Medusa captured of a charge, an exact decimal in its units. */
export type Captured = { amount: string; currency_code: string }

/** Decimal places of what a bank can send. */
const PLACES: Record<string, number> = { usd: 2, khr: 0 }

/** Half of what KHQR can carry at least: Medusa's own fractions of it are not counted. */
const HALF_A_UNIT: Record<string, string> = { usd: "0.005", khr: "0.5" }

/** Of bignumber.js. */
const ROUND_FLOOR = 3

/** A bank's own account: its BIC (ISO 9362) before the @, as `abaakhppxxx@abaa`. */
const BIC = /^[a-z]{4}kh[a-z0-9]{2}([a-z0-9]{3})?@/i

/**
 * Why nothing may go back of a charge now, in one plain sentence, or `null` when
 * it may. The caller holds the charge's row.
 */
export function refundFault(
  charge: Pick<
    ChargeState,
    "status" | "resolution" | "review_reason" | "resolved_at" | "second_hash"
  >
): string | null {
  if (!hasMoney(charge)) {
    return "No money is on record for this charge, so there is nothing to send back"
  }
  if (isBecomingOrder(charge)) {
    return "The order of this payment is being made: try again when it is there, or when the payment is in review"
  }
  return charge.status === "completed" &&
    charge.second_hash !== null &&
    needsPerson(charge)
    ? `The bank shows a second transfer for this KHQR (hash ${charge.second_hash}), which is not this order's: send that one back from your bank's app, and dismiss the review with its reference. After that the order's own money can be refunded here`
    : null
}

/** Its money is on the way to its order, which would be made though it went back. */
export function isBecomingOrder(
  charge: Pick<
    ChargeState,
    "status" | "resolution" | "review_reason" | "resolved_at"
  >
): boolean {
  return (
    charge.status === "paid" && bindsSession(charge) && !needsPerson(charge)
  )
}

/** The money that came, in the currency that came. Of what a person took as paid and withdrew, only what the bank shows. */
export function cameOf(charge: PaidCharge): string {
  const isUnseen = charge.resolution === "withdraw" && charge.bank_hash === null
  return isUnseen ? "0" : (charge.paid_amount ?? "0")
}

/**
 * What of the money that came is neither sent back nor set aside for it, in what a
 * bank can send: whole cents or riel. Negative when too much went back.
 */
export function leftToRefund(charge: PaidCharge, refunds: Amounts[]): string {
  const currency = charge.paid_currency ?? charge.currency_code
  const reserved = refunds
    .filter((refund) => isReserved(refund) && isIn(refund, currency))
    .map(({ amount }) => amount)
  return inUnits(MathBN.sub(cameOf(charge), sum(reserved)), currency)
}

/** What went back in a currency, as a decimal. */
export function sentOf(refunds: Amounts[], currency: string): string {
  return sum(
    refunds
      .filter((refund) => refund.status === "sent" && isIn(refund, currency))
      .map(({ amount }) => amount)
  )
}

/** Whether everything that came has gone back, but for what no bank can send. */
export function isSentBack(charge: PaidCharge, refunds: Amounts[]): boolean {
  const { paid_currency } = charge
  return (
    paid_currency !== null &&
    MathBN.lte(
      inUnits(
        MathBN.sub(cameOf(charge), sentOf(refunds, paid_currency)),
        paid_currency
      ),
      0
    )
  )
}

/**
 * How much of what Medusa captured it may book as refunded: what went back in its
 * currency, and what never came of a payment that a person withdrew. Where 44,000
 * riel came for 44,000.4 and all of it went back, it is 44,000.4.
 */
export function coverOf(
  charge: PaidCharge,
  refunds: Amounts[],
  captured: Captured
): string {
  const came = amountToBook(charge)
  const isAsCaptured =
    isSameName(came.currency_code, captured.currency_code) &&
    sameMoney(came.amount, captured.amount)
  if (isAsCaptured && isSentBack(charge, refunds)) {
    return captured.amount
  }
  const cover = MathBN.add(
    sentOf(refunds, captured.currency_code),
    charge.resolution === "withdraw" ? neverCame(charge, captured) : 0
  )
  return plain(MathBN.min(cover, captured.amount))
}

/** What Medusa captured beyond what came. */
export function neverCame(charge: PaidCharge, captured: Captured): string {
  const came = isSameName(charge.paid_currency ?? "", captured.currency_code)
    ? cameOf(charge)
    : "0"
  return plain(MathBN.max(0, MathBN.sub(captured.amount, came)))
}

/** Whether a sum of Medusa's is within what went back, but for less than half a cent or half a riel. */
export function isCovered(
  booked: string,
  cover: string,
  currency: string
): boolean {
  const half = HALF_A_UNIT[currency.toLowerCase()] ?? HALF_A_UNIT.usd
  return MathBN.lt(MathBN.sub(booked, cover), half)
}

export function sum(amounts: string[]): string {
  return plain(MathBN.sum("0", ...amounts))
}

/**
 * Why money cannot be sent back to this account by a KHQR of its own, in one
 * plain sentence, or `null` when it can.
 *
 * @param gateway whether it can be asked about any KHQR, by its md5
 */
export function reverseKhqrFault(
  {
    payer_account,
    currency_code,
  }: Pick<RefundState, "payer_account" | "currency_code">,
  { pooledAccounts }: { pooledAccounts: string[] },
  gateway: { findsAnyKhqr: boolean }
): string | null {
  if (payer_account === null) {
    return "The bank did not say from which account the payment came, so there is no account to make a KHQR to. Send the money by hand, to an account that the customer names."
  }
  if (isPooled(payer_account, pooledAccounts)) {
    return `The payment came from ${payer_account}, an account of the bank's own behind which many customers stand: money sent there would not find its way to the customer. Send it by hand, to an account that the customer names.`
  }
  if (!["usd", "khr"].includes(currency_code)) {
    return `KHQR takes USD and KHR, not ${currency_code.toUpperCase()}. Send the money by hand.`
  }
  if (!gateway.findsAnyKhqr) {
    return "This shop's gateway tells only of KHQRs that it made itself, so a KHQR to the customer would not be found paid. Send the money by hand."
  }
  return null
}

/** Whether many customers stand behind an account, so that it names none of them. */
export function isPooled(account: string, pooledAccounts: string[]): boolean {
  return (
    BIC.test(account.trim()) ||
    pooledAccounts.some((pooled) => isSameName(pooled, account))
  )
}

/**
 * What of a transfer that staff name by its hash is not this refund, one plain
 * sentence each; none when all agrees.
 *
 * @param shopAccounts the accounts from which the shop may have sent it
 */
export function transferFaults(
  refund: Pick<RefundState, "amount" | "currency_code" | "payer_account">,
  transaction: BakongTransaction,
  shopAccounts: string[],
  pooledAccounts: string[]
): string[] {
  const { fromAccountId, toAccountId, amount, currency } = transaction
  const asked = `${refund.amount} ${refund.currency_code.toUpperCase()}`
  const faults: string[] = []
  if (
    fromAccountId === null ||
    !shopAccounts.some((own) => isSameName(own, fromAccountId))
  ) {
    faults.push(
      `it was sent from ${fromAccountId ?? "an account that the bank does not tell"}, not from ${shopAccounts.join(" or ")}`
    )
  }
  const { payer_account } = refund
  if (
    payer_account !== null &&
    !isPooled(payer_account, pooledAccounts) &&
    (toAccountId === null || !isSameName(toAccountId, payer_account))
  ) {
    faults.push(
      `it went to ${toAccountId ?? "an account that the bank does not tell"}, not to ${payer_account}`
    )
  }
  if (
    !isSameName(currency, refund.currency_code) ||
    !sameAmount(amount, refund.amount)
  ) {
    faults.push(`it is over ${amount} ${currency}, not ${asked}`)
  }
  return faults
}

function isIn(
  { currency_code }: Pick<RefundState, "currency_code">,
  currency: string
): boolean {
  return isSameName(currency_code, currency)
}

/** In whole cents or riel, rounded down; 10.999999999999998 is what floats make of 11. */
function inUnits(
  amount: ReturnType<typeof MathBN.sub>,
  currency: string
): string {
  return MathBN.add(amount, NOISE)
    .decimalPlaces(PLACES[currency.toLowerCase()] ?? PLACES.usd, ROUND_FLOOR)
    .toFixed()
}

export function isSameName(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase()
}

function plain(amount: { toFixed(): string }): string {
  return amount.toFixed()
}
