import { timingSafeEqual } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import {
  buildKhqr,
  type KhqrCurrency,
  KhqrError,
  toExactKhqrAmount,
  toKhqrAmount,
} from "../khqr"
import type { SimulatedBank } from "./bank"
import type { Desk } from "./desk"
import type { Answer } from "./envelope"
import { readJson } from "./http"
import { type Fields, InputError, isFields } from "./input"
import type { SimulatedRandom } from "./random"
import type { Settings } from "./settings"
import type { HostedAccess, Quirks, SimulatedTransaction } from "./types"
import { writeAmount } from "./wire"

/** The hosted gateway's endpoints, as faults name them. */
export const HOSTED_ENDPOINTS = [
  "hosted/generate_deeplink_by_qr",
  "hosted/check_transaction_by_hash",
] as const

export const HOSTED_MERCHANT = {
  merchantId: "c0ffee00c0ffee00c0ffee00c0ffee00",
  accountId: "lotus_hosted@devb",
} as const

/** No secret: it opens nothing but a simulator. */
export const DEFAULT_HOSTED_KEY = "hosted-simulator-key"

/** NBC's ten minutes. */
const LIFETIME_MS = 600_000

const MAX_ORDERS = 100_000

export type HostedParts = {
  bank: SimulatedBank
  desk: Desk
  random: SimulatedRandom
  quirks: Settings<Quirks>
  now: () => number
  access: Pick<HostedAccess, "merchantId" | "key" | "accountId">
}

/** A KHQR this gateway has made. */
type Order = { qr: string; md5: string; billNumber: string }

/**
 * A second protocol: a gateway that makes the KHQR itself, for a merchant account of
 * its own, and is asked about it by its own hash.
 */
export class HostedGateway {
  protected readonly parts_: HostedParts
  protected readonly orders_ = new Map<string, Order>()

  constructor(parts: HostedParts) {
    this.parts_ = parts
  }

