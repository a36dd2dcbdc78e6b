/** Options of `startSimulator`. */
export type SimulatorOptions = {
  /** 0, the default, takes a free port. */
  port?: number
  /** Default "127.0.0.1". */
  host?: string
  /**
   * The bank's clock, epoch ms, which `setClock` and `advanceClock` move. Default
   * `Date.now`.
   */
  now?: () => number
  /**
   * Makes hashes, codes and links the same at each start and after each `reset`.
   * Random by default.
   */
  seed?: string | number
  /** Signs and verifies the tokens. Constant by default, so that tokens survive a restart. */
  tokenSecret?: string
  /**
   * The one e-mail address `renew_token` knows from the start; `null`: none before it
   * is registered. By default it knows every one.
   */
  email?: string | null
  /**
   * How many calls a day are answered, refused ones counted; then the quota's refusal.
   * `null`, the default: unlimited.
   */
  dailyRequestLimit?: number | null
  /** Midnight where? Default "phnom_penh". */
  quotaResetsAt?: QuotaSettings["resetsAt"]
  /** Default "code_17". */
  quotaRefusesWith?: QuotaSettings["refusesWith"]
  /** Default "all". */
  quotaTokenless?: QuotaSettings["tokenless"]
  /** Whether `request_token` and `verify` are offered; else 404. Default true. */
  registration?: boolean
  /** Whether `renew_token` kills the earlier tokens of its e-mail. Default false. */
  renewalRevokes?: boolean
  /** See `Quirks`. Default none. */
  quirks?: Partial<Quirks>
  /** The Bearer of the hosted gateway. Constant by default. */
  hostedKey?: string
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
  /** What `check_transaction_by_instruction_ref` finds it by. Default none. */
  instructionRef?: string
  /** What `check_transaction_by_external_ref` finds it by. Default none. */
  externalRef?: string
}

