import { startFreeDatabase } from "./database.mjs"
import { migrate } from "./medusa.mjs"
import { randomSecrets } from "./secrets.mjs"

/** What PostgreSQL copies whenever a database is made and no other template is named. */
const TEMPLATE = "template1"

/**
 * A PostgreSQL where every new database is a shop's, migrated and empty: Medusa's test runner
 * makes one for each spec, and would run the same 200 migrations in each of them. It runs them
 * still, and finds them done.
 *
 * The server of `DATABASE_URL` is somebody else's, and stays as it is.
 */
export async function startMigratedDatabase(name) {
  const database = await startFreeDatabase(name)
  if (process.env.DATABASE_URL) {
    return database
  }
  try {
    const url = new URL(database.url)
    url.pathname = `/${TEMPLATE}`
    await migrate({
      name,
      dashboard: false,
      databaseUrl: url.href,
      fresh: true,
      // Nobody asks the bank here, and nobody reaches it.
      bank: { url: "http://127.0.0.1:9", token: "none" },
      secrets: randomSecrets(),
      port: 0,
    })
    return database
  } catch (error) {
    await database.stop()
    throw error
  }
}
