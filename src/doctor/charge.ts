import type { Database } from "../modules/khqr/database"
import type { Charge } from "../modules/khqr/types"

/** The charge of this id, reference or md5, in whatever case it was typed. A static KHQR is many charges'. */
export async function findCharge(
  { sql }: Pick<Database, "sql">,
  name: string
): Promise<Charge | null> {
  const [row] = await sql<Charge>(
    `SELECT * FROM khqr_charge
     WHERE deleted_at IS NULL AND (id = ? OR reference IN (?, ?) OR (md5 = ? AND mode <> 'static'))`,
    [name, name, name.toUpperCase(), name.toLowerCase()]
  )
  return row ? withDates(row) : null
}

/** Some connections of Medusa return times as text. */
function withDates(row: Charge): Charge {
  const dates = Object.entries(row)
    .filter(([name, value]) => value != null && /_(at|until|since)$/.test(name))
    .map(([name, value]) => [name, new Date(value as string | Date)])
  return { ...row, ...Object.fromEntries(dates) }
}
