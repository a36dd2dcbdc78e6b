import { z } from "@medusajs/framework/zod"
import {
  type BakongTransaction,
  type Description,
  type HttpAnswer,
  type Outcome,
  parseBody,
  presentable,
  readAmount,
  readStatus,
  type Unknown,
  unknown,
} from "../bakong"
import { type DecodedKhqr, decodeKhqr, KhqrError, sameAmount } from "../khqr"
import { allowedLink } from "./deeplink"
import type { MadeQr, QrRequest, Question } from "./gateway"

/** 9999-12-31: the last moment worth believing, epoch ms. */
const LAST_MOMENT = 253_402_300_799_999
/** Below it an epoch counts seconds (until the year 5138), above it ms (since 1973). */
const FIRST_MILLISECOND = 100_000_000_000
/** A time without its zone could be off by seven hours, and late or not depends on it. */
const ZONED_TIME =
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/i
const FULL_HASH = /^[0-9a-f]{64}$/i

const toDate = (text: string): number =>
  ZONED_TIME.test(text)
    ? Date.parse(text.replace(" ", "T").replace(/([+-]\d\d)(\d\d)$/, "$1:$2"))
    : NaN

const Moment = z
  .union([
    z.number(),
    z
      .string()
      .trim()
      .transform((text) =>
        /^\d+(\.\d+)?$/.test(text) ? Number(text) : toDate(text)
      ),
  ])
  .pipe(
    z
      .number()
      .positive()
      .transform((epoch) => (epoch < FIRST_MILLISECOND ? epoch * 1000 : epoch))
      .pipe(z.number().max(LAST_MOMENT).transform(Math.floor))
  )
  .nullable()
  .catch(null)

const Amount = z
  .union([z.string(), z.number()])
  .transform(readAmount)
  .pipe(z.string())

const Currency = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{3}$/)

/** A number too large for a float would name another transfer. */
const TransactionId = z
  .union([z.string(), z.int().transform(String)])
  .pipe(z.string().trim().min(1).max(255))
  .nullable()
  .catch(null)

const Claim = z.object({
  hash: z.string(),
  paid: z.literal(true),
  status: z.string().trim().toLowerCase().pipe(z.literal("completed")),
  bill_number: z.string(),
  error: z.null().optional(),
})

const Transfer = z.object({
  amount: Amount,
  currency: Currency,
  transaction_id: TransactionId,
  paid_at: Moment,
})

/** Denies the payment and says nothing that could mean the contrary. */
const Denial = z.object({
  error: z.literal("not_found"),
  hash: z.string().nullish(),
  paid: z.literal(false).nullish(),
  transaction_id: z.null().optional(),
  paid_at: z.null().optional(),
})

/** As `unknown_merchant`; a framework's error is in words, "Not Found". */
const Refusal = z.object({
  error: z.string().regex(/^[a-z0-9]+(_[a-z0-9]+)*$/),
})

const Words = z.object({
  message: z.string().trim().min(1).optional().catch(undefined),
  error: z.string().trim().min(1).optional().catch(undefined),
})

const Made = z.object({
  hash: z
    .string()
    .max(255)
    .regex(/^[\x21-\x7e]+$/),
  qr_string: z.string(),
  deeplink: z.unknown(),
  amount: z.unknown(),
  currency: z.unknown(),
  merchant_id: z.unknown(),
  bill_number: z.unknown(),
})

/** What a hosted gateway's answer says, for the audit log and the gate. Never throws. */
export const describeHosted = (answer: HttpAnswer): Description => {
  const body = parseBody(answer.text)
  const { message, error } = Words.safeParse(body).data ?? {}
  const words = presentable(message ?? error ?? `HTTP ${answer.status}`)
  return {
    responseCode: null,
    errorCode: null,
    message: words,
    trouble: readTrouble(answer, body, words),
  }
}

/**
 * Reads what a gateway without trouble told about a charge. Never throws.
 *
 * @param host the gateway's, for the names of its transfers.
 */
export const readHostedCheck = (
  answer: HttpAnswer,
  { gateway_ref, reference }: Pick<Question, "gateway_ref" | "reference">,
  host: string
): Outcome => {
  const body = parseBody(answer.text)
  if (isDenial(answer, body)) {
    const echoed = Denial.safeParse(body).data?.hash ?? gateway_ref
    return echoed === gateway_ref
      ? { type: "not_found" }
      : unknown("unrecognized", "The answer is about another hash")
  }
  const claim = Claim.safeParse(body).data
  if (answer.status !== 200 || !claim) {
    return unknown(
      "unrecognized",
      "Neither a completed payment nor a plain not_found"
    )
  }
  if (claim.hash !== gateway_ref) {
    return unknown("unrecognized", "The answer is about another hash")
  }
  if (claim.bill_number !== reference) {
    return unknown("unrecognized", "The answer is about another bill number")
  }
  const transfer = Transfer.safeParse(body).data
  return transfer
    ? { type: "paid", transaction: toTransaction(claim.hash, transfer, host) }
    : unknown("unreadable", "A payment without a readable amount or currency")
}

/** Whether the gateway itself refuses, by an error code of its own. Never throws. */
export const isRefusal = ({ text }: HttpAnswer): boolean =>
  Refusal.safeParse(parseBody(text)).success

/**
 * A KHQR made elsewhere, if it asks for what we want to be paid.
 *
 * @param expected.accountId who has to be paid, if we know.
 * @param expected.deeplinkHosts where its link may lead, see `allowedLink`.
 * @throws {Error} that names what is wrong with it.
 */
