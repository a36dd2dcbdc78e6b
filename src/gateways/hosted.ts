import { randomUUID } from "node:crypto"
import {
  BakongError,
  type CallPurpose,
  errorOf,
  type Exchange,
  type Gate,
  HttpTransport,
  type OutgoingCall,
  refuse,
  unknown,
  writeJsonWithAmount,
} from "../bakong"
import type {
  CheckResult,
  Gateway,
  GatewayAbilities,
  MadeQr,
  QrRequest,
  Question,
} from "./gateway"
import {
  describeHosted,
  isRefusal,
  readHostedCheck,
  readMadeQr,
} from "./hosted-answers"
import { askInWaves, purposeOf } from "./waves"

export type HostedGatewayOptions = {
  /** Where its `/v1/…` is found; may have a path. */
  baseUrl: string
  /** As the gateway knows the shop. */
  merchantId: string
  /** For one call from start to last byte, ms. Default 10 000. */
  timeoutMs?: number
  /** Default `medusa-payment-khqr/<version>`. */
  userAgent?: string
  /** The Bakong account that its KHQRs have to pay, if it is known. */
  accountId?: string
  /** Hosts, and what is below them, that its link may lead to besides itself. */
  deeplinkHosts: string[]
  /** Every call passes it; what it has for a token is the gateway's key. */
  gate: Gate
}

const CHECK = "/v1/check_transaction_by_hash"

/**
 * A gateway that makes the KHQR itself and tells of its payment by a hash of its
 * own. It is trusted to know who was paid, and with nothing else: its KHQR is read
 * strictly before it is shown, and what it calls paid is compared again.
 */
export class HostedGateway implements Gateway {
  readonly name = "hosted"
  readonly can: GatewayAbilities = {
    makesQr: true,
    // Its link comes with the KHQR; another one cannot be asked for.
    deeplinks: false,
    findsByHash: false,
    checksAccounts: false,
    asksInLists: false,
    usesBakongToken: false,
  }
  protected readonly options_: HostedGatewayOptions
  protected readonly transport_: HttpTransport
  /** Of `baseUrl`, with its port if that is not the usual one. */
  protected readonly host_: string

  /** @throws {TypeError} when `baseUrl` is not an http(s) URL or `merchantId` is empty. */
  constructor(options: HostedGatewayOptions) {
    if (!options.merchantId.trim()) {
      throw new TypeError("Expected `merchantId` not to be empty")
    }
    this.options_ = options
    this.transport_ = new HttpTransport({
      baseUrl: options.baseUrl,
      timeoutMs: options.timeoutMs,
      userAgent: options.userAgent,
    })
    this.host_ = new URL(options.baseUrl).host
  }

  async check(
    questions: Question[],
    purpose: CallPurpose
  ): Promise<CheckResult[]> {
    return askInWaves(questions, (question) =>
      this.checkOne_(question, purposeOf([question], purpose))
    )
  }

  /**
   * Has a KHQR made that asks for exactly this.
   *
   * @throws BakongError; `unreadable` when it asks for something else, naming what.
   */
  async makeQr(request: QrRequest): Promise<MadeQr> {
    const { merchantId, accountId, deeplinkHosts } = this.options_
    const exchange = await this.pass_(
      outgoing("/v1/generate_deeplink_by_qr", "issue", []),
      writeJsonWithAmount({
        md5: merchantId,
        amount: request.amount,
        currency: request.currency,
        info: `Payment ${request.reference}`,
        bill_number: request.reference,
      })
    )
    const { call, answer, trouble } = exchange
    if (isRejection(exchange)) {
      throw new BakongError("rejected", call.message, call)
    }
    if (!answer || trouble || call.httpStatus === 404) {
      throw errorOf(exchange)
    }
    try {
      return readMadeQr(answer.text, request, {
        merchantId,
        accountId,
        deeplinkHosts: [...deeplinkHosts, this.host_],
        now: Date.now(),
      })
    } catch (error) {
      throw new BakongError("unreadable", (error as Error).message, call)
    }
  }

  close(): void {
    this.transport_.close()
  }

  protected async checkOne_(
    question: Question,
    purpose: CallPurpose
  ): Promise<CheckResult> {
    const { charge_id, gateway_ref } = question
    const leaving = outgoing(CHECK, purpose, [charge_id])
    const exchange =
      gateway_ref === null
        ? refuse(leaving, madeElsewhere())
        : await this.pass_(leaving, JSON.stringify({ hash: gateway_ref }))
    const { call, answer, trouble } = exchange
    const outcome =
      trouble ??
      (answer
        ? readHostedCheck(answer, question, this.host_)
        : unknown("unavailable", "No answer was passed on"))
    return { charge_id, outcome, call }
  }

  protected pass_(leaving: OutgoingCall, body: string): Promise<Exchange> {
    return this.options_.gate.pass(leaving, (token) =>
      this.transport_.send(leaving, body, { token }, describeHosted)
    )
  }
}

const outgoing = (
  endpoint: string,
  purpose: CallPurpose,
  chargeIds: string[]
): OutgoingCall => ({
  endpoint,
  purpose,
  chargeIds,
  requestId: randomUUID(),
  needsToken: true,
})

/** It was made before this gateway was configured. */
const madeElsewhere = () =>
  unknown("configuration", "This KHQR was not made by the hosted gateway")

/** The gateway understood and said no; it has no codes. A 404 may also mean that it has no such endpoint. */
const isRejection = ({ call, answer, trouble }: Exchange): boolean => {
  if (!answer || (trouble && trouble.reason !== "unrecognized")) {
    return false
  }
  const { httpStatus } = call
  return (
    isRefusal(answer) ||
    (httpStatus !== null && httpStatus >= 400 && httpStatus !== 404)
  )
}
