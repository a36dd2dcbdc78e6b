import { z } from "@medusajs/framework/zod"

import { cleanToken } from "../../bakong"
import type { GatewayFactory } from "../../gateways"
import type { KhqrError } from "../../khqr"
import {
  buildKhqr,
  toExactKhqrAmount,
  type KhqrCurrency,
  type KhqrReceiver,
} from "../../khqr"
import { isBelow } from "./limits"
import { CHARGE_MODES } from "./models/charge"
import { printedFields, receiverOf } from "./receivers"
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

/** The last one is not spent, so that with one nothing would ever be asked. */
const FEWEST_REQUESTS = 2
const requestLimit = whole(FEWEST_REQUESTS, 1_000_000, "calls a day").nullable()

const accountId = text(32).regex(
  /^[^@\s]+@[^@\s]+$/,
  'must have the form name@bank, for example "lucky_shop@aclb"'
)

const individualAccount = {
  type: z.literal("individual"),
  accountInformation: text(32).optional(),
  acquiringBank: text(32).optional(),
}

const merchantAccount = {
  type: z.literal("merchant"),
  merchantId: text(32),
  acquiringBank: text(32),
}

const merchantFields = {
  accountId: accountId.optional(),
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

const individualByDefault = (value: unknown) =>
  typeof value === "object" && value !== null
    ? { type: "individual", ...value }
    : value

const eitherType = {
  error: ({ code }: { code: string }) =>
    code === "invalid_union" ? 'must be "individual" or "merchant"' : undefined,
}

const merchant = z.preprocess(
  individualByDefault,
  z.discriminatedUnion(
    "type",
    [
      z.strictObject({ ...individualAccount, ...merchantFields }),
      z.strictObject({ ...merchantAccount, ...merchantFields }),
    ],
    eitherType
  )
)

const receiver = z.preprocess(
  individualByDefault,
  z.discriminatedUnion(
    "type",
    [
      z.strictObject({ ...individualAccount, accountId }),
      z.strictObject({ ...merchantAccount, accountId }),
    ],
    eitherType
  )
)

const limit = (currency: KhqrCurrency) =>
  z.union([z.number(), z.string()]).transform((value, context) => {
    try {
      return toExactKhqrAmount(String(value), currency)
    } catch (error) {
      const fault = (error as KhqrError).message.replace(/^`amount` /, "")
      context.addIssue({ code: "custom", message: fault })
      return z.NEVER
    }
  })

const limits = (currency: KhqrCurrency) =>
  z
    .strictObject({
      min: limit(currency).optional(),
      max: limit(currency).optional(),
    })
    .refine(
      ({ min, max }) => !min || !max || !isBelow(max, min),
      "must have a min that is not above its max"
    )

const bakong = z.strictObject({
  token: z
    .string()
    .trim()
    .refine((value) => cleanToken(value) !== "", {
      error: "must be the token that Bakong issued, and not be empty",
    })
    .optional(),
  email: z
    .string()
    .trim()
    .max(30, "must be at most 30 characters long, Bakong's own limit")
    .regex(
      /^[^@\s]+@[^@\s]+$/,
      "must be the e-mail address that the token is registered with"
    )
    .optional(),
  encryptionKey: z
    .string()
    .min(
      32,
      "must be at least 32 characters long; make one with: openssl rand -base64 32"
    )
    .optional(),
  baseUrl: httpOrigin.default(BAKONG_PRODUCTION),
  timeoutMs: whole(1_000, 60_000, "ms").default(10_000),
  proxyUrl: httpUrl.optional(),
  dailyRequestLimit: requestLimit.default(100),
})

const deeplink = z
  .strictObject({
    hosts: z
      .array(
        z
          .string()
          .regex(
            /^[a-z0-9-]+(\.[a-z0-9-]+)+$/,
            'must be host names in lower case, for example "nbc.gov.kh"'
          )
      )
      .default(["nbc.gov.kh"]),
    appName: text(100).optional(),
    appIconUrl: httpUrl.optional(),
    callbackUrl: httpUrl.optional(),
  })
  .refine(
    ({ appName, appIconUrl, callbackUrl }) =>
      [appName, appIconUrl, callbackUrl].every((one) => one !== undefined) ||
      [appName, appIconUrl, callbackUrl].every((one) => one === undefined),
    "needs all three of appName, appIconUrl and callbackUrl, or none of them"
  )

const gateway = z.union(
  [
    z.strictObject({
      type: z.literal("hosted"),
      baseUrl: httpUrl,
      merchantId: text(255),
      key: z.string().trim().min(1, "must not be empty"),
      timeoutMs: whole(1_000, 60_000, "ms").default(10_000),
      dailyRequestLimit: requestLimit.default(null),
    }),
    z.custom<GatewayFactory>((value) => typeof value === "function"),
  ],
  {
    error:
      'must be { type: "hosted", baseUrl, merchantId, key } or a function that makes a gateway',
  }
)

const optionsSchema = z.strictObject({
  merchant,
  mode: z.enum(CHARGE_MODES).default("dynamic"),
  receivers: z
    .strictObject({ usd: receiver.optional(), khr: receiver.optional() })
    .prefault({}),
  limits: z
    .strictObject({
      usd: limits("USD").optional(),
      khr: limits("KHR").optional(),
    })
    .prefault({}),
  bakong: bakong.prefault({}),
  gateway: gateway.optional(),
  deeplink: deeplink.prefault({}),
  auditRetentionDays: whole(7, 3_650, "days").default(90),
  expiresInSeconds: whole(60, 600, "s").default(600),
  khrRounding: z
    .union(
      [z.literal(1), z.literal(100), z.literal("refuse")],
      'must be 1, 100 or "refuse"'
    )
    .default(1),
  latePayments: z.enum(["honour", "review"]).default("honour"),
  manualConfirmation: z.boolean().default(true),
  pooledAccounts: z.array(text(32)).default([]),
  streams: z
    .strictObject({
      perProcess: whole(1, 1_000_000, "streams").default(10_000),
      perAddress: whole(1, 1_000_000, "streams").default(100),
    })
    .prefault({}),
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
    /**
     * The Bakong account that receives the money, `name@bank`, ≤32 characters.
     * Required, except with a hosted gateway, whose KHQRs must pay this account if it
     * is given, and where `receivers` names one for each currency.
     */
    accountId?: string
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
  /**
   * - `dynamic`: a KHQR for each payment, with its amount and a few minutes to pay it.
   * - `static`: the receiver's one KHQR without an amount, which the payer types. The
   *   bank cannot be asked about it: the payer's receipt or your staff confirm it.
   * - `client`: as dynamic, made by the storefront and sent as `data.qr` of the payment
   *   session; taken only if it asks for exactly what is to be paid.
   *
   * A gateway that makes the KHQR itself knows `dynamic` only.
   * @defaultValue "dynamic"
   */
  mode?: "dynamic" | "static" | "client"
  /**
   * Another account for payments in one currency, stated in full; name and city stay
   * the merchant's. Not with a hosted gateway, which knows whom it pays.
   */
  receivers?: { usd?: KhqrReceiverOption; khr?: KhqrReceiverOption }
  /**
   * The least and the most that one KHQR may ask for, in dollars and in riel; outside of
   * it a shopper is told so and pays otherwise.
   *
   * @example `{ usd: { min: "0.50", max: 500 }, khr: { min: 2000 } }`
   */
  limits?: {
    usd?: { min?: number | string; max?: number | string }
    khr?: { min?: number | string; max?: number | string }
  }
  /** The Bakong Open API. */
  bakong?: {
    /**
     * The Open API token; keep it in the environment. Required unless one is kept in
     * the database, for which `encryptionKey` is needed.
     */
    token?: string
    /** With which the token is registered. Whoever knows it can renew the token: a secret. */
    email?: string
    /**
     * Encrypts the tokens that are kept in the database, ≥32 characters. With it and
     * `email` the token is renewed by itself.
     */
    encryptionKey?: string
    /**
     * How many calls a day the token may make; `null` for no limit.
     * @defaultValue 100
     */
    dailyRequestLimit?: number | null
    /** Without a path. @defaultValue "https://api-bakong.nbc.gov.kh" */
    baseUrl?: string
    /** How long one question may take, in milliseconds, 1000..60000. @defaultValue 10000 */
    timeoutMs?: number
    /** An HTTP proxy in Cambodia, when the server stands elsewhere. */
    proxyUrl?: string
  }
  /**
   * Who makes the KHQR and tells of its payment, where that is not Bakong's Open API:
   * a hosted gateway, or a function that makes one of your own.
   * @defaultValue Bakong's Open API
   */
  gateway?:
    | {
        type: "hosted"
        /** With its path, if it has one; `/v1/…` is added. */
        baseUrl: string
        merchantId: string
        /** Sent as Bearer. A secret. */
        key: string
        /** ms, 1000..60000. @defaultValue 10000 */
        timeoutMs?: number
        /** @defaultValue null, no limit */
        dailyRequestLimit?: number | null
      }
    | GatewayFactory
  /** The link that opens the payer's app. */
  deeplink?: {
    /** Hosts (and what is below them) that a link may lead to. @defaultValue ["nbc.gov.kh"] */
    hosts?: string[]
    /** As the payer's app shows the shop it came from; all three or none. */
    appName?: string
    appIconUrl?: string
    /** Where the payer comes back to. */
    callbackUrl?: string
  }
  /** How long calls to the bank are kept in `khqr_event`, days, 7..3650; proofs of payment stay. @defaultValue 90 */
  auditRetentionDays?: number
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
  /**
   * Whether staff may call a payment paid on their own word, with a reason and a
   * reference; such a payment is marked for ever.
   * @defaultValue true
   */
  manualConfirmation?: boolean
  /**
   * Accounts behind which many people's money comes, as a bank's own: nothing can be
   * sent back to one person there by KHQR. Those named by a bank's BIC
   * (`abaakhppxxx@abaa`) are known without.
   * @defaultValue []
   */
  pooledAccounts?: string[]
  /**
   * How many pages may be told of changes as they happen (`GET …/events`); more of them
   * read the same by asking again and again.
   */
  streams?: {
    /** Of one process of the shop. Each takes some 30 kB. @defaultValue 10000 */
    perProcess?: number
    /** From one address: a mobile carrier's shoppers share a few. @defaultValue 100 */
    perAddress?: number
  }
}

/** A Bakong account, in full. The fields are those of `merchant`. */
export type KhqrReceiverOption = {
  /** @defaultValue "individual" */
  type?: "individual" | "merchant"
  accountId: string
  merchantId?: string
  acquiringBank?: string
  accountInformation?: string
}

/** The options after validation, with every default filled in. */
export type KhqrOptions = z.output<typeof optionsSchema>

/**
 * Validates the plugin's options.
 * @throws Error that lists every fault, each with the option's name and the mend.
 */
export function parseOptions(raw: unknown): KhqrOptions {
  const result = optionsSchema.safeParse(withoutMedusas(raw))
  const faults = [
    ...missingIn(raw),
    ...(result.error?.issues ?? []).flatMap((issue) => describe(issue, raw)),
  ]
  if (!result.success || faults.length > 0) {
    throw faulty(faults)
  }
  const misfits = tryKhqrs(result.data)
  if (misfits.length > 0) {
    throw faulty(misfits)
  }
  return result.data
}

/** A hosted gateway makes the KHQR, so it knows the receiver; no gateway but Bakong's needs its token. */
function missingIn(raw: unknown): string[] {
  const given = (...path: string[]) => valueAt(raw, path) !== undefined
  const faults: string[] = []
  const makesKhqr = valueAt(raw, ["gateway", "type"]) === "hosted"
  const receivers = (["usd", "khr"] as const).filter((currency) =>
    given("receivers", currency)
  )
  if (makesKhqr) {
    faults.push(...refusedByHosted(raw, receivers.length > 0))
  } else if (
    given("merchant") &&
    !given("merchant", "accountId") &&
    receivers.length < 2
  ) {
    const [one] = receivers
    faults.push(
      one
        ? `merchant.accountId is missing (or receivers.${one === "usd" ? "khr" : "usd"})`
        : "merchant.accountId is missing"
    )
  }
  const hasToken = given("bakong", "token") || given("bakong", "encryptionKey")
  if (!hasToken && !given("gateway")) {
    faults.push(
      "bakong.token is missing (or bakong.encryptionKey, which keeps a token in the database)"
    )
  }
  return faults
}

/** Its KHQRs are its own: whom they pay and how they are paid is not ours to say. */
function refusedByHosted(raw: unknown, hasReceivers: boolean): string[] {
  const mode = valueAt(raw, ["mode"])
  return [
    ...(mode === "static" || mode === "client"
      ? [
          `mode must be "dynamic" with a hosted gateway, which makes the KHQR itself`,
        ]
      : []),
    ...(hasReceivers
      ? [
          "receivers is no option with a hosted gateway, which knows whom it pays",
        ]
      : []),
  ]
}

/** Fields that are right by themselves may not fit together: better known now than at every checkout. */
function tryKhqrs(options: KhqrOptions): string[] {
  const { merchant, receivers } = options
  const accounts: [string, KhqrReceiver | undefined][] = [
    ["merchant", merchant.accountId ? receiverOf(merchant) : undefined],
    ["receivers.usd", receivers.usd],
    ["receivers.khr", receivers.khr],
  ]
  return accounts.flatMap(([name, receiver]) => {
    const fault = receiver ? tryKhqr(options, receiver) : null
    return fault ? [`${name} does not fit into a KHQR: ${fault}`] : []
  })
}

function tryKhqr(options: KhqrOptions, receiver: KhqrReceiver): string | null {
  const now = Date.now()
  try {
    buildKhqr(
      {
        ...printedFields(options),
        receiver,
        amount: "1",
        currency: "USD",
        billNumber: newReference(),
        expiresAt: now + 60_000,
      },
      now
    )
    return null
  } catch (error) {
    return (error as Error).message
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

const ONLY_OF: Record<string, "merchant" | "individual"> = {
  merchantId: "merchant",
  accountInformation: "individual",
}

function describe(issue: z.core.$ZodIssue, raw: unknown): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const owner = issue.path.join(".")
      const name = [...issue.path, key].join(".")
      const isAccount = owner === "merchant" || /^receivers\.\w+$/.test(owner)
      return isAccount && key in ONLY_OF
        ? `${name} is an option only with ${owner}.type "${ONLY_OF[key]}"`
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
