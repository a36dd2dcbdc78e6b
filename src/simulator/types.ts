/** Options of `startSimulator`. */
export type SimulatorOptions = {
  /** 0, the default, takes a free port. */
  port?: number
  /** Default "127.0.0.1". */
  host?: string
  /** The bank's clock, epoch ms. Default `Date.now`. */
  now?: () => number
  /** Signs and verifies the tokens. Constant by default, so that tokens survive a restart. */
  tokenSecret?: string
  /** The one e-mail address `renew_token` knows. By default it knows every one. */
  email?: string
  /**
   * How many calls a day (Phnom Penh time) are answered, refused ones counted; then
   * code 17. Unlimited by default.
   */
  dailyRequestLimit?: number
}

/** One transfer the bank has recorded. */
export type SimulatedTransaction = {
  /** Of the exact QR string. */
  md5: string
  qr: string
  /** 64 lower-case hex characters. */
  hash: string
  /** The 8 characters a receipt shows. */
  shortHash: string
  fromAccountId: string
  toAccountId: string
  currency: string
  /** Sent to callers exactly so, as a number or as a string. */
  amount: number | string
  description: string
  /** When the payer confirmed, epoch ms. */
  createdDateMs: number
  acknowledgedDateMs: number
  trackingStatus: string | null
  receiverBank: string | null
  receiverBankAccount: string | null
  instructionRef: string | null
  externalRef: string | null
  /** Checks find the transfer from this moment on, epoch ms. */
  visibleAt: number
}

/** A payment; everything but `qr` may differ from what the QR says. */
export type PayInput = {
  qr: string
  /** The payer pays now, checks find it this many ms later. Default 0. */
  delayMs?: number
  /** When the payer confirmed, epoch ms. Default now. */
  createdAt?: number
  /** Default the QR's; needed when the QR is static. Negative, zero and text are sent as given. */
  amount?: number | string
  currency?: string
  toAccountId?: string
  fromAccountId?: string
  /** How many transfers to make, 1 to 20. Default 1. */
  times?: number
  trackingStatus?: string
  /** 64 hex characters, to let two payments share one. Default random. */
  hash?: string
}

export const FAULT_KINDS = [
  /** The socket is closed without an answer. */
  "down",
  /** The right answer, `delayMs` (default 30 000) late. */
  "slow",
  /** HTTP 200 with a web page. */
  "html",
  /** HTTP 401, code 6. */
  "unauthorized",
  /** HTTP 403, nginx's page. */
  "forbidden",
  /** HTTP 500. */
  "server_error",
  /** HTTP 200 with half of the right JSON. */
  "truncated",
  /** HTTP 200, code 17. */
  "quota_spent",
  /** HTTP 429, `Retry-After` of `delayMs` (default 30 000). */
  "rate_limited",
  /** The socket is closed amid the body. */
  "reset",
  /** HTTP 403, nginx's page, on the list endpoints only. */
  "list_closed",
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

export type FaultInput = {
  kind: FaultKind
  /** `check_transaction_by_md5`, with or without `/v1/`. Default every endpoint. */
  endpoint?: string
  delayMs?: number
  /** How many calls it spoils. Default all until cleared. */
  times?: number
}

/** One call of the Open API, as it arrived. Holds no token. */
export type SimulatedRequest = {
  /** For example `/v1/check_transaction_by_md5`. */
  endpoint: string
  /** By the bank's clock, epoch ms. */
  at: number
  /** Parsed JSON, or the text when it is none. */
  body: unknown
  fault: FaultKind | null
}

/** A running Bakong. */
export type Simulator = {
  /** `http://127.0.0.1:9100`: the plugin's `baseUrl`. */
  url: string
  /** Valid for 90 days. */
  token: string
  /** Negative seconds make an expired token. Default 90 days. */
  issueToken: (options?: { expiresInSeconds?: number }) => string
  /** @throws {InputError} naming the field. */
  pay: (input: PayInput) => SimulatedTransaction[]
  /** A transfer for `qr` fails (code 3); the QR may still be paid. @throws {InputError} */
  fail: (qr: string) => void
  /** Added to the faults already set; the oldest one that fits spoils a call. @throws {InputError} */
  setFault: (fault: FaultInput) => void
  clearFaults: () => void
  /** Those still in force, oldest first. */
  readonly faults: readonly FaultInput[]
  /** Every transfer, oldest first. */
  readonly transactions: readonly SimulatedTransaction[]
  /** The last 100 000 calls of the Open API, oldest first. */
  readonly requests: readonly SimulatedRequest[]
  /** Forgets payments, faults, links, requests and the day's count. */
  reset: () => void
  close: () => Promise<void>
}
