import { crc16 } from "./crc"
import { KhqrError } from "./errors"
import { MAX_AMOUNT_LENGTH, toExactKhqrAmount } from "./money"
import {
  ACCOUNT_ID,
  COUNTRY,
  CRC_HEADER,
  CURRENCY_CODES,
  EPOCH_MILLISECONDS,
  MAX_KHQR_LENGTH,
  MAX_LENGTH,
  MERCHANT_CATEGORY_CODE,
  POINT_OF_INITIATION,
  PRINTABLE_ASCII,
  UNPRINTABLE,
} from "./rules"
import { readTlv, tagPath, type TlvFields } from "./tlv"
import type { DecodedKhqr, KhqrCurrency, KhqrReceiver } from "./types"

const TAGS = new Set("00 01 15 29 30 52 53 54 58 59 60 62 63 64 99".split(" "))

const CRC_DIGITS = /^[0-9A-F]{4}$/

const RECEIVER_TAGS = new Set(["00", "01", "02"])
const ADDITIONAL_DATA_TAGS = new Set(["01", "02", "03", "07", "08"])
const LANGUAGE_TAGS = new Set(["00", "01", "02"])
const TIME_TAGS = new Set(["00", "01"])

/** EMVCo's form of tag 54, without leading zeros. */
const AMOUNT = /^(?:0|[1-9]\d*)(?:\.\d{1,2})?$/

/**
 * Reads a KHQR string, from wherever it comes. Strict and total: for anything at all it
 * returns what the string says or throws a `KhqrError` naming the tag, in linear time.
 *
 * Beyond the format (lengths, CRC, no tag twice, 00 first and 63 last, nothing unknown)
 * it asks for what a payment needs: one receiver, a dynamic string with an amount, a
 * static one without. Times are not compared with a clock, and strings of before 2024 may
 * lack `expiresAt`: whoever accepts one for payment checks both.
 *
 * Amounts come back canonical: "100.00" USD as "100".
 *
 * @throws KhqrError
 */
export function decodeKhqr(text: unknown): DecodedKhqr {
  const qr = assertReadable(text)
  assertCrc(qr)
  const tags = readTlv(qr)
  assertPlaces(tags)

  const pointOfInitiation = readPointOfInitiation(tags)
  const currency = readCurrency(tags)

  assertValue(tags, "00", "01")
  assertValue(tags, "58", COUNTRY)

  return withoutAbsent({
    pointOfInitiation,
    receiver: readReceiver(tags),
    amount: readAmount(tags, pointOfInitiation, currency),
    currency,
    merchantName: required(tags, "59", MAX_LENGTH.merchantName),
    merchantCity: required(tags, "60", MAX_LENGTH.merchantCity),
    merchantCategoryCode: readMerchantCategoryCode(tags),
    unionPayAccount: optional(tags, "15", MAX_LENGTH.unionPayAccount),
    ...readAdditionalData(tags),
    alternateLanguage: readAlternateLanguage(tags),
    ...readTimes(tags, pointOfInitiation),
  })
}

function assertReadable(text: unknown): string {
  if (typeof text !== "string") {
    throw new KhqrError("not_text", { field: "qr" }, "must be a string")
  }
  if (text === "") {
    throw new KhqrError("missing", { field: "qr" }, "must not be empty")
  }
  if (text.length > MAX_KHQR_LENGTH) {
    throw new KhqrError(
      "too_long",
      { field: "qr" },
      `must be at most ${MAX_KHQR_LENGTH} characters`
    )
  }
  return text
}

function assertCrc(qr: string): void {
  const digits = qr.slice(-4)
  const covered = qr.slice(0, -4)
  if (!covered.endsWith(CRC_HEADER) || !CRC_DIGITS.test(digits)) {
    throw new KhqrError(
      "misplaced",
      { tag: "63" },
      "must end the string, as 6304 and four upper-case hex digits"
    )
  }
  if (crc16(covered) !== digits) {
    throw new KhqrError(
      "bad_crc",
      { tag: "63" },
      "does not match: the string was damaged or changed"
    )
  }
}

