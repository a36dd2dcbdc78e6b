/**
 * The shop that is measured: a real Medusa in a process of its own, without its dashboard, on
 * a PostgreSQL of its own that starts empty and writes as a shop's does, flushing every commit
 * to the disk. The simulated bank runs in the process that measures and answers at once.
 */
import { join } from "node:path"
import { startDatabase } from "../scripts/database.mjs"
import { startBank } from "../scripts/shop/bank.mjs"
import { stopChildren } from "../scripts/shop/children.mjs"
import { ADMIN, migrate, startMedusa } from "../scripts/shop/medusa.mjs"
import { randomSecrets } from "../scripts/shop/secrets.mjs"
import { anyFreePort } from "../scripts/shop/ports.mjs"
import { root } from "../scripts/setup.mjs"

export const OURS = "pp_khqr_bakong"
/** Medusa's manual provider: it keeps nothing and asks nobody. */
export const MANUAL = "pp_system_default"

const ADDRESS = {
  first_name: "Sok",
  last_name: "Dara",
  address_1: "Street 155",
  city: "Phnom Penh",
  country_code: "kh",
  phone: "012345678",
}

/**
 * What the benchmarks need, each part started when it is first asked for:
 * - `database()`: the plugin's and Medusa's tables, and no Medusa that disturbs;
 * - `shop()`: a Medusa on them, with `store`, `bank`, `sql` and `probe`. `fresh: true` starts
 *   Medusa anew, so that nothing an earlier benchmark left in its memory counts.
 */
export async function openBench() {
  const closing = []
  let database
  let shop
  let medusa
  let closed
  const closeAll = async () => {
    await stopChildren()
    for (const end of closing.splice(0).reverse()) {
      await end()
    }
  }
  const open = async () => {
    const secrets = randomSecrets()
    const bank = await startBank({ port: 0, tokenSecret: secrets.bank })
    closing.push(() => bank.close())
    const server = await startEmptyDatabase()
    closing.push(() => server.stop())
    const run = {
      name: "bench",
      dashboard: false,
      databaseUrl: server.url,
      fresh: !process.env.DATABASE_URL,
      bank,
      secrets,
    }
    await migrate({ ...run, port: 0 })
    const connections = []
    closing.push(() =>
      Promise.all(connections.map((connection) => connection.destroy()))
    )
    const connect = async (schema) => {
      const connection = await connectTo(server.url, schema)
      connections.push(connection)
      return connection
    }
    const own = await connect()
    const transaction = (work) =>
      own.transaction((opened) => work(runner(opened)))
    return { run, bank, connect, sql: runner(own), transaction }
  }
  const start = async () => {
    const { run, bank, sql, transaction } = await database
    const [port, probePort] = [await anyFreePort(), await anyFreePort()]
    medusa = await startMedusa({
      ...run,
      port,
      env: probeEnvironment(probePort),
    })
    const url = `http://127.0.0.1:${port}`
    return {
      bank,
      sql,
      transaction,
      url,
      publishableKey: medusa.shop.publishableKey,
      store: storeOf(url, medusa.shop),
      probe: (question) => askProbe(probePort, question),
      failed: medusa.failed,
    }
  }
  const stop = async () => {
    await medusa?.kill()
    medusa = undefined
    shop = undefined
  }
  return {
    /** Also in the midst of a benchmark, which then fails. */
    close: () => (closed ??= closeAll()),
    database: async () => {
      await stop()
      database ??= open()
      return database
    },
    shop: async ({ fresh = false } = {}) => {
      database ??= open()
      await database
      if (fresh) {
        await stop()
      }
      shop ??= start()
      return shop
    },
  }
}

/** Only a temporary start empties it, and a temporary one does not flush. */
async function startEmptyDatabase() {
  const emptied = await startDatabase({ name: "bench", temporary: true })
  await emptied.stop()
  return startDatabase({ name: "bench" })
}

/** `?` for values. */
function runner(connection) {
  return async (query, values = []) =>
    (await connection.raw(query, values)).rows
}

async function connectTo(url, schema = "public") {
  const { default: framework } = await import("@medusajs/framework/utils")
  return framework.ModulesSdkUtils.createPgConnection({
    clientUrl: url,
    schema,
    driverOptions: { ssl: false, connection: { ssl: false } },
    pool: { min: 0, max: 4 },
  })
}

/** As a shop runs, and with probe.cjs in Medusa's process. */
function probeEnvironment(port) {
  const options = [
    process.env.NODE_OPTIONS,
    "--require",
    JSON.stringify(join(root, "benchmarks", "probe.cjs")),
  ]
  return {
    NODE_ENV: "production",
    NODE_OPTIONS: options.filter(Boolean).join(" "),
    BENCH_PROBE_PORT: String(port),
  }
}

async function askProbe(port, question) {
  const response = await fetch(`http://127.0.0.1:${port}/${question}`)
  return response.json()
}

/** The store API as a storefront uses it, over connections that stay open. */
function storeOf(baseUrl, shop) {
  const headers = {
    "content-type": "application/json",
    "x-publishable-api-key": shop.publishableKey,
  }
  const send = async (method, path, body, own = headers) => {
    const response = await fetch(`${baseUrl}/${path}`, {
      method,
      headers: own,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    })
    const text = await response.text()
    if (!response.ok) {
      throw new Error(
        `${method} ${path} answered with HTTP ${response.status}: ${text}`
      )
    }
    return JSON.parse(text)
  }
  const post = (path, body) => send("POST", `store/${path}`, body)
  const variants = Object.values(shop.variants)
  let carts = 0
  let admin

  return {
    /** A new cart with an empty payment collection: all but the payment session. */
    prepare: async ({ delivery }) => {
      const { cart } = await post("carts", {
        region_id: shop.regions.usd,
        // One each: two carts at once would both make the customer.
        email: `dara${carts}@example.com`,
        items: [
          { variant_id: variants[carts++ % variants.length], quantity: 2 },
        ],
        shipping_address: ADDRESS,
        billing_address: ADDRESS,
      })
      if (delivery) {
        await post(`carts/${cart.id}/shipping-methods`, {
          option_id: shop.shippingOptionId,
        })
      }
      const { payment_collection } = await post("payment-collections", {
        cart_id: cart.id,
      })
      return {
        cartId: cart.id,
        collectionId: payment_collection.id,
        amount: payment_collection.amount,
      }
    },
    openSession: async ({ collectionId }, provider_id) => {
      const { payment_collection } = await post(
        `payment-collections/${collectionId}/payment-sessions`,
        { provider_id }
      )
      return payment_collection.payment_sessions[0]
    },
    complete: async ({ cartId }) => {
      const answer = await post(`carts/${cartId}/complete`)
      if (answer.type !== "order") {
        throw new Error(`No order: ${JSON.stringify(answer.error)}`)
      }
      return answer.order.id
    },
    /** As a person of the shop's does it in the dashboard. */
    capture: async (paymentId) => {
      admin ??= send("POST", "auth/user/emailpass", ADMIN)
      const { token } = await admin
      await send(
        "POST",
        `admin/payments/${paymentId}/capture`,
        {},
        {
          "content-type": "application/json",
          authorization: `Bearer ${token}`,
        }
      )
    },
  }
}
