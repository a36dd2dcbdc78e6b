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

/** Whether the server answers, and lets callers from here in. `reply`: the answer that tells most. */
export function checkBank(reply: Reply, server: Server): Finding[] {
  const { call, reason, message } = reply
  if (!call.sent) {
    return skipBank(`not asked: ${message}`)
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
          `${server.host} answers, and not as Bakong does: ${message}`,
          `look at ${server.optionOfUrl}, and at what stands between: a proxy, a firewall, maintenance`
        ),
        place.skipped("the answer is not Bakong's"),
      ]
    case "rate_limited":
      return [
        bank.warning(
          `${server.host} asks for a pause (HTTP 429)${pauseOf(reply)}`,
          "nothing: questions wait until then by themselves"
        ),
        place.ok("let in from here"),
      ]
    case "forbidden":
      return [
        bank.ok(`${server.host} can be reached`),
        place.failure(
          `${server.host} lets nobody in from here (HTTP 403): it takes callers from inside Cambodia only`,
          "run the shop's server in Cambodia, or set bakong.proxyUrl to a proxy of yours there, or use a gateway"
        ),
      ]
    default:
      return [
        bank.ok(`${server.host} answers in ${call.durationMs} ms`),
        place.ok("let in from here"),
      ]
  }
}

export function skipBank(because: string): Finding[] {
  return [bank.skipped(because), place.skipped(because)]
}

function explainSilence({ call, message }: Reply, server: Server): Finding {
  const { host, timeoutMs, optionOfUrl } = server
  if (call.httpStatus !== null) {
    return bank.failure(
      `${host} is out of order: HTTP ${call.httpStatus}, ${message}`,
      "wait: it is theirs to mend, and open payments are found when it is back"
    )
  }
  if (/^No answer within/.test(message)) {
    return bank.failure(
      `${host} did not answer within ${timeoutMs} ms`,
      "look at the firewall for outgoing https; if Bakong is slow, wait, or raise timeoutMs"
    )
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) {
    return bank.failure(
      `${host} is not found (DNS)`,
      `mend ${optionOfUrl}, or this server's DNS`
    )
  }
  if (/proxy/i.test(message)) {
    return bank.failure(message, "mend bakong.proxyUrl, or the proxy")
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(message)) {
    return bank.failure(
      `the certificate of ${host} is not trusted: ${message}`,
      "set this machine's clock, and look for a proxy that opens https"
    )
  }
  return bank.failure(
    `${host} cannot be reached: ${message}`,
    `look at ${optionOfUrl} and at the firewall for outgoing https`
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
