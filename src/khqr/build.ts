import { CURRENCY, KHQR, TAG, type QRPayload } from "ts-khqr"
import { crc16 } from "./crc"
import { decodeKhqr } from "./decode"
import { KhqrError, type KhqrErrorCode } from "./errors"
import { khqrMd5 } from "./md5"
import { toExactKhqrAmount } from "./money"
import {
  ACCOUNT_ID,
  CRC_HEADER,
  DEFAULT_MERCHANT_CATEGORY_CODE,
  DEFAULT_MERCHANT_CITY,
  EPOCH_MILLISECONDS,
  MAX_LENGTH,
  MAX_LIFETIME_MS,
  MAX_TEMPLATE_LENGTH,
  MERCHANT_CATEGORY_CODE,
  PRINTABLE_ASCII,
  UNPRINTABLE,
} from "./rules"
import { writeTlv } from "./tlv"
import type {
  BuildKhqrInput,
  BuiltKhqr,
  DecodedKhqr,
  KhqrReceiver,
} from "./types"

/**
 * ts-khqr compares the expiry with the wall clock. It gets one that is always ahead;
 * ours takes its place in the string.
 */
const PLACEHOLDER_EXPIRY = 9_999_999_999_999

/** ts-khqr's tag 99 and checksum, whose fourth digit it loses once in 4,096 strings. */
const DYNAMIC_TAIL = /99340013\d{13}011399999999999996304[0-9A-F]{3,4}$/
const STATIC_TAIL = /6304[0-9A-F]{3,4}$/

const ADDITIONAL_DATA = {
  billNumber: "62.01",
  mobileNumber: "62.02",
  storeLabel: "62.03",
  terminalLabel: "62.07",
  purpose: "62.08",
} as const

type AdditionalDataField = keyof typeof ADDITIONAL_DATA

const ADDITIONAL_DATA_FIELDS = Object.keys(
  ADDITIONAL_DATA
) as AdditionalDataField[]

/**
 * Builds a KHQR string. `ts-khqr` writes it; everything it lets through is refused before,
 * the times and the checksum are ours, and the result is decoded and compared with the
 * input before anybody sees it.
 *
 * Two inputs with the same fields at the same `now` give the same string and md5, and Bakong
 * cannot tell them apart: put a unique reference into `billNumber`.
 *
 * @param now epoch milliseconds, written as the creation time of a dynamic KHQR
 * @throws KhqrError naming the field: nothing is cut, rounded or filled in, save the defaults
 * of `merchantCity` and `merchantCategoryCode`
 */
export function buildKhqr(input: BuildKhqrInput, now: number): BuiltKhqr {
  const wanted = readInput(input, now)
  const qr = seal(generate(wanted), wanted)
  return { qr, md5: khqrMd5(qr), fields: decodeFaithfully(qr, wanted) }
}

/** Everything the string is to say, validated, in canonical form. */
function readInput(input: BuildKhqrInput, now: number): DecodedKhqr {
  if (input === null || typeof input !== "object") {
    throw fault("malformed", "input", undefined, "must be an object")
  }
  const text: TextRule = input.allowNonAscii ? "unicode" : "ascii"
  const wanted: DecodedKhqr = {
    pointOfInitiation: "static",
    receiver: readReceiver(input.receiver),
    currency: input.currency,
    merchantName: requireText(
      input.merchantName,
      "merchantName",
      "59",
      MAX_LENGTH.merchantName
    ),
    merchantCity: requireText(
      input.merchantCity ?? DEFAULT_MERCHANT_CITY,
      "merchantCity",
      "60",
      MAX_LENGTH.merchantCity
    ),
    merchantCategoryCode: readMerchantCategoryCode(input.merchantCategoryCode),
  }
  if (input.currency !== "USD" && input.currency !== "KHR") {
    throw fault("malformed", "currency", "53", 'must be "USD" or "KHR"')
  }
  readPointOfInitiation(input, now, wanted)
  readUnionPayAccount(input, wanted)
  readAdditionalData(input, wanted)
  readAlternateLanguage(input, text, wanted)
  return wanted
}

