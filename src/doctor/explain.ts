import type { UnknownReason } from "../bakong"
import type { Server } from "./server"

/** An answer of which nothing can be concluded. */
export type Trouble = {
  reason: UnknownReason
  message: string
  httpStatus: number | null
}

/** In words for a person, and what to do. */
export type Explanation = { says: string; mend?: string }

/** Why nothing can be concluded from what came, or from silence. */
export function explain(trouble: Trouble, server: Server): Explanation {
  const { reason, message, httpStatus } = trouble
  const { host, name, optionOfUrl, proxy } = server
  if (httpStatus === 407 && proxy) {
    return {
      says: `the proxy ${proxy} (bakong.proxyUrl) wants a user and a password`,
      mend: "put them into bakong.proxyUrl: http://user:password@host:port",
    }
  }
  switch (reason) {
    case "unavailable":
      return httpStatus === null
        ? explainSilence(message, server)
        : outOfOrder(host, httpStatus, message)
    case "forbidden":
      return name === "Bakong" ? refusedPlace(host) : refusedByGateway(host)
    case "unauthorized":
      return name === "the gateway" && httpStatus === 401
        ? {
            says: `${host} refuses the key (HTTP 401)`,
            mend: "mend gateway.key",
          }
        : { says: message }
    case "unreadable":
    case "unrecognized":
      return {
        says: `${host} answers, and not as ${name} does: ${message}`,
        mend: `look at ${optionOfUrl}, and at what stands between: a proxy, a firewall, maintenance`,
      }
    default:
      return { says: message }
  }
}

function refusedPlace(host: string): Explanation {
  return {
    says: `${host} lets nobody in from here (HTTP 403): it takes callers from inside Cambodia only`,
    mend: "run the shop's server in Cambodia, or set bakong.proxyUrl to a proxy of yours there, or use a gateway",
  }
}

function refusedByGateway(host: string): Explanation {
  return {
    says: `${host} lets nobody in from here (HTTP 403)`,
    mend: "look at gateway.key and gateway.merchantId, and ask whoever runs the gateway",
  }
}

function outOfOrder(
  host: string,
  httpStatus: number,
  message: string
): Explanation {
  const plain = `HTTP ${httpStatus}`
  return {
    says: `${host} is out of order: ${message === plain ? plain : `${plain}, ${message}`}`,
    mend: "wait: it is theirs to mend, and open payments are found when it is back",
  }
}

/** The network's codes for a connection that did not come about, for a person. */
export const UNCONNECTED: Record<string, string> = {
  ECONNREFUSED: "refuses connections",
  ENOTFOUND: "cannot be found: there is no such host (DNS)",
  EAI_AGAIN: "cannot be found: DNS gave no answer",
  EHOSTUNREACH: "cannot be reached: there is no way there from here",
  ENETUNREACH: "cannot be reached: there is no way there from here",
  ETIMEDOUT: "takes no connection",
}

const CUT_OFF: Record<string, string> = {
  ECONNRESET: "hangs up without an answer",
  EPIPE: "hangs up without an answer",
  ECONNABORTED: "hangs up without an answer",
  ERR_BAD_RESPONSE: "breaks off in the middle of its answer",
}

function explainSilence(message: string, server: Server): Explanation {
  const { host, proxy } = server
  const through = proxy ? `${host}, through the proxy ${proxy},` : host
  const [, ms] = /^No answer within (\d+) ms/.exec(message) ?? []
  if (ms) {
    return {
      says: `${through} did not answer within ${Number(ms) / 1_000} s`,
      mend: proxy
        ? "look at the proxy (bakong.proxyUrl); if Bakong is slow, wait, or raise timeoutMs"
        : "look at the firewall for outgoing https; if it is slow, wait, or raise timeoutMs",
    }
  }
  if (message === "The proxy refused to connect") {
    return {
      says: `the proxy ${proxy} (bakong.proxyUrl) refuses to connect to ${host}`,
      mend: "mend bakong.proxyUrl, its user and password, or the proxy",
    }
  }
  const [, code] =
    /^The server could not be asked: ([A-Z][A-Z\d_]+)$/.exec(message) ?? []
  if (code === undefined) {
    return {
      says: `${through} gave no answer`,
      mend: lookAt(server),
    }
  }
  if (code in UNCONNECTED) {
    // The first connection is the proxy's.
    return proxy
      ? {
          says: `the proxy ${proxy} (bakong.proxyUrl) ${UNCONNECTED[code]}`,
          mend: "start the proxy, or mend bakong.proxyUrl",
        }
      : { says: `${host} ${UNCONNECTED[code]}`, mend: lookAt(server) }
  }
  if (code in CUT_OFF) {
    return {
      says: `${through} ${CUT_OFF[code]}`,
      mend: proxy
        ? "wait; if it stays so, look at the proxy (bakong.proxyUrl)"
        : "wait; if it stays so, look at the firewall for outgoing https",
    }
  }
  return (
    explainCertificate(code, server) ?? {
      says: `${through} does not speak ${code.startsWith("HPE_") ? "HTTP" : `as it should (${code})`}`,
      mend: lookAt(server),
    }
  )
}

function explainCertificate(
  code: string,
  { host, optionOfUrl }: Server
): Explanation | null {
  if (code === "EPROTO" || /WRONG_VERSION_NUMBER/.test(code)) {
    return {
      says: `${host} does not speak https`,
      mend: `mend ${optionOfUrl}: http instead of https, or another port`,
    }
  }
  if (!/CERT|TLS|SSL|UNABLE_TO_/.test(code)) {
    return null
  }
  const why =
    code === "CERT_HAS_EXPIRED"
      ? "has expired"
      : code === "ERR_TLS_CERT_ALTNAME_INVALID"
        ? "is of another host"
        : `is not trusted (${code})`
  return {
    says: `the certificate of ${host} ${why}`,
    mend: "set this machine's clock, and look for a proxy that opens https",
  }
}

const lookAt = ({ optionOfUrl }: Server): string =>
  `look at ${optionOfUrl}, and at this server's DNS and its firewall for outgoing https`
