/**
 * A shop that may be killed and started again: an empty PostgreSQL, a simulated bank within
 * this process, and Medusa as a process of its own. For the crash tests and for chaos.
 */
import { startBank } from "./bank.mjs"
import { stopChildren } from "./children.mjs"
import { checkReachable, connectTo, startFreeDatabase } from "./database.mjs"
import { migrate, startMedusa } from "./medusa.mjs"
import { anyFreePort } from "./ports.mjs"
import { randomSecrets } from "./secrets.mjs"

/**
 * @param {object} options
 * @param {string} options.name of its database and its logs
 * @param {Record<string, string>} [options.env] what differs from the demo's Medusa
 * @param {object} [options.bank] a simulator that runs already, and is left running
 */
export async function openStage({ name, env = {}, bank: given }) {
  const closing = []
  let starts = 0
  const close = async () => {
    await stopChildren()
    for (const end of closing.splice(0).reverse()) {
      await end()
    }
  }
  try {
    const database = await startFreeDatabase(name)
    closing.push(() => database.stop())
    await checkReachable(database)
    const secrets = randomSecrets()
    const bank =
      given ?? (await startBank({ port: 0, tokenSecret: secrets.bank }))
    closing.push(() => given ?? bank.close())
    const common = {
      dashboard: false,
      databaseUrl: database.url,
      fresh: !process.env.DATABASE_URL,
      bank,
      secrets,
    }
    await migrate({ ...common, name, port: 0, env })
    const connection = await connectTo(database)
    closing.push(() => connection.destroy())
    return {
      bank,
      database,
      close,
      /** Of its own, which no server's end touches. `?` for values. */
      sql: async (query, values = []) =>
        (await connection.raw(query, values)).rows,
      /** @returns {Promise<import("knex").Knex>} one that holds what it locks until it is destroyed */
      connect: () => connectTo(database),
      /** One more Medusa on the same database; each has its own clock. */
      startServer: async ({ port, env: own = {} } = {}) => {
        const at = port ?? (await anyFreePort())
        const server = await startMedusa({
          ...common,
          name: `${name}-${++starts}`,
          port: at,
          env: { ...env, ...own },
        })
        return { ...server, port: at, url: `http://127.0.0.1:${at}` }
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