function assertPlaces(tags: TlvFields): void {
  const order = [...tags.keys()]
  if (order[0] !== "00") {
    throw new KhqrError("misplaced", { tag: "00" }, "must come first")
  }
  if (order[order.length - 1] !== "63") {
    throw new KhqrError("misplaced", { tag: "63" }, "must come last")
  }
  assertKnown(tags, TAGS)
}

function assertKnown(
  tags: TlvFields,
  known: ReadonlySet<string>,
  parent?: string
): void {
  for (const tag of tags.keys()) {
    if (!known.has(tag)) {
      throw new KhqrError(
        "unknown_tag",
        { tag: tagPath(tag, parent) },
        "is not part of KHQR"
      )
    }
  }
}

function readPointOfInitiation(
  tags: TlvFields
): DecodedKhqr["pointOfInitiation"] {
  const value = required(tags, "01", 2)
  if (value === POINT_OF_INITIATION.static) {
    return "static"
  }
  if (value === POINT_OF_INITIATION.dynamic) {
    return "dynamic"
  }
  throw new KhqrError(
    "malformed",
    { tag: "01" },
    "must be 11 (static) or 12 (dynamic)"
  )
}

function readCurrency(tags: TlvFields): KhqrCurrency {
  const value = required(tags, "53", 3)
  if (value === CURRENCY_CODES.USD) {
    return "USD"
  }
  if (value === CURRENCY_CODES.KHR) {
    return "KHR"
  }
  throw new KhqrError(
    "malformed",
    { tag: "53" },
    "must be 840 (USD) or 116 (KHR)"
  )
}

function readReceiver(tags: TlvFields): KhqrReceiver {
  if (tags.has("29") && tags.has("30")) {
    throw new KhqrError(
      "conflict",
      { tag: "30" },
      "excludes tag 29: one KHQR pays one receiver"
    )
  }
  if (tags.has("30")) {
    const merchant = readTemplate(tags, "30", RECEIVER_TAGS)
    return {
      type: "merchant",
      accountId: readAccountId(merchant, "30"),
      merchantId: required(merchant, "01", MAX_LENGTH.merchantId, "30"),
      acquiringBank: required(merchant, "02", MAX_LENGTH.acquiringBank, "30"),
    }
  }
  if (!tags.has("29")) {
    throw new KhqrError(
      "missing",
      { tag: "29" },
      "or tag 30 must say who is paid"
    )
  }
  const individual = readTemplate(tags, "29", RECEIVER_TAGS)
  return withoutAbsent({
    type: "individual",
    accountId: readAccountId(individual, "29"),
    accountInformation: optional(
      individual,
      "01",
      MAX_LENGTH.accountInformation,
      "29"
    ),
    acquiringBank: optional(individual, "02", MAX_LENGTH.acquiringBank, "29"),
  })
}

function readAccountId(template: TlvFields, parent: string): string {
  const accountId = required(template, "00", MAX_LENGTH.accountId, parent)
  if (!ACCOUNT_ID.test(accountId)) {
    throw new KhqrError(
      "malformed",
      { tag: tagPath("00", parent) },
      "must be a Bakong account, name@bank"
    )
  }
  return accountId
}

function readAmount(
  tags: TlvFields,
  pointOfInitiation: DecodedKhqr["pointOfInitiation"],
  currency: KhqrCurrency
): string | undefined {
  const amount = optional(tags, "54", MAX_AMOUNT_LENGTH)
  if (pointOfInitiation === "static") {
    if (amount === undefined) {
      return undefined
    }
    throw new KhqrError(
      "conflict",
      { tag: "54" },
      "must be absent from a static KHQR (01 = 11)"
    )
  }
  if (amount === undefined) {
    throw new KhqrError(
      "missing",
      { tag: "54" },
      "must hold the amount of a dynamic KHQR (01 = 12)"
    )
  }
  if (!AMOUNT.test(amount) || (currency === "KHR" && amount.includes("."))) {
    throw new KhqrError(
      "malformed",
      { tag: "54" },
      currency === "KHR"
        ? "must be whole riel, digits only"
        : "must be dollars, with at most two digits after one point"
    )
  }
  if (!/[1-9]/.test(amount)) {
    throw new KhqrError("out_of_range", { tag: "54" }, "must be above zero")
  }
  return toExactKhqrAmount(amount, currency)
}

