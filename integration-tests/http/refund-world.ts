import type { AxiosInstance } from "axios"
import type { MedusaContainer } from "@medusajs/framework/types"

import { tick } from "../../src/clock"
import { buildKhqr } from "../../src/khqr"
import { newReference } from "../../src/modules/khqr/reference"
import type { RefundView } from "../../src/modules/khqr/refund-view"
import type { Refund } from "../../src/modules/khqr/types"
import type { Simulator } from "../../src/simulator"
import type { PayInput } from "../../src/simulator/types"
import { createAdmin, type Admin } from "./admin"
import { eventually, World, type Currency } from "./world"

/** The shop's own account, from which refunds are sent. */
export const SHOP = "khqr_demo@devb"
/** Who pays in the simulator, where nobody else is named. */
export const PAYER = "sok_dara@devb"

export type Purchase = { orderId: string; chargeId: string; paymentId: string }

/** A shop whose owner sends money back. */
export class RefundWorld extends World {
  admin!: Admin

  constructor(
    protected readonly api_: AxiosInstance,
    getContainer: () => MedusaContainer,
    protected readonly bank_: () => Simulator
  ) {
    super(api_, getContainer)
  }

  override async open(): Promise<void> {
    await super.open()
    this.admin = await createAdmin(this.container, this.api_)
  }

  async ask(path: string) {
    return this.api_.get(`/admin${path}`, {
      ...this.admin,
      validateStatus: () => true,
    })
  }

  async act(path: string, body: unknown = {}) {
    return this.api_.post(`/admin${path}`, body, {
      ...this.admin,
      validateStatus: () => true,
    })
  }

  /** An order that was paid by KHQR. */
  async buy(
    currency: Currency = "usd",
    payer: { fromAccountId?: string } = {}
  ): Promise<Purchase> {
    const { qr, chargeId } = await this.checkout(currency)
    this.bank_().pay({ qr, ...payer })
    await this.tick()
    return this.purchaseOf(chargeId)
  }

  async purchaseOf(chargeId: string): Promise<Purchase> {
    const charge = await this.charge(chargeId)
    expect(charge.status).toBe("completed")
    const [payment] = await this.sql<{ id: string }>(
      "SELECT id FROM payment WHERE data->>'charge_id' = ?",
      [chargeId]
    )
    return { orderId: charge.order_id!, chargeId, paymentId: payment.id }
  }

  async openRefund(
    chargeId: string,
    body: { amount?: string; note?: string } = {}
  ): Promise<RefundView> {
    const { status, data } = await this.act(
      `/khqr/charges/${chargeId}/refunds`,
      body
    )
    expect({ status, data }).toMatchObject({ status: 200 })
    return data.refund
  }

  /** Opened, with the KHQR that the merchant is to scan. */
  async showRefund(
    chargeId: string,
    amount?: string
  ): Promise<RefundView & { qr: string }> {
    const { id } = await this.openRefund(chargeId, { amount })
    const { status, data } = await this.act(`/khqr/refunds/${id}/khqr`)
    expect({ status, data }).toMatchObject({ status: 200 })
    return data.refund
  }

  async refund(id: string): Promise<Refund> {
    return this.khqr.retrieveKhqrRefund(id)
  }

  /** A transfer of the merchant's, made in their bank's app without a KHQR of ours; its hash. */
  send(told: Partial<PayInput> = {}): string {
    const now = Date.now()
    const { qr } = buildKhqr(
      {
        receiver: { type: "individual", accountId: PAYER },
        merchantName: "Sok Dara",
        amount: "11",
        currency: "USD",
        billNumber: newReference(),
        expiresAt: now + 60_000,
      },
      now
    )
    const [{ hash }] = this.bank_().pay({ qr, fromAccountId: SHOP, ...told })
    return hash
  }

  /** A tick with every refund due, until nobody is at work on any. */
  async tickRefunds(): Promise<void> {
    await this.sql(
      "UPDATE khqr_refund SET next_check_at = now() - interval '1 second', leased_until = NULL WHERE md5 IS NOT NULL AND last_outcome IS DISTINCT FROM 'paid'"
    )
    await this.sql(
      "UPDATE khqr_refund SET next_book_at = now() - interval '1 second' WHERE next_book_at IS NOT NULL"
    )
    await tick(this.container)
    await eventually(async () => {
      const [{ busy }] = await this.sql<{ busy: string }>(
        "SELECT count(*) AS busy FROM khqr_refund WHERE leased_until > now() OR next_book_at <= now()"
      )
      expect(Number(busy)).toBe(0)
    })
  }

  /** Moves a refund's life into the past, as if the merchant had waited. */
  async ageRefund(id: string, ms: number): Promise<void> {
    await this.sql(
      "UPDATE khqr_refund SET issued_at = issued_at - make_interval(secs => ?), expires_at = expires_at - make_interval(secs => ?) WHERE id = ?",
      [ms / 1_000, ms / 1_000, id]
    )
  }

  /** What Medusa's books say of an order. */
  async books(orderId: string): Promise<{
    status: string
    total: number
    /** What the customer owes, or is owed. */
    pending: number
    /** The order's transactions, captures and refunds, in the order in which they came. */
    transactions: [reference: string, amount: number][]
    captured: number
    refunded: number
    refunds: number[]
  }> {
    const query = this.container.resolve("query")
    const { data } = await query.graph({
      entity: "order",
      fields: [
        "id",
        "status",
        "total",
        "summary.*",
        "transactions.*",
        "payment_collections.captured_amount",
        "payment_collections.refunded_amount",
        "payment_collections.payments.refunds.*",
      ],
      filters: { id: orderId },
    })
    const [order] = JSON.parse(JSON.stringify(data))
    const [collection] = order.payment_collections
    return {
      status: order.status,
      total: order.total,
      pending: order.summary.pending_difference,
      transactions: order.transactions
        .sort((a: { created_at: string }, b: { created_at: string }) =>
          a.created_at.localeCompare(b.created_at)
        )
        .map(({ reference, amount }: { reference: string; amount: number }) => [
          reference,
          amount,
        ]),
      captured: collection.captured_amount,
      refunded: collection.refunded_amount ?? 0,
      refunds: collection.payments.flatMap(
        ({ refunds }: { refunds: { amount: number }[] }) =>
          refunds.map(({ amount }) => amount)
      ),
    }
  }
}