function readPointOfInitiation(
  input: BuildKhqrInput,
  now: number,
  wanted: DecodedKhqr
): void {
  if (input.type === "static") {
    for (const field of ["amount", "expiresAt"] as const) {
      if (input[field] !== undefined) {
        throw fault(
          "conflict",
          field,
          field === "amount" ? "54" : "99.01",
          "must be absent from a static KHQR"
        )
      }
    }
    return
  }
  if (input.type !== undefined && input.type !== "dynamic") {
    throw fault("malformed", "type", "01", 'must be "dynamic" or "static"')
  }
  if (input.amount === undefined || input.amount === null) {
    throw fault(
      "missing",
      "amount",
      "54",
      'must be present: only a KHQR of `type: "static"` has no amount'
    )
  }
  wanted.pointOfInitiation = "dynamic"
  wanted.amount = toExactKhqrAmount(input.amount, input.currency)
  wanted.createdAt = readTime(now, "now", "99.00")
  wanted.expiresAt = readTime(input.expiresAt, "expiresAt", "99.01")

  const lifetime = wanted.expiresAt - wanted.createdAt
  if (lifetime <= 0) {
    throw fault("out_of_range", "expiresAt", "99.01", "must be after `now`")
  }
  if (lifetime > MAX_LIFETIME_MS) {
    throw fault(
      "out_of_range",
      "expiresAt",
      "99.01",
      "must be at most ten minutes after `now`, as NBC rules"
    )
  }
}

function readReceiver(receiver: KhqrReceiver): KhqrReceiver {
  if (receiver === null || typeof receiver !== "object") {
    throw fault("missing", "receiver", "29", "must say who is paid")
  }
  if (receiver.type === "merchant") {
    const merchant: KhqrReceiver = {
      type: "merchant",
      accountId: readAccountId(receiver.accountId, "30"),
      merchantId: requireText(
        receiver.merchantId,
        "receiver.merchantId",
        "30.01",
        MAX_LENGTH.merchantId
      ),
      acquiringBank: requireText(
        receiver.acquiringBank,
        "receiver.acquiringBank",
        "30.02",
        MAX_LENGTH.acquiringBank
      ),
    }
    assertTemplate("receiver", "30", [
      merchant.accountId,
      merchant.merchantId,
      merchant.acquiringBank,
    ])
    return merchant
  }
  if (receiver.type !== "individual") {
    throw fault(
      "malformed",
      "receiver.type",
      "29",
      'must be "individual" or "merchant"'
    )
  }

  const individual: KhqrReceiver = {
    type: "individual",
    accountId: readAccountId(receiver.accountId, "29"),
  }
  if (receiver.accountInformation !== undefined) {
    individual.accountInformation = requireText(
      receiver.accountInformation,
      "receiver.accountInformation",
      "29.01",
      MAX_LENGTH.accountInformation
    )
  }
  if (receiver.acquiringBank !== undefined) {
    individual.acquiringBank = requireText(
      receiver.acquiringBank,
      "receiver.acquiringBank",
      "29.02",
      MAX_LENGTH.acquiringBank
    )
  }
  assertTemplate("receiver", "29", [
    individual.accountId,
    individual.accountInformation,
    individual.acquiringBank,
  ])
  return individual
}

function readAccountId(accountId: unknown, parent: "29" | "30"): string {
  const field = "receiver.accountId"
  const tag = `${parent}.00`
  const text = requireText(accountId, field, tag, MAX_LENGTH.accountId)
  if (!ACCOUNT_ID.test(text)) {
    throw fault(
      "malformed",
      field,
      tag,
      "must be a Bakong account: name@bank, no blanks, one @"
    )
  }
  return text
}

function readMerchantCategoryCode(code: unknown): string {
  const text = code ?? DEFAULT_MERCHANT_CATEGORY_CODE
  if (typeof text !== "string" || !MERCHANT_CATEGORY_CODE.test(text)) {
    throw fault(
      "malformed",
      "merchantCategoryCode",
      "52",
      'must be four digits as a string, such as "5999"'
    )
  }
  return text
}

