import type { IncomingMessage, ServerResponse } from "node:http"
import type { SimulatedBank } from "./bank"
import type { Desk } from "./desk"
import { type Answer, refuse, refuseForQuota, succeed } from "./envelope"
import { readJson } from "./http"
import { type Fields, InputError, isFields } from "./input"
import type { PayLinks } from "./pay-links"
import type { Quota } from "./quota"
import { CODE_LENGTH, type Registration } from "./registration"
import type { Settings } from "./settings"
import type { Bearer, Tokens } from "./tokens"
import type { Quirks, TokenSettings } from "./types"
import { tell, tellList } from "./wire"

type Endpoint = { needsToken: boolean; answer: (body: unknown) => Answer }

export type OpenApiParts = {
  bank: SimulatedBank
  desk: Desk
  links: PayLinks
  quota: Quota
  tokens: Tokens
  registration: Registration
  tokenSettings: Settings<TokenSettings>
  quirks: Settings<Quirks>
}

export const OPEN_API_ENDPOINTS = [
  "request_token",
  "verify",
  "renew_token",
  "check_transaction_by_md5",
  "check_transaction_by_md5_list",
  "check_transaction_by_hash",
  "check_transaction_by_hash_list",
  "check_transaction_by_short_hash",
  "check_transaction_by_instruction_ref",
  "check_transaction_by_external_ref",
  "generate_deeplink_by_qr",
  "check_bakong_account",
] as const

const REGISTRATION_ENDPOINTS = ["request_token", "verify"]

const MAX_LIST = 50
const MAX_EMAIL_LENGTH = 30

/** The Bakong Open API: codes, envelopes, tokens and quota. */
export class OpenApi {
  protected readonly parts_: OpenApiParts
  protected readonly endpoints_: Record<
    (typeof OPEN_API_ENDPOINTS)[number],
    Endpoint
  >

  constructor(parts: OpenApiParts) {
    this.parts_ = parts
    const { bank, quirks } = parts
    const guarded = (answer: Endpoint["answer"]): Endpoint => ({
      needsToken: true,
      answer,
    })
    const open = (answer: Endpoint["answer"]): Endpoint => ({
      needsToken: false,
      answer,
    })
    this.endpoints_ = {
      request_token: open((body) => this.requestToken_(body)),
      verify: open((body) => this.verify_(body)),
      renew_token: open((body) => this.renewToken_(body)),
      check_transaction_by_md5: guarded((body) =>
        tell(bank.findByMd5(required(body, "md5")), quirks.current)
      ),
      check_transaction_by_md5_list: guarded((body) =>
        tellList(
          "md5",
          readList(body, "md5").map((md5) => [md5, bank.findByMd5(md5)]),
          quirks.current
        )
      ),
      check_transaction_by_hash: guarded((body) =>
        tell(bank.findByHash(required(body, "hash")), quirks.current)
      ),
      check_transaction_by_hash_list: guarded((body) =>
        tellList(
          "hash",
          readList(body, "hash").map((hash) => [hash, bank.findByHash(hash)]),
          quirks.current
        )
      ),
      check_transaction_by_short_hash: guarded((body) => this.shortHash_(body)),
      check_transaction_by_instruction_ref: guarded((body) =>
        tell(
          bank.findByRef("instructionRef", required(body, "instructionRef")),
          quirks.current
        )
      ),
      check_transaction_by_external_ref: guarded((body) =>
        tell(
          bank.findByRef("externalRef", required(body, "externalRef")),
          quirks.current
        )
      ),
      generate_deeplink_by_qr: open((body) => this.deeplink_(body)),
      check_bakong_account: guarded((body) => this.account_(body)),
    }
  }

