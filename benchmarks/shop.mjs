/**
 * The shop that is measured: a real Medusa in a process of its own, without its dashboard, on
 * a PostgreSQL of its own that starts empty and writes as a shop's does, flushing every commit
 * to the disk. The simulated bank runs in the process that measures and answers at once.
 */
import { join } from "node:path"
import { startDatabase } from "../scripts/database.mjs"
import { startBank } from "../scripts/shop/bank.mjs"
import { stopChildren } from "../scripts/shop/children.mjs"
import { migrate, startMedusa } from "../scripts/shop/medusa.mjs"
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
 * @template T
 * @param {(shop: { bank: object, store: ReturnType<typeof storeOf> }) => Promise<T>} measure
 * @returns {Promise<T>}
 */
export async function withShop(measure) {
  const closing = []
  try {
    const secrets = randomSecrets()
    const bank = await startBank({ port: 0, tokenSecret: secrets.bank })
    closing.push(() => bank.close())
    const database = await startEmptyDatabase()
    closing.push(() => database.stop())
    const run = {
      name: "bench",
      dashboard: false,
      databaseUrl: database.url,
      fresh: !process.env.DATABASE_URL,
      bank,
      secrets,
      port: await anyFreePort(),
    }
    await migrate(run)
    const { shop, failed } = await startMedusa(run)
    const store = storeOf(`http://localhost:${run.port}`, shop)
    return await Promise.race([measure({ bank, store }), failed()])
  } finally {
    await stopChildren()
    for (const close of closing.reverse()) {
      await close()
    }
  }
}

/** Only a temporary start empties it, and a temporary one does not flush. */
async function startEmptyDatabase() {
  const emptied = await startDatabase({ name: "bench", temporary: true })
  await emptied.stop()
  return startDatabase({ name: "bench" })
}

/** A module of ours that is written in TypeScript. */
export async function load(...path) {
  const { require: requireTypeScript } = await import("tsx/cjs/api")
  return requireTypeScript(join(root, ...path), import.meta.url)
}

/** The store API as a storefront uses it, over connections that stay open. */
function storeOf(baseUrl, shop) {
  const headers = {
    "content-type": "application/json",
    "x-publishable-api-key": shop.publishableKey,
  }
  const call = async (method, path, body) => {
    const response = await fetch(`${baseUrl}/store/${path}`, {
      method,
      headers,
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
  const get = (path) => call("GET", path)
  const post = (path, body) => call("POST", path, body)
  const variants = Object.values(shop.variants)
  let carts = 0

  return {
    /** A new cart with an empty payment collection: all but the payment session. */
    prepare: async ({ delivery }) => {
      const { cart } = await post("carts", {
        region_id: shop.regions.usd,
        email: "dara@example.com",
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
    charge: async (sessionId) =>
      (await get(`khqr/payment-sessions/${sessionId}`)).charge,
    complete: async ({ cartId }) => {
      const answer = await post(`carts/${cartId}/complete`)
      if (answer.type !== "order") {
        throw new Error(`No order: ${JSON.stringify(answer.error)}`)
      }
      return answer.order.id
    },
    order: async (id) => (await get(`orders/${id}`)).order,
  }
}
