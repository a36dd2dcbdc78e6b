import { execFile } from "node:child_process"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"

import { Client } from "@medusajs/framework/pg"

import { startSimulator, type Simulator } from "../../src/simulator"
import {
  buildAndPack,
  createApp,
  exportsOf,
  startApp,
  type RunningApp,
} from "./app"

const run = promisify(execFile)

const work = join(process.cwd(), ".cache", "package")
const app = join(work, "app")
const plugin = join(app, "node_modules", "medusa-payment-khqr")

/** Set while the package is built; nothing of it may be found in there. */
const SECRETS = {
  BAKONG_TOKEN: "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.canary-of-the-token",
  BAKONG_EMAIL: "canary.owner@lucky.test",
  KHQR_ENCRYPTION_KEY: "canary-of-the-encryption-key-0123456789",
  KHQR_HOSTED_KEY: "canary-of-the-hosted-key",
}

/** What of the store's answers is used here. */
type Answer = {
  cart: { id: string }
  payment_collection: {
    id: string
    payment_sessions: { id: string; data: { qr: string } }[]
  }
  charge: { status: string; order_id: string }
  order: { payment_status: string }
}

const ADDRESS = {
  first_name: "Sok",
  last_name: "Dara",
  address_1: "Street 155",
  city: "Phnom Penh",
  country_code: "kh",
}

describe("the packed package", () => {
  let packed: Awaited<ReturnType<typeof buildAndPack>>

  beforeAll(async () => {
    rmSync(work, { recursive: true, force: true })
    packed = await buildAndPack(work, SECRETS)
    await createApp(app, packed.tarball)
  })

  it("is built without a warning", () => {
    expect(packed.buildOutput).toContain("Plugin build completed successfully")
    expect(packed.buildOutput).not.toMatch(/\b(error|warn(ing)?)\b/i)
  })

  it("holds no test, no fixture, no configuration and no demo", () => {
    const foreign = packed.files.filter(
      (path) =>
        !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path) &&
        !path.startsWith(".medusa/server/src/")
    )
    expect(foreign).toEqual([])
    expect(
      packed.files.filter((path) =>
        /__(tests|mocks|snapshots|fixtures)__|fixtures?\b|\.(spec|test|property|snap)\b|\bworld\b|medusa-config|demo|integration-tests|benchmarks|\.env|tsconfig/.test(
          path
        )
      )
    ).toEqual([])
    expect(packed.files).toContainEqual(
      expect.stringMatching(/modules\/khqr\/migrations\/Migration\d+\.js$/)
    )
  })

  it("holds no secret of the environment it was built in", () => {
    const texts = packed.files.map((path) => ({
      path,
      text: readFileSync(join(plugin, path), "utf8"),
    }))
    // What is looked through is what a shop and its shoppers run.
    expect(
      texts.find(({ path }) => /storefront\/index\.mjs$/.test(path))?.text
    ).toContain("khqr-payment")
    expect(
      texts
        .filter(({ text }) =>
          Object.values(SECRETS).some((secret) => text.includes(secret))
        )
        .map(({ path }) => path)
    ).toEqual([])
    expect(packed.buildOutput).not.toContain("canary")
  })

  it("has a file behind each of its entries", () => {
    const { exports, bin } = exportsOf(app)
    const targets = Object.values(exports)
      .flatMap((entry) =>
        typeof entry === "string" ? [entry] : [entry.types, entry.default]
      )
      .filter((path) => !path.includes("*"))
    for (const path of [...targets, ...Object.values(bin)]) {
      expect([path, existsSync(join(plugin, path))]).toEqual([path, true])
    }
  })

  it("loads from CommonJS, and its payment element as a module", async () => {
    const { stdout } = await run(
      process.execPath,
      [
        "-e",
        `const { startSimulator } = require("medusa-payment-khqr/simulator")
         const { settleChargeWorkflow } = require("medusa-payment-khqr/workflows")
         const provider = require("medusa-payment-khqr/providers/khqr").default
         import("medusa-payment-khqr/storefront").then(({ createKhqrClient }) =>
           console.log(typeof startSimulator, typeof settleChargeWorkflow, provider.services[0].identifier, typeof createKhqrClient))`,
      ],
      { cwd: app }
    )
    expect(stdout.trim()).toBe("function function khqr function")
  })

  it("brings the command khqr", async () => {
    const { stdout } = await run(
      process.execPath,
      [join(plugin, exportsOf(app).bin.khqr), "--help"],
      { cwd: app }
    )
    expect(stdout).toMatch(/Usage: khqr[^]*simulator/)
  })

  describe("in somebody else's shop", () => {
    const { DB_HOST, DB_PORT, DB_USERNAME, DB_PASSWORD, DB_TEMP_NAME } =
      process.env
    const server = `postgres://${DB_USERNAME}:${DB_PASSWORD}@${DB_HOST}:${DB_PORT}`
    const database = `${DB_TEMP_NAME}-package`
    let bank: Simulator
    let shop: RunningApp

    const administer = async (statement: string) => {
      const client = new Client({ connectionString: `${server}/postgres` })
      await client.connect()
      await client.query(statement)
      await client.end()
    }

    const store = async (path: string, body?: unknown): Promise<Answer> => {
      const answer = await fetch(`${shop.url}/store${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          "content-type": "application/json",
          "x-publishable-api-key": shop.shop.publishableKey,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      expect([path, answer.status]).toEqual([path, 200])
      return (await answer.json()) as Answer
    }

    beforeAll(async () => {
      bank = await startSimulator({ port: 0 })
      await administer(`CREATE DATABASE "${database}"`)
      shop = await startApp(app, {
        DATABASE_URL: `${server}/${database}`,
        BAKONG_BASE_URL: bank.url,
        BAKONG_TOKEN: bank.token,
      })
    })

    afterAll(async () => {
      await shop?.stop()
      await bank?.close()
      await administer(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
    })

    it("takes a payment", async () => {
      const { regions, variants, shippingOptionId } = shop.shop
      const { cart } = await store("/carts", {
        region_id: regions.usd,
        email: "dara@example.com",
        items: [{ variant_id: Object.values(variants)[0], quantity: 1 }],
        shipping_address: ADDRESS,
      })
      await store(`/carts/${cart.id}/shipping-methods`, {
        option_id: shippingOptionId,
      })
      const { payment_collection } = await store("/payment-collections", {
        cart_id: cart.id,
      })
      const opened = await store(
        `/payment-collections/${payment_collection.id}/payment-sessions`,
        { provider_id: "pp_khqr_bakong" }
      )
      const [session] = opened.payment_collection.payment_sessions

      bank.pay({ qr: session.data.qr })
      // Who says so is not kept waiting, however few calls the day has.
      await store(`/khqr/payment-sessions/${session.id}/signals`, {
        kind: "claims_paid",
      })

      const completed = await completedCharge(session.id)
      const { order } = await store(`/orders/${completed.order_id}`)
      expect(order.payment_status).toBe("captured")
    })

    async function completedCharge(
      sessionId: string
    ): Promise<{ order_id: string }> {
      const until = Date.now() + 30_000
      for (;;) {
        const { charge } = await store(`/khqr/payment-sessions/${sessionId}`)
        if (charge.status === "completed") {
          return charge
        }
        if (Date.now() > until) {
          throw new Error(`No order after 30 s: ${JSON.stringify(charge)}`)
        }
        await new Promise((next) => setTimeout(next, 200))
      }
    }
  })
})