export const readMadeQr = (
  text: string,
  request: QrRequest,
  expected: {
    merchantId: string
    accountId?: string
    deeplinkHosts: string[]
    now: number
  }
): MadeQr => {
  const made = Made.safeParse(parseBody(text))
  if (!made.success) {
    const { path } = made.error.issues[0]
    throw new Error(
      path.length
        ? `The gateway's answer has no usable ${path.join(".")}`
        : "The gateway's answer is no JSON object"
    )
  }
  const qr = withoutScheme(made.data.qr_string.trim())
  const faults = [
    ...faultsOfAnswer(made.data, request, expected.merchantId),
    ...faultsOfKhqr(decode(qr), request, expected),
  ]
  if (faults.length > 0) {
    throw new Error(`The gateway's KHQR is not ours: ${faults.join(", ")}`)
  }
  return {
    qr,
    ref: made.data.hash,
    deeplink: readDeeplink(made.data.deeplink, qr, expected.deeplinkHosts),
  }
}

const readTrouble = (
  answer: HttpAnswer,
  body: unknown,
  words: string
): Unknown | null => {
  const { status } = answer
  // The same words as the Open API's, for it may stand behind this gateway.
  if (status >= 400 && /daily request limit/i.test(words)) {
    return unknown("quota_spent", words)
  }
  const refusal = readStatus(answer, words)
  if (refusal || isDenial(answer, body)) {
    return refusal
  }
  if (status >= 200 && status < 300) {
    return body === undefined
      ? unknown("unreadable", `HTTP ${status} with a body that is no JSON`)
      : null
  }
  return unknown("unrecognized", `HTTP ${status}: ${words}`)
}

/** An empty 404, `null`, or an object that says so; a page or a framework's 404 is none. */
const isDenial = ({ status, text }: HttpAnswer, body: unknown): boolean => {
  if (status !== 200 && status !== 404) {
    return false
  }
  return (
    (status === 404 && text.trim() === "") ||
    body === null ||
    Denial.safeParse(body).success
  )
}

const toTransaction = (
  hash: string,
  transfer: z.infer<typeof Transfer>,
  host: string
): BakongTransaction => ({
  hash: nameTransfer(transfer.transaction_id ?? hash, host),
  fromAccountId: null,
  toAccountId: null,
  currency: transfer.currency,
  amount: transfer.amount,
  description: null,
  createdAt: transfer.paid_at,
  acknowledgedAt: null,
  trackingStatus: null,
  receiverBank: null,
  receiverBankAccount: null,
  instructionRef: null,
  externalRef: null,
})

/** A transfer pays one charge, and another gateway may count its own from 1 too. */
const nameTransfer = (id: string, host: string): string =>
  FULL_HASH.test(id) ? id.toLowerCase() : `${host}/${id}`

const decode = (qr: string): DecodedKhqr => {
  try {
    return decodeKhqr(qr)
  } catch (error) {
    if (error instanceof KhqrError) {
      throw new Error(`The gateway's KHQR is not readable: ${error.message}`)
    }
    throw error
  }
}

/** The answer need not repeat what was asked for; what it repeats has to be right. */
const faultsOfAnswer = (
  made: z.infer<typeof Made>,
  request: QrRequest,
  merchantId: string
): string[] => {
  const amount = readAmount(made.amount)
  const isSaid = (value: unknown) => value !== undefined && value !== null
  return [
    isSaid(made.amount) &&
      !(amount && sameAmount(amount, request.amount)) &&
      "amount of the answer",
    isSaid(made.currency) &&
      String(made.currency).toUpperCase() !== request.currency &&
      "currency of the answer",
    isSaid(made.bill_number) &&
      made.bill_number !== request.reference &&
      "bill_number of the answer",
    isSaid(made.merchant_id) &&
      String(made.merchant_id) !== merchantId &&
      "merchant_id of the answer",
  ].filter((fault) => fault !== false)
}

const faultsOfKhqr = (
  khqr: DecodedKhqr,
  request: QrRequest,
  { accountId, now }: { accountId?: string; now: number }
): string[] =>
  [
    khqr.pointOfInitiation !== "dynamic" && "it is static",
    khqr.amount !== undefined &&
      !sameAmount(khqr.amount, request.amount) &&
      `amount ${khqr.amount} instead of ${request.amount}`,
    khqr.currency !== request.currency &&
      `currency ${khqr.currency} instead of ${request.currency}`,
    khqr.billNumber !== request.reference &&
      "bill number (tag 62.01) other than our reference",
    khqr.expiresAt !== undefined && khqr.expiresAt <= now && "expired already",
    accountId !== undefined &&
      normalized(khqr.receiver.accountId) !== normalized(accountId) &&
      "receiver other than the configured account",
  ].filter((fault) => fault !== false)

const normalized = (accountId: string): string => accountId.trim().toLowerCase()

/**
 * A link that pays this KHQR or nothing. One into the app is not passed on but
 * written anew: what the app makes of other parameters is not ours to know.
 */
const readDeeplink = (
  value: unknown,
  qr: string,
  hosts: string[]
): string | null => {
  const link = typeof value === "string" ? value.trim() : ""
  if (!URL.canParse(link)) {
    return null
  }
  const { protocol, searchParams } = new URL(link)
  if (protocol === "bakong:") {
    return `bakong://qr?qr=${encodeURIComponent(qr)}`
  }
  const carriesAnother = [...searchParams.values()]
    .map(withoutScheme)
    .some((carried) => carried.startsWith("000201") && carried !== qr)
  return carriesAnother ? null : allowedLink(link, hosts)
}

const withoutScheme = (text: string): string => text.replace(/^khqr:\/\//i, "")
