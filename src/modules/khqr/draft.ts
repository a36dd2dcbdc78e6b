import { generateEntityId, MedusaError } from "@medusajs/framework/utils"

import type { MadeQr } from "../../gateways"
import {
  buildKhqr,
  decodeKhqr,
  KhqrError,
  khqrMd5,
  toKhqrAmount,
  type BuildKhqrInput,
  type KhqrCurrency,
} from "../../khqr"
import { readClientQr } from "./client-qr"
import { limitFault } from "./limits"
import type { KhqrOptions } from "./options"
import { planNextCheck } from "./pace"
import { printedFields, receiverFor } from "./receivers"
import { newReference } from "./reference"
import type { Charge, ChargeMode } from "./types"

/**
 * A static KHQR itself does not end. It is shown for a day, so that a transfer is
 * looked for among the payments of that day; after it the shopper gets a fresh charge.
 */
export const STATIC_SHOWN_FOR_MS = 24 * 3_600_000

export type ChargeRequest = {
  payment_session_id: string
  /** Exact decimal in Medusa's units, for example "11" or "12.34". */
  amount: string
  /** `usd` or `khr`, in any case. */
  currency_code: string
  /** What the storefront sent as `data.qr`; of use in mode `client` only, and never trusted. */
  client_qr?: unknown
}

const NOTHING_YET = {
  moved_from: null,
  payment_collection_id: null,
  cart_id: null,
  order_id: null,
  review_reason: null,
  resolution: null,
  resolved_at: null,
  resolved_by: null,
  evidence: null,
  confirmation_reference: null,
  session_amount: null,
  accepted_total: null,
  second_hash: null,
  adoption_key: null,
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
  last_signal: null,
  signals_in_vain: 0,
  watched_since: null,
  unwatched_at: null,
  check_reason: null,
  late_signals: 0,
  deleted_at: null,
}

/** What a KHQR for the request has to carry, before there is one. */
export type KhqrRequest = {
  reference: string
  currency: KhqrCurrency
  /** As KHQR writes it. */
  amount: string
  expiresAt: Date
  clientQr?: unknown
}

/** A KHQR, with what the ledger has to know of it. */
export type IssuedKhqr = {
  mode: ChargeMode
  reference: string
  qr: string
  md5: string
  account_id: string
  expires_at: Date
  gateway_ref: string | null
  deeplink: string | null
}

/** @throws MedusaError INVALID_DATA for an amount or currency that KHQR, or this shop, does not take. */
export function planKhqr(
  request: ChargeRequest,
  options: KhqrOptions,
  now: Date
): KhqrRequest {
  const currency = currencyOf(request)
  return {
    reference: newReference(),
    currency,
    amount: amountOf(request, currency, options),
    expiresAt: new Date(now.getTime() + lifetimeOf(options)),
    clientQr: request.client_qr,
  }
}

/** Of a client's KHQR its own time counts. */
function lifetimeOf({ mode, expiresInSeconds }: KhqrOptions): number {
  return mode === "static" ? STATIC_SHOWN_FOR_MS : expiresInSeconds * 1_000
}

/**
 * A KHQR by the shop's own mode.
 * @throws MedusaError INVALID_DATA for a client's that is not ours to accept,
 *   KhqrError `unfaithful` when the KHQR library changed its ways
 */
export function ownKhqr(
  wanted: KhqrRequest,
  options: KhqrOptions,
  now: Date
): IssuedKhqr {
  const receiver = receiverFor(options, wanted.currency)
  const fields = {
    ...printedFields(options),
    receiver,
    currency: wanted.currency,
  }
  const common = {
    mode: options.mode,
    reference: wanted.reference,
    account_id: receiver.accountId,
    expires_at: wanted.expiresAt,
    gateway_ref: null,
    deeplink: null,
  }
  switch (options.mode) {
    case "dynamic":
      return {
        ...common,
        ...written(
          {
            ...fields,
            amount: wanted.amount,
            billNumber: wanted.reference,
            expiresAt: wanted.expiresAt.getTime(),
          },
          now
        ),
      }
    case "static":
      return { ...common, ...written({ ...fields, type: "static" }, now) }
    case "client":
      return {
        ...common,
        ...readClientQr(wanted.clientQr, { ...wanted, receiver }, now),
      }
  }
}

function written(input: BuildKhqrInput, now: Date) {
  const { qr, md5 } = buildKhqr(input, now.getTime())
  return { qr, md5 }
}

/**
 * A KHQR that a gateway made: its own time counts, when it ends sooner than ours.
 * @throws KhqrError when it cannot be decoded
 */
export function gatewaysKhqr(wanted: KhqrRequest, made: MadeQr): IssuedKhqr {
  const { receiver, expiresAt } = decodeKhqr(made.qr)
  return {
    mode: "dynamic",
    reference: wanted.reference,
    qr: made.qr,
    md5: khqrMd5(made.qr),
    account_id: receiver.accountId,
    expires_at: new Date(
      Math.min(wanted.expiresAt.getTime(), expiresAt ?? Infinity)
    ),
    gateway_ref: made.ref,
    deeplink: made.deeplink,
  }
}

/** A charge as it is written into the ledger: its KHQR, its time and its first check. */
export function draftCharge(
  request: ChargeRequest,
  wanted: KhqrRequest,
  khqr: IssuedKhqr,
  now: Date
): Charge {
  const life = {
    ...NOTHING_YET,
    mode: khqr.mode,
    status: "pending" as const,
    issued_at: now,
    expires_at: khqr.expires_at,
    superseded_at: null,
    last_checked_at: null,
    last_outcome: null,
    checks: 0,
    unknowns: 0,
    unknown_since: null,
    settle_attempts: 0,
    lasting_settle_failures: 0,
  }
  return {
    ...life,
    ...khqr,
    id: generateEntityId(undefined, "khqr"),
    payment_session_id: request.payment_session_id,
    amount: request.amount,
    currency_code: wanted.currency.toLowerCase(),
    khqr_amount: wanted.amount,
    deeplink_asked_at: khqr.deeplink === null ? null : now,
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
  { khrRounding, limits }: KhqrOptions
): string {
  const khqrAmount = inKhqr(amount, currency, khrRounding)
  const fault = limitFault(
    khqrAmount,
    currency,
    currency === "USD" ? limits.usd : limits.khr
  )
  if (fault) {
    throw new MedusaError(MedusaError.Types.INVALID_DATA, fault)
  }
  return khqrAmount
}

function inKhqr(
  amount: string,
  currency: KhqrCurrency,
  rounding: KhqrOptions["khrRounding"]
): string {
  try {
    return toKhqrAmount(amount, currency, rounding)
  } catch (error) {
    if (error instanceof KhqrError) {
      throw new MedusaError(MedusaError.Types.INVALID_DATA, error.message)
    }
    throw error
  }
}
