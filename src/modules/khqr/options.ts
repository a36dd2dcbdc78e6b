import { z } from "@medusajs/framework/zod"

import { cleanToken } from "../../bakong"
import { buildKhqr, type KhqrReceiver } from "../../khqr"
import { newReference } from "./reference"

const BAKONG_PRODUCTION = "https://api-bakong.nbc.gov.kh"

const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(most, `must be at most ${most} characters long`)
    .regex(
      /^[\x20-\x7e]*$/,
      "must be printable ASCII; a Khmer name goes into merchant.nameKm"
    )

const whole = (least: number, most: number, unit: string) => {
  const error = `must be a whole number from ${least} to ${most} (${unit})`
  return z.int({ error }).min(least, error).max(most, error)
}

const httpUrl = z.string().refine((value) => parseUrl(value) !== null, {
  error: "must be a URL that starts with http:// or https://",
})

const httpOrigin = httpUrl.refine(
  (value) => {
    const url = parseUrl(value)
    return url === null || (url.pathname === "/" && !url.search && !url.hash)
  },
  { error: "must be a host without a path, as https://api-bakong.nbc.gov.kh" }
)

const merchantFields = {
  accountId: text(32).regex(
    /^[^@\s]+@[^@\s]+$/,
    'must have the form name@bank, for example "lucky_shop@aclb"'
  ),
  name: text(25),
  nameKm: z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(60, "must be at most 60 characters long")
    .optional(),
  city: text(15).default("Phnom Penh"),
  categoryCode: z
    .string()
    .regex(/^\d{4}$/, 'must be four digits, for example "5999"')
    .default("5999"),
  storeLabel: text(25).optional(),
  terminalLabel: text(25).optional(),
}

const merchant = z.preprocess(
  (value) =>
    typeof value === "object" && value !== null
      ? { type: "individual", ...value }
      : value,
  z.discriminatedUnion(
    "type",
    [
      z.strictObject({
        type: z.literal("individual"),
        ...merchantFields,
        accountInformation: text(32).optional(),
        acquiringBank: text(32).optional(),
      }),
      z.strictObject({
        type: z.literal("merchant"),
        ...merchantFields,
        merchantId: text(32),
        acquiringBank: text(32),
      }),
    ],
    {
      error: ({ code }) =>
        code === "invalid_union"
          ? 'must be "individual" or "merchant"'
          : undefined,
    }
  )
)

const bakong = z.strictObject({
  token: z
    .string()
    .trim()
    .refine((value) => cleanToken(value) !== "", {
      error: "must be the token that Bakong issued, and not be empty",
    }),
  baseUrl: httpOrigin.default(BAKONG_PRODUCTION),
  timeoutMs: whole(1_000, 60_000, "ms").default(10_000),
  proxyUrl: httpUrl.optional(),
})

const optionsSchema = z.strictObject({
  merchant,
  bakong,
  expiresInSeconds: whole(60, 600, "s").default(600),
  khrRounding: z
    .union(
      [z.literal(1), z.literal(100), z.literal("refuse")],
      'must be 1, 100 or "refuse"'
    )
    .default(1),
  latePayments: z.enum(["honour", "review"]).default("honour"),
})

/**
 * What a shop owner writes into `medusa-config.ts` for the plugin
 * `medusa-payment-khqr`.
 *
 * @example
 * ```ts
 * {
 *   resolve: "medusa-payment-khqr",
 *   options: {
 *     merchant: { accountId: "lucky_shop@aclb", name: "Lucky Shop" },
 *     bakong: { token: process.env.BAKONG_TOKEN },
 *   },
 * }
 * ```
 */
