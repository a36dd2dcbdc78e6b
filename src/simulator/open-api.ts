import type { IncomingMessage, ServerResponse } from "node:http"
import type { Finding, SimulatedBank } from "./bank"
import type { Faults } from "./faults"
import { parseJson, readBody, sendJson } from "./http"
import { type Fields, InputError, isFields } from "./input"
import type { PayLinks } from "./pay-links"
import type {
  FaultInput,
  SimulatedRequest,
  SimulatedTransaction,
} from "./types"

/** An answer of the Open API before it is sent. */
type Answer = { status: number; body: unknown }

type Endpoint = { needsToken: boolean; answer: (body: unknown) => Answer }

export type OpenApiParts = {
  bank: SimulatedBank
  faults: Faults
  links: PayLinks
  now: () => number
  isTokenValid: (token: string) => boolean
  issueToken: () => string
  email?: string
  dailyRequestLimit?: number
}

export const OPEN_API_ENDPOINTS = [
  "check_transaction_by_md5",
  "check_transaction_by_md5_list",
  "check_transaction_by_hash",
  "check_transaction_by_hash_list",
  "check_transaction_by_short_hash",
  "generate_deeplink_by_qr",
  "renew_token",
  "check_bakong_account",
] as const

const MAX_LIST = 50
const MAX_LOG = 100_000
const DEFAULT_FAULT_DELAY_MS = 30_000
const PHNOM_PENH_OFFSET_MS = 7 * 3_600_000
const DAY_MS = 86_400_000

/** NBC's words for its codes; those of 17 come from public integrations. */
const MESSAGES = {
  1: "Transaction could not be found. Please check and try again.",
  2: "Sorry, the system does not support static QR code.",
  3: "Transaction failed.",
  4: "Error occurred on requesting deeplink from provider.",
  5: "Missing required fields.",
  6: "Unauthorized, not yet requested for token.",
  10: "Not registered yet.",
  11: "Account ID not found.",
  12: "Account ID is invalid.",
  17: "You have reached your daily request limit.",
} as const

const NGINX_403 =
  "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n" +
  "<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx</center>\r\n" +
  "</body>\r\n</html>\r\n"

/** The Bakong Open API: codes, envelopes, token, quota and whatever goes wrong. */
export class OpenApi {
  protected readonly parts_: OpenApiParts
  protected readonly endpoints_: Record<
    (typeof OPEN_API_ENDPOINTS)[number],
    Endpoint
  >
  protected requests_: SimulatedRequest[] = []
  protected day_ = { number: 0, requests: 0 }

  constructor(parts: OpenApiParts) {
    this.parts_ = parts
    const { bank } = parts
    const guarded = (answer: Endpoint["answer"]): Endpoint => ({
      needsToken: true,
      answer,
    })
    const open = (answer: Endpoint["answer"]): Endpoint => ({
      needsToken: false,
      answer,
    })
    this.endpoints_ = {
      check_transaction_by_md5: guarded((body) =>
        tell(bank.findByMd5(required(body, "md5", 255)))
      ),
      check_transaction_by_md5_list: guarded((body) =>
        tellList(body, "md5", (md5) => bank.findByMd5(md5))
      ),
      check_transaction_by_hash: guarded((body) =>
        tell(bank.findByHash(required(body, "hash", 255)))
      ),
      check_transaction_by_hash_list: guarded((body) =>
        tellList(body, "hash", (hash) => bank.findByHash(hash))
      ),
      check_transaction_by_short_hash: guarded((body) => this.shortHash_(body)),
      generate_deeplink_by_qr: open((body) => this.deeplink_(body)),
      renew_token: open((body) => this.renewToken_(body)),
      check_bakong_account: guarded((body) => this.account_(body)),
    }
  }

  get requests(): readonly SimulatedRequest[] {
    return this.requests_
  }

  reset(): void {
    this.requests_ = []
    this.day_ = { number: 0, requests: 0 }
  }

