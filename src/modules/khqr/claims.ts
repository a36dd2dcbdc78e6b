import { RING_DUE, ringChanged } from "./bell"
import type { Database } from "./database"
import type { RivalWindow } from "./receipt"
import type { Charge } from "./types"

export type DueColumn = "next_check_at" | "next_settle_at"

/** A kind of work: the table it is about and the column that says when it is due. */
export type DueWork = {
  table: "khqr_charge" | "khqr_refund"
  column: DueColumn | "next_book_at"
}

/** Whether there is anything to ask or to settle, and the same of refunds. */
export type FoundWork = {
  checks: boolean
  settlements: boolean
  refundChecks: boolean
  refundBookings: boolean
  /** When the next charge is to be looked at that is not due yet; `null`: none is. */
  nextCheckAt: Date | null
}

/** Nobody is at work on it. */
export const IS_FREE = "(leased_until IS NULL OR leased_until <= now())"

const LEASED = "now() + make_interval(secs => ?)"

/** One indexed look: is there anything to do? */
export async function findDueWork(
  { sql }: Database,
  now: Date
): Promise<FoundWork> {
  const due = (
    table: DueWork["table"],
    column: DueWork["column"],
    name: Exclude<keyof FoundWork, "nextCheckAt">
  ) =>
    // With EXISTS, which knows no order, the whole table is read once much is due.
    `(SELECT true FROM ${table} WHERE ${column} <= ? AND deleted_at IS NULL AND ${IS_FREE} ORDER BY ${column} LIMIT 1) IS NOT NULL AS "${name}"`
  const looks = [
    due("khqr_charge", "next_check_at", "checks"),
    due("khqr_charge", "next_settle_at", "settlements"),
    due("khqr_refund", "next_check_at", "refundChecks"),
    due("khqr_refund", "next_book_at", "refundBookings"),
    `(SELECT next_check_at FROM khqr_charge WHERE next_check_at > ? AND deleted_at IS NULL AND ${IS_FREE} ORDER BY next_check_at LIMIT 1) AS "nextCheckAt"`,
  ]
  const [row] = await sql<FoundWork>(
    `SELECT ${looks.join(", ")}`,
    looks.map(() => now)
  )
  return row
}

/**
 * Takes up to `limit` rows that are due, the longest due first. No other
 * process gets the same ones until they are given back or the lease runs out:
 * by the database's clock, since those of the processes may differ.
 *
 * @returns their ids
 */
export async function claimDue(
  { sql }: Database,
  { table, column }: DueWork,
  limit: number,
  leasedUntil: Date,
  now: Date
): Promise<string[]> {
  const rows = await sql<{ id: string }>(
    `UPDATE ${table} SET leased_until = ${LEASED} WHERE id IN (
       SELECT id FROM ${table}
       WHERE ${column} <= ? AND deleted_at IS NULL
         AND ${IS_FREE}
       ORDER BY ${column} LIMIT ? FOR UPDATE SKIP LOCKED
     ) RETURNING id`,
    [seconds(leasedUntil, now), now, limit]
  )
  return rows.map(({ id }) => id)
}

/** The same for one charge that has no money yet, due or not. */
export async function claimOne(
  { sql }: Database,
  id: string,
  leasedUntil: Date,
  now: Date
): Promise<boolean> {
  const rows = await sql(
    `UPDATE khqr_charge SET leased_until = ${LEASED}, check_reason = NULL
     WHERE id = ? AND status IN ('pending', 'failed', 'expired') AND deleted_at IS NULL
       AND ${IS_FREE} RETURNING id`,
    [seconds(leasedUntil, now), id]
  )
  return rows.length > 0
}

/** A charge that nobody has paid for yet, or a person's word for which the bank has not given its own. */
const MAY_BE_PAID = `(status IN ('pending', 'failed', 'expired') OR (evidence = 'staff' AND bank_hash IS NULL))`

/**
 * The same for some charges that the bank can be asked about, and that a
 * transfer may still turn out to be for.
 *
 * @returns their ids
 */
export async function claimThese(
  { sql }: Database,
  ids: string[],
  leaseMs: number
): Promise<string[]> {
  const rows = await sql<{ id: string }>(
    `UPDATE khqr_charge SET leased_until = ${LEASED}, check_reason = NULL WHERE id IN (
       SELECT id FROM khqr_charge
       WHERE id = ANY(?) AND ${MAY_BE_PAID} AND mode <> 'static'
         AND review_reason IS DISTINCT FROM 'hash_used'
         AND deleted_at IS NULL AND ${IS_FREE}
       FOR UPDATE SKIP LOCKED
     ) RETURNING id`,
    [leaseMs / 1_000, ids]
  )
  return rows.map(({ id }) => id)
}

/** Some charges that were claimed and about which the bank told nothing: their plan stays as it was. */
export async function giveBackThese(
  { sql }: Database,
  ids: string[]
): Promise<void> {
  await sql("UPDATE khqr_charge SET leased_until = NULL WHERE id = ANY(?)", [
    ids,
  ])
}

/** One charge for whoever carries out what a person has decided about it; its row is locked. */
export const CLAIM_DECIDED = `UPDATE khqr_charge SET leased_until = ${LEASED} WHERE id = ?`