function readUnionPayAccount(input: BuildKhqrInput, wanted: DecodedKhqr): void {
  if (input.unionPayAccount === undefined) {
    return
  }
  if (input.currency !== "KHR") {
    throw fault(
      "conflict",
      "unionPayAccount",
      "15",
      "is for KHR only: leave it out, or ask for KHR"
    )
  }
  wanted.unionPayAccount = requireText(
    input.unionPayAccount,
    "unionPayAccount",
    "15",
    MAX_LENGTH.unionPayAccount
  )
}

function readAdditionalData(input: BuildKhqrInput, wanted: DecodedKhqr): void {
  for (const field of ADDITIONAL_DATA_FIELDS) {
    if (input[field] !== undefined) {
      wanted[field] = requireText(
        input[field],
        field,
        ADDITIONAL_DATA[field],
        MAX_LENGTH.additionalData
      )
    }
  }
  assertTemplate(
    "billNumber",
    "62",
    ADDITIONAL_DATA_FIELDS.map((field) => wanted[field])
  )
}

function readAlternateLanguage(
  input: BuildKhqrInput,
  rule: TextRule,
  wanted: DecodedKhqr
): void {
  const alternate = input.alternateLanguage
  if (alternate === undefined) {
    return
  }
  if (alternate === null || typeof alternate !== "object") {
    throw fault("malformed", "alternateLanguage", "64", "must be an object")
  }
  const language = requireText(
    alternate.language,
    "alternateLanguage.language",
    "64.00",
    MAX_LENGTH.language
  )
  if (language.length !== MAX_LENGTH.language) {
    throw fault(
      "malformed",
      "alternateLanguage.language",
      "64.00",
      'must be two letters, such as "km"'
    )
  }
  wanted.alternateLanguage = {
    language,
    merchantName: requireText(
      alternate.merchantName,
      "alternateLanguage.merchantName",
      "64.01",
      MAX_LENGTH.merchantName,
      rule
    ),
  }
  if (alternate.merchantCity !== undefined) {
    wanted.alternateLanguage.merchantCity = requireText(
      alternate.merchantCity,
      "alternateLanguage.merchantCity",
      "64.02",
      MAX_LENGTH.merchantCity,
      rule
    )
  }
}

function readTime(value: unknown, field: string, tag: string): number {
  if (typeof value !== "number" || !EPOCH_MILLISECONDS.test(String(value))) {
    throw fault(
      value === undefined ? "missing" : "malformed",
      field,
      tag,
      "must be epoch milliseconds, a whole number of thirteen digits"
    )
  }
  return value
}

type TextRule = "ascii" | "unicode"

function requireText(
  value: unknown,
  field: string,
  tag: string,
  maxLength: number,
  rule: TextRule = "ascii"
): string {
  if (value === undefined || value === null) {
    throw fault("missing", field, tag, "must be present")
  }
  if (typeof value !== "string") {
    throw fault("not_text", field, tag, "must be a string")
  }
  if (value.trim() === "") {
    throw fault("missing", field, tag, "must not be empty or blank")
  }
  if (value.length > maxLength) {
    throw fault(
      "too_long",
      field,
      tag,
      `must be at most ${maxLength} characters, has ${value.length}`
    )
  }
  if (PRINTABLE_ASCII.test(value)) {
    return value
  }
  if (rule === "ascii") {
    throw fault(
      "not_ascii",
      field,
      tag,
      "must be printable ASCII: Khmer belongs on the card"
    )
  }
  if (UNPRINTABLE.test(value)) {
    throw fault(
      "malformed",
      field,
      tag,
      "must not hold control characters or halves of characters"
    )
  }
  return value
}

/** A tag's length has two digits: what its sub-tags need together must fit. */
function assertTemplate(
  field: string,
  tag: string,
  values: (string | undefined)[]
): void {
  let length = 0
  for (const value of values) {
    if (value !== undefined) {
      length += 4 + value.length
    }
  }
  if (length > MAX_TEMPLATE_LENGTH) {
    throw fault(
      "too_long",
      field,
      tag,
      `and the fields beside it in tag ${tag} need ${length} characters, ` +
        `${MAX_TEMPLATE_LENGTH} fit: shorten them by ${length - MAX_TEMPLATE_LENGTH}`
    )
  }
}

