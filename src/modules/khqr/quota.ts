import type { CallPurpose } from "../../bakong"
import { phnomPenhTime } from "./moment"
import type { Budget } from "./plan"

/**
 * What a token has asked today and may still ask. Pure: each rule takes what is
 * known and returns what is known then; `bank/quota-book.ts` keeps it.
 *
 * Whether the bank's day begins at midnight in Phnom Penh or at midnight UTC is
 * not settled, so calls are counted from both, and the greater count rules.
 */
export type QuotaState = {
  /** By Phnom Penh's calendar, `2026-11-21`. */
  day: string
  used: number
  utc_day: string
  used_utc: number
  /** Of `used`, what shoppers' receipts have cost. */
  receipts: number
  /** Calls that the bank refused for want of quota, today. */
  refused: number
  /** Lower than the option, as the bank's refusals have shown. */
  learned_limit: number | null
  spent_at: Date | null
  spent_by: "bank" | "count" | null
  next_probe_at: Date | null
  /** When a probe was last served: the counts of that day are a guess. */
  lifted_at: Date | null
  paused_until: Date | null
  list_closed_until: Date | null
}

/** Leave to send one call. */
export type Ticket = {
  /** It is to find out whether a spent quota is there again. */
  probe: boolean
  /** It counts against the share of shoppers' receipts. */
  receipt?: true
}

export type Claim = { state: QuotaState } & (
  | { granted: true; ticket: Ticket }
  | {
      granted: false
      reason: "quota_spent" | "rate_limited"
      message: string
      retryAfterMs: number
    }
)

/** What the bank's answer tells about the quota. */
export type QuotaNews =
  | { type: "served" }
  | { type: "refused" }
  | { type: "rate_limited"; retryAfterMs: number | undefined }
  /** Time-outs, 401, 403, HTML: nothing. */
  | { type: "nothing" }

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Cambodia keeps UTC+7 all year. */
const PHNOM_PENH_OFFSET_MS = 7 * HOUR

/** After a refusal the bank is asked again this often, and at both midnights. */
const PROBE_EACH_MS = HOUR

/** A probe that learns nothing (a time-out, a 403) is tried again sooner: it may have been weather. */
const PROBE_AGAIN_MS = 600_000

/** While a probe is under way, others wait for its answer, and no longer. */
const PROBE_TAKES_MS = 75_000

/**
 * Our clock and the bank's differ: a midnight is past, and a day begins, when it is past
 * there too. Until then a counted call is not sent: nobody knows for which day it would count.
 */
const CLOCK_SKEW_MS = 5_000

/** A refusal this near to a midnight may count the other day's calls: clocks differ, and answers take their time. */
const MIDNIGHT_IS_NEAR_MS = 60_000

/** Of a day's calls, kept for questions about charges and for a person's. */
export const RESERVED_SHARE = 0.2

/** A refusal before this share of the limit says more of that day, or of another user of the token, than of the limit. */
const CREDIBLE_SHARE = 0.5

/** A learned limit that has grown past this limits nothing. */
const MOST_LEARNED = 1_000_000

/** A 429 that names no time. */
const DEFAULT_PAUSE_MS = 30_000

/** Of a day's calls that are not kept; what only makes things easier stops before checks do. */
export const COMFORT_SHARE = 0.5

/** Of a day's calls, what shoppers' receipts may cost altogether: anybody can make hashes up. */
export const RECEIPT_SHARE = 0.2

/** The plan keeps a closing check for each open charge by itself: what the others may not have is its to spend. */
const NEEDED: CallPurpose[] = ["check", "closing", "manual"]

/** Their endpoints need no token in practice, so they tell nothing of its quota either. */
const COMFORT: CallPurpose[] = ["deeplink", "account"]

/** A shopper waits for these at the page, and a count that is off by one is the smaller loss. */
const DAY_IS_ALL_ONE: CallPurpose[] = [...COMFORT, "issue"]

/** Strangers choose when these are asked: none of them finds out whether a spent quota is there again. */
const NO_PROBE: CallPurpose[] = [...COMFORT, "receipt"]