  /** Serves one call to `/v1/<name>`. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    name: string
  ): Promise<void> {
    const { desk, quota, tokens } = this.parts_
    const body = await readJson(request)
    const bearer = tokens.read(request.headers.authorization)
    const isSpent = quota.count(this.accountOf_(name, body, bearer))
    const refuseSpent = () => refuseForQuota(quota.state.refusesWith)
    desk.serve(response, {
      name,
      endpoint: `/v1/${name}`,
      body,
      hasToken: bearer.hasToken,
      authorized: bearer.authorized,
      answer: () =>
        isSpent
          ? refuseSpent()
          : this.finish_(this.answer_(request.method, name, body, bearer)),
      refusals: {
        unauthorized: () => refuse(6, { status: 401 }),
        quotaSpent: refuseSpent,
        mailDown: () => refuse(7),
      },
    })
  }

  protected answer_(
    method: string | undefined,
    name: string,
    body: unknown,
    bearer: Bearer
  ): Answer {
    const endpoint = this.findEndpoint_(name)
    if (!endpoint || method !== "POST") {
      const status = endpoint ? 405 : 404
      return { status, body: { status, path: `/v1/${name}` } }
    }
    if (endpoint.needsToken && !bearer.authorized) {
      return refuse(6, { status: 401 })
    }
    try {
      return endpoint.answer(body)
    } catch (error) {
      if (error instanceof InputError) {
        return refuse(5, { status: 400, details: error.message })
      }
      throw error
    }
  }

  protected findEndpoint_(name: string): Endpoint | null {
    const isOffered =
      this.parts_.tokenSettings.current.registration ||
      !REGISTRATION_ENDPOINTS.includes(name)
    return isOffered && Object.hasOwn(this.endpoints_, name)
      ? this.endpoints_[name as keyof typeof this.endpoints_]
      : null
  }

  /** Whose quota a call burdens. A renewal says so by its e-mail. */
  protected accountOf_(
    name: string,
    body: unknown,
    { account }: Bearer
  ): string | null {
    const email = isFields(body) ? body.email : undefined
    return name === "renew_token" && typeof email === "string"
      ? this.parts_.registration.accountOf(email)
      : account
  }

  protected finish_(answer: Answer): Answer {
    const { body } = answer
    const isBare =
      this.parts_.quirks.current.withoutErrorCode &&
      isFields(body) &&
      body.responseCode === 0
    return isBare
      ? { ...answer, body: { ...body, errorCode: undefined } }
      : answer
  }

  protected requestToken_(body: unknown): Answer {
    const { registration } = this.parts_
    const applicant = {
      email: readEmail(body),
      organization: required(body, "organization", 100),
      project: required(body, "project", 100),
    }
    if (registration.isRegistered(applicant.email)) {
      return refuse(8)
    }
    registration.request(applicant)
    return succeed("A verification code has been sent to your email.", null)
  }

  protected verify_(body: unknown): Answer {
    const code = required(body, "code", CODE_LENGTH)
    if (code.length !== CODE_LENGTH) {
      throw new InputError("code", `must have ${CODE_LENGTH} characters`)
    }
    const account = this.parts_.registration.verify(code)
    return account === null ? refuse(10) : this.issueToken_(account)
  }

  protected renewToken_(body: unknown): Answer {
    const { registration, tokens, tokenSettings } = this.parts_
    const account = registration.accountOf(readEmail(body))
    if (account === null) {
      return refuse(10)
    }
    if (tokenSettings.current.renewalRevokes) {
      tokens.revokeAllOf(account)
    }
    return this.issueToken_(account)
  }

  protected issueToken_(account: string): Answer {
    const token = this.parts_.tokens.issue(account)
    return succeed("Token has been issued.", { token })
  }

  protected shortHash_(body: unknown): Answer {
    const { bank, quirks } = this.parts_
    const hash = required(body, "hash", 8)
    if (!/^[0-9a-f]{8}$/i.test(hash)) {
      throw new InputError("hash", "must be 8 hex characters")
    }
    const currency = required(body, "currency", 3)
    if (currency !== "USD" && currency !== "KHR") {
      throw new InputError("currency", "must be USD or KHR")
    }
    const { amount } = body as Fields
    if (typeof amount !== "number") {
      throw new InputError("amount", "must be a number")
    }
    return tell(bank.findByShortHash(hash, amount, currency), quirks.current)
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

  /** Every well-formed account exists, but those that begin with `unknown`. */
  protected account_(body: unknown): Answer {
    const accountId = required(body, "accountId")
    if (!/^[^@\s]+@[^@\s]+$/.test(accountId) || accountId.length > 32) {
      return refuse(12)
    }
    if (accountId.startsWith("unknown")) {
      return refuse(11)
    }
    return succeed("Account ID exists", null)
  }
}

const readEmail = (body: unknown): string => {
  const email = required(body, "email", MAX_EMAIL_LENGTH)
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new InputError("email", "must be an e-mail address")
  }
  return email
}

const readList = (body: unknown, key: "md5" | "hash"): string[] => {
  const isList =
    Array.isArray(body) &&
    body.length > 0 &&
    body.length <= MAX_LIST &&
    body.every((value) => typeof value === "string")
  if (!isList) {
    throw new InputError(key, `must be a list of 1 to ${MAX_LIST} strings`)
  }
  return body
}

const required = (body: unknown, field: string, max = 255): string => {
  const value = isFields(body) ? body[field] : undefined
  if (typeof value !== "string" || value === "" || value.length > max) {
    throw new InputError(field, `must be a string of 1 to ${max} characters`)
  }
  return value
}
