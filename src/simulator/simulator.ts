import { once } from "node:events"
import http, { type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { SimulatedBank } from "./bank"
import { QUIRKS, TOKEN_SETTINGS } from "./choices"
import { SimulatedClock } from "./clock"
import { handleControl } from "./control"
import { Desk } from "./desk"
import { Faults } from "./faults"
import {
  DEFAULT_HOSTED_KEY,
  HOSTED_ENDPOINTS,
  HOSTED_MERCHANT,
  HostedGateway,
} from "./hosted"
import { BodyTooLargeError, sendJson } from "./http"
import type { Fields } from "./input"
import { OPEN_API_ENDPOINTS, OpenApi } from "./open-api"
import { handleFaultForm, showFaults } from "./pages/faults"
import { showMailbox } from "./pages/mailbox"
import { showOverview } from "./pages/overview"
import {
  handlePayment,
  showFailure,
  showPayerPage,
  showReceipt,
} from "./pages/payer"
import { PayLinks } from "./pay-links"
import { Quota } from "./quota"
import { SimulatedRandom } from "./random"
import { Registration } from "./registration"
import { Settings } from "./settings"
import { Tokens } from "./tokens"
import type {
  Quirks,
  Simulator,
  SimulatorOptions,
  TokenSettings,
} from "./types"

/** No secret: these tokens open nothing but a simulator. */
const DEFAULT_TOKEN_SECRET = "bakong-simulator"

const ENDPOINTS = [...OPEN_API_ENDPOINTS, ...HOSTED_ENDPOINTS]

/**
 * Starts a Bakong on this machine: the Open API under `/v1`, a hosted gateway under
 * `/hosted`, a payer's page under `/pay` and an API for tests under `/_control`.
 * Keeps everything in memory.
 *
 * @throws when the port is taken (`EADDRINUSE`) or the host is not ours.
 * @throws {InputError} about an option.
 */
export const startSimulator = async (
  options: SimulatorOptions = {}
): Promise<Simulator> => {
  const { port = 0, host = "127.0.0.1" } = options
  let url = ""
  const world = build(options, () => url)
  const { bank, clock, faults, links, now, tokens } = world
  const { desk, quirks, quota, registration, tokenSettings } = world
  const { openApi, hosted, random } = world

  const simulator: Simulator = {
    get url() {
      return url
    },
    token: tokens.issue(),
    get hosted() {
      return { url: `${url}/hosted`, ...world.hostedAccess }
    },
    issueToken: ({ expiresInSeconds, account } = {}) =>
      tokens.issue(account, expiresInSeconds),
    revokeToken: (token) => tokens.revoke(token),
    pay: (input) => bank.pay(input as Fields),
    fail: (qr) => bank.fail(qr),
    setFault: (fault) => faults.add(fault as Fields),
    clearFaults: () => faults.reset(),
    get faults() {
      return faults.active
    },
    setQuota: (settings) => quota.set(settings),
    get quota() {
      return quota.state
    },
    setQuirks: (wanted) => quirks.set(wanted),
    get quirks() {
      return quirks.current
    },
    setTokenSettings: (settings) => tokenSettings.set(settings),
    get tokenSettings() {
      return tokenSettings.current
    },
    setClock: (moment, { frozen } = {}) => clock.set({ now: moment, frozen }),
    advanceClock: (advanceMs) => clock.advance({ advanceMs }),
    resetClock: () => clock.reset(),
    get clock() {
      return clock.state
    },
    get transactions() {
      return bank.transactions
    },
    get requests() {
      return desk.requests
    },
    get mailbox() {
      return registration.mails
    },
    reset: () => {
      clock.reset()
      const kept = [bank, desk, faults, hosted, links, quirks, quota]
      for (const part of [...kept, random, registration, tokens]) {
        part.reset()
      }
      tokenSettings.reset()
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
      /^\/(v1|hosted\/v1|_control)\/(.*)$/.exec(pathname) ?? []
    switch (section) {
      case "v1":
        return openApi.handle(request, response, name)
      case "hosted/v1":
        return hosted.handle(request, response, name)
      case "_control":
        return handleControl(simulator, request, response, name)
    }
    const payer = { bank, links, now }
    switch (`${request.method} ${pathname}`) {
      case "GET /":
        return showOverview(simulator, response)
      case "GET /mailbox":
        return showMailbox(simulator, response)
      case "GET /faults":
        return showFaults(simulator, ENDPOINTS, response)
      case "POST /faults":
        return handleFaultForm(simulator, ENDPOINTS, request, response)
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
    response.setHeader("Date", new Date(now()).toUTCString())
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

/** Everything behind the doors, wired together. */
const build = (options: SimulatorOptions, url: () => string) => {
  const { tokenSecret: secret = DEFAULT_TOKEN_SECRET, email } = options
  const { registration: isOffered, renewalRevokes } = options
  const clock = new SimulatedClock(options.now ?? Date.now)
  const { now } = clock
  const random = new SimulatedRandom(options.seed)
  const bank = new SimulatedBank(now, random)
  const faults = new Faults(ENDPOINTS)
  const desk = new Desk(faults, now)
  const links = new PayLinks(url, random)
  const tokens = new Tokens({ secret, now })
  const registration = new Registration({ random, now, email })
  const quirks = new Settings<Quirks>(QUIRKS, options.quirks)
  const tokenSettings = new Settings<TokenSettings>(TOKEN_SETTINGS, {
    registration: isOffered,
    renewalRevokes,
  })
  const quota = new Quota(now, {
    dailyRequestLimit: options.dailyRequestLimit,
    resetsAt: options.quotaResetsAt,
    refusesWith: options.quotaRefusesWith,
    tokenless: options.quotaTokenless,
  })
  const { hostedKey: key = DEFAULT_HOSTED_KEY } = options
  const hostedAccess = { ...HOSTED_MERCHANT, key }
  const shared = { bank, desk, quirks, random, now }
  const openApi = new OpenApi({
    ...shared,
    links,
    quota,
    tokens,
    registration,
    tokenSettings,
  })
  const hosted = new HostedGateway({ ...shared, access: hostedAccess })
  return {
    ...{ bank, clock, desk, faults, hosted, hostedAccess, links, now, openApi },
    ...{ quirks, quota, random, registration, tokenSettings, tokens },
  }
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