  /** Serves one call to `/v1/<name>`. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    name: string
  ): Promise<void> {
    const text = await readBody(request)
    const parsed = parseJson(text)
    const fault = this.parts_.faults.take(name)
    this.log_({
      endpoint: `/v1/${name}`,
      at: this.parts_.now(),
      body: parsed === undefined ? text : parsed,
      fault: fault?.kind ?? null,
    })
    const isSpent = this.countAgainstQuota_()
    const answer = () =>
      isSpent ? refuse(17) : this.answer_(request, name, parsed)
    if (fault) {
      return spoil(response, fault, answer)
    }
    send(response, answer())
  }

  protected answer_(
    request: IncomingMessage,
    name: string,
    body: unknown
  ): Answer {
    const endpoint = Object.hasOwn(this.endpoints_, name)
      ? this.endpoints_[name as keyof typeof this.endpoints_]
      : null
    if (!endpoint || request.method !== "POST") {
      const status = endpoint ? 405 : 404
      return { status, body: { status, path: `/v1/${name}` } }
    }
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")
    if (endpoint.needsToken && !(token && this.parts_.isTokenValid(token[1]))) {
      return refuse(6, MESSAGES[6], 401)
    }
    try {
      return endpoint.answer(body)
    } catch (error) {
      if (error instanceof InputError) {
        return refuse(5, `${MESSAGES[5]} ${error.message}`, 400)
      }
      throw error
    }
  }

  protected shortHash_(body: unknown): Answer {
    const hash = required(body, "hash", 8)
    const currency = required(body, "currency", 3)
    const { amount } = body as Fields
    if (typeof amount !== "number") {
      throw new InputError("amount", "must be a number")
    }
    return tell(this.parts_.bank.findByShortHash(hash, amount, currency))
  }

  protected deeplink_(body: unknown): Answer {
    const qr = required(body, "qr", 1000)
    const { sourceInfo } = body as Fields
    let callback: string | null = null
    let appName: string | null = null
    if (sourceInfo !== undefined && sourceInfo !== null) {
      required(sourceInfo, "appIconUrl", 1000)
      appName = required(sourceInfo, "appName", 100)
      callback = required(sourceInfo, "appDeepLinkCallback", 1000)
    }
    try {
      this.parts_.bank.scan(qr)
    } catch (error) {
      if (error instanceof InputError) {
        return refuse(4)
      }
      throw error
    }
    const shortLink = this.parts_.links.create({ qr, callback, appName })
    return succeed("Getting deep link successfully.", { shortLink })
  }

  protected renewToken_(body: unknown): Answer {
    const email = required(body, "email", 30)
    if (this.parts_.email !== undefined && email !== this.parts_.email) {
      return refuse(10)
    }
    const token = this.parts_.issueToken()
    return succeed("Token has been issued.", { token })
  }

  /** Every well-formed account exists, but those that begin with `unknown`. */
  protected account_(body: unknown): Answer {
    const accountId = required(body, "accountId", 255)
    if (!/^[^@\s]+@[^@\s]+$/.test(accountId) || accountId.length > 32) {
      return refuse(12)
    }
    if (accountId.startsWith("unknown")) {
      return refuse(11)
    }
    return succeed("Account ID exists", null)
  }

  protected countAgainstQuota_(): boolean {
    const { dailyRequestLimit = Infinity, now } = this.parts_
    const number = Math.floor((now() + PHNOM_PENH_OFFSET_MS) / DAY_MS)
    if (number !== this.day_.number) {
      this.day_ = { number, requests: 0 }
    }
    this.day_.requests += 1
    return this.day_.requests > dailyRequestLimit
  }

  protected log_(request: SimulatedRequest): void {
    this.requests_.push(request)
    if (this.requests_.length > MAX_LOG * 1.1) {
      this.requests_ = this.requests_.slice(-MAX_LOG)
    }
  }
}

const succeed = (responseMessage: string, data: unknown): Answer => ({
  status: 200,
  body: { responseCode: 0, responseMessage, errorCode: null, data },
})

const refuse = (
  errorCode: keyof typeof MESSAGES,
  responseMessage: string = MESSAGES[errorCode],
  status = 200
): Answer => ({
  status,
  body: { responseCode: 1, responseMessage, errorCode, data: null },
})

