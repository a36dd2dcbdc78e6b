import { BakongKHQR, IndividualInfo, MerchantInfo } from "bakong-khqr"
import fc from "fast-check"
import { crc16 } from "../crc"
import { KhqrError } from "../errors"
import type {
  BuildDynamicKhqrInput,
  BuildKhqrInput,
  KhqrReceiver,
} from "../types"

/** 2025-11-21 in Phnom Penh. */
export const NOW = 1_763_700_000_000
export const TEN_MINUTES = 600_000

/** A dynamic KHQR of a small shop, with what a test wants otherwise. */
export function shopInput(
  change: Partial<BuildDynamicKhqrInput> = {}
): BuildDynamicKhqrInput {
  return {
    receiver: { type: "individual", accountId: "test_bakong@devb" },
    currency: "KHR",
    amount: "10000",
    merchantName: "Lucky Supermarket",
    expiresAt: NOW + TEN_MINUTES,
    ...change,
  }
}

/** Puts a right checksum behind a string's other tags. */
export function withCrc(tags: string): string {
  return `${tags}6304${crc16(`${tags}6304`)}`
}

/** The `KhqrError` an action throws; anything else is a failure. */
export function khqrErrorOf(action: () => unknown): KhqrError {
  try {
    action()
  } catch (error) {
    if (error instanceof KhqrError) {
      return error
    }
    throw new Error(`Expected a KhqrError, got ${String(error)}`)
  }
  throw new Error("Expected a KhqrError, nothing was thrown")
}

/** What NBC's own SDK writes for the same input. The caller fixes `Date.now`. */
export function writtenByNbc(input: BuildKhqrInput): string {
  const sdk = new BakongKHQR()
  const { receiver, alternateLanguage } = input
  const optional = {
    currency: input.currency === "USD" ? 840 : 116,
    amount: input.amount === undefined ? undefined : Number(input.amount),
    acquiringBank: receiver.acquiringBank,
    merchantCategoryCode: input.merchantCategoryCode,
    billNumber: input.billNumber,
    mobileNumber: input.mobileNumber,
    storeLabel: input.storeLabel,
    terminalLabel: input.terminalLabel,
    purposeOfTransaction: input.purpose,
    upiMerchantAccount: input.unionPayAccount,
    languagePreference: alternateLanguage?.language,
    merchantNameAlternateLanguage: alternateLanguage?.merchantName,
    merchantCityAlternateLanguage: alternateLanguage?.merchantCity,
    expirationTimestamp: input.expiresAt,
  }
  const name = input.merchantName
  const city = input.merchantCity ?? "Phnom Penh"
  const answer =
    receiver.type === "merchant"
      ? sdk.generateMerchant(
          new MerchantInfo(
            receiver.accountId,
            name,
            city,
            receiver.merchantId,
            receiver.acquiringBank,
            optional
          )
        )
      : sdk.generateIndividual(
          new IndividualInfo(receiver.accountId, name, city, {
            ...optional,
            accountInformation: receiver.accountInformation,
          })
        )
  if (!answer.data) {
    throw new Error(`NBC's SDK refused: ${answer.status.message}`)
  }
  return answer.data.qr
}

const PRINTABLE = Array.from({ length: 95 }, (_, i) =>
  String.fromCharCode(32 + i)
)
const ACCOUNT_CHARACTERS = PRINTABLE.filter((c) => c !== " " && c !== "@")

const text = (maxLength: number) =>
  fc
    .string({
      unit: fc.constantFrom(...PRINTABLE),
      minLength: 1,
      maxLength,
    })
    .filter((value) => value.trim() !== "")

const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.option(arbitrary, { nil: undefined })

const account = fc
  .tuple(
    fc.string({
      unit: fc.constantFrom(...ACCOUNT_CHARACTERS),
      minLength: 1,
      maxLength: 20,
    }),
    fc.string({
      unit: fc.constantFrom(...ACCOUNT_CHARACTERS),
      minLength: 1,
      maxLength: 11,
    })
  )
  .map(([name, bank]) => `${name}@${bank}`)

const room = (values: (string | undefined)[]) =>
  values.reduce((sum, value) => sum + (value ? value.length + 4 : 0), 0)

const receiver: fc.Arbitrary<KhqrReceiver> = fc
  .oneof(
    fc.record<KhqrReceiver & { type: "individual" }>({
      type: fc.constant("individual"),
      accountId: account,
      accountInformation: maybe(text(32)),
      acquiringBank: maybe(text(32)),
    }),
    fc.record<KhqrReceiver & { type: "merchant" }>({
      type: fc.constant("merchant"),
      accountId: account,
      merchantId: text(32),
      acquiringBank: text(32),
    })
  )
  .filter((who) =>
    who.type === "merchant"
      ? room([who.accountId, who.merchantId, who.acquiringBank]) <= 99
      : room([who.accountId, who.accountInformation, who.acquiringBank]) <= 99
  )

/** Up to 13 characters, exact in the currency, in the form the strings use. */
const price = fc.oneof(
  fc.record({
    currency: fc.constant("KHR" as const),
    amount: fc.bigInt(1n, 9_999_999_999_999n).map(String),
  }),
  fc.record({
    currency: fc.constant("USD" as const),
    amount: fc.bigInt(1n, 999_999_999_999n).map((cents) => {
      const whole = cents / 100n
      const rest = cents % 100n
      return rest ? `${whole}.${String(rest).padStart(2, "0")}` : String(whole)
    }),
  })
)

/** Inputs `buildKhqr` accepts, of every kind. */
export const acceptedInput: fc.Arbitrary<BuildKhqrInput> = fc
  .record({
    receiver,
    price,
    isStatic: fc.boolean(),
    lifetime: fc.integer({ min: 1, max: TEN_MINUTES }),
    labels: fc.record({
      billNumber: maybe(text(25)),
      mobileNumber: maybe(text(25)),
      storeLabel: maybe(text(25)),
      terminalLabel: maybe(text(25)),
      purpose: maybe(text(25)),
    }),
    merchantName: text(25),
    merchantCity: maybe(text(15)),
    merchantCategoryCode: maybe(
      fc.integer({ min: 0, max: 9999 }).map((n) => String(n).padStart(4, "0"))
    ),
    unionPayAccount: maybe(text(60)),
    alternateLanguage: maybe(
      fc.record({
        language: fc.constantFrom("km", "en", "zh"),
        merchantName: text(25),
        merchantCity: maybe(text(15)),
      })
    ),
  })
  .filter(({ labels }) => room(Object.values(labels)) <= 99)
  .map(({ price, isStatic, lifetime, labels, unionPayAccount, ...rest }) => {
    const details = {
      ...rest,
      ...labels,
      currency: price.currency,
      unionPayAccount: price.currency === "KHR" ? unionPayAccount : undefined,
    }
    return isStatic
      ? { ...details, type: "static" as const }
      : { ...details, amount: price.amount, expiresAt: NOW + lifetime }
  })