export type KhqrPluginOptions = {
  /** Who is paid and how the KHQR names them. */
  merchant: {
    /**
     * `individual` (EMVCo tag 29, a person's or small shop's Bakong account) or
     * `merchant` (tag 30, an account with an acquiring bank).
     * @defaultValue "individual"
     */
    type?: "individual" | "merchant"
    /** The Bakong account that receives the money, `name@bank`, ≤32 characters. */
    accountId: string
    /** As the payer's app shows it, printable ASCII, ≤25 characters. */
    name: string
    /** Khmer name for the card; it is not part of the string. ≤60 characters. */
    nameKm?: string
    /** ≤15 characters. @defaultValue "Phnom Penh" */
    city?: string
    /** Required for `merchant`, ≤32 characters (30.01). */
    merchantId?: string
    /** Required for `merchant`, ≤32 characters (29.02, 30.02). */
    acquiringBank?: string
    /** Phone or account number behind an `individual` account, ≤32 characters (29.01). */
    accountInformation?: string
    /** Merchant category code, four digits (52). @defaultValue "5999" */
    categoryCode?: string
    /** ≤25 characters (62.03). */
    storeLabel?: string
    /** ≤25 characters (62.07). */
    terminalLabel?: string
  }
  /** The Bakong Open API. */
  bakong: {
    /** The Open API token. Keep it in the environment. */
    token: string
    /** Without a path. @defaultValue "https://api-bakong.nbc.gov.kh" */
    baseUrl?: string
    /** How long one question may take, in milliseconds, 1000..60000. @defaultValue 10000 */
    timeoutMs?: number
    /** An HTTP proxy in Cambodia, when the server stands elsewhere. */
    proxyUrl?: string
  }
  /** How long a KHQR may be paid, in seconds, 60..600 (the bank's limit). @defaultValue 600 */
  expiresInSeconds?: number
  /**
   * How a fraction of a riel (taxes make them) becomes whole riel: to `1` or
   * `100` riel, half up, or `"refuse"`.
   * @defaultValue 1
   */
  khrRounding?: 1 | 100 | "refuse"
  /**
   * A payment that comes after the KHQR's time: `honour` completes the order if
   * the cart is still open with the same total, `review` asks a person.
   * @defaultValue "honour"
   */
  latePayments?: "honour" | "review"
}

/** The options after validation, with every default filled in. */
export type KhqrOptions = z.output<typeof optionsSchema>

/**
 * Validates the plugin's options.
 * @throws Error that lists every fault, each with the option's name and the mend.
 */
export function parseOptions(raw: unknown): KhqrOptions {
  const result = optionsSchema.safeParse(withoutMedusas(raw))
  if (!result.success) {
    throw faulty(result.error.issues.flatMap((issue) => describe(issue, raw)))
  }
  const fault = tryKhqr(result.data)
  if (fault) {
    throw faulty([fault])
  }
  return result.data
}

/** Fields that are right by themselves may not fit together: better known now than at every checkout. */
function tryKhqr({ merchant }: KhqrOptions): string | null {
  const now = Date.now()
  try {
    buildKhqr(
      {
        ...printedFields(merchant),
        amount: "1",
        currency: "USD",
        billNumber: newReference(),
        expiresAt: now + 60_000,
      },
      now
    )
    return null
  } catch (error) {
    return `merchant does not fit into a KHQR: ${(error as Error).message}`
  }
}

/** What every KHQR of the shop says of the merchant. */
export function printedFields(merchant: KhqrOptions["merchant"]) {
  return {
    receiver: receiverOf(merchant),
    merchantName: merchant.name,
    merchantCity: merchant.city,
    merchantCategoryCode: merchant.categoryCode,
    storeLabel: merchant.storeLabel,
    terminalLabel: merchant.terminalLabel,
  }
}

function faulty(faults: string[]): Error {
  return new Error(
    [
      "medusa-payment-khqr: the plugin's options in medusa-config.ts need mending:",
      ...faults.map((fault) => `  - ${fault}`),
    ].join("\n")
  )
}

function parseUrl(value: string): URL | null {
  const url = URL.canParse(value) ? new URL(value) : null
  return url && /^https?:$/.test(url.protocol) ? url : null
}

/** Medusa adds its database connection to the options of every module. */
function withoutMedusas(raw: unknown): unknown {
  const { database: _, ...options } = (raw ?? {}) as Record<string, unknown>
  return options
}

function receiverOf(merchant: KhqrOptions["merchant"]): KhqrReceiver {
  return merchant.type === "merchant"
    ? {
        type: "merchant",
        accountId: merchant.accountId,
        merchantId: merchant.merchantId,
        acquiringBank: merchant.acquiringBank,
      }
    : {
        type: "individual",
        accountId: merchant.accountId,
        accountInformation: merchant.accountInformation,
        acquiringBank: merchant.acquiringBank,
      }
}

const ONLY_OF: Record<string, string> = {
  "merchant.merchantId": "merchant",
  "merchant.accountInformation": "individual",
}

function describe(issue: z.core.$ZodIssue, raw: unknown): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const name = [...issue.path, key].join(".")
      const kind = ONLY_OF[name]
      return kind
        ? `${name} is an option only with merchant.type "${kind}"`
        : `${name} is not an option`
    })
  }
  const name = issue.path.join(".") || "options"
  if (valueAt(raw, issue.path) === undefined) {
    return [`${name} is missing`]
  }
  const message = issue.message.replace(/^Invalid (input|option): /, "")
  return [`${name} ${message}`]
}

function valueAt(raw: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    raw
  )
}
