import { claim, InUseError } from "../claim.mjs"
import { startDatabase } from "../database.mjs"
import { startBank } from "../shop/bank.mjs"
import { stopChildren } from "../shop/children.mjs"
import { checkReachable, connectTo } from "../shop/database.mjs"
import { ShopError } from "../shop/faults.mjs"
import { ADMIN, migrate, startMedusa } from "../shop/medusa.mjs"
import { keptSecrets, memory } from "./memory.mjs"
import { choosePort } from "../shop/ports.mjs"
import { Schema } from "./schema.mjs"
import { buildStorefront } from "./storefront.mjs"

const WISHES = { storefront: 8000, medusa: 9000, bank: 9100 }

/**
 * `npm run demo`: everything, until we are to end.
 *
 * @param {object} options
 * @param {boolean} options.reset
 * @param {number | null} options.quota calls a day that the bank serves
 * @param {number} options.start when we began, for the seconds until "Ready"
 * @param {AbortSignal} options.signal
 */
export async function serveDemo({ reset, quota, start, signal }) {
  const closing = [claimDemo()]
  try {
    const ports = await choosePorts()
    const secrets = keptSecrets()
    const bank = await startBank({
      port: ports.bank,
      tokenSecret: secrets.bank,
      quota,
    })
    closing.push(() => bank.close())
    const { database, prepared } = await openDatabase(reset)
    closing.push(() => database.stop())
    await checkReachable(database)
    const run = {
      name: "demo",
      dashboard: true,
      databaseUrl: database.url,
      fresh: prepared.isFresh,
      bank,
      secrets,
      quota,
      port: ports.medusa,
      storefrontPort: ports.storefront,
    }
    const [dist, medusa] = await Promise.all([
      buildStorefront(),
      openShop(run, prepared),
    ])
    const { serveStorefront } = await import("../../demo/storefront/serve.mjs")
    const storefront = await serveStorefront({
      dist,
      port: ports.storefront,
      host: "127.0.0.1",
      config: {
        backendUrl: address(ports.medusa),
        publishableKey: medusa.shop.publishableKey,
        simulatorUrl: address(ports.bank),
      },
    })
    closing.push(() => storefront.close())
    await checkDashboard(ports.medusa)
    console.log(announcement(ports, quota, performance.now() - start))
    await medusa.failed().catch((error) => {
      if (!signal.aborted) {
        throw error
      }
      console.log("Stopping")
    })
  } finally {
    await stopChildren()
    for (const close of closing.reverse()) {
      await close()
    }
  }
}

function claimDemo() {
  try {
    return claim(memory)
  } catch (error) {
    if (error instanceof InUseError) {
      throw new ShopError(
        `The demo is already running as process ${error.owner.pid}. Use that one, or stop it with Ctrl-C where it was started`
      )
    }
    throw error
  }
}

async function choosePorts() {
  const ports = {}
  for (const [name, wish] of Object.entries(WISHES)) {
    ports[name] = await choosePort(wish)
  }
  return ports
}

async function openDatabase(reset) {
  const schema = new Schema()
  if (schema.fault === "rewritten") {
    console.log("The plugin's migrations were rewritten: the shop starts empty")
  }
  if (reset || schema.fault) {
    schema.forget()
  }
  const temporary = schema.fault !== undefined
  const database = await startDatabase({ name: "demo", temporary })
  // In a given database anything may have happened since.
  const isOurs = !process.env.DATABASE_URL
  const prepared = {
    isFresh: isOurs && temporary,
    isDone: isOurs && schema.isCurrent(database),
    done: () => schema.remember(database),
  }
  return { database, prepared }
}

async function openShop(run, prepared) {
  if (prepared.isDone) {
    const [medusa] = await Promise.all([startMedusa(run), forgetCalls(run)])
    return medusa
  }
  console.log("Preparing the database: this takes a while the first time")
  await migrate(run)
  const medusa = await startMedusa(run)
  prepared.done()
  return medusa
}

/** The bank is a new one each time: what the last one counted, or refused, says nothing of it. */
async function forgetCalls({ databaseUrl }) {
  const connection = await connectTo({ url: databaseUrl })
  try {
    await connection.raw("DELETE FROM khqr_quota")
  } finally {
    await connection.destroy()
  }
}

async function checkDashboard(port) {
  const response = await fetch(`${address(port)}/app`)
  if (!response.ok) {
    throw new ShopError(
      `The dashboard answers with HTTP ${response.status}: see .cache/logs/demo-medusa.log`
    )
  }
  await response.text()
}

function announcement(ports, quota, milliseconds) {
  const moved = Object.entries(WISHES)
    .filter(([name, wish]) => ports[name] !== wish)
    .map(([, wish]) => wish)
  return `
  Shop        ${address(ports.storefront)}
  Dashboard   ${address(ports.medusa)}/app
              ${ADMIN.email}, password ${ADMIN.password}
  Bank        ${address(ports.bank)} (simulated: no real money${quota ? `, ${quota} calls a day` : ""})
${moved.length > 0 ? `\n  Taken by others, so other ports were chosen: ${moved.join(", ")}\n` : ""}
Ready after ${(milliseconds / 1000).toFixed(1)} s. Ctrl-C ends everything. Logs are in .cache/logs
`
}

function address(port) {
  return `http://localhost:${port}`
}