export const FAULT_KINDS = [
  /** `status`, `headers` and `body` as given, one at least; what is not given, the bank answers. */
  "answer",
  /** The socket is closed without an answer. */
  "down",
  /** The right answer, `delayMs` (default 30 000) late. */
  "slow",
  /** HTTP 200 with a web page. */
  "html",
  /** HTTP 401, code 6. */
  "unauthorized",
  /** HTTP 403, nginx's page: what callers outside Cambodia get. */
  "forbidden",
  /** HTTP 500. */
  "server_error",
  /** The right status with half of the right JSON. */
  "truncated",
  /** The quota's refusal: HTTP 200, code 17 unless `quotaRefusesWith` says otherwise. */
  "quota_spent",
  /** HTTP 429 at once, `Retry-After` of `delayMs` (default 30 000). */
  "rate_limited",
  /** The socket is closed amid the body. */
  "reset",
  /** HTTP 403, nginx's page, on the list endpoints only. */
  "list_closed",
  /** HTTP 200, code 7, on `request_token` only: no code can be mailed. */
  "mail_down",
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

export type FaultInput = {
  kind: FaultKind
  /**
   * `check_transaction_by_md5`, with or without `/v1/`, or
   * `hosted/generate_deeplink_by_qr`. Default every endpoint.
   */
  endpoint?: string
  /** How late it happens, real ms. The bank hears the question at once. Default 0. */
  delayMs?: number
  /** How many calls of the endpoint pass first. Default 0. */
  after?: number
  /** Of the calls after those, every n-th is spoiled. Default 1, each. */
  every?: number
  /** How many calls it spoils. Default all until cleared. */
  times?: number
  /** 200 to 599. Of "answer" only. */
  status?: number
  /** Text is sent as it is, anything else as JSON. Of "answer" only. */
  body?: unknown
  /** Of "answer" only. */
  headers?: Record<string, string>
}

/** One call of the Open API or the hosted gateway, as it arrived. Holds no token. */
export type SimulatedRequest = {
  /** For example `/v1/check_transaction_by_md5`. */
  endpoint: string
  /** By the bank's clock, epoch ms. */
  at: number
  /** Parsed JSON, or the text when it is none. */
  body: unknown
  fault: FaultKind | null
  /** Whether a Bearer came with it. */
  hasToken: boolean
  /** Whether that Bearer was good: signed here, neither expired nor revoked. */
  authorized: boolean
  /** HTTP's, of what was answered; `null` before, and where no answer came. */
  status: number | null
  /** Of the answer's envelope; `null` where it has none. */
  errorCode: number | null
}

/** A mail of `request_token`. */
export type SimulatedMail = {
  to: string
  /** By the bank's clock, epoch ms. */
  at: number
  organization: string
  project: string
  /** 20 characters, good for one `verify`. */
  code: string
}

export const QUOTA_RESETS = ["phnom_penh", "utc"] as const

export const QUOTA_TOKENLESS = ["all", "none"] as const

export const QUOTA_REFUSALS = ["code_17", "code_19", "message"] as const

export type QuotaSettings = {
  /** `null`: unlimited. */
  dailyRequestLimit: number | null
  /** At whose midnight the count begins again. Nobody knows which it is at Bakong. */
  resetsAt: (typeof QUOTA_RESETS)[number]
  /** The error code, or none and only the words "daily request limit". */
  refusesWith: (typeof QUOTA_REFUSALS)[number]
  /**
   * Whom a call burdens of which nobody can tell whose it is: every account, or none,
   * and then it is never refused. Nobody knows which it is at Bakong.
   */
  tokenless: (typeof QUOTA_TOKENLESS)[number]
}

export type QuotaState = QuotaSettings & {
  /** Calls of today of the busiest account, refused ones counted. */
  used: number
  /** The same by account, which is `data.id` of a token. */
  accounts: Record<string, number>
  /** Epoch ms. */
  nextResetAt: number
}

/** How the bank treats registration and tokens; see `SimulatorOptions`. */
export type TokenSettings = {
  registration: boolean
  renewalRevokes: boolean
}

/** Oddities seen in real answers, and lies nobody should believe. */
export type Quirks = {
  /** Amounts as text: "12.50". Default false. */
  amountAsString: boolean
  /** No `errorCode` in a success. Default false. */
  withoutErrorCode: boolean
  /** Dates with a fraction: 1700000000000.5. Default false. */
  floatDates: boolean
  /** Where a list's item has its transaction; inline: its fields beside `status`. */
  listItems: "data" | "transaction" | "inline"
  listOrder: "asked" | "reversed"
  /** short: the first item is missing; long: one nobody asked about comes first. */
  listLength: "full" | "short" | "long"
  /** Each item twice. Default false. */
  listDuplicated: boolean
  /** Instead of what it should say: a success with nothing readable, or `SERVICE_FAILED`. */
  listFirstItem: "right" | "unreadable" | "service_failed"
  /** How the hosted gateway says "not paid": a 404 with words, HTTP 200 with `null`, or a bare 404. */
  hostedNotPaid: "not_found" | "null" | "empty_404"
  /** What is wrong in the KHQR the hosted gateway makes. */
  hostedQr:
    | "right"
    | "other_amount"
    | "other_currency"
    | "other_bill_number"
    | "garbled"
  /** What is wrong in "paid". */
  hostedPaid:
    | "right"
    | "other_amount"
    | "other_currency"
    | "other_bill_number"
    | "other_hash"
}

export type ClockState = {
  /** Epoch ms. */
  now: number
  /** Whether it stands still until moved. */
  frozen: boolean
}

/** Where the hosted gateway is and what it asks of its caller. */
export type HostedAccess = {
  /** `http://127.0.0.1:9100/hosted`: the gateway's base URL. */
  url: string
  /** `md5` in the body of `generate_deeplink_by_qr`. */
  merchantId: string
  /** Sent as Bearer. */
  key: string
  /** The account its KHQRs are paid to. */
  accountId: string
}

/** A running Bakong. */
export type Simulator = {
  /** `http://127.0.0.1:9100`: the plugin's `baseUrl`. */
  url: string
  /** Valid for 90 days. */
  token: string
  hosted: HostedAccess
  /** Negative seconds make an expired token. Default 90 days, for the account "simulator". */
  issueToken: (options?: {
    expiresInSeconds?: number
    account?: string
  }) => string
  /** From now on this token is refused, expired or not. @throws {InputError} */
  revokeToken: (token: string) => void
  /** @throws {InputError} naming the field. */
  pay: (input: PayInput) => SimulatedTransaction[]
  /** A transfer for `qr` fails (code 3); the QR may still be paid. @throws {InputError} */
  fail: (qr: string) => void
  /** Added to the faults already set; the oldest one that fits spoils a call. @throws {InputError} */
  setFault: (fault: FaultInput) => void
  clearFaults: () => void
  /** Those still in force, oldest first; `times` is what is left of it. */
  readonly faults: readonly FaultInput[]
  /** What is not named stays; the count of today stays too. @throws {InputError} */
  setQuota: (settings: Partial<QuotaSettings>) => void
  readonly quota: QuotaState
  /** What is not named stays as it is. @throws {InputError} */
  setQuirks: (quirks: Partial<Quirks>) => void
  readonly quirks: Readonly<Quirks>
  /** What is not named stays as it is. @throws {InputError} */
  setTokenSettings: (settings: Partial<TokenSettings>) => void
  readonly tokenSettings: Readonly<TokenSettings>
  /** Epoch ms; runs on from there, or stands still when `frozen`. @throws {InputError} */
  setClock: (now: number, options?: { frozen?: boolean }) => void
  /** Negative goes back. @throws {InputError} */
  advanceClock: (ms: number) => void
  /** Back to the clock of the options. */
  resetClock: () => void
  readonly clock: ClockState
  /** Every transfer, oldest first. */
  readonly transactions: readonly SimulatedTransaction[]
  /** The last 100 000 calls, oldest first. */
  readonly requests: readonly SimulatedRequest[]
  /** Every mail, oldest first. */
  readonly mailbox: readonly SimulatedMail[]
  /**
   * As freshly started: forgets payments, faults, links, requests, mails, registrations,
   * revocations and the day's count; settings, quirks and clock are those of the options.
   */
  reset: () => void
  close: () => Promise<void>
}
