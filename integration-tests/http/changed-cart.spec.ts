import { Modules } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { startBank, World } from "./world"

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-changed-cart",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    const addOneMore = (cartId: string) =>
      world.post(`/store/carts/${cartId}/line-items`, {
        variant_id: world.shop.variants["palm-sugar"],
        quantity: 1,
      })

    it("keeps the money on record when the KHQR of a changed cart is paid", async () => {
      const { cartId, chargeId, sessionId, qr } = await world.checkout()
      const stranger = await world.checkout()
      await world.tick()

      expect((await addOneMore(cartId)).status).toBe(200)
      expect(await world.charge(chargeId)).toMatchObject({
        status: "pending",
        superseded_at: expect.any(Date),
        cart_id: cartId,
      })

      bank().pay({ qr })
      await world.tick()

      expect(await world.charge(chargeId)).toMatchObject({
        status: "paid",
        review_reason: "orphaned",
        paid_amount: "11",
        payer_account: expect.stringContaining("@"),
        cart_id: cartId,
      })
      expect(await world.view(sessionId)).toMatchObject({
        status: "paid",
        in_review: true,
        qr: null,
      })
      expect(await world.orders()).toEqual([])
      expect((await world.charge(stranger.chargeId)).status).toBe("pending")
    })

    it("lets the changed cart be paid by its own KHQR", async () => {
      const { cartId, collectionId, qr } = await world.checkout()
      await addOneMore(cartId)
      const { data } = await world.openSession(collectionId)
      const [session] = data.payment_collection.payment_sessions
      expect(session.data.amount).toBe("20.50")

      bank().pay({ qr })
      bank().pay({ qr: session.data.qr })
      await world.tick()

      const orders = await world.orders()
      expect(orders).toHaveLength(1)
      expect(orders[0].payment_collections[0].captured_amount).toBe(20.5)
      const [{ review_reason }] = await world.sql<{ review_reason: string }>(
        "SELECT review_reason FROM khqr_charge WHERE qr = ?",
        [qr]
      )
      expect(["orphaned", "duplicate"]).toContain(review_reason)
    })

    it("does not let go of a session whose KHQR is paid", async () => {
      const { cartId, collectionId, sessionId, qr, chargeId } =
        await world.checkout()
      bank().pay({ qr })
      // The answer is on record, the order not yet made.
      await world.recordPayment(chargeId)
      await world.sql(
        "UPDATE khqr_charge SET next_settle_at = now() + interval '1 hour'"
      )

      const replaced = await world.openSession(collectionId)
      expect(replaced.status).toBeGreaterThanOrEqual(400)
      expect(
        await world.sql("SELECT id FROM payment_session WHERE id = ?", [
          sessionId,
        ])
      ).toHaveLength(1)

      await world.sql("UPDATE khqr_charge SET next_settle_at = now()")
      await world.tick()

      expect((await world.charge(chargeId)).status).toBe("completed")
      expect(await world.orders()).toHaveLength(1)
      expect((await world.complete(cartId)).data.type).toBe("order")
    })

    it.each([
      { what: "less", pays: { amount: 1 }, reason: "amount_mismatch" },
      { what: "more", pays: { amount: 11.01 }, reason: "amount_mismatch" },
      { what: "riel", pays: { currency: "KHR" }, reason: "currency_mismatch" },
      {
        what: "somebody else",
        pays: { toAccountId: "other@devb" },
        reason: "wrong_account",
      },
    ])(
      "puts a payment of $what into review and makes no order",
      async ({ pays, reason }) => {
        const { cartId, chargeId, sessionId, qr } = await world.checkout()
        bank().pay({ qr, ...pays })
        await world.tick()

        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: reason,
        })
        expect(await world.view(sessionId)).toMatchObject({ in_review: true })
        const { data } = await world.complete(cartId)
        expect(data).toMatchObject({
          type: "cart",
          error: { message: expect.stringMatching(/Do not pay again/) },
        })
        expect(await world.orders()).toEqual([])
      }
    )

    it("counts one transfer for one charge only", async () => {
      const [one, two] = [await world.checkout(), await world.checkout()]
      const [{ hash }] = bank().pay({ qr: one.qr })
      await world.tick()
      bank().pay({ qr: two.qr, hash })
      await world.tick()

      expect((await world.charge(one.chargeId)).status).toBe("completed")
      expect((await world.charge(two.chargeId)).status).toBe("pending")
      expect(await world.orders()).toHaveLength(1)
    })

    it("books a payment that belongs to no cart", async () => {
      const payment = world.container.resolve(Modules.PAYMENT)
      const collection = await payment.createPaymentCollections({
        amount: 7.25,
        currency_code: "usd",
      })
      const session = await payment.createPaymentSession(collection.id, {
        provider_id: "pp_khqr_bakong",
        amount: 7.25,
        currency_code: "usd",
        data: {},
      })
      bank().pay({ qr: session.data.qr as string })
      await world.tick()

      const [{ status, captured_amount }] =
        await payment.listPaymentCollections({ id: collection.id })
      expect({ status, captured_amount: Number(captured_amount) }).toEqual({
        status: "completed",
        captured_amount: 7.25,
      })
      expect(await world.view(session.id)).toMatchObject({
        status: "completed",
        order_id: null,
      })
    })

    it("refuses to book a refund that nobody sent", async () => {
      const { qr } = await world.checkout()
      bank().pay({ qr })
      await world.tick()
      const [order] = await world.orders()
      const [{ id }] = order.payment_collections[0].payments

      await expect(
        world.container.resolve(Modules.PAYMENT).refundPayment({
          payment_id: id,
          amount: 11,
        })
      ).rejects.toThrow(
        /no refund API: send the money back .* to \S+@\S+, who paid 11 USD/
      )
    })
  },
})
