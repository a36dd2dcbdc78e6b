import type { Database } from "./database"

export type DueColumn = "next_check_at" | "next_settle_at"

/** One indexed look: is there anything to ask or to settle? */
export async function findDueWork(
  { sql }: Database,
  now: Date
): Promise<{ checks: boolean; settlements: boolean }> {
  const due = (column: DueColumn) =>
    `EXISTS (SELECT 1 FROM khqr_charge WHERE ${column} <= ? AND deleted_at IS NULL AND (leased_until IS NULL OR leased_until <= ?))`
  const [row] = await sql<{ checks: boolean; settlements: boolean }>(
    `SELECT ${due("next_check_at")} AS checks, ${due("next_settle_at")} AS settlements`,
    [now, now, now, now]
  )
  return row
}

/**
 * Takes up to `limit` charges that are due, the longest due first. No other
 * process gets the same ones until they are given back or the lease runs out.
 *
 * @returns their ids
 */
export async function claimDue(
  { sql }: Database,
  column: DueColumn,
  limit: number,
  leasedUntil: Date,
  now: Date
): Promise<string[]> {
  const rows = await sql<{ id: string }>(
    `UPDATE khqr_charge SET leased_until = ? WHERE id IN (
       SELECT id FROM khqr_charge
       WHERE ${column} <= ? AND deleted_at IS NULL
         AND (leased_until IS NULL OR leased_until <= ?)
       ORDER BY ${column} LIMIT ? FOR UPDATE SKIP LOCKED
     ) RETURNING id`,
    [leasedUntil, now, now, limit]
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
    `UPDATE khqr_charge SET leased_until = ?
     WHERE id = ? AND status IN ('pending', 'failed', 'expired') AND deleted_at IS NULL
       AND (leased_until IS NULL OR leased_until <= ?) RETURNING id`,
    [leasedUntil, id, now]
  )
  return rows.length > 0
}

/** Gives charges back that were claimed and not asked about; they are due again at `at`. */
export async function giveBackChecks(
  { sql }: Database,
  ids: string[],
  at: Date
): Promise<void> {
  if (ids.length === 0) {
    return
  }
  const marks = ids.map(() => "?").join(", ")
  await sql(
    `UPDATE khqr_charge SET leased_until = NULL, next_check_at = CASE WHEN next_check_at IS NULL THEN NULL ELSE ?::timestamptz END WHERE id IN (${marks})`,
    [at, ...ids]
  )
}

/** Charges that wait for the bank only because we may not ask: now we may. */
export async function wakeWaiting({ sql }: Database, now: Date): Promise<void> {
  await sql(
    `UPDATE khqr_charge SET next_check_at = ?
     WHERE next_check_at > ? AND deleted_at IS NULL
       AND last_outcome IN ('unknown:quota_spent', 'unknown:unauthorized')`,
    [now, now]
  )
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
