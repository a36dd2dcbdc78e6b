import type { AxiosInstance } from "axios"
import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import { KHQR_PROVIDER_ID, seedShop, type SeededShop } from "../../demo/seed"
import { tick } from "../../src/clock"
import { Clock } from "../../src/clock/clock"
import { toQuestion } from "../../src/modules/khqr/question"
import type KhqrModuleService from "../../src/modules/khqr/service"
import type { Charge } from "../../src/modules/khqr/types"
import type { ChargeView } from "../../src/modules/khqr/view"
import { startSimulator, type Simulator } from "../../src/simulator"

export type Currency = "usd" | "khr"

const ADDRESS = {
  first_name: "Sok",
  last_name: "Dara",
  address_1: "Street 155",
  city: "Phnom Penh",
  country_code: "kh",
  phone: "012345678",
}

/**
 * Starts the bank and points the shop at it. To be called at the head of a
 * spec, before Medusa's runner reads the configuration.
 */
export function startBank(): () => Simulator {
  let bank: Simulator
  beforeAll(async () => {
    bank = await startSimulator({ port: 0 })
    process.env.BAKONG_BASE_URL = bank.url
    process.env.BAKONG_TOKEN = bank.token
    process.env.KHQR_ENCRYPTION_KEY = "integration-tests-only-0123456789"
    process.env.MEDUSA_ADMIN_DISABLED = "true"
  })
  afterEach(() => bank.reset())
  afterAll(() => bank.close())
  return () => bank
}

/** A shop as its shopper, its clock and its owner see it. */
export class World {
  shop!: SeededShop

  constructor(
    protected readonly api: AxiosInstance,
    protected readonly getContainer: () => MedusaContainer
  ) {}

  get container(): MedusaContainer {
    return this.getContainer()
  }

  get khqr(): KhqrModuleService {
    return this.container.resolve<KhqrModuleService>("khqr")
  }

  async open(): Promise<void> {
    this.shop = await seedShop(this.container, [
      {
        handle: "palm-sugar",
        title: "Palm sugar",
        title_km: "ស្ករត្នោត",
        description: "",
        description_km: "",
        usd: 9.5,
        khr: 38_000,
        image: "/products/palm-sugar.svg",
      },
    ])
  }

  /** A month in which hardly anybody came: the plan then expects few, at whatever hour it is. */
  async sellLittle(): Promise<void> {
    for (const days of [26, 20, 10]) {
      const { chargeId } = await this.checkout()
      await this.age(chargeId, days * 86_400_000)
      await this.sql(
        "UPDATE khqr_charge SET status = 'expired', next_check_at = NULL WHERE id = ?",
        [chargeId]
      )
    }
  }

  get headers(): { headers: Record<string, string> } {
    return { headers: { "x-publishable-api-key": this.shop.publishableKey } }
  }

  async get(path: string) {
    return this.api.get(path, { ...this.headers, validateStatus: () => true })
  }

  async post(path: string, body: unknown = {}) {
    return this.api.post(path, body, {
      ...this.headers,
      validateStatus: () => true,
    })
  }

  /** A cart that wants nothing but its payment: 11.00 USD or 44,000 KHR with delivery. */
  async fillCart(currency: Currency = "usd", quantity = 1): Promise<string> {
    const { data } = await this.post("/store/carts", {
      region_id: this.shop.regions[currency],
      email: "dara@example.com",
      items: [{ variant_id: this.shop.variants["palm-sugar"], quantity }],
      shipping_address: ADDRESS,
      billing_address: ADDRESS,
    })
    const shipping = await this.post(
      `/store/carts/${data.cart.id}/shipping-methods`,
      { option_id: this.shop.shippingOptionId }
    )
    expect(shipping.data).toMatchObject({ cart: { id: data.cart.id } })
    return data.cart.id
  }

  async openCollection(cartId: string): Promise<string> {
    const { data } = await this.post("/store/payment-collections", {
      cart_id: cartId,
    })
    return data.payment_collection.id
  }

  async openSession(collectionId: string, data?: Record<string, unknown>) {
    return this.post(
      `/store/payment-collections/${collectionId}/payment-sessions`,
      { provider_id: KHQR_PROVIDER_ID, ...(data ? { data } : {}) }
    )
  }

