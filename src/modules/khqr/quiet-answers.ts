import type { CheckResult } from "../../gateways"
import { effectOf } from "./books"
import type { Database, Sql } from "./database"
import { ringsFor } from "./page-view"
import type { Charge } from "./types"

/** All that a "not found" changes of a charge that goes on as before. */
const COUNTED = [
  "last_checked_at",
  "next_check_at",
  "checks",
  "signals_in_vain",
] as const satisfies (keyof Charge)[]

/** Written in any case, and the same for all of them. */
const CLEARED = ["leased_until", "unknowns", "unknown_since"]

type Counted = Pick<Charge, "id" | (typeof COUNTED)[number]>

/**
 * Writes down, in one transaction, the answers that bring no news: "not found" about
 * charges that stay as they are. A list brings fifty of them at a time, and who
 * paid should not wait for them.
 *
 * @returns the ids of the charges that are done; the others want their own transaction
 */
export async function recordQuietAnswers(
  { transaction }: Database,
  results: CheckResult[],
  merchant: Parameters<typeof ringsFor>[2],
  now: Date
): Promise<string[]> {
  const askedAt = new Map(
    results
      .filter(({ outcome }) => outcome.type === "not_found")
      .map(({ charge_id, call }) => [charge_id, new Date(call.askedAt)])
  )
  if (askedAt.size < 2) {
    return []
  }
  return transaction(async (sql) => {
    const charges = await sql<Charge>(
      "SELECT * FROM khqr_charge WHERE id = ANY(?) ORDER BY id FOR UPDATE",
      [[...askedAt.keys()]]
    )
    const quiet = charges.flatMap((charge) => {
      const counted = countedOnly(
        charge,
        askedAt.get(charge.id)!,
        merchant,
        now
      )
      return counted ? [counted] : []
    })
    await write(sql, quiet)
    return quiet.map(({ id }) => id)
  })
}

/** `null` for a charge that has news. */
function countedOnly(
  before: Charge,
  askedAt: Date,
  merchant: Parameters<typeof ringsFor>[2],
  now: Date
): Counted | null {
  const event = {
    type: "answered" as const,
    outcome: { type: "not_found" as const },
    askedAt,
  }
  const { charge, announcements, changes, isHistory } = effectOf(
    before,
    event,
    now
  )
  const isQuiet =
    !isHistory &&
    announcements.length === 0 &&
    ringsFor(before, charge, merchant, now).length === 0 &&
    Object.keys(changes).every((column) =>
      [...COUNTED, ...CLEARED].includes(column)
    )
  return isQuiet ? { ...before, ...changes } : null
}

async function write(sql: Sql, quiet: Counted[]): Promise<void> {
  if (quiet.length === 0) {
    return
  }
  const time = (at: Date | null) => at?.toISOString() ?? null
  await sql(
    `UPDATE khqr_charge charge
     SET last_checked_at = counted.last_checked_at, next_check_at = counted.next_check_at,
       checks = counted.checks, signals_in_vain = counted.signals_in_vain,
       leased_until = NULL, unknowns = 0, unknown_since = NULL, updated_at = now()
     FROM unnest(?::text[], ?::timestamptz[], ?::timestamptz[], ?::int[], ?::int[])
       AS counted(id, last_checked_at, next_check_at, checks, signals_in_vain)
     WHERE charge.id = counted.id`,
    [
      quiet.map(({ id }) => id),
      quiet.map(({ last_checked_at }) => time(last_checked_at)),
      quiet.map(({ next_check_at }) => time(next_check_at)),
      quiet.map(({ checks }) => checks),
      quiet.map(({ signals_in_vain }) => signals_in_vain),
    ]
  )
}