/** A paid charge that a person wants settled now, unless somebody is at it. */
export async function claimPaid(
  { sql }: Database,
  id: string,
  leaseMs: number
): Promise<boolean> {
  const rows = await sql(
    `UPDATE khqr_charge SET leased_until = ${LEASED}, next_settle_at = COALESCE(next_settle_at, now())
     WHERE id = ? AND status = 'paid' AND review_reason IS NULL AND deleted_at IS NULL
       AND ${IS_FREE} RETURNING id`,
    [leaseMs / 1_000, id]
  )
  return rows.length > 0
}

/**
 * The charges, newest first, whose a receipt's transfer may be as well: open ones over
 * the same money that the bank can be asked about, issued before the transfer.
 */
export async function findRivals(
  { sql }: Database,
  money: Pick<Charge, "khqr_amount" | "currency_code">,
  { issuedBefore, settledByAnswerAfter }: RivalWindow,
  { besides, most }: { besides: string[]; most: number }
): Promise<string[]> {
  const rows = await sql<{ id: string }>(
    `SELECT id FROM khqr_charge
     WHERE status IN ('pending', 'failed', 'expired') AND deleted_at IS NULL
       AND khqr_amount = ? AND currency_code = ? AND issued_at <= ?
       AND mode <> 'static' AND review_reason IS DISTINCT FROM 'hash_used'
       AND NOT (id = ANY(?))
       AND NOT (last_outcome IS NOT DISTINCT FROM 'not_found' AND last_checked_at >= ?)
     ORDER BY issued_at DESC LIMIT ?`,
    [
      money.khqr_amount,
      money.currency_code,
      issuedBefore,
      besides,
      settledByAnswerAfter,
      most,
    ]
  )
  return rows.map(({ id }) => id)
}

/**
 * The charges over the same money for which there is a person's word alone: it may be
 * this transfer that they saw, unless they said so before it was made, or the bank
 * has said since that it is not that KHQR's. Nothing but the bank's word ends the doubt.
 */
export const FIND_VOUCHED = `SELECT id, mode FROM khqr_charge
  WHERE evidence = 'staff' AND bank_hash IS NULL AND deleted_at IS NULL
    AND status IN ('paid', 'completed') AND review_reason IS DISTINCT FROM 'hash_used'
    AND resolution IS DISTINCT FROM 'withdraw'
    AND khqr_amount = ? AND currency_code = ? AND issued_at <= ? AND found_at >= ?
    AND NOT (mode <> 'static' AND last_outcome IS NOT DISTINCT FROM 'not_found' AND last_checked_at >= ?)
  ORDER BY issued_at DESC`

export function vouchedValues(
  money: Pick<Charge, "khqr_amount" | "currency_code">,
  { issuedBefore, vouchedAfter, settledByAnswerAfter }: RivalWindow
): unknown[] {
  return [
    money.khqr_amount,
    money.currency_code,
    issuedBefore,
    vouchedAfter,
    settledByAnswerAfter,
  ]
}

/** Gives rows back that were claimed and not asked about; they are due again at `at`. */
export async function giveBackChecks(
  { sql }: Database,
  table: DueWork["table"],
  ids: string[],
  at: Date
): Promise<void> {
  if (ids.length === 0) {
    return
  }
  const marks = ids.map(() => "?").join(", ")
  await sql(
    `UPDATE ${table} SET leased_until = NULL, next_check_at = CASE WHEN next_check_at IS NULL THEN NULL ELSE ?::timestamptz END WHERE id IN (${marks})`,
    [at, ...ids]
  )
}

/**
 * What waits for the bank only because we may not ask: now we may. One that the plan
 * has put off has no such answer. Those that wait for a token do so as with a silent
 * bank, one asking for all; that is over.
 */
export async function wakeWaiting({ sql }: Database, now: Date): Promise<void> {
  for (const { table, putOff, also } of [
    {
      table: "khqr_charge",
      putOff: "status = 'pending'",
      also: ", unknowns = CASE last_outcome WHEN 'unknown:unauthorized' THEN 0 ELSE unknowns END",
    },
    { table: "khqr_refund", putOff: "false", also: "" },
  ]) {
    // A row that somebody holds is being answered, and two who lock many in other orders would wait for each other.
    await sql(
      `UPDATE ${table} SET next_check_at = ?${also} WHERE id IN (
         SELECT id FROM ${table}
         WHERE next_check_at > ? AND deleted_at IS NULL
           AND (last_outcome IN ('unknown:quota_spent', 'unknown:unauthorized') OR ${putOff})
         ORDER BY id FOR UPDATE SKIP LOCKED
       )`,
      [now, now]
    )
  }
  await sql(RING_DUE)
}

/** Whether it was this caller who may ask for the charge's deep link: one may, once. */
export async function claimDeeplink(
  { sql }: Database,
  id: string,
  now: Date
): Promise<boolean> {
  const rows = await sql(
    "UPDATE khqr_charge SET deeplink_asked_at = ? WHERE id = ? AND deeplink_asked_at IS NULL RETURNING id",
    [now, id]
  )
  return rows.length > 0
}

/** @param link `null` gives the claim back: nobody was asked. */
export async function keepDeeplink(
  { sql }: Database,
  id: string,
  link: string | null
): Promise<void> {
  await sql(
    link === null
      ? "UPDATE khqr_charge SET deeplink_asked_at = NULL WHERE id = ?"
      : `WITH kept AS (
           UPDATE khqr_charge SET deeplink = ? WHERE id = ? RETURNING payment_session_id, moved_from
         ) SELECT ${ringChanged("payment_session_id", "moved_from")} FROM kept`,
    link === null ? [id] : [link, id]
  )
}

function seconds(until: Date, now: Date): number {
  return (until.getTime() - now.getTime()) / 1_000
}
