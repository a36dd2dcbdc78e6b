import type { Knex } from "@medusajs/framework/mikro-orm/knex"

import { tryConnection } from "../connection"
import { UNCONNECTED } from "../explain"
import { about, type Finding } from "../finding"
import { describeDatabase } from "../secrets"
import type { Shop } from "../shop"

const { ok, failure } = about("database")

/** PostgreSQL's own codes and the network's, with what mends them. */
const MENDS: Record<string, string> = {
  "3D000": "create the database: npx medusa db:create",
  "28P01": "mend the user and password in DATABASE_URL",
  "28000": "mend the user in DATABASE_URL, or let it in by pg_hba.conf",
  ECONNREFUSED: "start PostgreSQL, or mend host and port in DATABASE_URL",
  ENOTFOUND: "mend the host in DATABASE_URL",
  EAI_AGAIN: "mend the host in DATABASE_URL, or this server's DNS",
  ETIMEDOUT: "mend the host in DATABASE_URL, or open the firewall",
}

export async function checkDatabase(
  knex: Knex,
  { database }: Shop
): Promise<Finding> {
  const where = describeDatabase(database.url ?? "")
  try {
    await tryConnection(knex)
    return ok(where)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return failure(
      `${where} ${UNCONNECTED[code ?? ""] ?? `cannot be reached: ${message || code || "no answer"}`}`,
      MENDS[code ?? ""] ??
        "mend projectConfig.databaseUrl and databaseDriverOptions in medusa-config"
    )
  }
}

export const noDatabaseUrl: Finding = failure(
  "medusa-config names no database",
  "set DATABASE_URL and projectConfig.databaseUrl"
)
