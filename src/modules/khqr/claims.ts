import type { Database } from "./database"

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
}

const LEASED = "now() + make_interval(secs => ?)"

/** One indexed look: is there anything to do? */
export async function findDueWork(
  { sql }: Database,
  now: Date
): Promise<FoundWork> {
  const due = (
    table: DueWork["table"],
    column: DueWork["column"],
    name: keyof FoundWork
  ) =>
    `EXISTS (SELECT 1 FROM ${table} WHERE ${column} <= ? AND deleted_at IS NULL AND (leased_until IS NULL OR leased_until <= now())) AS "${name}"`
  const looks = [
    due("khqr_charge", "next_check_at", "checks"),
    due("khqr_charge", "next_settle_at", "settlements"),
    due("khqr_refund", "next_check_at", "refundChecks"),
    due("khqr_refund", "next_book_at", "refundBookings"),
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
         AND (leased_until IS NULL OR leased_until <= now())
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
    `UPDATE khqr_charge SET leased_until = ${LEASED}
     WHERE id = ? AND status IN ('pending', 'failed', 'expired') AND deleted_at IS NULL
       AND (leased_until IS NULL OR leased_until <= now()) RETURNING id`,
    [seconds(leasedUntil, now), id]
  )
  return rows.length > 0
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

/** What waits for the bank only because we may not ask: now we may. */
export async function wakeWaiting({ sql }: Database, now: Date): Promise<void> {
  for (const table of ["khqr_charge", "khqr_refund"]) {
    await sql(
      `UPDATE ${table} SET next_check_at = ?
       WHERE next_check_at > ? AND deleted_at IS NULL
         AND last_outcome IN ('unknown:quota_spent', 'unknown:unauthorized')`,
      [now, now]
    )
  }
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
      : "UPDATE khqr_charge SET deeplink = ? WHERE id = ?",
    link === null ? [id] : [link, id]
  )
}

function seconds(until: Date, now: Date): number {
  return (until.getTime() - now.getTime()) / 1_000
}
