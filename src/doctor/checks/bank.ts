import type { KhqrOptions } from "../../modules/khqr/options"
import { environmentOf } from "../../modules/khqr/bank/token-texts"
import { about, type Finding } from "../finding"
import type { Reply } from "../inquiry"

const bank = about("bank")
const place = about("place")

/** Who is asked, as a person knows them. */
export type Server = { host: string; timeoutMs: number; optionOfUrl: string }

export function serverOf({ bakong, gateway }: KhqrOptions): Server {
  return typeof gateway === "object"
    ? {
        host: describeHost(gateway.baseUrl),
        timeoutMs: gateway.timeoutMs,
        optionOfUrl: "gateway.baseUrl",
      }
    : {
        host: describeHost(bakong.baseUrl),
        timeoutMs: bakong.timeoutMs,
        optionOfUrl: "bakong.baseUrl",
      }
}

/**
 * Whether the server answers, and lets callers from here in.
 *
 * @param reply the answer that tells most
 * @param ofListOnly it may speak of the list endpoint alone
 */
export function checkBank(
  reply: Reply,
  server: Server,
  ofListOnly = false
): Finding[] {
  const { call, reason, message } = reply
  const { host, optionOfUrl } = server
  if (!call.sent) {
    return [
      bank.skipped(
        reason === "quota_spent"
          ? "not asked: the day's calls are used up"
          : `not asked: ${message}`
      ),
      place.skipped("not asked"),
    ]
  }
  switch (reason) {
    case "unavailable":
      return [
        explainSilence(reply, server),
        place.skipped("there was no answer"),
      ]
    case "unreadable":
    case "unrecognized":
      return [
        bank.failure(
          `${host} answers, and not as Bakong does: ${message}`,
          `look at ${optionOfUrl}, and at what stands between: a proxy, a firewall, maintenance`
        ),
        place.skipped("the answer is not Bakong's"),
      ]
    case "rate_limited":
      return [
        bank.warning(
          `${host} asks for a pause (HTTP 429)${pauseOf(reply)}`,
          "nothing has to be done: questions wait until then by themselves"
        ),
        place.ok("let in from here"),
      ]
    case "forbidden":
      return [
        bank.ok(`${host} can be reached`),
        ofListOnly ? place.warning(...REFUSED_LIST) : refusedPlace(host),
      ]
    default:
      return [
        bank.ok(`${host} answers in ${call.durationMs} ms`),
        place.ok("let in from here"),
      ]
  }
}

const REFUSED_LIST = [
  "the list was refused (HTTP 403): it is closed to this token, or the whole bank to callers from here",
  "run the doctor again: it then asks about one charge by itself, which tells",
] as const

const refusedPlace = (host: string): Finding =>
  place.failure(
    `${host} lets nobody in from here (HTTP 403): it takes callers from inside Cambodia only`,
    "run the shop's server in Cambodia, or set bakong.proxyUrl to a proxy of yours there, or use a gateway"
  )

export function skipBank(because: string): Finding[] {
  return [bank.skipped(because), place.skipped(because)]
}

function explainSilence({ call, message }: Reply, server: Server): Finding {
  const { host, timeoutMs, optionOfUrl } = server
  const { httpStatus } = call
  if (httpStatus !== null) {
    const plain = `HTTP ${httpStatus}`
    return bank.failure(
      `${host} is out of order: ${message === plain ? plain : `${plain}, ${message}`}`,
      "wait: it is theirs to mend, and open payments are found when it is back"
    )
  }
  if (/^No answer within/.test(message)) {
    return bank.failure(
      `${host} did not answer within ${timeoutMs} ms`,
      "look at the firewall for outgoing https; if Bakong is slow, wait, or raise timeoutMs"
    )
  }
  if (/proxy/i.test(message)) {
    return bank.failure(message, "mend bakong.proxyUrl, or the proxy")
  }
  const code = /[A-Z][A-Z_]{3,}/.exec(message)?.[0] ?? "no answer"
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(code)) {
    return bank.failure(
      `${host} is not found (DNS)`,
      `mend ${optionOfUrl}, or this server's DNS`
    )
  }
  if (/CERT|TLS|SSL|UNABLE_TO_/.test(code)) {
    return bank.failure(
      `the certificate of ${host} is not trusted (${code})`,
      "set this machine's clock, and look for a proxy that opens https"
    )
  }
  return code === "ECONNRESET"
    ? bank.failure(
        `${host} hangs up without an answer`,
        "wait; if it stays so, look at the firewall for outgoing https"
      )
    : bank.failure(
        `${host} cannot be reached (${code})`,
        `look at ${optionOfUrl}, and at the firewall for outgoing https`
      )
}

const pauseOf = ({ retryAfterMs }: Reply): string =>
  retryAfterMs === undefined ? "" : ` of ${Math.ceil(retryAfterMs / 1_000)} s`

function describeHost(url: string): string {
  const { host } = new URL(url)
  switch (environmentOf(url)) {
    case "test":
      return `${host} (Bakong's test environment)`
    default:
      return host
  }
}
