import { startBank } from "../shop/bank.mjs"
import { stopChildren } from "../shop/children.mjs"
import { checkReachable, startFreeDatabase } from "../shop/database.mjs"
import { ADMIN, migrate, startMedusa } from "../shop/medusa.mjs"
import { randomSecrets } from "../shop/secrets.mjs"
import { anyFreePort } from "../shop/ports.mjs"
import { purchase } from "./purchase.mjs"
import { timed } from "./report.mjs"

/**
 * `npm run demo -- --once`: an empty shop of its own, and a purchase in each currency.
 *
 * @param {{ currencies: ("usd" | "khr")[], quota: number | null }} options
 * @throws when an order is not there, or is not paid
 */
export async function buyOnce({ currencies, quota }) {
  const closing = []
  try {
    console.log("An empty shop")
    const database = await timed("database", () =>
      startFreeDatabase("demo-once")
    )
    closing.push(() => database.stop())
    await checkReachable(database)
    const secrets = randomSecrets()
    const bank = await timed("simulated bank", () =>
      startBank({ port: 0, tokenSecret: secrets.bank, quota })
    )
    closing.push(() => bank.close())
    const run = {
      name: "demo-once",
      dashboard: false,
      databaseUrl: database.url,
      fresh: !process.env.DATABASE_URL,
      bank,
      secrets,
      quota,
      port: await anyFreePort(),
    }
    await timed("migration", () => migrate(run))
    const { shop, failed } = await timed("Medusa and its shop", () =>
      startMedusa(run)
    )
    const buyAll = async () => {
      for (const currency of currencies) {
        await purchase({
          backendUrl: `http://localhost:${run.port}`,
          bankUrl: bank.url,
          admin: ADMIN,
          shop,
          currency,
        })
      }
    }
    await Promise.race([buyAll(), failed()])
  } finally {
    await stopChildren()
    for (const close of closing.reverse()) {
      await close()
    }
  }
}
