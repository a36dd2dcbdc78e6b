import { randomUUID } from "node:crypto"
import type { z } from "@medusajs/framework/zod"
import { BakongError, errorOf } from "./errors"
import type { CallPurpose, Exchange, Gate, OutgoingCall } from "./gate"
import { writeJsonWithAmount } from "./json"
import {
  type ListKey,
  readCheck,
  readCheckByHash,
  readCheckList,
} from "./outcome"
import { readArguments, readShortLink, readToken, REQUESTS } from "./schemas"
import { HttpTransport, type TransportOptions } from "./transport"
import { describeAnswer, readEnvelope, unknown } from "./trouble"
import type {
  BakongCall,
  CheckAnswer,
  CheckListAnswer,
  HttpAnswer,
  Outcome,
} from "./types"

export type BakongClientOptions = Omit<TransportOptions, "baseUrl"> & {
  /** `https://api-bakong.nbc.gov.kh`, its SIT twin, or a relay of one's own. */
  baseUrl: string
  /** Every call passes it; it holds the token. `openGate(token)` for a plain one. */
  gate: Gate
}

/** What the gate is told of a call besides the call itself. */
export type CallContext = {
  purpose?: CallPurpose
  /** The charges it asks about, for the audit log. */
  chargeIds?: string[]
}

export type ShortHash = z.infer<typeof REQUESTS.shortHash>

/** How the payer's app shows the shop it came from, and where it returns to. */
export type SourceInfo = NonNullable<
  z.infer<typeof REQUESTS.deeplink>["sourceInfo"]
>

export type Registration = z.infer<typeof REQUESTS.registration>

/** NBC's limit for one list question. */
export const MAX_ITEMS_PER_CALL = 50

const ACCOUNT_NOT_FOUND = 11

/** No QR has it: the question is not meant to be answered. */
const NO_MD5 = "0".repeat(32)

type Question = {
  endpoint: string
  /** JSON text. */
  body: string
  purpose: CallPurpose
  needsToken: boolean
  /** What the body holds and no answer may repeat. */
  secrets?: string[]
}

/**
 * Asks the Bakong Open API. The checks never throw for what the network, the bank
 * or the gate does: it becomes an `Outcome` and nothing is retried, because each
 * question costs quota. All other calls throw a `BakongError`.
 *
 * Arguments that the bank would refuse are refused before they cost a question, by
 * a `RangeError` or `TypeError` that names the field.
 */
export class BakongClient {
  protected readonly gate_: Gate
  protected readonly transport_: HttpTransport

  /** @throws {TypeError} when `baseUrl` or `proxyUrl` is not an http(s) URL. */
  constructor({ gate, ...transport }: BakongClientOptions) {
    this.gate_ = gate
    this.transport_ = new HttpTransport(transport)
  }

  /** Asks about one dynamic QR by the md5 of its exact string. */
  async checkTransactionByMd5(
    md5: string,
    context?: CallContext
  ): Promise<CheckAnswer> {
    const body = JSON.stringify(readArguments(REQUESTS.md5, { md5 }))
    return this.check_("/v1/check_transaction_by_md5", body, context)
  }

  /** Asks about one transfer by its full hash, 64 hex characters. */
  async checkTransactionByHash(
    hash: string,
    context?: CallContext
  ): Promise<CheckAnswer> {
    const asked = readArguments(REQUESTS.hash, { hash })
    return this.check_(
      "/v1/check_transaction_by_hash",
      JSON.stringify(asked),
      context,
      (answer) => readCheckByHash(answer, asked.hash)
    )
  }

  /**
   * Asks about one transfer by what a receipt shows: the first 8 hex characters of
   * its hash, the amount as an exact decimal, the currency.
   */
  async checkTransactionByShortHash(
    shortHash: ShortHash,
    context?: CallContext
  ): Promise<CheckAnswer> {
    const { hash, amount, currency } = readArguments(
      REQUESTS.shortHash,
      shortHash
    )
    const body = writeJsonWithAmount({ hash, amount, currency })
    return this.check_("/v1/check_transaction_by_short_hash", body, context)
  }

