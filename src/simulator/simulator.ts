import { once } from "node:events"
import http, { type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { SimulatedBank } from "./bank"
import { handleControl } from "./control"
import { Faults } from "./faults"
import { BodyTooLargeError, sendJson } from "./http"
import type { Fields } from "./input"
import { isTokenValid, signToken } from "./jwt"
import { OPEN_API_ENDPOINTS, OpenApi } from "./open-api"
import { showOverview } from "./pages/overview"
import {
  handlePayment,
  showFailure,
  showPayerPage,
  showReceipt,
} from "./pages/payer"
import { PayLinks } from "./pay-links"
import type { Simulator, SimulatorOptions } from "./types"

const TOKEN_LIFETIME_SECONDS = 90 * 86_400

/** No secret: these tokens open nothing but a simulator. */
const DEFAULT_TOKEN_SECRET = "bakong-simulator"

/**
 * Starts a Bakong on this machine: the Open API under `/v1`, a payer's page under
 * `/pay` and an API for tests under `/_control`. Keeps everything in memory.
 *
 * @throws when the port is taken (`EADDRINUSE`) or the host is not ours.
 */
export const startSimulator = async (
  options: SimulatorOptions = {}
): Promise<Simulator> => {
  const {
    port = 0,
    host = "127.0.0.1",
    now = Date.now,
    tokenSecret = DEFAULT_TOKEN_SECRET,
    email,
    dailyRequestLimit,
  } = options
  let url = ""
  const bank = new SimulatedBank(now)
  const faults = new Faults(OPEN_API_ENDPOINTS)
  const links = new PayLinks(() => url)

  const issueToken = ({ expiresInSeconds = TOKEN_LIFETIME_SECONDS } = {}) => {
    const iat = Math.floor(now() / 1000)
    const claims = {
      data: { id: "simulator" },
      iat,
      exp: iat + expiresInSeconds,
    }
    return signToken(claims, tokenSecret)
  }

  const openApi = new OpenApi({
    bank,
    faults,
    links,
    now,
    isTokenValid: (token) => isTokenValid(token, tokenSecret, now()),
    issueToken,
    email,
    dailyRequestLimit,
  })

  const simulator: Simulator = {
    get url() {
      return url
    },
    token: issueToken(),
    issueToken,
    pay: (input) => bank.pay(input as Fields),
    fail: (qr) => bank.fail(qr),
    setFault: (fault) => faults.add(fault as Fields),
    clearFaults: () => faults.clear(),
    get faults() {
      return faults.active
    },
    get transactions() {
      return bank.transactions
    },
    get requests() {
      return openApi.requests
    },
    reset: () => {
      bank.reset()
      faults.clear()
      links.clear()
      openApi.reset()
    },
    close: async () => {
      if (!server.listening) {
        return
      }
      const closed = once(server, "close")
      server.close()
      server.closeAllConnections()
      await closed
    },
  }

  const route = async (
    request: IncomingMessage,
    response: ServerResponse
  ): Promise<void> => {
    const { pathname, searchParams } = readTarget(request)
    const [, section, name = ""] =
      /^\/(v1|_control)\/(.*)$/.exec(pathname) ?? []
    if (section === "v1") {
      return openApi.handle(request, response, name)
    }
    if (section === "_control") {
      return handleControl(simulator, request, response, name)
    }
    const payer = { bank, links, now }
    switch (`${request.method} ${pathname}`) {
      case "GET /":
        return showOverview(simulator, response)
      case "GET /pay":
        return showPayerPage(payer, searchParams, response)
      case "POST /pay":
        return handlePayment(payer, request, response)
      case "GET /receipt":
        return showReceipt(payer, searchParams, response)
      case "GET /failed":
        return showFailure(payer, searchParams, response)
      default:
        return sendJson(response, 404, { message: `There is no ${pathname}` })
    }
  }

  const server = http.createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) {
        response.destroy()
        return
      }
      const status = error instanceof BodyTooLargeError ? 413 : 500
      sendJson(response, status, { message: String(error) })
    })
  })
  server.listen(port, host)
  await once(server, "listening")
  url = toUrl(server.address() as AddressInfo)

  return simulator
}

const readTarget = (request: IncomingMessage): URL => {
  const target = `http://simulator${request.url}`
  return new URL(URL.canParse(target) ? target : "http://simulator/not-found")
}

const toUrl = ({ address, family, port }: AddressInfo): string => {
  // A wildcard address is none to call.
  const host =
    address === "0.0.0.0" || address === "::"
      ? "127.0.0.1"
      : family === "IPv6"
        ? `[${address}]`
        : address
  return `http://${host}:${port}`
}
