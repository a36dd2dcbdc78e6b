import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { ModulesSdkUtils } from "@medusajs/framework/utils"

import type { Shop } from "./shop"

/** Medusa itself does not wait longer for a connection. */
const CONNECTION_TIMEOUT_MS = 5_000

/** Connects as Medusa does, with its options for SSL and schema. The caller destroys it. */
export function connect({
  url,
  schema,
  driverOptions,
}: Shop["database"]): Knex {
  const { pool: _, ...options } = driverOptions
  return ModulesSdkUtils.createPgConnection({
    // Medusa drops it too: PostgreSQL's driver does not know it.
    clientUrl: url!
      .replace(/([?&])ssl_mode=[^&]*&?/gi, "$1")
      .replace(/[?&]$/, ""),
    schema: schema ?? "public",
    driverOptions: {
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      ...options,
    },
    pool: { min: 0, max: 4 },
  })
}

/**
 * Says what a first connection meets. The pool would try again for a minute and
 * then know only that time is up.
 *
 * @throws what PostgreSQL or the network said first
 */
export async function tryConnection(knex: Knex): Promise<void> {
  const pool = knex.client.pool
  let refuse: (error: Error) => void = () => {}
  const refused = new Promise<never>((_, reject) => {
    refuse = reject
  })
  const onFailure = (_id: number, error: Error) => refuse(error)
  pool?.on("createFail", onFailure)
  try {
    await Promise.race([knex.raw("SELECT 1"), refused])
  } finally {
    pool?.removeListener("createFail", onFailure)
    refused.catch(() => {})
  }
}
