import type { Logger } from "@medusajs/framework/types"

import {
  refuse,
  unknown,
  type CallPurpose,
  type Exchange,
  type Gate,
  type OutgoingCall,
  type Unknown,
} from "../../../bakong"
import type { Database } from "../database"
import { wakeWaiting } from "../claims"
import type { Tell } from "../notices"
import type { QuotaNews, Ticket } from "../quota"
import { writeCall } from "./audit"
import type { Breaker } from "./breaker"
import type { QuotaBook, QuotaChange } from "./quota-book"
import type { NoToken, UsableToken } from "./tokens"

/** Where the gate gets what it shows the bank, and tells how the bank liked it. */
export type Keyring = {
  current(): Promise<UsableToken | NoToken>
  answered(fingerprint: string): Promise<void>
  refused(fingerprint: string): Promise<void>
}

export type GateParts = {
  keyring: Keyring
  quota: QuotaBook
  /** Calls a day, `null` for no limit. */
  dailyRequestLimit: number | null
  breaker: Breaker
  database: Database
  logger: Pick<Logger, "error">
  tell: Tell
}

type Leave = { key: UsableToken | null; tokenKey: string; ticket: Ticket }

/** Whose quota a call spends that needs no token while there is none. */
const NOBODY = "none"

/**
 * The one way out: every call to the bank is counted before it leaves, written
 * down when it is back, and refused when the token, the quota or the circuit
 * says that it would be in vain.
 */
export class BankGate implements Gate {
  constructor(protected readonly parts_: GateParts) {}

  async pass(
    outgoing: OutgoingCall,
    send: (token: string | null) => Promise<Exchange>
  ): Promise<Exchange> {
    const leave = await this.ask_(outgoing)
    if ("type" in leave) {
      return refuse(outgoing, leave)
    }
    const { breaker } = this.parts_
    const token = outgoing.needsToken ? (leave.key?.token ?? null) : null
    const leaving = () => sendSafely(outgoing, () => send(token))
    // A link is a comfort: that its endpoint is dead must not stop the checks.
    const exchange =
      outgoing.purpose === "deeplink"
        ? await leaving()
        : await breaker.run(leaving)
    if (!exchange) {
      await this.giveBack_(leave)
      return refuse(outgoing, circuitOpen(breaker.pauseMs))
    }
    await this.hear_(outgoing, leave, exchange)
    return exchange
  }

  /** Leave to send, or the reason why not. A call that cannot be counted is not sent. */
  protected async ask_(outgoing: OutgoingCall): Promise<Leave | Unknown> {
    const { keyring, breaker } = this.parts_
    if (breaker.pauseMs > 0) {
      return circuitOpen(breaker.pauseMs)
    }
    try {
      const key = await keyring.current()
      if ("problem" in key) {
        return outgoing.needsToken
          ? unknown("unauthorized", key.message)
          : await this.claim_(null, NOBODY, outgoing.purpose)
      }
      return await this.claim_(key, key.tokenKey, outgoing.purpose)
    } catch (error) {
      return unknown(
        "unavailable",
        `The call could not be counted and was not sent: ${(error as Error).message}`
      )
    }
  }

  protected async claim_(
    key: UsableToken | null,
    tokenKey: string,
    purpose: CallPurpose
  ): Promise<Leave | Unknown> {
    const { quota, dailyRequestLimit } = this.parts_
    const { claim, change } = await quota.claim(
      tokenKey,
      dailyRequestLimit,
      purpose,
      new Date()
    )
    this.tellOf_(change)
    return claim.granted
      ? { key, tokenKey, ticket: claim.ticket }
      : unknown(claim.reason, claim.message, claim.retryAfterMs)
  }

