import { readdirSync } from "node:fs"
import { join } from "node:path"

import type { Database } from "../../modules/khqr/database"
import KhqrCharge from "../../modules/khqr/models/charge"
import KhqrEvent from "../../modules/khqr/models/event"
import KhqrQuota from "../../modules/khqr/models/quota"
import KhqrSetting from "../../modules/khqr/models/setting"
import KhqrToken from "../../modules/khqr/models/token"
import { about, type Finding } from "../finding"

const { ok, failure } = about("migrations")

const MIGRATE = "run: npx medusa db:migrate"

const FOLDER = join(__dirname, "../../modules/khqr/migrations")

const MODELS = [KhqrCharge, KhqrEvent, KhqrQuota, KhqrSetting, KhqrToken]

/** Whether the plugin's migrations have run, and left the tables and columns that the code wants. */
export async function checkMigrations({ sql }: Database): Promise<Finding> {
  const wanted = listMigrations()
  const done = await listDone({ sql }, wanted)
  if (done.length < wanted.length) {
    return failure(
      done.length === 0
        ? "the ledger's tables were never made"
        : `${wanted.length - done.length} of the ledger's ${wanted.length} migrations not run yet`,
      MIGRATE
    )
  }
  const missing = await listMissing({ sql })
  return missing.length === 0
    ? ok(`${MODELS.length} tables, every migration has run`)
    : failure(`missing in the database: ${missing.join(", ")}`, MIGRATE)
}

/** Built, a migration has its types beside it. */
function listMigrations(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => /^Migration\d+\.(js|ts)$/.test(name))
    .map((name) => name.replace(/\.(js|ts)$/, ""))
}

/** All of Medusa's modules share one table of names. */
async function listDone(
  { sql }: Pick<Database, "sql">,
  names: string[]
): Promise<string[]> {
  const [{ exists }] = await sql<{ exists: boolean }>(
    "SELECT to_regclass('mikro_orm_migrations') IS NOT NULL AS exists"
  )
  if (!exists) {
    return []
  }
  const rows = await sql<{ name: string }>(
    `SELECT DISTINCT name FROM mikro_orm_migrations WHERE name IN (${names.map(() => "?").join(", ")})`,
    names
  )
  return rows.map(({ name }) => name)
}

/** Tables, and columns of the tables that are there. */
async function listMissing({ sql }: Pick<Database, "sql">): Promise<string[]> {
  const tables = MODELS.map((model) => {
    const { tableName, schema } = model.parse()
    return { tableName, columns: Object.keys(schema) }
  })
  const rows = await sql<{ table_name: string; column_name: string }>(
    `SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = ANY(current_schemas(false))
       AND table_name IN (${tables.map(() => "?").join(", ")})`,
    tables.map(({ tableName }) => tableName)
  )
  const known = new Set(
    rows.flatMap(({ table_name, column_name }) => [
      table_name,
      `${table_name}.${column_name}`,
    ])
  )
  return tables.flatMap(({ tableName, columns }) =>
    known.has(tableName)
      ? columns
          .map((column) => `${tableName}.${column}`)
          .filter((column) => !known.has(column))
      : [tableName]
  )
}
