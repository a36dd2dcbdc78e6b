import { environmentOf } from "../modules/khqr/bank/token-texts"
import type { KhqrOptions } from "../modules/khqr/options"

/** Who is asked, as a person knows them. */
export type Server = {
  name: "Bakong" | "the gateway"
  /** `api-bakong.nbc.gov.kh`, `the gateway lucky-pay`. */
  host: string
  optionOfUrl: string
  /** `host:port` of the proxy on the way there, without its user and password. */
  proxy: string | null
}

/** @param gatewayName of a gateway of the shop's own */
export function serverOf(
  { bakong, gateway }: KhqrOptions,
  gatewayName: string
): Server {
  if (gateway === undefined) {
    return {
      name: "Bakong",
      host: describeHost(bakong.baseUrl),
      optionOfUrl: "bakong.baseUrl",
      proxy: bakong.proxyUrl ? hostAndPort(bakong.proxyUrl) : null,
    }
  }
  return typeof gateway === "function"
    ? {
        name: "the gateway",
        host: `the gateway ${gatewayName}`,
        optionOfUrl: "it",
        proxy: null,
      }
    : {
        name: "the gateway",
        host: describeHost(gateway.baseUrl),
        optionOfUrl: "gateway.baseUrl",
        proxy: null,
      }
}

function describeHost(url: string): string {
  const { host } = new URL(url)
  return environmentOf(url) === "test"
    ? `${host} (Bakong's test environment)`
    : host
}

function hostAndPort(url: string): string {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`
}
