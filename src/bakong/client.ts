import { randomUUID } from "node:crypto"
import http from "node:http"
import https from "node:https"
import axios, { type AxiosInstance, type AxiosProxyConfig } from "axios"
import { HttpsProxyAgent } from "https-proxy-agent"
import {
  type HttpAnswer,
  readCheck,
  readCheckList,
  readEnvelope,
  unknown,
} from "./outcome"
import { cleanToken } from "./token"
import type { BakongCall, CheckAnswer, CheckListAnswer, Outcome } from "./types"
import { VERSION } from "./version"

export type BakongClientOptions = {
  /** `https://api-bakong.nbc.gov.kh`, its SIT twin, or a relay of one's own. */
  baseUrl: string
  /** The merchant's token; a pasted `Bearer `, quotes and blanks are dropped. */
  token: string
  /** For one call from start to last byte, ms. Default 10 000, NBC's own figure. */
  timeoutMs?: number
  /** `http://user:password@host:port` of a proxy inside Cambodia. */
  proxyUrl?: string
  /** Default `medusa-payment-khqr/<version>`. */
  userAgent?: string
}

/** NBC's limit for one list question. */
export const MAX_MD5S_PER_CALL = 50

const MAX_BODY_BYTES = 1024 * 1024
const MAX_SOCKETS = 8
/** Shorter "tokens" are no secrets, and might be words of the answer itself. */
const MIN_SECRET_LENGTH = 8

type Failure = Extract<Outcome, { type: "unknown" }>
type Reply = { answer: HttpAnswer } | { failure: Failure }

/**
 * Asks the Bakong Open API. Whatever the network or the bank does becomes an
 * `Outcome`; nothing is retried, because each question costs quota.
 */
export class BakongClient {
  protected readonly baseUrl_: string
  protected readonly token_: string
  protected readonly timeoutMs_: number
  protected readonly agents_: [http.Agent, https.Agent]
  protected readonly http_: AxiosInstance

  /** @throws {TypeError} when `baseUrl` or `proxyUrl` is not an http(s) URL. */
  constructor(options: BakongClientOptions) {
    const { timeoutMs = 10_000, proxyUrl, userAgent } = options
    this.baseUrl_ = readUrl("baseUrl", options.baseUrl)
      .href.replace(/\/+$/, "")
      .replace(/\/v1$/, "")
    this.token_ = cleanToken(options.token)
    this.timeoutMs_ = timeoutMs

    const proxy = proxyUrl ? readUrl("proxyUrl", proxyUrl) : null
    const pool = { keepAlive: true, maxSockets: MAX_SOCKETS }
    const httpsAgent = proxy
      ? refuseProxyAnswers(new HttpsProxyAgent(proxy, pool))
      : new https.Agent(pool)
    this.agents_ = [new http.Agent(pool), httpsAgent]
    this.http_ = axios.create({
      httpAgent: this.agents_[0],
      httpsAgent,
      // Never the environment's proxies; https tunnels through the agent.
      proxy:
        proxy && this.baseUrl_.startsWith("http:")
          ? toAxiosProxy(proxy)
          : false,
      maxRedirects: 0,
      maxContentLength: MAX_BODY_BYTES,
      responseType: "text",
      transformResponse: (body) => body,
      validateStatus: () => true,
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "User-Agent": userAgent ?? `medusa-payment-khqr/${VERSION}`,
      },
    })
  }

  /** Asks about one dynamic QR by the md5 of its exact string. Never throws. */
  async checkTransactionByMd5(md5: string): Promise<CheckAnswer> {
    const endpoint = "/v1/check_transaction_by_md5"
    const { reply, call } = await this.ask_(endpoint, { md5 })
    if ("failure" in reply) {
      return { outcome: reply.failure, call }
    }
    return { outcome: readCheck(reply.answer), call }
  }

  /**
   * Asks about 1 to 50 QRs in one call. Some tokens get `forbidden` here while
   * single checks work.
   *
   * @throws {RangeError} for an empty list or more than 50 md5.
   */
  async checkTransactionByMd5List(md5s: string[]): Promise<CheckListAnswer> {
    if (md5s.length < 1 || md5s.length > MAX_MD5S_PER_CALL) {
      throw new RangeError(
        `Expected 1 to ${MAX_MD5S_PER_CALL} md5, got ${md5s.length}`
      )
    }
    const endpoint = "/v1/check_transaction_by_md5_list"
    const { reply, call } = await this.ask_(endpoint, md5s)
    if ("failure" in reply) {
      const { failure } = reply
      return { outcomes: new Map(md5s.map((md5) => [md5, failure])), call }
    }
    return { outcomes: readCheckList(reply.answer, md5s), call }
  }

  /** Closes the kept connections. A call under way ends as `unavailable`. */
  close(): void {
    this.agents_.forEach((agent) => agent.destroy())
  }

  protected async ask_(
    endpoint: string,
    body: unknown
  ): Promise<{ reply: Reply; call: BakongCall }> {
    const requestId = randomUUID()
    const askedAt = Date.now()
    const started = performance.now()
    const reply = this.token_
      ? await this.send_(endpoint, body, requestId)
      : { failure: unknown("unauthorized", "No usable token is configured") }
    const durationMs = Math.round(performance.now() - started)
    return {
      reply,
      call: {
        endpoint,
        requestId,
        sent: true,
        ...describe(reply),
        durationMs,
        askedAt,
        serverTime: null,
      },
    }
  }

  protected async send_(
    endpoint: string,
    body: unknown,
    requestId: string
  ): Promise<Reply> {
    // axios' own time-out restarts with each byte of a trickling body.
    const signal = AbortSignal.timeout(this.timeoutMs_)
    try {
      const response = await this.http_.post<string>(
        this.baseUrl_ + endpoint,
        JSON.stringify(body),
        {
          signal,
          headers: {
            Authorization: `Bearer ${this.token_}`,
            "X-Request-Id": requestId,
          },
        }
      )
      const retryAfter = response.headers["retry-after"]
      return {
        answer: {
          status: response.status,
          retryAfter: typeof retryAfter === "string" ? retryAfter : null,
          text: this.redact_(String(response.data ?? "")),
          receivedAt: Date.now(),
        },
      }
    } catch (error) {
      return { failure: this.explain_(error, signal) }
    }
  }

  /** Says what went wrong in words of our own: an axios error holds the token. */
  protected explain_(error: unknown, signal: AbortSignal): Failure {
    if (signal.aborted) {
      return unknown(
        "unavailable",
        `Bakong did not answer within ${this.timeoutMs_} ms`
      )
    }
    const code = (error as { code?: unknown } | null)?.code
    if (code === PROXY_REFUSED) {
      return unknown("unavailable", "The proxy refused to connect to Bakong")
    }
    const cause = typeof code === "string" ? code : "no answer"
    return unknown("unavailable", `Bakong could not be asked: ${cause}`)
  }

  /** Gateways may echo what they were sent; the token goes no further. */
  protected redact_(text: string): string {
    return this.token_.length < MIN_SECRET_LENGTH
      ? text
      : text.replaceAll(this.token_, "[redacted]")
  }
}

