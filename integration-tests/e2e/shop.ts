import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { chromium } from "playwright-core"

import { seedShop } from "../../demo/seed"
import type { Simulator } from "../../src/simulator"
import { startBank, World, type Currency } from "../http/world"
import { Shopper } from "./shopper"

export type Locale = "en" | "km"

export type Visit = {
  locale?: Locale
  width?: number
  colorScheme?: "light" | "dark"
  deviceScaleFactor?: number
  /** What the browser has kept of earlier visits, see demo/storefront/src/memory.ts. */
  memory?: { cartId: string; currency: Currency }
}

type Storefront = {
  url: string
  configure(config: {
    backendUrl: string
    publishableKey: string
    simulatorUrl: string
  }): Promise<void>
  close(): void
}

/** What stays while a spec runs, beside Medusa: a bank, a storefront, a browser. */
type Stage = { bank: Simulator; browser: Browser; storefront: Storefront }

/** Of its own window: nothing of a desktop, nothing that calls home. */
const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

const HEIGHT = 900

/**
 * Starts bank, storefront and browser. To be called at the head of a spec,
 * before Medusa's runner reads the configuration.
 */
export function startStage(): () => Stage {
  const bank = startBank()
  let stage: Stage

  beforeAll(async () => {
    const storefront = await startStorefront()
    process.env.STORE_CORS = storefront.url
    process.env.KHQR_MERCHANT_NAME_KM = "ផ្សារទួល"
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_PATH,
      args: BROWSER_ARGUMENTS,
    })
    stage = { bank: bank(), browser, storefront }
  })
  afterEach(() =>
    Promise.all(stage.browser.contexts().map((context) => context.close()))
  )
  afterAll(async () => {
    await stage.browser.close()
    stage.storefront.close()
  })

  return () => stage
}

async function startStorefront(): Promise<Storefront> {
  const child = fork(join(__dirname, "storefront.mjs"), {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  })
  const answer = async (): Promise<{ url: string }> => {
    const [message] = await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => {
        throw new Error(`The storefront ended with exit code ${code}`)
      }),
    ])
    return message
  }
  const { url } = await answer()
  return {
    url,
    async configure(config) {
      child.send(config)
      await answer()
    },
    close: () => child.disconnect(),
  }
}

/** The demo's shop, and the shoppers who come to it with a browser. */
export class ShopWorld extends World {
  constructor(
    protected readonly stage: () => Stage,
    ...world: ConstructorParameters<typeof World>
  ) {
    super(...world)
  }

  override async open(): Promise<void> {
    this.shop = await seedShop(this.container)
    const { storefront, bank } = this.stage()
    await storefront.configure({
      backendUrl: this.backendUrl,
      publishableKey: this.shop.publishableKey,
      simulatorUrl: bank.url,
    })
  }

  get backendUrl(): string {
    return this.api.defaults.baseURL ?? ""
  }

  sessionUrl(sessionId: string): string {
    return `${this.backendUrl}/store/khqr/payment-sessions/${sessionId}`
  }

  /** A browser of its own; no page is open yet. */
  async welcome(visit: Visit = {}): Promise<Shopper> {
    const { locale = "en", width = 1200, memory } = visit
    const { browser, storefront } = this.stage()
    const context = await browser.newContext({
      baseURL: storefront.url,
      viewport: { width, height: HEIGHT },
      locale: locale === "km" ? "km-KH" : "en-US",
      colorScheme: visit.colorScheme ?? "light",
      deviceScaleFactor: visit.deviceScaleFactor,
      storageState: {
        cookies: [],
        origins: memory
          ? [
              {
                origin: storefront.url,
                localStorage: [
                  { name: "phsar-toul", value: JSON.stringify(memory) },
                ],
              },
            ]
          : [],
      },
    })
    context.setDefaultTimeout(20_000)
    return new Shopper(context, await context.newPage(), locale)
  }

  /** A shopper who looks at the KHQR of a cart that was filled over the store API. */
  async atPayment(
    visit: Visit & { currency?: Currency } = {}
  ): Promise<Awaited<ReturnType<World["checkout"]>> & { shopper: Shopper }> {
    const { currency = "usd" } = visit
    const checkout = await this.checkout(currency)
    const shopper = await this.welcome({
      ...visit,
      memory: { cartId: checkout.cartId, currency },
    })
    await shopper.page.goto("/checkout")
    await shopper.card.waitFor()
    return { ...checkout, shopper }
  }

  /** The bank says that nothing came, at the moment from which that counts. */
  async letExpire(chargeId: string): Promise<void> {
    await this.passTime(chargeId)
    await this.tick()
  }

  /** The KHQR's time and the grace after it are over; the bank was not asked yet. */
  async passTime(chargeId: string): Promise<void> {
    // Without a check that the shop's own clock could make meanwhile.
    await this.sql(
      "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
      [chargeId]
    )
    await this.age(chargeId, 721_000)
  }
}