export function freshQuota(now: Date): QuotaState {
  return {
    day: phnomPenhDay(now),
    used: 0,
    utc_day: utcDay(now),
    used_utc: 0,
    receipts: 0,
    refused: 0,
    learned_limit: null,
    spent_at: null,
    spent_by: null,
    next_probe_at: null,
    lifted_at: null,
    paused_until: null,
    list_closed_until: null,
  }
}

/** The state as it is at `now`, with the counters of a new day begun. */
export function rollOver(known: QuotaState, now: Date): QuotaState {
  const utc_day = utcDay(now)
  const today =
    known.utc_day < utc_day ? { ...known, utc_day, used_utc: 0 } : known
  const day = phnomPenhDay(now)
  // A clock that lags behind does not bring yesterday back.
  if (known.day >= day) {
    return today
  }
  return {
    ...today,
    day,
    used: 0,
    receipts: 0,
    refused: 0,
    learned_limit: raised(known),
  }
}

/**
 * Leave for one call, or why not. A spent quota lets one call through each hour
 * and at both midnights; whether it is there again shows in `hear`.
 *
 * @param limit calls a day, `null` for none.
 */
export function claim(
  known: QuotaState,
  limit: number | null,
  purpose: CallPurpose,
  now: Date
): Claim {
  const state = currentQuota(known, limit, now)
  const whole = dailyLimit(state, limit)
  // Without a token there is nothing left to save questions for.
  if (purpose === "token") {
    return granted(state, { probe: false })
  }
  if (state.paused_until !== null && state.paused_until > now) {
    return {
      state,
      granted: false,
      reason: "rate_limited",
      message: `Bakong asked for a pause until ${phnomPenhTime(state.paused_until, now)}`,
      retryAfterMs: state.paused_until.getTime() - now.getTime(),
    }
  }
  const betweenDays =
    whole === Infinity || DAY_IS_ALL_ONE.includes(purpose)
      ? null
      : endOfMidnight(now)
  if (betweenDays !== null) {
    return {
      state,
      granted: false,
      reason: "rate_limited",
      message: "Bakong's day begins anew; it is asked again in a few seconds",
      retryAfterMs: betweenDays.getTime() - now.getTime(),
    }
  }
  if (state.spent_at !== null) {
    return claimProbe(state, purpose, now)
  }
  if (usedToday(state) >= whole) {
    return claimProbe(spend(state, "count", whole, now), purpose, now)
  }
  if (usedToday(state) >= shareOf(purpose, whole)) {
    return {
      state,
      granted: false,
      reason: "quota_spent",
      message: "What is left of the day's calls is kept for open charges",
      retryAfterMs: nextMidnight(now) - now.getTime(),
    }
  }
  if (purpose !== "receipt") {
    return granted(state, { probe: false })
  }
  if (whole !== Infinity && state.receipts + 1 > whole * RECEIPT_SHARE) {
    return {
      state,
      granted: false,
      reason: "quota_spent",
      message: "The share of the day's calls that receipts may cost is used up",
      retryAfterMs: nextMidnight(now) - now.getTime(),
    }
  }
  return granted(
    { ...state, receipts: state.receipts + 1 },
    { probe: false, receipt: true }
  )
}

/** What follows from the answer to a call that was granted, and that carried the token. */
export function hear(
  known: QuotaState,
  ticket: Ticket,
  news: QuotaNews,
  limit: number | null,
  now: Date
): QuotaState {
  const state = rollOver(known, now)
  const probed = ticket.probe && state.spent_at !== null
  switch (news.type) {
    case "refused":
      return probed
        ? { ...counted(state), next_probe_at: nextProbe(now, PROBE_EACH_MS) }
        : refused(state, limit, now)
    case "rate_limited":
      return {
        ...state,
        paused_until: latest(
          state.paused_until,
          new Date(now.getTime() + (news.retryAfterMs ?? DEFAULT_PAUSE_MS))
        ),
        ...(probed ? { next_probe_at: now } : {}),
      }
    case "served":
      return probed ? lifted(state, now) : state
    case "nothing":
      return probed
        ? { ...state, next_probe_at: nextProbe(now, PROBE_AGAIN_MS) }
        : state
  }
}

/** Gives a call back that was granted and not sent. */
export function giveBack(
  known: QuotaState,
  ticket: Ticket,
  now: Date
): QuotaState {
  const state = rollOver(known, now)
  return {
    ...state,
    used: Math.max(0, state.used - 1),
    used_utc: Math.max(0, state.used_utc - 1),
    receipts: Math.max(0, state.receipts - (ticket.receipt ? 1 : 0)),
    ...(ticket.probe && state.spent_at !== null ? { next_probe_at: now } : {}),
  }
}