const PROXY_REFUSED = "PROXY_REFUSED"

/**
 * The agent replays a proxy's refusal of CONNECT as though the bank had sent
 * it, outside TLS. What a proxy says is no evidence, so the request ends there.
 */
const refuseProxyAnswers = (agent: HttpsProxyAgent<string>) => {
  agent.on(
    "proxyConnect",
    (connect: { statusCode: number }, request: http.ClientRequest) => {
      if (connect.statusCode !== 200) {
        request.destroy(
          Object.assign(new Error("CONNECT refused"), { code: PROXY_REFUSED })
        )
      }
    }
  )
  return agent
}

const toAxiosProxy = (proxy: URL): AxiosProxyConfig => ({
  protocol: proxy.protocol,
  host: proxy.hostname,
  port: Number(proxy.port || (proxy.protocol === "https:" ? 443 : 80)),
  ...(proxy.username && {
    auth: {
      username: decodeURIComponent(proxy.username),
      password: decodeURIComponent(proxy.password),
    },
  }),
})

const readUrl = (option: string, value: string): URL => {
  const url = URL.canParse(value) ? new URL(value) : null
  if (!url || !/^https?:$/.test(url.protocol)) {
    // The value is not shown: a proxy's URL may hold a password.
    throw new TypeError(`Expected \`${option}\` to be an http or https URL`)
  }
  return url
}

const describe = (
  reply: Reply
): Pick<
  BakongCall,
  "httpStatus" | "responseCode" | "errorCode" | "message"
> => {
  if ("failure" in reply) {
    return {
      httpStatus: null,
      responseCode: null,
      errorCode: null,
      message: reply.failure.message,
    }
  }
  const { status, text } = reply.answer
  const envelope = readEnvelope(text)
  return {
    httpStatus: status,
    responseCode: envelope?.responseCode ?? null,
    errorCode: envelope?.errorCode ?? null,
    message: envelope?.message ?? `HTTP ${status} without a Bakong answer`,
  }
}