function readMerchantCategoryCode(tags: TlvFields): string {
  const code = required(tags, "52", 4)
  if (!MERCHANT_CATEGORY_CODE.test(code)) {
    throw new KhqrError("malformed", { tag: "52" }, "must be four digits")
  }
  return code
}

function readAdditionalData(tags: TlvFields) {
  if (!tags.has("62")) {
    return {}
  }
  const template = readTemplate(tags, "62", ADDITIONAL_DATA_TAGS)
  const label = (tag: string) =>
    optional(template, tag, MAX_LENGTH.additionalData, "62")
  return {
    billNumber: label("01"),
    mobileNumber: label("02"),
    storeLabel: label("03"),
    terminalLabel: label("07"),
    purpose: label("08"),
  }
}

function readAlternateLanguage(
  tags: TlvFields
): DecodedKhqr["alternateLanguage"] {
  if (!tags.has("64")) {
    return undefined
  }
  const template = readTemplate(tags, "64", LANGUAGE_TAGS)
  const language = required(template, "00", MAX_LENGTH.language, "64")
  if (language.length !== MAX_LENGTH.language) {
    throw new KhqrError("malformed", { tag: "64.00" }, "must be two letters")
  }
  return withoutAbsent({
    language,
    merchantName: required(template, "01", MAX_LENGTH.merchantName, "64"),
    merchantCity: optional(template, "02", MAX_LENGTH.merchantCity, "64"),
  })
}

function readTimes(
  tags: TlvFields,
  pointOfInitiation: DecodedKhqr["pointOfInitiation"]
): Pick<DecodedKhqr, "createdAt" | "expiresAt"> {
  if (!tags.has("99")) {
    return {}
  }
  const template = readTemplate(tags, "99", TIME_TAGS)
  const createdAt = readTime(required(template, "00", 13, "99"), "99.00")
  const expiration = optional(template, "01", 13, "99")
  if (expiration === undefined) {
    return { createdAt }
  }
  if (pointOfInitiation === "static") {
    throw new KhqrError(
      "conflict",
      { tag: "99.01" },
      "must be absent from a static KHQR, which does not expire"
    )
  }
  const expiresAt = readTime(expiration, "99.01")
  if (expiresAt <= createdAt) {
    throw new KhqrError(
      "out_of_range",
      { tag: "99.01" },
      "must be later than tag 99.00"
    )
  }
  return { createdAt, expiresAt }
}

function readTime(value: string, tag: string): number {
  if (!EPOCH_MILLISECONDS.test(value)) {
    throw new KhqrError(
      "malformed",
      { tag },
      "must be epoch milliseconds in thirteen digits"
    )
  }
  return Number(value)
}

function readTemplate(
  tags: TlvFields,
  tag: string,
  known: ReadonlySet<string>
): TlvFields {
  const template = readTlv(tags.get(tag) as string, tag)
  assertKnown(template, known, tag)
  return template
}

function required(
  tags: TlvFields,
  tag: string,
  maxLength: number,
  parent?: string
): string {
  const value = optional(tags, tag, maxLength, parent)
  if (value === undefined) {
    throw new KhqrError(
      "missing",
      { tag: tagPath(tag, parent) },
      "must be present"
    )
  }
  return value
}

function optional(
  tags: TlvFields,
  tag: string,
  maxLength: number,
  parent?: string
): string | undefined {
  const value = tags.get(tag)
  if (value === undefined) {
    return undefined
  }
  if (value.length > maxLength) {
    throw new KhqrError(
      "too_long",
      { tag: tagPath(tag, parent) },
      `must be at most ${maxLength} characters`
    )
  }
  if (!PRINTABLE_ASCII.test(value) && UNPRINTABLE.test(value)) {
    throw new KhqrError(
      "malformed",
      { tag: tagPath(tag, parent) },
      "must not hold control characters or halves of characters"
    )
  }
  return value
}

function assertValue(tags: TlvFields, tag: string, expected: string): void {
  if (required(tags, tag, expected.length) !== expected) {
    throw new KhqrError("malformed", { tag }, `must be ${expected}`)
  }
}

function withoutAbsent<T extends object>(fields: T): T {
  const present = {} as T
  for (const key in fields) {
    if (fields[key] !== undefined) {
      present[key] = fields[key]
    }
  }
  return present
}