  async checkTransactionByInstructionRef(
    instructionRef: string,
    context?: CallContext
  ): Promise<CheckAnswer> {
    const body = readArguments(REQUESTS.instructionRef, { instructionRef })
    return this.check_(
      "/v1/check_transaction_by_instruction_ref",
      JSON.stringify(body),
      context
    )
  }

  async checkTransactionByExternalRef(
    externalRef: string,
    context?: CallContext
  ): Promise<CheckAnswer> {
    const body = readArguments(REQUESTS.externalRef, { externalRef })
    return this.check_(
      "/v1/check_transaction_by_external_ref",
      JSON.stringify(body),
      context
    )
  }

  /**
   * Asks about 1 to 50 QRs in one call. Some tokens get `forbidden` here while
   * single checks work.
   */
  async checkTransactionByMd5List(
    md5s: string[],
    context?: CallContext
  ): Promise<CheckListAnswer> {
    assertCount(md5s, "md5")
    const body = readArguments(REQUESTS.md5s, { md5s }).md5s
    const endpoint = "/v1/check_transaction_by_md5_list"
    return this.checkList_(endpoint, body, "md5", md5s, context)
  }

  /** Asks about 1 to 50 transfers in one call. */
  async checkTransactionByHashList(
    hashes: string[],
    context?: CallContext
  ): Promise<CheckListAnswer> {
    assertCount(hashes, "hash")
    const body = readArguments(REQUESTS.hashes, { hashes }).hashes
    const endpoint = "/v1/check_transaction_by_hash_list"
    return this.checkList_(endpoint, body, "hash", hashes, context)
  }

  /**
   * A link that opens the payer's app with this KHQR, another one at each call. Where
   * it leads is for the caller to judge.
   *
   * @throws BakongError
   */
  async generateDeeplink(
    qr: string,
    sourceInfo?: SourceInfo,
    context?: CallContext
  ): Promise<string> {
    const body = readArguments(REQUESTS.deeplink, { qr, sourceInfo })
    const exchange = await this.pass_(
      {
        endpoint: "/v1/generate_deeplink_by_qr",
        body: JSON.stringify(body),
        purpose: "deeplink",
        needsToken: false,
      },
      context
    )
    return demand(exchange, readShortLink)
  }

  /**
   * Whether the account exists.
   *
   * @throws BakongError; `rejected` with code 12 when the id is not valid.
   */
  async checkBakongAccount(
    accountId: string,
    context?: CallContext
  ): Promise<boolean> {
    const body = readArguments(REQUESTS.account, { accountId })
    const exchange = await this.pass_(
      {
        endpoint: "/v1/check_bakong_account",
        body: JSON.stringify(body),
        purpose: "account",
        needsToken: true,
      },
      context
    )
    const { call, trouble } = exchange
    if (
      trouble?.reason === "configuration" &&
      call.errorCode === ACCOUNT_NOT_FOUND
    ) {
      return false
    }
    demandSuccess(exchange)
    return true
  }

  /**
   * A new token for a registered e-mail address. Whoever knows the address can ask:
   * it is a secret.
   *
   * @throws BakongError; `rejected` with code 10 when the address is not registered.
   */
  async renewToken(email: string): Promise<string> {
    const body = readArguments(REQUESTS.renewal, { email })
    return demand(
      await this.passForToken_("/v1/renew_token", body, [body.email]),
      readToken
    )
  }

  /**
   * Has Bakong mail a code for `verify`. Newer servers do not offer it any more.
   *
   * @throws BakongError; `endpoint_closed` then, `rejected` with code 8 when the
   *   address is registered already.
   */
  async requestToken(registration: Registration): Promise<void> {
    const body = readArguments(REQUESTS.registration, registration)
    const secrets = [body.email]
    demandSuccess(await this.register_("/v1/request_token", body, secrets))
  }

