import { IS_FREE } from "./claims"
import type { Database, Sql } from "./database"
import { TAKE_THE_PLAN } from "./locks"
import { WATCHED_EACH_MS } from "./pace"
import {
  plan,
  type Budget,
  type CheckReason,
  type OpenCharge,
  type PlannedLook,
  type ShopHistory,
} from "./plan"
import { isUnverifiable } from "./state"

/** One list call, and no more: others would wait for their turn meanwhile. */
export const CHECKS_AT_ONCE = 50

/** Where questions are counted, no more charges than these are weighed against each other. */
const MOST_OPEN = 10_000

/** Somebody who looks is asked for that often. */
const RIDES_WITHIN_MS = WATCHED_EACH_MS

/** A shorter pause is nothing to trouble a shopper with. */
const WORTH_TELLING_MS = 6_000

/** A row that is nearly right is not written again. */
const NEARLY_MS = 500

export type Allowance = {
  budget: Budget
  /** Many charges can be asked about in one call. */
  lists: boolean
}

/** @param sql of a transaction that is open */
export type Meter = (now: Date, sql?: Sql) => Promise<Allowance>

export type RoundParts = {
  database: Database
  /** What may be asked now. */
  meter: Meter
  /** Read only where questions are counted. */
  shop(now: Date): Promise<ShopHistory>
  /** How long a charge is claimed for. */
  leaseMs: number
  now: Date
}

/** A charge that is claimed, and why. */
export type RoundClaim = { id: string; reason: CheckReason }

type OpenRow = OpenCharge & { check_reason: CheckReason | null }

/** Why a charge is claimed for which no call leaves of its own. */
const COST_NOTHING: (CheckReason | null)[] = ["along", "short"]

const NO_HISTORY: ShopHistory = {
  payments: [],
  issued: 0,
  paid: 0,
  arrivals: [],
  signals: {
    returned: { asked: 0, found: 0 },
    claims_paid: { asked: 0, found: 0 },
    announced: { asked: 0, found: 0 },
  },
}

const COLUMNS = [
  "id",
  "status",
  "mode",
  "issued_at",
  "expires_at",
  "superseded_at",
  "last_checked_at",
  "unknowns",
  "last_outcome",
  "review_reason",
  "resolution",
  "evidence",
  "bank_hash",
  "next_check_at",
  "last_signal_at",
  "last_signal",
  "signals_in_vain",
  "watched_since",
  "unwatched_at",
  "check_reason",
  "unknown_since",
] as const satisfies (keyof OpenRow)[]

/** The soonest first, by the index of what is still to be looked at. */
export const READ_OPEN = `SELECT ${COLUMNS.join(", ")}, NOT ${IS_FREE} AS is_leased
  FROM khqr_charge WHERE next_check_at IS NOT NULL AND deleted_at IS NULL
  ORDER BY next_check_at LIMIT ?`

export const READ_DUE = `SELECT ${COLUMNS.join(", ")}, false AS is_leased
  FROM khqr_charge WHERE next_check_at <= ? AND deleted_at IS NULL AND ${IS_FREE}
  ORDER BY next_check_at LIMIT ?`

/**
 * One pass of the plan: reads what is open, claims what is to be asked about now
 * and writes down when the rest is to be looked at again. One process at a time
 * plans, so that no two spend the same call; who comes second goes without.
 *
 * @returns what was claimed, the most useful first
 */
export async function planRound(parts: RoundParts): Promise<RoundClaim[]> {
  const { database, now } = parts
  const { budget } = await parts.meter(now)
  // Not while others wait for the lock: it may have to be read anew.
  const shop = isCounted(budget) ? await parts.shop(now) : NO_HISTORY
  return database.transaction(async (sql) => {
    const [{ mine }] = await sql<{ mine: boolean }>(TAKE_THE_PLAN)
    return mine ? planLocked(parts, shop, sql) : []
  })
}