const tell = (finding: Finding): Answer => {
  switch (finding.type) {
    case "found":
      return succeed(
        "Getting transaction successfully.",
        toWire(finding.transaction)
      )
    case "not_found":
      return refuse(1)
    case "static_qr":
      return refuse(2)
    case "failed":
      return refuse(3)
  }
}

const tellList = (
  body: unknown,
  key: "md5" | "hash",
  find: (value: string) => Finding
): Answer => {
  const isList =
    Array.isArray(body) &&
    body.length > 0 &&
    body.every((value) => typeof value === "string")
  if (!isList || body.length > MAX_LIST) {
    throw new InputError(key, `must be a list of 1 to ${MAX_LIST} strings`)
  }
  return succeed(
    "Getting transactions successfully.",
    body.map((value: string) => ({ [key]: value, ...tellItem(find(value)) }))
  )
}

const tellItem = (finding: Finding) => {
  switch (finding.type) {
    case "found":
      return {
        status: "SUCCESS",
        message: "Getting transaction successfully.",
        data: toWire(finding.transaction),
      }
    case "not_found":
      return { status: "NOT_FOUND", message: MESSAGES[1], data: null }
    case "static_qr":
      return { status: "STATIC_QR", message: MESSAGES[2], data: null }
    case "failed":
      return { status: "FAILED", message: MESSAGES[3], data: null }
  }
}

/** What the bank shows of a transfer: no md5, no QR. */
const toWire = (transaction: SimulatedTransaction) => ({
  hash: transaction.hash,
  fromAccountId: transaction.fromAccountId,
  toAccountId: transaction.toAccountId,
  currency: transaction.currency,
  amount: transaction.amount,
  description: transaction.description,
  createdDateMs: transaction.createdDateMs,
  acknowledgedDateMs: transaction.acknowledgedDateMs,
  trackingStatus: transaction.trackingStatus,
  receiverBank: transaction.receiverBank,
  receiverBankAccount: transaction.receiverBankAccount,
  instructionRef: transaction.instructionRef,
  externalRef: transaction.externalRef,
})

const required = (body: unknown, field: string, max: number): string => {
  const value = isFields(body) ? body[field] : undefined
  if (typeof value !== "string" || value === "" || value.length > max) {
    throw new InputError(field, `must be a string of 1 to ${max} characters`)
  }
  return value
}

const send = (response: ServerResponse, { status, body }: Answer): void =>
  sendJson(response, status, body)

const sendHtml = (
  response: ServerResponse,
  status: number,
  page: string
): void => {
  response.writeHead(status, { "Content-Type": "text/html" }).end(page)
}

const spoil = (
  response: ServerResponse,
  fault: FaultInput,
  answer: () => Answer
): void => {
  const delayMs = fault.delayMs ?? DEFAULT_FAULT_DELAY_MS
  switch (fault.kind) {
    case "down":
      response.destroy()
      return
    case "slow": {
      // The question reaches the bank at once; only the answer is late.
      const late = answer()
      const timer = setTimeout(() => send(response, late), delayMs)
      response.on("close", () => clearTimeout(timer))
      return
    }
    case "html":
      return sendHtml(response, 200, "<html><body>Maintenance</body></html>")
    case "unauthorized":
      return send(response, refuse(6, MESSAGES[6], 401))
    case "forbidden":
    case "list_closed":
      return sendHtml(response, 403, NGINX_403)
    case "server_error":
      return sendJson(response, 500, {
        status: 500,
        error: "Internal Server Error",
      })
    case "truncated": {
      const { status, body } = answer()
      const text = JSON.stringify(body)
      response
        .writeHead(status, { "Content-Type": "application/json" })
        .end(text.slice(0, Math.floor(text.length / 2)))
      return
    }
    case "quota_spent":
      return send(response, refuse(17))
    case "rate_limited":
      response
        .writeHead(429, { "Retry-After": String(Math.ceil(delayMs / 1000)) })
        .end("Too Many Requests")
      return
    case "reset": {
      const { status, body } = answer()
      const text = JSON.stringify(body)
      response.writeHead(status, {
        "Content-Type": "application/json",
        "Content-Length": Buffer.byteLength(text),
      })
      response.write(text.slice(0, Math.floor(text.length / 2)), () =>
        response.destroy()
      )
    }
  }
}