/** Calls a day that count as allowed, `Infinity` for no limit. */
export function dailyLimit(state: QuotaState, limit: number | null): number {
  return Math.min(limit ?? Infinity, state.learned_limit ?? Infinity)
}

/** Calls since the midnight that leaves the fewest. */
export function usedToday(state: QuotaState): number {
  return Math.max(state.used, state.used_utc)
}

/** The state as a claim would find it now. */
export function currentQuota(
  known: QuotaState,
  limit: number | null,
  now: Date
): QuotaState {
  const rolled = rollOver(known, now)
  return unlatched(rolled, dailyLimit(rolled, limit))
}

/** What may still be asked today, `null` for no limit; nothing while the quota is spent. */
export function remaining(
  known: QuotaState,
  limit: number | null,
  now: Date
): number | null {
  const state = currentQuota(known, limit, now)
  if (state.spent_at !== null) {
    return 0
  }
  const whole = dailyLimit(state, limit)
  return whole === Infinity ? null : Math.max(0, whole - usedToday(state))
}

/** What the plan may spend: the same rules by which `claim` grants a check. */
export function budgetOf(
  known: QuotaState,
  limit: number | null,
  now: Date
): Budget {
  const state = currentQuota(known, limit, now)
  const whole = dailyLimit(state, limit)
  const pause = latest(
    state.paused_until,
    whole === Infinity ? null : endOfMidnight(now)
  )
  const closed = pause !== null && pause > now ? pause : null
  const isSpent = state.spent_at !== null || usedToday(state) >= whole
  if (isSpent) {
    const spent =
      state.spent_at === null ? spend(state, "count", whole, now) : state
    const probe = spent.next_probe_at ?? now
    return {
      windows: [],
      closedUntil: probe > now ? latest(closed, probe) : closed,
      isProbe: true,
    }
  }
  return {
    windows:
      whole === Infinity
        ? []
        : [
            {
              left: whole - state.used,
              endsAt: new Date(midnightAfter(now, PHNOM_PENH_OFFSET_MS)),
            },
            {
              left: whole - state.used_utc,
              endsAt: new Date(midnightAfter(now, 0)),
            },
          ],
    closedUntil: closed,
    isProbe: false,
  }
}

/** How many of `whole` calls are kept for questions about charges. */
export function reserve(whole: number): number {
  return whole === Infinity ? 0 : Math.ceil(whole * RESERVED_SHARE)
}

/** Our own count needs nobody's word that a new day has begun. */
function unlatched(state: QuotaState, whole: number): QuotaState {
  return state.spent_by === "count" && usedToday(state) < whole
    ? { ...state, spent_at: null, spent_by: null, next_probe_at: null }
    : state
}

/** Up to how many calls a day one of this purpose may leave. */
function shareOf(purpose: CallPurpose, whole: number): number {
  if (NEEDED.includes(purpose)) {
    return whole
  }
  const free = whole - reserve(whole)
  return COMFORT.includes(purpose) ? free * COMFORT_SHARE : free
}

function granted(state: QuotaState, ticket: Ticket): Claim {
  return {
    state: { ...state, used: state.used + 1, used_utc: state.used_utc + 1 },
    granted: true,
    ticket,
  }
}

function claimProbe(state: QuotaState, purpose: CallPurpose, now: Date): Claim {
  const at = state.next_probe_at ?? now
  if (at > now || NO_PROBE.includes(purpose)) {
    return {
      state,
      granted: false,
      reason: "quota_spent",
      message: `The day's calls are used up; Bakong is asked again at ${phnomPenhTime(at, now)}`,
      retryAfterMs: Math.max(0, at.getTime() - now.getTime()),
    }
  }
  return granted(
    {
      ...state,
      next_probe_at: new Date(now.getTime() + PROBE_TAKES_MS),
    },
    { probe: true }
  )
}

function spend(
  state: QuotaState,
  by: "bank" | "count",
  whole: number,
  now: Date
): QuotaState {
  return {
    ...state,
    spent_at: now,
    spent_by: by,
    next_probe_at:
      by === "bank"
        ? nextProbe(now, PROBE_EACH_MS)
        : firstProbe(state, whole, now),
  }
}

