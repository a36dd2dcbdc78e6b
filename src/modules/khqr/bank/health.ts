import { currentQuota, dailyLimit, remaining, usedToday } from "../quota"
import type { Database } from "../database"
import type { BreakerState } from "./breaker"
import type { Bank } from "./index"
import type { TokenState } from "./tokens"

/** Our standing with the bank. Holds no secret. */
export type Health = {
  gateway: string
  /** Of this process. */
  circuit: BreakerState
  quota: {
    /** Calls since midnight in Phnom Penh, and since midnight UTC where that is more. */
    used: number
    /** `null`: no limit. */
    limit: number | null
    /** `null`: no limit. */
    left: number | null
    refused: number
    spent_at: Date | null
    spent_by: "bank" | "count" | null
    next_probe_at: Date | null
    paused_until: Date | null
  }
  /** Until when many charges are asked about one by one; `null` where the list works. */
  list_closed_until: Date | null
  /** The newest call that left, of any process; `null` before the first. */
  last_call: {
    at: Date
    endpoint: string
    /** `null` when no answer came. */
    http_status: number | null
    error_code: number | null
    message: string
  } | null
  /** `null` where the gateway needs no Bakong token. */
  token: TokenState | null
}

export async function readHealth(
  bank: Bank,
  database: Database,
  now: Date
): Promise<Health> {
  const [token, known, last_call] = await Promise.all([
    bank.openApi ? bank.openApi.tokens.state() : null,
    bank.tokenKey().then((key) => bank.quota.read(key, now)),
    readLastCall(database),
  ])
  const quota = currentQuota(known, bank.dailyRequestLimit, now)
  const limit = dailyLimit(quota, bank.dailyRequestLimit)
  return {
    gateway: bank.gateway.name,
    circuit: bank.breaker.state,
    quota: {
      used: usedToday(quota),
      limit: limit === Infinity ? null : limit,
      left: remaining(quota, bank.dailyRequestLimit, now),
      refused: quota.refused,
      spent_at: quota.spent_at,
      spent_by: quota.spent_by,
      next_probe_at: quota.next_probe_at,
      paused_until: quota.paused_until,
    },
    list_closed_until: quota.list_closed_until,
    last_call,
    token,
  }
}

async function readLastCall({ sql }: Database): Promise<Health["last_call"]> {
  const [call] = await sql<NonNullable<Health["last_call"]>>(
    `SELECT created_at AS at, endpoint, http_status, error_code, message
     FROM khqr_event WHERE kind = 'call' AND deleted_at IS NULL
     ORDER BY created_at DESC LIMIT 1`
  )
  return call ?? null
}
