import type { Database } from "./database"
import { IS_FREE } from "./claims"

/**
 * Whether the bank had been silent about one of them.
 *
 * @param ids of charges about which there is an answer that counts, not yet written down
 */
export async function wasSilentAbout(
  { sql }: Database,
  ids: string[]
): Promise<boolean> {
  const rows = await sql(
    "SELECT 1 FROM khqr_charge WHERE id = ANY(?) AND unknowns > 0 LIMIT 1",
    [ids]
  )
  return rows.length > 0
}

/**
 * The bank speaks again: whom it told nothing is asked about at once, and by the
 * schedule. Since when nothing is known of them stays on record.
 */
export async function wakeSilenced({ sql }: Database): Promise<void> {
  await sql(
    `WITH silenced AS (
       SELECT id FROM khqr_charge
       WHERE next_check_at IS NOT NULL AND deleted_at IS NULL AND unknowns > 0
         AND status IN ('pending', 'failed') AND ${IS_FREE}
         AND last_outcome <> 'unknown:quota_spent'
       ORDER BY id FOR UPDATE SKIP LOCKED
     )
     UPDATE khqr_charge charge SET next_check_at = now(), unknowns = 0
     FROM silenced WHERE charge.id = silenced.id`
  )
}

/**
 * One charge asks for all while the bank is silent: that it was silent again is
 * news for the others' pages too.
 *
 * @param ids of charges about which the bank has said nothing
 */
export async function spreadSilence(
  { sql }: Database,
  ids: string[]
): Promise<void> {
  await sql(
    `WITH silenced AS (
       SELECT id FROM khqr_charge
       WHERE next_check_at IS NOT NULL AND deleted_at IS NULL AND unknowns = 1
         AND status IN ('pending', 'failed')
         AND EXISTS (SELECT 1 FROM khqr_charge WHERE id = ANY(?) AND unknowns > 1)
       ORDER BY id FOR UPDATE SKIP LOCKED
     )
     UPDATE khqr_charge charge SET unknowns = 2
     FROM silenced WHERE charge.id = silenced.id`,
    [ids]
  )
}