function generate(wanted: DecodedKhqr): string {
  const { receiver, alternateLanguage } = wanted
  const payload: QRPayload = {
    tag: receiver.type === "merchant" ? TAG.MERCHANT : TAG.INDIVIDUAL,
    accountID: receiver.accountId,
    merchantID:
      receiver.type === "merchant"
        ? receiver.merchantId
        : receiver.accountInformation,
    acquiringBank: receiver.acquiringBank,
    merchantName: wanted.merchantName,
    merchantCity: wanted.merchantCity,
    merchantCategoryCode: wanted.merchantCategoryCode,
    currency: CURRENCY[wanted.currency],
    upiMerchantAccount: wanted.unionPayAccount,
    additionalData: {
      billNumber: wanted.billNumber,
      mobileNumber: wanted.mobileNumber,
      storeLabel: wanted.storeLabel,
      terminalLabel: wanted.terminalLabel,
      purposeOfTransaction: wanted.purpose,
    },
    languageData: alternateLanguage && {
      languagePreference: alternateLanguage.language,
      merchantNameAlternateLanguage: alternateLanguage.merchantName,
      merchantCityAlternateLanguage: alternateLanguage.merchantCity,
    },
  }
  if (wanted.amount !== undefined) {
    // At most 13 characters: a double holds them exactly, and the decoder checks.
    payload.amount = Number(wanted.amount)
    payload.expirationTimestamp = PLACEHOLDER_EXPIRY
  }

  let answer: ReturnType<typeof KHQR.generate> | Error
  try {
    answer = KHQR.generate(payload)
  } catch (error) {
    throw unfaithful(`ts-khqr threw: ${String(error)}`)
  }
  if (answer instanceof Error || !answer?.data?.qr) {
    throw unfaithful("ts-khqr refused the fields")
  }
  return answer.data.qr
}

/** Puts our times and our checksum in the place of ts-khqr's. */
function seal(generated: string, wanted: DecodedKhqr): string {
  const isDynamic = wanted.pointOfInitiation === "dynamic"
  const tail = (isDynamic ? DYNAMIC_TAIL : STATIC_TAIL).exec(generated)
  if (!tail) {
    throw unfaithful("ts-khqr wrote an end it is not known for")
  }
  const times = isDynamic
    ? writeTlv(
        "99",
        writeTlv("00", String(wanted.createdAt)) +
          writeTlv("01", String(wanted.expiresAt))
      )
    : ""
  const covered = generated.slice(0, tail.index) + times + CRC_HEADER
  return covered + crc16(covered)
}

function decodeFaithfully(qr: string, wanted: DecodedKhqr): DecodedKhqr {
  const decoded = decodeKhqr(qr)
  const field = firstDifference(wanted, decoded)
  if (field !== undefined) {
    throw new KhqrError(
      "unfaithful",
      { field },
      "did not come out of the string as it went in"
    )
  }
  return decoded
}

/** Path of the first field that only one side has, or that differs. */
function firstDifference(
  wanted: object,
  decoded: object,
  parent = ""
): string | undefined {
  const left = wanted as Record<string, unknown>
  const right = decoded as Record<string, unknown>
  for (const key in left) {
    const a = left[key]
    const b = right[key]
    if (a === b) {
      continue
    }
    const path = parent + key
    const isNested = typeof a === "object" && typeof b === "object" && a && b
    const difference = isNested ? firstDifference(a, b, `${path}.`) : path
    if (difference !== undefined) {
      return difference
    }
  }
  for (const key in right) {
    if (!(key in left)) {
      return parent + key
    }
  }
  return undefined
}

function unfaithful(message: string): KhqrError {
  return new KhqrError(
    "unfaithful",
    { field: "qr" },
    `was not built: ${message}`
  )
}

function fault(
  code: KhqrErrorCode,
  field: string,
  tag: string | undefined,
  message: string
): KhqrError {
  return new KhqrError(code, { field, tag }, message)
}
