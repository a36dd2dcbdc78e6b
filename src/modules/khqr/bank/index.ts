import type { Logger } from "@medusajs/framework/types"

import { BakongClient, fingerprintOf } from "../../../bakong"
import {
  HostedGateway,
  OpenApiGateway,
  type Gateway,
  type ListAccess,
} from "../../../gateways"
import type { Database } from "../database"
import type { Tell } from "../notices"
import type { KhqrOptions } from "../options"
import { Breaker } from "./breaker"
import { BankGate, type Keyring } from "./gate"
import { QuotaBook } from "./quota-book"
import { Tokens, type UsableToken } from "./tokens"

export type BankParts = {
  options: KhqrOptions
  database: Database
  logger: Logger
  tell: Tell
}

/** Everything that talks to the bank, or decides whether we may. */
export type Bank = {
  gateway: Gateway
  breaker: Breaker
  quota: QuotaBook
  dailyRequestLimit: number | null
  /** Whose quota is spent now. */
  tokenKey(): Promise<string>
  /** `null` where another gateway is used, which needs no Bakong token. */
  openApi: { client: BakongClient; tokens: Tokens } | null
}

export function openBank(parts: BankParts): Bank {
  return parts.options.gateway === undefined
    ? openOpenApi(parts)
    : openOther(parts, parts.options.gateway)
}

function openOpenApi(parts: BankParts): Bank {
  const { options, database, tell } = parts
  const { bakong, deeplink } = options
  const tokens = new Tokens({
    database,
    options: bakong,
    tell,
    renew: (email) => client.renewToken(email),
  })
  const desk = openDesk(
    parts,
    tokens,
    bakong.dailyRequestLimit,
    // Not `current()`, which renews a token that has lapsed.
    async () => (await tokens.state()).token_key ?? "none"
  )
  const client = new BakongClient({
    baseUrl: bakong.baseUrl,
    timeoutMs: bakong.timeoutMs,
    proxyUrl: bakong.proxyUrl,
    gate: desk.gate,
  })
  const { appName, appIconUrl, callbackUrl } = deeplink
  return {
    ...desk,
    openApi: { client, tokens },
    gateway: new OpenApiGateway({
      client,
      listAccess: listAccess(desk),
      // The configured server may make links to itself, as the simulator does.
      deeplinkHosts: [...deeplink.hosts, new URL(bakong.baseUrl).host],
      sourceInfo:
        appName && appIconUrl && callbackUrl
          ? { appName, appIconUrl, appDeepLinkCallback: callbackUrl }
          : undefined,
    }),
  }
}

function openOther(
  parts: BankParts,
  wish: NonNullable<KhqrOptions["gateway"]>
): Bank {
  if (typeof wish === "function") {
    const desk = openOtherDesk(parts, null, null)
    return {
      ...desk,
      openApi: null,
      gateway: wish({ gate: desk.gate, logger: parts.logger }),
    }
  }
  const desk = openOtherDesk(parts, wish.key, wish.dailyRequestLimit)
  return {
    ...desk,
    openApi: null,
    gateway: new HostedGateway({
      baseUrl: wish.baseUrl,
      merchantId: wish.merchantId,
      timeoutMs: wish.timeoutMs,
      accountId: parts.options.merchant.accountId,
      deeplinkHosts: parts.options.deeplink.hosts,
      gate: desk.gate,
    }),
  }
}

/** @param key of a hosted gateway; a shop's own brings its own. */
function openOtherDesk(
  parts: BankParts,
  key: string | null,
  dailyRequestLimit: number | null
) {
  const keyring = fixedKey(key)
  const { tokenKey } = keyring.key
  return openDesk(parts, keyring, dailyRequestLimit, async () => tokenKey)
}

function openDesk(
  { database, logger, tell }: BankParts,
  keyring: Keyring,
  dailyRequestLimit: number | null,
  tokenKey: Bank["tokenKey"]
) {
  const breaker = new Breaker()
  const quota = new QuotaBook(database)
  const gate = new BankGate({
    keyring,
    quota,
    breaker,
    dailyRequestLimit,
    database,
    logger,
    tell,
  })
  return { gate, breaker, quota, dailyRequestLimit, tokenKey, logger }
}

/** The key of a hosted gateway: it does not lapse, and nobody can renew it. */
function fixedKey(key: string | null): Keyring & { key: UsableToken } {
  const token = key ?? ""
  const fingerprint = fingerprintOf(token)
  const usable = { token, fingerprint, tokenKey: fingerprint }
  return {
    key: usable,
    current: async () => usable,
    answered: async () => {},
    refused: async () => {},
  }
}

/** That it cannot be remembered must not cost the answers. */
function listAccess({
  quota,
  tokenKey,
  logger,
}: Pick<Bank, "quota" | "tokenKey"> & {
  logger: Pick<Logger, "error">
}): ListAccess {
  const note = async (until: Date | null) => {
    try {
      await quota.closeList(await tokenKey(), until, new Date())
    } catch (error) {
      logger.error(
        `KHQR: could not note whether lists are closed: ${(error as Error).message}`
      )
    }
  }
  return {
    closedUntil: async () => {
      try {
        return (await quota.read(await tokenKey(), new Date()))
          .list_closed_until
      } catch {
        // Without the database no call leaves anyway.
        return null
      }
    },
    close: note,
    open: () => note(null),
  }
}