async function planLocked(
  { meter, leaseMs, now }: RoundParts,
  shop: ShopHistory,
  sql: Sql
): Promise<RoundClaim[]> {
  // What the one before has spent is counted only now.
  const { budget, lists } = await meter(now, sql)
  const charges = await readCharges(sql, { budget, lists }, now)
  const planned = plan({
    charges: withCallsUnderWay(charges, lists),
    budget,
    lists,
    shop,
    now,
  })
  const looks = withRiders(planned.looks, { budget, lists }, now)
  const free = new Set(
    charges.filter(({ is_leased }) => !is_leased).map(({ id }) => id)
  )
  const wanted = [
    ...chargesToAsk(looks, free, now),
    ...chargesToTell(charges, budget, now),
    ...chargesLeftOut(charges, looks, now),
  ].slice(0, CHECKS_AT_ONCE)
  const claims = await claim(sql, wanted, leaseMs)
  await move(sql, changedMoments(charges, looks, claims, now))
  return claims
}

/** Whether a question about one charge takes something from the others. */
function isCounted({ windows }: Budget): boolean {
  return windows.length > 0
}

/** Where nothing is counted, a list takes along what is due soonest, and the rest need not be known. */
async function readCharges(
  sql: Sql,
  { budget, lists }: Allowance,
  now: Date
): Promise<OpenRow[]> {
  if (isCounted(budget)) {
    return sql<OpenRow>(READ_OPEN, [MOST_OPEN])
  }
  return lists
    ? sql<OpenRow>(READ_OPEN, [CHECKS_AT_ONCE])
    : sql<OpenRow>(READ_DUE, [now, CHECKS_AT_ONCE])
}

/**
 * Without those that stand for no call of their own: the plan takes each charge that
 * somebody is asking about for a call that may not be counted yet.
 */
export function withCallsUnderWay<Row extends OpenRow>(
  charges: Row[],
  lists: boolean
): Row[] {
  let calls = 0
  return charges.filter(({ is_leased, check_reason }) => {
    if (!is_leased) {
      return true
    }
    return !COST_NOTHING.includes(check_reason) && (calls++ === 0 || !lists)
  })
}

/**
 * Where nothing is counted, a list that leaves anyway takes along what is due soon:
 * one call for many, instead of one for each at its own moment.
 */
export function withRiders(
  looks: PlannedLook[],
  { budget, lists }: Allowance,
  now: Date
): PlannedLook[] {
  const leaves = looks.some(({ at }) => at <= now)
  if (!leaves || !lists || isCounted(budget) || budget.isProbe) {
    return looks
  }
  const soon = new Date(now.getTime() + RIDES_WITHIN_MS)
  return looks.map((look) =>
    look.at > now && look.at <= soon
      ? { id: look.id, at: now, reason: "along" }
      : look
  )
}

/** Those that would be left out go along last. */
export function chargesToAsk(
  looks: PlannedLook[],
  free: Set<string>,
  now: Date
): RoundClaim[] {
  const due = looks.filter(({ id, at }) => at <= now && free.has(id))
  const asked = due.filter(({ reason }) => reason !== "along")
  const riders = due.filter(({ reason }) => reason === "along")
  return asked.length === 0
    ? []
    : [...asked, ...riders]
        .slice(0, CHECKS_AT_ONCE)
        .map(({ id, reason }) => ({ id, reason }))
}

/**
 * While nothing may be asked, the shopper who waits is to learn that: the gate
 * refuses a question about each, once, and no call leaves.
 */
export function chargesToTell(
  charges: OpenCharge[],
  { closedUntil, isProbe }: Budget,
  now: Date
): RoundClaim[] {
  const pause = (closedUntil ?? now).getTime() - now.getTime()
  if (pause < WORTH_TELLING_MS) {
    return []
  }
  const knows = ({ unknowns, last_outcome }: OpenCharge) =>
    isProbe
      ? unknowns > 0 && last_outcome === "unknown:quota_spent"
      : unknowns > 1
  return charges
    .filter(
      (charge) =>
        charge.status === "pending" &&
        !charge.is_leased &&
        charge.next_check_at !== null &&
        charge.next_check_at <= now &&
        !knows(charge)
    )
    .map(({ id }) => ({ id, reason: "probe" }))
}