/** By our own count there is nothing to find out before the next midnight, unless one is past by one of the two calendars. */
function firstProbe(state: QuotaState, whole: number, now: Date): Date {
  const fewest = Math.min(state.used, state.used_utc)
  return fewest < whole ? now : new Date(nextMidnight(now))
}

function counted(state: QuotaState): QuotaState {
  return { ...state, refused: state.refused + 1 }
}

function refused(
  state: QuotaState,
  limit: number | null,
  now: Date
): QuotaState {
  // Calls that were under way together are refused together: the first has said it.
  if (state.spent_at !== null) {
    return counted(state)
  }
  return {
    ...spend(counted(state), "bank", Infinity, now),
    learned_limit: learned(state, limit, now),
  }
}

/** How much the bank serves a day, by a refusal that can be believed. */
function learned(
  state: QuotaState,
  limit: number | null,
  now: Date
): number | null {
  const served = usedToday(state) - 1
  const isGuess =
    state.lifted_at !== null && now.getTime() - state.lifted_at.getTime() <= DAY
  return limit === null ||
    isGuess ||
    isNearMidnight(now) ||
    served < limit * CREDIBLE_SHARE
    ? state.learned_limit
    : served
}

/**
 * The bank serves again. Which of the two midnights it was is still not known, but
 * it counts no more than the smaller of the two counts, the probe among them.
 */
function lifted(state: QuotaState, now: Date): QuotaState {
  const used = Math.min(state.used, state.used_utc)
  const isBeyondLearned =
    state.learned_limit !== null && used >= state.learned_limit
  return {
    ...state,
    used,
    used_utc: used,
    learned_limit: isBeyondLearned ? null : state.learned_limit,
    spent_at: null,
    spent_by: null,
    next_probe_at: null,
    lifted_at: now,
  }
}

/** Others may have used the token that day: what was learned gives way by a tenth a day. */
function raised({ learned_limit, spent_by }: QuotaState): number | null {
  if (learned_limit === null || spent_by === "bank") {
    return learned_limit
  }
  const raised = Math.ceil(learned_limit * 1.1)
  return raised > MOST_LEARNED ? null : raised
}

function nextProbe(now: Date, pauseMs: number): Date {
  return new Date(Math.min(now.getTime() + pauseMs, nextMidnight(now)))
}

function latest<Other extends Date | null>(
  known: Date | null,
  at: Other
): Date | Other {
  return known !== null && (at === null || known > at) ? known : at
}

/** The nearer of the two midnights at which the bank's day may begin, epoch ms. */
function nextMidnight(now: Date): number {
  return Math.min(
    midnightAfter(now, 0),
    midnightAfter(now, PHNOM_PENH_OFFSET_MS)
  )
}

/** The next midnight of a calendar, once it is past at the bank too, epoch ms. */
function midnightAfter(now: Date, offset: number): number {
  const at = now.getTime() - CLOCK_SKEW_MS + offset
  return Math.floor(at / DAY) * DAY + DAY - offset + CLOCK_SKEW_MS
}

/** When the doubt of a midnight that is hardly past is over; `null` when none is. */
function endOfMidnight(now: Date): Date | null {
  const since = Math.min(
    ...[0, PHNOM_PENH_OFFSET_MS].map((offset) => (now.getTime() + offset) % DAY)
  )
  return since < CLOCK_SKEW_MS
    ? new Date(now.getTime() - since + CLOCK_SKEW_MS)
    : null
}

function isNearMidnight(now: Date): boolean {
  return [0, PHNOM_PENH_OFFSET_MS].some((offset) => {
    const sinceMidnight = (now.getTime() + offset) % DAY
    return Math.min(sinceMidnight, DAY - sinceMidnight) <= MIDNIGHT_IS_NEAR_MS
  })
}

/** By Phnom Penh's calendar, as it is past doubt. */
function phnomPenhDay(now: Date): string {
  return utcDay(new Date(now.getTime() + PHNOM_PENH_OFFSET_MS))
}

function utcDay(now: Date): string {
  return new Date(now.getTime() - CLOCK_SKEW_MS).toISOString().slice(0, 10)
}
