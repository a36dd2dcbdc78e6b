import { z } from "@medusajs/framework/zod"
import { readAmount } from "./json"
import { cleanToken, readTokenClaims } from "./token"
import type { BakongTransaction, Envelope } from "./types"

/** 9999-12-31: the last moment worth believing, epoch ms. */
const LAST_MOMENT = 253_402_300_799_999
const LINK_PROTOCOLS = ["https:", "http:", "bakong:"]

const Text = z.string().trim().min(1)
const OptionalText = Text.nullable().catch(null)

const hex = (digits: number) =>
  z
    .string("to be a string")
    .trim()
    .toLowerCase()
    .regex(
      new RegExp(`^[0-9a-f]{${digits}}$`),
      `to be ${digits} hexadecimal digits`
    )

const Currency = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{3}$/)

const Amount = z
  .union([z.string(), z.number()])
  .transform(readAmount)
  .pipe(z.string())

/** Epoch ms; the bank sends floats at times (1.7e12, 1700000000000.5), and strings. */
const Moment = z
  .union([z.number(), Text.transform(Number)])
  .pipe(z.number().positive().max(LAST_MOMENT).transform(Math.floor))
  .nullable()
  .catch(null)

const Code = z
  .union([
    z.number(),
    z
      .string()
      .trim()
      .regex(/^\d{1,6}$/)
      .transform(Number),
  ])
  .pipe(z.int().min(-999_999).max(999_999))

const EnvelopeSchema = z
  .object({
    responseCode: z.int().min(-999_999).max(999_999),
    responseMessage: z.string().trim().catch(""),
    errorCode: Code.nullable().catch(null),
    data: z.unknown(),
  })
  .transform(({ responseMessage, data, ...rest }): Envelope => ({
    ...rest,
    message: responseMessage,
    data: data ?? null,
  }))

/** Demands what proves a payment: hash, both accounts, currency, a positive amount. */
const TransactionSchema = z
  .object({
    hash: hex(64),
    fromAccountId: Text,
    toAccountId: Text,
    currency: Currency,
    amount: Amount,
    description: OptionalText,
    createdDateMs: Moment,
    acknowledgedDateMs: Moment,
    trackingStatus: OptionalText,
    receiverBank: OptionalText,
    receiverBankAccount: OptionalText,
    instructionRef: OptionalText,
    externalRef: OptionalText,
  })
  .transform(
    ({ createdDateMs, acknowledgedDateMs, ...rest }): BakongTransaction => ({
      ...rest,
      createdAt: createdDateMs,
      acknowledgedAt: acknowledgedDateMs,
    })
  )

/** A list's item as far as it is the same whatever it is about. */
const ListItemSchema = z.looseObject({
  status: z.string().trim().toUpperCase().catch(""),
  message: OptionalText,
})

const TokenSchema = z.object({
  token: z
    .string()
    .transform(cleanToken)
    .refine((token) => readTokenClaims(token) !== null),
})

const ShortLinkSchema = z.object({
  shortLink: z
    .string()
    .trim()
    .refine(
      (link) =>
        URL.canParse(link) && LINK_PROTOCOLS.includes(new URL(link).protocol)
    ),
})

export type ListItem = z.infer<typeof ListItemSchema>

const reader =
  <T>(schema: z.ZodType<T>) =>
  (value: unknown): T | null =>
    schema.safeParse(value).data ?? null

/** The envelope, or `null` when the value is not one. */
export const parseEnvelope = reader(EnvelopeSchema)

/** A transaction, or `null` when a field that proves a payment is missing or malformed. */
export const readTransaction = reader(TransactionSchema)

export const readListItem = reader(ListItemSchema)

/** A non-blank string, trimmed, or `null`. */
export const readText = reader(Text)

/** The bare token out of the data of an answer, or `null` when there is no readable one. */
export const readToken = (data: unknown): string | null =>
  reader(TokenSchema)(data)?.token ?? null

/** The link out of the data of an answer, or `null` when it is no link. */
export const readShortLink = (data: unknown): string | null =>
  reader(ShortLinkSchema)(data)?.shortLink ?? null

const text = (most: number) =>
  z
    .string("to be a string")
    .min(1, `to be 1 to ${most} characters long`)
    .max(most, `to be 1 to ${most} characters long`)

const email = z
  .string("to be a string")
  .trim()
  .regex(/^[^@\s]+@[^@\s]+$/, "to be an e-mail address")
  .max(30, "to be at most 30 characters long, Bakong's own limit")

/** Bodies as NBC's document limits them, by endpoint. */
export const REQUESTS = {
  md5: z.object({ md5: text(255) }),
  md5s: z.object({ md5s: z.array(text(255)) }),
  hash: z.object({ hash: hex(64) }),
  hashes: z.object({ hashes: z.array(hex(64)) }),
  shortHash: z.object({
    hash: hex(8),
    amount: z
      .string("to be an exact decimal as a string")
      .regex(
        /^(?=.*[1-9])(0|[1-9]\d{0,29})(\.\d{1,30})?$/,
        'to be a positive decimal such as "12.34"'
      ),
    currency: z.enum(["USD", "KHR"], 'to be "USD" or "KHR"'),
  }),
  instructionRef: z.object({ instructionRef: text(255) }),
  externalRef: z.object({ externalRef: text(255) }),
  deeplink: z.object({
    qr: text(512),
    sourceInfo: z
      .object(
        {
          appIconUrl: text(1000),
          appName: text(100),
          appDeepLinkCallback: text(1000),
        },
        "to hold all of appIconUrl, appName and appDeepLinkCallback"
      )
      .optional(),
  }),
  account: z.object({ accountId: text(255) }),
  renewal: z.object({ email }),
  registration: z.object({
    email,
    organization: text(100),
    project: text(100),
  }),
  verification: z.object({
    code: z
      .string("to be a string")
      .trim()
      .length(20, "to be 20 characters long"),
  }),
} as const

/**
 * The body of a call, checked before it costs a question.
 *
 * @throws {RangeError} for a length out of bounds, {TypeError} for anything else.
 *   Both name the field and never show the value, which may be a secret.
 */
export const readArguments = <T>(schema: z.ZodType<T>, given: unknown): T => {
  const result = schema.safeParse(given)
  if (result.success) {
    return result.data
  }
  const [{ code, path, message }] = result.error.issues
  const complaint = `Expected \`${path.join(".")}\` ${message}`
  throw ["too_small", "too_big"].includes(code)
    ? new RangeError(complaint)
    : new TypeError(complaint)
}
