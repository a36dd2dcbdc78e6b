import { remaining, dailyLimit, usedToday } from "../quota"
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
  /** `null` where the gateway needs no Bakong token. */
  token: TokenState | null
}

export async function readHealth(bank: Bank, now: Date): Promise<Health> {
  const [token, quota] = await Promise.all([
    bank.openApi ? bank.openApi.tokens.state() : null,
    bank.tokenKey().then((key) => bank.quota.read(key, now)),
  ])
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
    token,
  }
}
