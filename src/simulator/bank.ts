import { decodeKhqr, KhqrError, khqrMd5, type KhqrFields } from "../khqr"
import { LAST_MOMENT } from "./clock"
import {
  expectOnly,
  type Fields,
  InputError,
  readOptionalInteger,
  readOptionalText,
  readText,
} from "./input"
import type { SimulatedRandom } from "./random"
import type { PayInput, SimulatedTransaction } from "./types"

/** What a check finds under an md5 or a hash. */
export type Finding =
  | { type: "found"; transaction: SimulatedTransaction }
  | { type: "not_found" }
  | { type: "failed" }
  | { type: "static_qr" }

export const DEFAULT_PAYER = "sok_dara@devb"

const ACKNOWLEDGED_AFTER_MS = 400

const PAY_FIELDS = [
  "qr",
  "delayMs",
  "createdAt",
  "amount",
  "currency",
  "toAccountId",
  "fromAccountId",
  "times",
  "trackingStatus",
  "hash",
  "instructionRef",
  "externalRef",
] as const satisfies (keyof PayInput)[]

/** The bank's books: transfers, failures, and the static QRs it has seen. */
export class SimulatedBank {
  protected readonly now_: () => number
  protected readonly random_: SimulatedRandom
  protected transactions_: SimulatedTransaction[] = []
  protected readonly byMd5_ = new Map<string, SimulatedTransaction[]>()
  protected readonly byHash_ = new Map<string, SimulatedTransaction[]>()
  protected readonly failed_ = new Set<string>()
  protected readonly static_ = new Set<string>()

  constructor(now: () => number, random: SimulatedRandom) {
    this.now_ = now
    this.random_ = random
  }

  get transactions(): readonly SimulatedTransaction[] {
    return this.transactions_
  }

  /** Strictly decodes a QR, as a bank's app does. @throws {InputError} about `qr` */
  scan(qr: string): KhqrFields {
    const fields = decode(qr)
    if (fields.amount === undefined) {
      this.static_.add(khqrMd5(qr))
    }
    return fields
  }

  /** @throws {InputError} */
  pay(input: Fields): SimulatedTransaction[] {
    expectOnly(input, PAY_FIELDS)
    const qr = withoutScheme(readText(input, "qr"))
    const said = this.scan(qr)
    const now = this.now_()
    const createdDateMs =
      readOptionalInteger(input, "createdAt", { min: 1, max: LAST_MOMENT }) ??
      now
    const delayMs =
      readOptionalInteger(input, "delayMs", { min: 0, max: 86_400_000 }) ?? 0
    const times = readOptionalInteger(input, "times", { min: 1, max: 20 }) ?? 1
    const transaction = {
      md5: khqrMd5(qr),
      qr,
      fromAccountId: readOptionalText(input, "fromAccountId") ?? DEFAULT_PAYER,
      toAccountId:
        readOptionalText(input, "toAccountId") ?? said.receiver.accountId,
      currency: readOptionalText(input, "currency") ?? said.currency,
      amount: readAmount(input, said),
      description: `Payment to ${said.merchantName}`,
      createdDateMs,
      acknowledgedDateMs: createdDateMs + ACKNOWLEDGED_AFTER_MS,
      trackingStatus: readOptionalText(input, "trackingStatus") ?? null,
      receiverBank: said.receiver.acquiringBank ?? null,
      receiverBankAccount: null,
      instructionRef: readOptionalText(input, "instructionRef") ?? null,
      externalRef: readOptionalText(input, "externalRef") ?? null,
      visibleAt: now + delayMs,
    }
    const hash = readHash(input)
    const made = Array.from({ length: times }, () => {
      const own = hash ?? this.random_.hex(32)
      return { ...transaction, hash: own, shortHash: own.slice(0, 8) }
    })
    made.forEach((one) => this.record_(one))
    return made
  }

  /** @throws {InputError} about `qr` */
  fail(shown: string): void {
    const qr = withoutScheme(shown)
    this.scan(qr)
    this.failed_.add(khqrMd5(qr))
  }

  /** A QR that was paid twice shows its first transfer only, as at Bakong. */
  findByMd5(md5: string): Finding {
    const wanted = md5.toLowerCase()
    if (this.static_.has(wanted)) {
      return { type: "static_qr" }
    }
    const finding = this.first_(this.byMd5_.get(wanted))
    return finding.type === "not_found" && this.failed_.has(wanted)
      ? { type: "failed" }
      : finding
  }

  findByHash(hash: string): Finding {
    return this.first_(this.byHash_.get(hash.toLowerCase()))
  }

  findByShortHash(hash: string, amount: number, currency: string): Finding {
    const wanted = hash.toLowerCase()
    return this.first_(
      this.transactions_.filter(
        (transaction) =>
          transaction.shortHash === wanted &&
          Number(transaction.amount) === amount &&
          transaction.currency === currency
      )
    )
  }

  findByRef(field: "instructionRef" | "externalRef", ref: string): Finding {
    return this.first_(
      this.transactions_.filter((transaction) => transaction[field] === ref)
    )
  }

  reset(): void {
    this.transactions_ = []
    this.byMd5_.clear()
    this.byHash_.clear()
    this.failed_.clear()
    this.static_.clear()
  }

  protected record_(transaction: SimulatedTransaction): void {
    const { md5, hash } = transaction
    this.transactions_.push(transaction)
    this.byMd5_.set(md5, [...(this.byMd5_.get(md5) ?? []), transaction])
    this.byHash_.set(hash, [...(this.byHash_.get(hash) ?? []), transaction])
  }

  protected first_(candidates: SimulatedTransaction[] = []): Finding {
    const now = this.now_()
    const transaction = candidates.find(({ visibleAt }) => visibleAt <= now)
    return transaction ? { type: "found", transaction } : { type: "not_found" }
  }
}

/** What a camera reads: a hosted gateway shows it behind `khqr://`. */
export const withoutScheme = (qr: string): string =>
  qr.replace(/^khqr:\/\//i, "")

const decode = (qr: string): KhqrFields => {
  try {
    return decodeKhqr(qr)
  } catch (error) {
    if (error instanceof KhqrError) {
      throw new InputError("qr", `is not a KHQR: ${error.message}`)
    }
    throw error
  }
}

const readAmount = (input: Fields, said: KhqrFields): number | string => {
  const { amount } = input
  if (amount === undefined) {
    if (said.amount === undefined) {
      throw new InputError("amount", "is missing, and a static QR has none")
    }
    return Number(said.amount)
  }
  const isAmount =
    typeof amount === "string" ? amount !== "" : Number.isFinite(amount)
  if (!isAmount) {
    throw new InputError(
      "amount",
      "must be a number, or a string to send as is"
    )
  }
  return amount as number | string
}

const readHash = (input: Fields): string | undefined => {
  const hash = readOptionalText(input, "hash")?.toLowerCase()
  if (hash !== undefined && !/^[0-9a-f]{64}$/.test(hash)) {
    throw new InputError("hash", "must be 64 hex characters")
  }
  return hash
}