  /** Serves one call to `/hosted/v1/<name>`. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    name: string
  ): Promise<void> {
    const body = await readJson(request)
    const { authorization = "" } = request.headers
    const [, key] = /^Bearer (\S+)$/.exec(authorization) ?? []
    const authorized = isSame(key ?? "", this.parts_.access.key)
    this.parts_.desk.serve(response, {
      name: `hosted/${name}`,
      endpoint: `/hosted/v1/${name}`,
      body,
      hasToken: key !== undefined,
      authorized,
      answer: () => this.answer_(`${request.method} ${name}`, body, authorized),
      refusals: {
        unauthorized: () => UNAUTHORIZED,
        quotaSpent: () =>
          refuse(429, "quota_exceeded", "Daily request limit reached."),
        mailDown: () => refuse(503, "mail_down", "No mail can be sent."),
      },
    })
  }

  reset(): void {
    this.orders_.clear()
  }

  protected answer_(route: string, body: unknown, authorized: boolean): Answer {
    const answer = {
      "POST generate_deeplink_by_qr": (fields: Fields) => this.make_(fields),
      "POST check_transaction_by_hash": (fields: Fields) => this.check_(fields),
    }[route]
    if (!answer) {
      return refuse(404, "unknown_route", "There is no such route.")
    }
    if (!authorized) {
      return UNAUTHORIZED
    }
    try {
      return answer(isFields(body) ? body : {})
    } catch (error) {
      if (error instanceof InputError || error instanceof KhqrError) {
        return refuse(422, "invalid_request", error.message)
      }
      throw error
    }
  }

  protected make_(body: Fields): Answer {
    const { access, random } = this.parts_
    if (body.md5 !== access.merchantId) {
      return refuse(404, "unknown_merchant", "This merchant is not known.")
    }
    const currency = readCurrency(body)
    const amount = readAmount(body, currency)
    const billNumber = readText(body, "bill_number", 25)
    const order = this.order_(amount, currency, billNumber)
    const hash = random.hex(32)
    this.orders_.set(hash, order)
    if (this.orders_.size > MAX_ORDERS) {
      this.orders_.delete(this.orders_.keys().next().value!)
    }
    const shown = this.show_(order.qr)
    return {
      status: 200,
      body: {
        hash,
        qr_string: `khqr://${shown}`,
        deeplink: `bakong://qr?qr=${encodeURIComponent(shown)}`,
        amount: Number(amount),
        currency,
        merchant_id: access.merchantId,
        bill_number: billNumber,
      },
    }
  }

  protected check_(body: Fields): Answer {
    const hash = readText(body, "hash", 255)
    const order = this.orders_.get(hash)
    const finding = order && this.parts_.bank.findByMd5(order.md5)
    if (!order || finding?.type !== "found") {
      return this.notPaid_()
    }
    return {
      status: 200,
      body: this.tellPaid_(hash, order, finding.transaction),
    }
  }

  protected notPaid_(): Answer {
    switch (this.parts_.quirks.current.hostedNotPaid) {
      case "not_found":
        return refuse(404, "not_found", "Transaction not found.")
      case "null":
        return { status: 200, body: null }
      case "empty_404":
        return { status: 404, body: undefined }
    }
  }

  protected tellPaid_(
    hash: string,
    { billNumber }: Order,
    transaction: SimulatedTransaction
  ): Fields {
    const { hostedPaid, amountAsString } = this.parts_.quirks.current
    const isUsd = transaction.currency === "USD"
    const amount =
      hostedPaid === "other_amount"
        ? otherAmount(Number(transaction.amount), isUsd)
        : transaction.amount
    return {
      hash: hostedPaid === "other_hash" ? "0".repeat(64) : hash,
      paid: true,
      status: "completed",
      amount: amountAsString
        ? writeAmount({ amount, currency: transaction.currency })
        : amount,
      currency:
        hostedPaid === "other_currency"
          ? otherCurrency(transaction.currency)
          : transaction.currency,
      paid_at: new Date(transaction.createdDateMs).toISOString(),
      transaction_id: transaction.hash,
      bill_number:
        hostedPaid === "other_bill_number" ? `${billNumber}x` : billNumber,
    }
  }

  /** The KHQR, with what the quirk of the moment changes in it. */
  protected order_(
    amount: string,
    currency: KhqrCurrency,
    billNumber: string
  ): Order {
    const { access, now, quirks } = this.parts_
    const { hostedQr } = quirks.current
    const said =
      hostedQr === "other_currency" ? otherCurrency(currency) : currency
    const { qr, md5 } = buildKhqr(
      {
        receiver: {
          type: "merchant",
          accountId: access.accountId,
          merchantId: "HOSTED0001",
          acquiringBank: "Hosted Bank",
        },
        merchantName: "Lotus Hosted",
        currency: said,
        amount: toKhqrAmount(
          hostedQr === "other_amount"
            ? String(otherAmount(Number(amount), said === "USD"))
            : amount,
          said
        ),
        billNumber:
          hostedQr === "other_bill_number"
            ? `other-${billNumber}`.slice(0, 25)
            : billNumber,
        expiresAt: now() + LIFETIME_MS,
      },
      now()
    )
    return { qr, md5, billNumber }
  }

  protected show_(qr: string): string {
    return this.parts_.quirks.current.hostedQr === "garbled"
      ? qr.slice(0, -4) + (qr.endsWith("0000") ? "FFFF" : "0000")
      : qr
  }
}

const refuse = (status: number, error: string, message: string): Answer => ({
  status,
  body: { message, error },
})

const UNAUTHORIZED = refuse(401, "unauthorized", "The API key is not valid.")

const isSame = (given: string, wanted: string): boolean => {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const otherAmount = (amount: number, isUsd: boolean): number =>
  isUsd ? Number((amount + 0.01).toFixed(2)) : amount + 100

const otherCurrency = (currency: string): KhqrCurrency =>
  currency === "USD" ? "KHR" : "USD"

const readText = (body: Fields, field: string, max: number): string => {
  const value = body[field]
  if (typeof value !== "string" || value === "" || value.length > max) {
    throw new InputError(field, `must be a string of 1 to ${max} characters`)
  }
  return value
}

const readCurrency = ({ currency }: Fields): KhqrCurrency => {
  if (currency !== "USD" && currency !== "KHR") {
    throw new InputError("currency", "must be USD or KHR")
  }
  return currency
}

/** Exact: what a KHQR cannot say is refused, never rounded. */
const readAmount = ({ amount }: Fields, currency: KhqrCurrency): string => {
  if (typeof amount !== "number" && typeof amount !== "string") {
    throw new InputError("amount", "must be a number")
  }
  return toExactKhqrAmount(String(amount), currency)
}
