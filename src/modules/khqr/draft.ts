import { generateEntityId, MedusaError } from "@medusajs/framework/utils"

import {
  buildKhqr,
  KhqrError,
  toKhqrAmount,
  type KhqrCurrency,
} from "../../khqr"
import { printedFields, type KhqrOptions } from "./options"
import { planNextCheck } from "./plan"
import { newReference } from "./reference"
import type { Charge } from "./types"

export type ChargeRequest = {
  payment_session_id: string
  /** Exact decimal in Medusa's units, for example "11" or "12.34". */
  amount: string
  /** `usd` or `khr`, in any case. */
  currency_code: string
}

const NOTHING_YET = {
  payment_collection_id: null,
  cart_id: null,
  order_id: null,
  review_reason: null,
  bank_hash: null,
  payer_account: null,
  paid_amount: null,
  paid_currency: null,
  paid_to: null,
  paid_at: null,
  found_at: null,
  settled_at: null,
  next_settle_at: null,
  leased_until: null,
  last_signal_at: null,
  last_outcome: null,
  gateway_ref: null,
  deeplink: null,
  deeplink_asked_at: null,
  deleted_at: null,
}

/**
 * A charge as it is written into the ledger: its KHQR, its time and its first check.
 * @throws MedusaError INVALID_DATA for an amount or currency that KHQR cannot carry;
 *   KhqrError `unfaithful` when the KHQR library changed its ways.
 */
export function draftCharge(
  request: ChargeRequest,
  options: KhqrOptions,
  now: Date
): Charge {
  const currency = currencyOf(request)
  const khqrAmount = amountOf(request, currency, options)
  const expiresAt = new Date(now.getTime() + options.expiresInSeconds * 1_000)
  const reference = newReference()
  const { qr, md5 } = buildKhqr(
    {
      ...printedFields(options.merchant),
      amount: khqrAmount,
      currency,
      billNumber: reference,
      expiresAt: expiresAt.getTime(),
    },
    now.getTime()
  )
  const life = {
    status: "pending" as const,
    issued_at: now,
    expires_at: expiresAt,
    superseded_at: null,
    last_checked_at: null,
    checks: 0,
    unknowns: 0,
    unknown_since: null,
    settle_attempts: 0,
    lasting_settle_failures: 0,
  }
  return {
    ...life,
    ...NOTHING_YET,
    id: generateEntityId(undefined, "khqr"),
    reference,
    md5,
    qr,
    payment_session_id: request.payment_session_id,
    amount: request.amount,
    currency_code: currency.toLowerCase(),
    khqr_amount: khqrAmount,
    account_id: options.merchant.accountId ?? "",
    next_check_at: planNextCheck(life, now)?.at ?? null,
    created_at: now,
    updated_at: now,
  }
}

function currencyOf({ currency_code }: ChargeRequest): KhqrCurrency {
  const currency = currency_code.toUpperCase()
  if (currency === "USD" || currency === "KHR") {
    return currency
  }
  throw new MedusaError(
    MedusaError.Types.INVALID_DATA,
    `KHQR takes USD and KHR, not ${currency}. Choose a region in one of these currencies.`
  )
}

function amountOf(
  { amount }: ChargeRequest,
  currency: KhqrCurrency,
  { khrRounding }: KhqrOptions
): string {
  try {
    return toKhqrAmount(amount, currency, khrRounding)
  } catch (error) {
    if (error instanceof KhqrError) {
      throw new MedusaError(MedusaError.Types.INVALID_DATA, error.message)
    }
    throw error
  }
}