  /** What an answer teaches; none of it may cost the answer itself. */
  protected async hear_(
    outgoing: OutgoingCall,
    { key, tokenKey, ticket }: Leave,
    exchange: Exchange
  ): Promise<void> {
    const { database, quota, keyring, dailyRequestLimit } = this.parts_
    await this.soon_("write a call down", () =>
      writeCall(database, outgoing, exchange)
    )
    if (!exchange.reached) {
      return this.giveBack_({ key, tokenKey, ticket })
    }
    const news = newsOf(exchange)
    const isNews = news.type === "refused" || news.type === "rate_limited"
    if (carriedKey(outgoing, key) && (isNews || ticket.probe)) {
      await this.soon_("note the quota", async () =>
        this.tellOf_(
          await quota.hear(
            tokenKey,
            ticket,
            news,
            dailyRequestLimit,
            new Date()
          )
        )
      )
    }
    if (outgoing.needsToken && key) {
      await this.soon_("note what became of the token", () =>
        tokenWasRefused(exchange)
          ? keyring.refused(key.fingerprint)
          : tokenWasTaken(exchange)
            ? keyring.answered(key.fingerprint)
            : Promise.resolve()
      )
    }
  }

  protected async giveBack_({ tokenKey, ticket }: Leave): Promise<void> {
    await this.soon_("give a call back", () =>
      this.parts_.quota.giveBack(tokenKey, ticket, new Date())
    )
  }

  protected tellOf_({ before, after }: QuotaChange): void {
    if (before.spent_at === null && after.spent_at !== null) {
      this.parts_.tell({
        name: "khqr.quota.spent",
        data: {
          by: after.spent_by,
          used: after.used,
          next_probe_at: after.next_probe_at?.toISOString() ?? null,
        },
        level: "warn",
        message: `The token's calls of today are used up (${after.used} since midnight in Phnom Penh, ${after.spent_by === "bank" ? "and Bakong refuses more" : "the limit of bakong.dailyRequestLimit"}). Nothing expires and nothing is lost; orders wait until Bakong may be asked again. If this happens often, set bakong.dailyRequestLimit to what Bakong gives you, and ask the National Bank for more.`,
      })
    }
    if (before.spent_at !== null && after.spent_at === null) {
      // In the database, for all processes: whoever heard of it may be a command.
      void this.soon_("wake the charges that waited for the quota", () =>
        wakeWaiting(this.parts_.database, new Date())
      )
      this.parts_.tell({
        name: "khqr.quota.restored",
        data: { used: after.used },
        level: "info",
        message: "Bakong may be asked again: the token's quota is back",
      })
    }
  }

  protected async soon_(
    what: string,
    work: () => Promise<unknown>
  ): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.parts_.logger.error(
        `KHQR: could not ${what}: ${(error as Error).message}`
      )
    }
  }
}

/** A gateway of a shop's own may throw where it should answer; the call is counted and written down all the same. */
async function sendSafely(
  outgoing: OutgoingCall,
  send: () => Promise<Exchange>
): Promise<Exchange> {
  try {
    return await send()
  } catch (error) {
    const fault = unknown(
      "unavailable",
      `The gateway failed: ${(error as Error).message}`
    )
    const { call } = refuse(outgoing, fault)
    return {
      call: { ...call, sent: true },
      answer: null,
      trouble: fault,
      reached: true,
    }
  }
}

/** What the bank says to a call without the token says nothing of the token's quota. */
function carriedKey(
  { needsToken }: OutgoingCall,
  key: UsableToken | null
): boolean {
  return needsToken || key?.token === ""
}

function circuitOpen(pauseMs: number): Unknown {
  return unknown(
    "unavailable",
    "Bakong did not answer several times in a row; it is asked again after a pause",
    pauseMs
  )
}

function newsOf({ trouble }: Exchange): QuotaNews {
  switch (trouble?.reason) {
    case "quota_spent":
      return { type: "refused" }
    case "rate_limited":
      return { type: "rate_limited", retryAfterMs: trouble.retryAfterMs }
    case undefined:
    case "static_qr":
    case "configuration":
      return { type: "served" }
    default:
      return { type: "nothing" }
  }
}

/** The bank says 401 in JSON; a 401 of a proxy on the way is a page, and must not cost the token. */
function tokenWasRefused({ trouble, answer }: Exchange): boolean {
  return trouble?.reason === "unauthorized" && /^\s*\{/.test(answer?.text ?? "")
}

/** The bank itself spoke, and not about the token. */
function tokenWasTaken({ trouble, call }: Exchange): boolean {
  return (
    call.responseCode !== null &&
    (trouble === null ||
      ["static_qr", "configuration", "quota_spent"].includes(trouble.reason))
  )
}