  /** From nothing to a KHQR on the shopper's screen. */
  async checkout(currency: Currency = "usd"): Promise<{
    cartId: string
    collectionId: string
    sessionId: string
    qr: string
    chargeId: string
  }> {
    const cartId = await this.fillCart(currency)
    const collectionId = await this.openCollection(cartId)
    const { data, status } = await this.openSession(collectionId)
    expect({ status, data }).toMatchObject({ status: 200 })
    const [session] = data.payment_collection.payment_sessions
    // It learns its cart after the answer; a person would not have looked at it yet.
    await eventually(async () =>
      expect((await this.charge(session.data.charge_id)).cart_id).toBe(cartId)
    )
    return {
      cartId,
      collectionId,
      sessionId: session.id,
      qr: session.data.qr,
      chargeId: session.data.charge_id,
    }
  }

  async view(sessionId: string): Promise<ChargeView> {
    const { data } = await this.get(`/store/khqr/payment-sessions/${sessionId}`)
    return data.charge
  }

  async charge(id: string): Promise<Charge> {
    return this.khqr.retrieveKhqrCharge(id)
  }

  /** The bank's answer is on record, the order is to be made by the next tick. */
  async recordPayment(chargeId: string): Promise<void> {
    const charge = await this.charge(chargeId)
    const [result] = await this.khqr.askBakong([toQuestion(charge, new Date())])
    await this.khqr.recordAnswer(result)
  }

  async complete(cartId: string) {
    return this.post(`/store/carts/${cartId}/complete`)
  }

  /** As if the pauses were over that the bank's refusals made us keep. */
  async endPauses(): Promise<void> {
    await this.sql(
      "UPDATE khqr_quota SET paused_until = NULL, next_probe_at = now() - interval '1 second'"
    )
  }

  /** The pause of a silent bank is the process's own, and has to be waited for. */
  async circuitCloses(): Promise<void> {
    await eventually(async () => {
      const { circuit } = await this.khqr.health()
      expect(circuit.state).not.toBe("open")
    }, 90_000)
  }

  /** Everything that is not done is due now, whatever the plan says; the pause of a silent bank is over. */
  async makeDue(): Promise<void> {
    await this.sql(
      `UPDATE khqr_charge SET next_check_at = now() - interval '1 second', leased_until = NULL,
         last_checked_at = CASE WHEN unknowns > 0 THEN last_checked_at - interval '10 minutes' ELSE last_checked_at END
       WHERE status IN ('pending', 'failed', 'expired') AND mode <> 'static'`
    )
  }

  /** A tick of the clock with everything due, until nobody is at work on any charge: the shop's own clock ticks too. */
  async tick(): Promise<void> {
    await this.makeDue()
    await tick(this.container)
    await eventually(async () => {
      const [{ busy }] = await this.sql<{ busy: string }>(
        "SELECT count(*) AS busy FROM khqr_charge WHERE leased_until > now() OR next_settle_at <= now()"
      )
      expect(Number(busy)).toBe(0)
    })
  }

  /** A tick of another process's clock, for what is due. */
  async tickElsewhere(): Promise<void> {
    const clock = new Clock(this.container)
    try {
      await clock.tick()
    } finally {
      clock.stop()
    }
  }

  /** Moves a charge's life into the past, as if the shop had waited. */
  async age(chargeId: string, ms: number): Promise<void> {
    await this.sql(
      `UPDATE khqr_charge SET issued_at = issued_at - make_interval(secs => ?), expires_at = expires_at - make_interval(secs => ?) WHERE id = ?`,
      [ms / 1_000, ms / 1_000, chargeId]
    )
  }

  async sql<T = unknown>(query: string, values: unknown[] = []): Promise<T[]> {
    const knex = this.container.resolve(ContainerRegistrationKeys.PG_CONNECTION)
    const { rows } = await knex.raw(query, values as never)
    return rows
  }

  async orders(): Promise<
    {
      id: string
      total: number
      payment_collections: {
        status: string
        captured_amount: number
        payments: {
          id: string
          amount: number
          provider_id: string
          captured_at: string | null
        }[]
      }[]
    }[]
  > {
    const query = this.container.resolve(ContainerRegistrationKeys.QUERY)
    const { data } = await query.graph({
      entity: "order",
      fields: [
        "id",
        "total",
        "payment_collections.status",
        "payment_collections.captured_amount",
        "payment_collections.payments.*",
      ],
    })
    // Medusa's big numbers become plain ones.
    return JSON.parse(JSON.stringify(data))
  }
}

/** Tries until it holds, for at most 20 s. */
export async function eventually<T>(
  attempt: () => Promise<T>,
  withinMs = 20_000
): Promise<T> {
  const until = Date.now() + withinMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > until) {
        throw error
      }
      await new Promise((next) => setTimeout(next, 50))
    }
  }
}
