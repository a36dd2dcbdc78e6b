import type { AxiosInstance } from "axios"
import { createOrdersWorkflow } from "@medusajs/medusa/core-flows"

import { createAdmin, type Admin } from "./admin"
import type { Currency, World } from "./world"

/** Somebody of the shop, at the admin's routes. */
export class Staff {
  protected admin!: Admin

  constructor(
    protected readonly api: AxiosInstance,
    protected readonly world: World
  ) {}

  async login(): Promise<void> {
    this.admin = await createAdmin(this.world.container, this.api)
  }

  async get(path: string) {
    return this.api.get(`/admin/khqr${path}`, {
      ...this.admin,
      validateStatus: () => true,
    })
  }

  async post(path: string, body: unknown = {}) {
    return this.api.post(`/admin/khqr${path}`, body, {
      ...this.admin,
      validateStatus: () => true,
    })
  }

  async resolve(chargeId: string, decision: Record<string, unknown>) {
    return this.post(`/charges/${chargeId}/resolve`, {
      reason: "looked at the account",
      ...decision,
    })
  }

  /** The charge as staff read it, with its history. */
  async read(chargeId: string) {
    const { data } = await this.get(`/charges/${chargeId}`)
    return data
  }

  /** An order that nobody has paid, as one that was taken on the telephone. */
  async takeOrder(amount: number, currency: Currency = "usd"): Promise<string> {
    const { result } = await createOrdersWorkflow(this.world.container).run({
      input: {
        region_id: this.world.shop.regions[currency],
        sales_channel_id: this.world.shop.salesChannelId,
        currency_code: currency,
        email: "telephone@example.com",
        items: [{ title: "Palm sugar", quantity: 1, unit_price: amount }],
      },
    })
    return result.id
  }

  /** What Medusa says of an order's money. */
  async books(orderId: string): Promise<{
    status: string
    paid: number
    outstanding: number
    captured: number[]
    collections: number
  }> {
    const { data } = await this.world.container.resolve("query").graph({
      entity: "order",
      fields: [
        "status",
        "summary.*",
        "payment_collections.captured_amount",
        "payment_collections.id",
      ],
      filters: { id: orderId },
    })
    const [order] = JSON.parse(JSON.stringify(data))
    const collections: { captured_amount: number | null }[] =
      order.payment_collections ?? []
    return {
      status: order.status,
      paid: Number(order.summary.paid_total),
      outstanding: Number(order.summary.pending_difference),
      captured: collections
        .map(({ captured_amount }) => Number(captured_amount ?? 0))
        .filter((amount) => amount > 0),
      collections: collections.length,
    }
  }
}