  /**
   * The token for a mailed code.
   *
   * @throws BakongError; `endpoint_closed` as `requestToken`.
   */
  async verify(code: string): Promise<string> {
    const body = readArguments(REQUESTS.verification, { code })
    return demand(
      await this.register_("/v1/verify", body, [body.code]),
      readToken
    )
  }

  /**
   * A check without token: HTTP 401 means that the bank can be reached from here, 403
   * that this place is blocked.
   */
  async ping(): Promise<BakongCall> {
    const { call } = await this.pass_({
      endpoint: "/v1/check_transaction_by_md5",
      body: JSON.stringify({ md5: NO_MD5 }),
      purpose: "manual",
      needsToken: false,
    })
    return call
  }

  /** Closes the kept connections. A call under way ends as `unavailable`. */
  close(): void {
    this.transport_.close()
  }

  protected async check_(
    endpoint: string,
    body: string,
    context?: CallContext,
    read: (answer: HttpAnswer) => Outcome = readCheck
  ): Promise<CheckAnswer> {
    const { call, answer, trouble } = await this.pass_(
      { endpoint, body, purpose: "check", needsToken: true },
      context
    )
    return { outcome: trouble ?? (answer ? read(answer) : unsaid()), call }
  }

  protected async checkList_(
    endpoint: string,
    body: string[],
    key: ListKey,
    asked: string[],
    context?: CallContext
  ): Promise<CheckListAnswer> {
    const { call, answer, trouble } = await this.pass_(
      {
        endpoint,
        body: JSON.stringify(body),
        purpose: "check",
        needsToken: true,
      },
      context
    )
    if (answer && !trouble) {
      return { outcomes: readCheckList(answer, asked, key), call }
    }
    const shared = trouble ?? unsaid()
    return { outcomes: new Map(asked.map((one) => [one, shared])), call }
  }

  protected async register_(
    endpoint: string,
    body: object,
    secrets: string[]
  ): Promise<Exchange> {
    const exchange = await this.passForToken_(endpoint, body, secrets)
    const error = exchange.trouble && errorOf(exchange)
    if (error?.kind === "endpoint_closed") {
      throw new BakongError(
        "endpoint_closed",
        "Registration is not offered by this server any more: get a token from the National Bank's web site and paste it",
        exchange.call
      )
    }
    return exchange
  }

  /** Always as `token`: gates keep the answers of such calls out of every log. */
  protected passForToken_(
    endpoint: string,
    body: object,
    secrets: string[]
  ): Promise<Exchange> {
    return this.pass_({
      endpoint,
      body: JSON.stringify(body),
      purpose: "token",
      needsToken: false,
      secrets,
    })
  }

  protected pass_(
    { endpoint, body, purpose, needsToken, secrets }: Question,
    context: CallContext = {}
  ): Promise<Exchange> {
    const outgoing: OutgoingCall = {
      endpoint,
      purpose: context.purpose ?? purpose,
      chargeIds: context.chargeIds ?? [],
      requestId: randomUUID(),
      needsToken,
    }
    return this.gate_.pass(outgoing, (token) =>
      this.transport_.send(
        outgoing,
        body,
        { token: needsToken ? token : null, secrets },
        describeAnswer
      )
    )
  }
}

const assertCount = (list: readonly string[], what: ListKey): void => {
  if (list.length < 1 || list.length > MAX_ITEMS_PER_CALL) {
    throw new RangeError(
      `Expected 1 to ${MAX_ITEMS_PER_CALL} ${what}, got ${list.length}`
    )
  }
}

const unsaid = () => unknown("unavailable", "No answer was passed on")

/** The data of a success, as `read` finds it there. */
const demand = <T>(
  exchange: Exchange,
  read: (data: unknown) => T | null
): T => {
  const found = read(demandSuccess(exchange))
  if (found === null) {
    throw errorOf(exchange)
  }
  return found
}

const demandSuccess = (exchange: Exchange): unknown => {
  const envelope = exchange.answer && readEnvelope(exchange.answer.text)
  if (exchange.trouble || envelope?.responseCode !== 0) {
    throw errorOf(exchange)
  }
  return envelope.data
}
