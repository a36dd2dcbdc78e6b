import { MathBN } from "@medusajs/framework/utils"

import type { BakongTransaction } from "../../bakong"
import { sameAmount } from "../../khqr"
import { isReserved, type RefundState } from "./refund-state"
import { amountToBook, type ChargeState } from "./state"

type Amounts = Pick<RefundState, "status" | "amount">

type PaidCharge = Pick<
  ChargeState,
  "amount" | "khqr_amount" | "currency_code" | "paid_amount" | "paid_currency"
>

/** Half of what KHQR can carry at least: Medusa's own fractions of it are not counted. */
const HALF_A_UNIT: Record<string, string> = { usd: "0.005", khr: "0.5" }

/** A bank's own account: its BIC (ISO 9362) before the @, as `abaakhppxxx@abaa`. */
const BIC = /^[a-z]{4}kh[a-z0-9]{2}([a-z0-9]{3})?@/i

/** What of the money that came is neither sent back nor set aside for it; negative when too much went back. */
export function leftToRefund(charge: PaidCharge, refunds: Amounts[]): string {
  const reserved = refunds.filter(isReserved).map(({ amount }) => amount)
  return plain(MathBN.sub(charge.paid_amount ?? "0", sum(reserved)))
}

/** What went back, as a decimal. */
export function sentOf(refunds: Amounts[]): string {
  return sum(
    refunds
      .filter(({ status }) => status === "sent")
      .map(({ amount }) => amount)
  )
}

/** Whether everything that came has gone back. */
export function isSentBack(charge: PaidCharge, refunds: Amounts[]): boolean {
  return (
    charge.paid_amount !== null &&
    MathBN.gte(sentOf(refunds), charge.paid_amount)
  )
}

/**
 * How much of a charge Medusa may have booked as refunded, in its units. Where
 * 44,000 riel came for 44,000.4 and all of it went back, it is 44,000.4.
 */
export function coverOf(charge: PaidCharge, refunds: Amounts[]): string {
  return isSentBack(charge, refunds)
    ? amountToBook(charge).amount
    : sentOf(refunds)
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

function isSameName(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase()
}

function plain(amount: { toFixed(): string }): string {
  return amount.toFixed()
}
