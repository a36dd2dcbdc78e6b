import type { KhqrCurrency } from "./types"

/** EMVCo's limit for a whole merchant-presented payload, in characters. */
export const MAX_KHQR_LENGTH = 512

/** A tag's length has two digits. */
export const MAX_TEMPLATE_LENGTH = 99

/** NBC's ten minutes for a dynamic KHQR, in milliseconds. */
export const MAX_LIFETIME_MS = 10 * 60 * 1000

/** Characters of each field, as NBC's SDKs limit them. */
export const MAX_LENGTH = {
  accountId: 32,
  accountInformation: 32,
  merchantId: 32,
  acquiringBank: 32,
  merchantName: 25,
  merchantCity: 15,
  unionPayAccount: 99,
  additionalData: 25,
  language: 2,
} as const

export const COUNTRY = "KH"
export const DEFAULT_MERCHANT_CITY = "Phnom Penh"
export const DEFAULT_MERCHANT_CATEGORY_CODE = "5999"

export const CURRENCY_CODES: Record<KhqrCurrency, string> = {
  USD: "840",
  KHR: "116",
}

export const POINT_OF_INITIATION = { static: "11", dynamic: "12" } as const

/** Tag 63 and its length, which the checksum covers too. */
export const CRC_HEADER = "6304"

/** `name@bank`: printable ASCII without blanks and one @. */
export const ACCOUNT_ID = /^[!-?A-~]+@[!-?A-~]+$/

export const MERCHANT_CATEGORY_CODE = /^\d{4}$/

/** From 2001 to 2286. */
export const EPOCH_MILLISECONDS = /^[1-9]\d{12}$/

export const PRINTABLE_ASCII = /^[ -~]*$/

/** Control characters, and halves of a surrogate pair, which have no UTF-8 form. */
export const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u
