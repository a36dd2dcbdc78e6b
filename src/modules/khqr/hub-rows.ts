import type { Database } from "./database"
import type { Charge } from "./types"

/** What of a charge the page's view is made of and may change. */
const CHANGING = [
  "payment_session_id",
  "status",
  "review_reason",
  "resolution",
  "resolved_at",
  "superseded_at",
  "deeplink",
  "expires_at",
  "unknowns",
  "last_outcome",
  "order_id",
] as const satisfies (keyof Charge)[]

/** And what never does. */
const LASTING = [
  "id",
  "reference",
  "mode",
  "qr",
  "md5",
  "khqr_amount",
  "currency_code",
  "issued_at",
] as const satisfies (keyof Charge)[]

/** The columns that `chargeToShow` and `presentCharge` read. */
export const SHOWN_COLUMNS = [...LASTING, ...CHANGING]

/** A charge as a page shows it; other columns are not there. */
export type PageRow = Charge & {
  /** The payment session that the page asks by: the charge's own, or the one it was moved from. */
  page: string
  /** Another one after each change that may be seen. */
  version: string
  is_watched: boolean
}

const IS_WATCHED = "(watched_since IS NOT NULL AND unwatched_at IS NULL)"

const VERSION = `hashtextextended(ROW(${CHANGING.join(", ")})::text, 0)::text`

/** Two looks, each by its own index: by one with OR, PostgreSQL may read the whole table. */
function onPages(columns: string): string {
  return ["payment_session_id", "moved_from"]
    .map(
      (by) =>
        `SELECT ${by} AS page, ${columns} FROM khqr_charge WHERE ${by} = ANY(?) AND deleted_at IS NULL`
    )
    .join(" UNION ALL ")
}

export const READ_PAGES = `SELECT * FROM (${onPages(`${SHOWN_COLUMNS.join(", ")}, ${VERSION} AS version, ${IS_WATCHED} AS is_watched`)}) AS pages ORDER BY page, id`

export const READ_VERSIONS = `SELECT page, string_agg(version, ' ' ORDER BY id) AS version,
    array_agg(id) FILTER (WHERE NOT is_watched) AS unwatched
  FROM (${onPages(`id, ${VERSION} AS version, ${IS_WATCHED} AS is_watched`)}) AS pages GROUP BY page`

/** The charges of some pages, by page; a page without charges is left out. */
export async function readPages(
  { sql }: Database,
  sessions: string[]
): Promise<Map<string, PageRow[]>> {
  const pages = new Map<string, PageRow[]>()
  for (const row of await sql<PageRow>(READ_PAGES, [sessions, sessions])) {
    const rows = pages.get(row.page)
    if (rows) {
      rows.push(row)
    } else {
      pages.set(row.page, [row])
    }
  }
  return pages
}

/** As `READ_VERSIONS` tells it. */
export function versionOf(rows: PageRow[]): string {
  return rows.map(({ version }) => version).join(" ")
}

export type PageVersion = {
  page: string
  version: string
  /** Ids of its charges that nobody looks at, by the table. */
  unwatched: string[] | null
}

/** Which pages may have changed: a tenth of the bytes of reading them. */
export async function readVersions(
  { sql }: Database,
  sessions: string[]
): Promise<PageVersion[]> {
  return sql<PageVersion>(READ_VERSIONS, [sessions, sessions])
}

/** Somebody began to look at a charge, or the last one stopped. */
export type WatchNote = {
  id: string
  at: Date
  watched: boolean
  /** Of a look that ended before its beginning was written. */
  began: Date | null
}

/**
 * A note waits for nobody, and holds nobody up who has business with the charge: rows
 * that are locked are left out. Those that say so already are not written, and a look
 * that is over by now ends nobody else's.
 */
export const WRITE_WATCH = `WITH note AS (
    SELECT * FROM unnest(?::text[], ?::timestamptz[], ?::boolean[], ?::timestamptz[]) AS note (id, at, watched, began)
  ), held AS (
    SELECT id FROM khqr_charge
    WHERE id = ANY(?) AND status IN ('pending', 'failed', 'expired') AND deleted_at IS NULL
    FOR NO KEY UPDATE SKIP LOCKED
  ), written AS (
    UPDATE khqr_charge AS charge SET
      watched_since = CASE WHEN note.watched THEN note.at ELSE COALESCE(note.began, charge.watched_since) END,
      unwatched_at = CASE WHEN note.watched THEN NULL ELSE note.at END
    FROM note JOIN held USING (id)
    WHERE charge.id = note.id
      AND (note.watched OR note.began IS NOT NULL) = (charge.watched_since IS NULL OR charge.unwatched_at IS NOT NULL)
  ) SELECT id FROM held`

/** @returns the ids of which the table now knows what the note says; the others were locked, or are paid */
export async function writeWatch(
  { sql }: Database,
  notes: WatchNote[]
): Promise<string[]> {
  const ids = notes.map(({ id }) => id)
  const held = await sql<{ id: string }>(WRITE_WATCH, [
    ids,
    notes.map(({ at }) => at),
    notes.map(({ watched }) => watched),
    notes.map(({ began }) => began),
    ids,
  ])
  return held.map(({ id }) => id)
}
