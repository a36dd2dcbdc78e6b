import http from "node:http"
import https from "node:https"
import type { Socket } from "node:net"
import axios, { type AxiosInstance, type AxiosProxyConfig } from "axios"
import { HttpsProxyAgent } from "https-proxy-agent"
import type { Exchange, OutgoingCall } from "./gate"
import { type Description, unknown } from "./trouble"
import type { HttpAnswer, Unknown } from "./types"
import { VERSION } from "./version"

export type TransportOptions = {
  /** Where `/v1/…` is found; may have a path of its own. */
  baseUrl: string
  /** For one call from start to last byte, ms. Default 10 000, NBC's own figure. */
  timeoutMs?: number
  /** `http://user:password@host:port` of a proxy inside Cambodia. */
  proxyUrl?: string
  /** Default `medusa-payment-khqr/<version>`. */
  userAgent?: string
}

export type Reply =
  | {
      answer: HttpAnswer
      /** The `Date` header, epoch ms. */
      serverTime: number | null
    }
  | {
      failure: Unknown
      /** False only when the request was certainly not delivered. */
      reached: boolean
    }

export type PostOptions = {
  /** Sent as `Authorization: Bearer`; `null`: without. */
  token: string | null
  /** Sent as `X-Request-Id`. */
  requestId: string
  /** What the body holds and no answer may repeat. */
  secrets?: string[]
}

const MAX_BODY_BYTES = 1024 * 1024
const MAX_SOCKETS = 8
/** Shorter "tokens" are no secrets, and might be words of the answer itself. */
const MIN_SECRET_LENGTH = 8
/** RFC 9110's only form of `Date` that is still sent. */
const HTTP_DATE =
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * Posts JSON to one server. Whatever the network does becomes a failure; nothing
 * is retried, because each question costs quota.
 */
export class HttpTransport {
  protected readonly baseUrl_: string
  protected readonly timeoutMs_: number
  protected readonly agents_: [http.Agent, https.Agent]
  protected readonly http_: AxiosInstance

  /** @throws {TypeError} when `baseUrl` or `proxyUrl` is not an http(s) URL. */
  constructor(options: TransportOptions) {
    const { timeoutMs = 10_000, proxyUrl, userAgent } = options
    this.baseUrl_ = readUrl("baseUrl", options.baseUrl)
      .href.replace(/\/+$/, "")
      .replace(/\/v1$/, "")
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

  /**
   * Posts and says what came back. Never throws.
   *
   * @param body JSON text.
   */
  async post(
    endpoint: string,
    body: string,
    { token, requestId, secrets = [] }: PostOptions
  ): Promise<Reply> {
    // axios' own time-out restarts with each byte of a trickling body.
    const signal = AbortSignal.timeout(this.timeoutMs_)
    const delivery = new Delivery()
    try {
      const response = await this.http_.post<string>(
        this.baseUrl_ + endpoint,
        body,
        {
          signal,
          transport: delivery,
          headers: {
            ...(token && { Authorization: `Bearer ${token}` }),
            "X-Request-Id": requestId,
          },
        }
      )
      const { date, "retry-after": retryAfter } = response.headers
      return {
        answer: {
          status: response.status,
          retryAfter: typeof retryAfter === "string" ? retryAfter : null,
          text: redact(String(response.data ?? ""), [token ?? "", ...secrets]),
          receivedAt: Date.now(),
        },
        serverTime: HTTP_DATE.test(String(date))
          ? Date.parse(date) || null
          : null,
      }
    } catch (error) {
      return {
        failure: this.explain_(error, signal),
        reached: delivery.reached,
      }
    }
  }

  /** Posts a call that its gate let pass and describes what became of it. Never throws. */
  async send(
    { endpoint, requestId }: OutgoingCall,
    body: string,
    { token, secrets }: Omit<PostOptions, "requestId">,
    describe: (answer: HttpAnswer) => Description
  ): Promise<Exchange> {
    const askedAt = Date.now()
    const started = performance.now()
    const reply = await this.post(endpoint, body, { token, requestId, secrets })
    const durationMs = Math.round(performance.now() - started)
    const sent = { endpoint, sent: true, requestId, durationMs, askedAt }
    if ("failure" in reply) {
      return {
        call: {
          ...sent,
          httpStatus: null,
          responseCode: null,
          errorCode: null,
          message: reply.failure.message,
          serverTime: null,
        },
        answer: null,
        trouble: reply.failure,
        reached: reply.reached,
      }
    }
    const { answer, serverTime } = reply
    const { trouble, ...said } = describe(answer)
    // JSON spells one text in several ways, and `post` knows only the plain one.
    const hide = (text: string) =>
      redact(text, [token ?? "", ...(secrets ?? [])])
    return {
      call: {
        ...sent,
        httpStatus: answer.status,
        ...said,
        message: hide(said.message),
        serverTime,
      },
      answer,
      trouble: trouble && { ...trouble, message: hide(trouble.message) },
      reached: true,
    }
  }

  /** Closes the kept connections. A call under way ends as `unavailable`. */
  close(): void {
    this.agents_.forEach((agent) => agent.destroy())
  }

  /** Says what went wrong in words of our own: an axios error holds the token. */
  protected explain_(error: unknown, signal: AbortSignal): Unknown {
    if (signal.aborted) {
      return unknown("unavailable", `No answer within ${this.timeoutMs_} ms`)
    }
    const code = (error as { code?: unknown } | null)?.code
    if (code === PROXY_REFUSED) {
      return unknown("unavailable", "The proxy refused to connect")
    }
    const cause = typeof code === "string" ? code : "no answer"
    return unknown("unavailable", `The server could not be asked: ${cause}`)
  }
}

/**
 * Makes one request for axios and sees whether it had an open connection to leave
 * by. The codes of errors do not tell: a reset and a time-out occur before and after.
 */
class Delivery {
  reached = false

  request(
    options: https.RequestOptions,
    listener: (response: http.IncomingMessage) => void
  ): http.ClientRequest {
    const isHttps = options.protocol === "https:"
    const request = (isHttps ? https : http).request(options, listener)
    request.on("socket", (socket: Connecting) => {
      if (!socket.connecting && !socket.secureConnecting) {
        this.reached = true
        return
      }
      socket.once(isHttps ? "secureConnect" : "connect", () => {
        this.reached = true
      })
    })
    return request
  }
}

/** A TLS socket says whether its handshake is still under way. */
type Connecting = Socket & { secureConnecting?: boolean }

/** Servers may echo what they were sent, e-mail addresses in lower case; secrets go no further. */
const redact = (text: string, secrets: string[]): string =>
  secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .reduce(
      (rest, secret) =>
        rest.replace(new RegExp(escapeForRegExp(secret), "gi"), "[redacted]"),
      text
    )

const escapeForRegExp = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

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
