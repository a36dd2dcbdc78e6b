/** npm run db:generate: writes the migration that brings the ledger's tables up to its models. */
import { join } from "node:path"
import { databaseEnvironment, startDatabase } from "./database.mjs"
import { endChildren, onInterrupt, run } from "./processes.mjs"
import { ensureDependencies, root } from "./setup.mjs"

process.chdir(root)
onInterrupt(() => void endChildren())
await ensureDependencies()
const database = await startDatabase({ name: "generate", temporary: true })
try {
  process.exitCode = await run(
    process.execPath,
    [join(root, "node_modules/@medusajs/cli/cli.js"), "plugin:db:generate"],
    { env: databaseEnvironment(database) }
  )
} finally {
  await database.stop()
}