/**
 * For whom the day's calls do not reach, if that is news: their shopper is to keep the
 * receipt, and after a day of it a person is to look.
 */
export function chargesLeftOut(
  charges: OpenRow[],
  looks: PlannedLook[],
  now: Date
): RoundClaim[] {
  const short = new Set(
    looks.filter(({ isShort }) => isShort).map(({ id }) => id)
  )
  const isNews = (charge: OpenRow) =>
    charge.unknowns === 0 ||
    (charge.review_reason === null && isUnverifiable(charge, now))
  return charges
    .filter((charge) => short.has(charge.id) && isNews(charge))
    .map(({ id }) => ({ id, reason: "short" }))
}

type Moved = { id: string; was: Date; at: Date | null }

/** What is due and is not asked about would be found due at every tick. */
export function changedMoments(
  charges: OpenCharge[],
  looks: PlannedLook[],
  asked: RoundClaim[],
  now: Date
): Moved[] {
  const planned = new Map(looks.map(({ id, at }) => [id, at]))
  const isAsked = new Set(asked.map(({ id }) => id))
  return charges.flatMap(({ id, next_check_at: was, is_leased }): Moved[] => {
    if (was === null || is_leased || isAsked.has(id)) {
      return []
    }
    const at = planned.get(id)
    // Nothing more can be learned of it, or nothing that is worth a question.
    if (at === undefined) {
      return [{ id, was, at: null }]
    }
    // What is to be asked about and found no room keeps its moment for the next pass.
    if (at <= now) {
      return []
    }
    const isOff = Math.abs(at.getTime() - was.getTime()) > NEARLY_MS
    return isOff || was <= now ? [{ id, was, at }] : []
  })
}

/** @returns those of them that nobody else has taken meanwhile */
async function claim(
  sql: Sql,
  claims: RoundClaim[],
  leaseMs: number
): Promise<RoundClaim[]> {
  if (claims.length === 0) {
    return []
  }
  const rows = await sql<{ id: string }>(
    `WITH wanted AS (
       SELECT charge.id, asked.reason FROM khqr_charge charge
       JOIN unnest(?::text[], ?::text[]) AS asked(id, reason) ON asked.id = charge.id
       WHERE next_check_at IS NOT NULL AND deleted_at IS NULL AND ${IS_FREE}
       FOR UPDATE OF charge SKIP LOCKED
     )
     UPDATE khqr_charge charge
     SET leased_until = now() + make_interval(secs => ?), check_reason = wanted.reason
     FROM wanted WHERE charge.id = wanted.id RETURNING charge.id`,
    [
      claims.map(({ id }) => id),
      claims.map(({ reason }) => reason),
      leaseMs / 1_000,
    ]
  )
  const taken = new Set(rows.map(({ id }) => id))
  return claims.filter(({ id }) => taken.has(id))
}

/** A signal that came meanwhile has set another moment, which stays. */
async function move(sql: Sql, moved: Moved[]): Promise<void> {
  if (moved.length === 0) {
    return
  }
  await sql(
    `WITH wanted AS (
       SELECT charge.id, moved.at FROM khqr_charge charge
       JOIN unnest(?::text[], ?::timestamptz[], ?::timestamptz[]) AS moved(id, was, at) ON moved.id = charge.id
       WHERE date_trunc('milliseconds', next_check_at) = moved.was AND deleted_at IS NULL AND ${IS_FREE}
       FOR UPDATE OF charge SKIP LOCKED
     )
     UPDATE khqr_charge charge SET next_check_at = wanted.at
     FROM wanted WHERE charge.id = wanted.id`,
    [
      moved.map(({ id }) => id),
      moved.map(({ was }) => was.toISOString()),
      moved.map(({ at }) => at?.toISOString() ?? null),
    ]
  )
}
