import { Modules } from "@medusajs/framework/utils"
import {
  createTaxRegionsWorkflow,
  deleteTaxRegionsWorkflow,
} from "@medusajs/medusa/core-flows"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { PAYER, RefundWorld, SHOP } from "./refund-world"
import { startBank } from "./world"

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-refunds-in-medusa",
  testSuite: ({ api, getContainer }) => {
    const world = new RefundWorld(api, getContainer, bank)

    beforeAll(() => world.open())

    /** All of it, or `amount` of it, by KHQR; Medusa hears of it at the next tick. */
    const sendBack = async (chargeId: string, amount?: string) => {
      const refund = await world.showRefund(chargeId, amount)
      bank().pay({ qr: refund.qr, fromAccountId: SHOP })
      return refund
    }

    /** As if it went back and the clock had not come to telling Medusa. */
    const sendBackUnbooked = async (chargeId: string, amount?: string) => {
      const refund = await world.openRefund(chargeId, { amount })
      // The answer is recorded and the clock kept away in one: it ticks by itself here.
      await world.sql(
        "UPDATE khqr_refund SET leased_until = now() + interval '1 hour' WHERE id = ?",
        [refund.id]
      )
      const { status } = await world.act(`/khqr/refunds/${refund.id}/sent`, {
        reference: "100FT36118473",
      })
      expect(status).toBe(200)
      return refund
    }

    const letGo = (id: string) =>
      world.sql("UPDATE khqr_refund SET leased_until = NULL WHERE id = ?", [id])

    describe("canceling an order", () => {
      const cancel = (orderId: string) => world.act(`/orders/${orderId}/cancel`)

      it("is refused while its money is with the shop, with how much, to whom and how", async () => {
        const { orderId } = await world.buy()
        const { status, data } = await cancel(orderId)
        expect({ status, data }).toEqual({
          status: 409,
          data: {
            type: "not_allowed",
            code: "refund_first",
            message: expect.stringMatching(
              /11 USD .*not gone back.*send 11 USD to sok_dara@devb.*KHQR.*by hand.*Then cancel/
            ),
          },
        })
        expect(await world.books(orderId)).toMatchObject({
          status: "pending",
          refunded: 0,
          transactions: [["capture", 11]],
        })
      })

      it("is refused while a part of it is with the shop, and names the part", async () => {
        const { orderId, chargeId } = await world.buy()
        await sendBack(chargeId, "4")
        await world.tickRefunds()
        await world.openRefund(chargeId, { amount: "2" })
        const { status, data } = await cancel(orderId)
        expect(status).toBe(409)
        expect(data.message).toContain("7 USD of it has not gone back")
        expect(data.message).toContain("A refund of 2 USD is opened")
        expect(data.message).toContain(`send 5 USD to ${PAYER}`)
      })

      it("works once it went back, and the books end right", async () => {
        const { orderId, chargeId } = await world.buy()
        await sendBack(chargeId)
        await world.tickRefunds()
        expect((await cancel(orderId)).status).toBe(200)
        expect(await world.books(orderId)).toEqual({
          status: "canceled",
          total: 0,
          pending: 0,
          transactions: [
            ["capture", 11],
            ["refund", -11],
          ],
          captured: 11,
          refunded: 11,
          refunds: [11],
        })
      })

      it("books what went back first, when the clock has not come to it", async () => {
        const { orderId, chargeId } = await world.buy()
        const refund = await sendBackUnbooked(chargeId)
        await letGo(refund.id)
        expect((await cancel(orderId)).status).toBe(200)
        await world.tickRefunds()
        expect(await world.books(orderId)).toMatchObject({
          status: "canceled",
          pending: 0,
          transactions: [
            ["capture", 11],
            ["refund", -11],
          ],
          refunded: 11,
          refunds: [11],
        })
        expect((await world.refund(refund.id)).booked_at).not.toBeNull()
      })

      it("waits while somebody else is telling Medusa of the refund", async () => {
        const { orderId, chargeId } = await world.buy()
        await sendBackUnbooked(chargeId)
        const { status, data } = await cancel(orderId)
        expect({ status, message: data.message }).toEqual({
          status: 409,
          message: expect.stringContaining("cancel it in a minute"),
        })
      })

      it("of an order that another provider took money for is Medusa's alone", async () => {
        const cartId = await world.fillCart()
        const collectionId = await world.openCollection(cartId)
        await world.post(
          `/store/payment-collections/${collectionId}/payment-sessions`,
          { provider_id: "pp_system_default" }
        )
        const { data } = await world.complete(cartId)
        expect((await cancel(data.order.id)).status).toBe(200)
      })
    })

    describe("the dashboard's refund button", () => {
      const press = (paymentId: string, amount?: number) =>
        world.act(`/payments/${paymentId}/refund`, amount ? { amount } : {})

      it("says how money is sent back, and books nothing", async () => {
        const { orderId, paymentId } = await world.buy()
        for (const amount of [undefined, 5]) {
          const { status, data } = await press(paymentId, amount)
          expect({ status, message: data.message }).toEqual({
            status: 400,
            message: expect.stringMatching(
              /^Nothing more is on record as sent back.*send .* USD to sok_dara@devb in one of two ways/
            ),
          })
        }
        expect(await world.books(orderId)).toMatchObject({
          refunded: 0,
          refunds: [],
          transactions: [["capture", 11]],
        })
      })

      it("books what went back, which the clock then finds booked", async () => {
        const { orderId, chargeId, paymentId } = await world.buy()
        const refund = await sendBackUnbooked(chargeId, "4")
        expect((await press(paymentId, 4.01)).data.message).toContain(
          "Only 4 USD more is on record as sent back"
        )
        expect((await press(paymentId, 4)).status).toBe(200)
        expect((await press(paymentId, 0.01)).status).toBe(400)

        await letGo(refund.id)
        await world.tickRefunds()
        expect((await world.refund(refund.id)).booked_at).not.toBeNull()
        expect(await world.books(orderId)).toMatchObject({
          refunded: 4,
          refunds: [4],
          transactions: [
            ["capture", 11],
            ["refund", -4],
          ],
        })
      })
    })

    describe("riel with taxes", () => {
      beforeEach(async () => {
        const tax = world.container.resolve(Modules.TAX)
        const regions = await tax.listTaxRegions({})
        await deleteTaxRegionsWorkflow(world.container).run({
          input: { ids: regions.map(({ id }) => id) },
        })
        await createTaxRegionsWorkflow(world.container).run({
          input: [
            {
              country_code: "kh",
              provider_id: "tp_system",
              default_tax_rate: { rate: 7.001, code: "VAT", name: "VAT" },
            },
          ],
        })
      })

      it("are refunded to the fraction that Medusa has, where whole riel came and went", async () => {
        const { orderId, chargeId } = await world.buy("khr")
        const charge = await world.charge(chargeId)
        expect([charge.amount, charge.paid_amount]).toEqual([
          "47080.44",
          "47080",
        ])
        await sendBack(chargeId, "20000")
        await world.tickRefunds()
        expect((await world.books(orderId)).refunds).toEqual([20_000])

        await sendBack(chargeId)
        await world.tickRefunds()
        expect(await world.books(orderId)).toMatchObject({
          pending: 0,
          captured: 47_080.44,
          refunded: 47_080.44,
          refunds: [20_000, 27_080.44],
        })
        expect((await world.act(`/orders/${orderId}/cancel`)).status).toBe(200)
      })
    })

    describe("what an interruption leaves", () => {
      /** Medusa's own row, as it stands before the provider is asked. */
      const orphanedRefund = async (
        paymentId: string,
        amount: number,
        age = "5 minutes"
      ) => {
        await world.sql(
          `INSERT INTO refund (id, payment_id, amount, raw_amount, created_at, updated_at)
           VALUES ('ref_orphan', ?, ?, ?::jsonb, now() - ?::interval, now())`,
          [
            paymentId,
            amount,
            JSON.stringify({ value: String(amount), precision: 20 }),
            age,
          ]
        )
      }

      it("between Medusa's refund and ours is healed, and the order hears of it once", async () => {
        const { orderId, chargeId, paymentId } = await world.buy()
        await orphanedRefund(paymentId, 11)
        await sendBack(chargeId)
        await world.tickRefunds()

        expect(await world.books(orderId)).toMatchObject({
          total: 0,
          pending: 0,
          refunded: 11,
          refunds: [11],
          transactions: [
            ["capture", 11],
            ["refund", -11],
          ],
        })
        expect(
          await world.khqr.listKhqrRefundBookings({ charge_id: chargeId })
        ).toMatchObject([{ id: "ref_orphan", amount: "11" }])
      })

      it("of a part is healed, and the rest booked beside it", async () => {
        const { orderId, chargeId, paymentId } = await world.buy()
        await orphanedRefund(paymentId, 4)
        await sendBack(chargeId)
        await world.tickRefunds()
        expect(await world.books(orderId)).toMatchObject({
          total: 0,
          pending: 0,
          refunded: 11,
          transactions: [
            ["capture", 11],
            ["refund", -4],
            ["refund", -7],
          ],
        })
      })

      it("after our booking, when Medusa took its refund back, is forgotten", async () => {
        const { orderId, chargeId, paymentId } = await world.buy()
        const refund = await sendBackUnbooked(chargeId)
        await world.khqr.bookRefund(chargeId, "ref_gone", "11", {
          amount: "11",
          currency_code: "usd",
        })
        const pressed = await world.act(`/payments/${paymentId}/refund`)
        expect(pressed.status).toBe(400)

        await letGo(refund.id)
        await world.tickRefunds()
        expect(await world.books(orderId)).toMatchObject({
          refunded: 11,
          refunds: [11],
        })
        const bookings = await world.khqr.listKhqrRefundBookings({
          charge_id: chargeId,
        })
        expect(bookings.map(({ id }) => id)).not.toContain("ref_gone")
        expect(bookings).toHaveLength(1)
      })

      it("after Medusa had booked all, before we knew, is found booked", async () => {
        const { orderId, chargeId } = await world.buy()
        const refund = await sendBack(chargeId)
        await world.tickRefunds()
        await world.sql(
          "UPDATE khqr_refund SET booked_at = NULL, next_book_at = now() WHERE id = ?",
          [refund.id]
        )
        await world.tickRefunds()
        expect((await world.refund(refund.id)).booked_at).not.toBeNull()
        expect(await world.books(orderId)).toMatchObject({ refunds: [11] })
      })
    })

    describe("a charge in review that never became an order", () => {
      const orphan = async () => {
        const { cartId, chargeId, qr } = await world.checkout()
        await world.tick()
        await world.post(`/store/carts/${cartId}/line-items`, {
          variant_id: world.shop.variants["palm-sugar"],
          quantity: 1,
        })
        bank().pay({ qr })
        await world.tick()
        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "orphaned",
        })
        return chargeId
      }

      it("is resolved when all of it went back", async () => {
        const chargeId = await orphan()
        const heard: unknown[] = []
        world.container
          .resolve("event_bus")
          .subscribe("khqr.charge.resolved", async ({ data }) => {
            heard.push(data)
          })
        await sendBack(chargeId, "6")
        await world.tickRefunds()
        expect((await world.charge(chargeId)).resolution).toBeNull()

        const rest = await world.openRefund(chargeId)
        await world.act(`/khqr/refunds/${rest.id}/sent`, {
          hash: world.send({ amount: 5 }),
        })
        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "orphaned",
          resolution: "refund",
          resolved_at: expect.any(Date),
          resolved_by: rest.created_by,
        })
        expect(heard).toEqual([{ id: chargeId }])

        await world.tickRefunds()
        expect(await world.refund(rest.id)).toMatchObject({
          next_book_at: null,
          booking_error: null,
        })
      })
    })
  },
})
