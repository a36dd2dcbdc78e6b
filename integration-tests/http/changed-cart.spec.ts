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
      // The clock's first look learns whose charge it is.
      await world.tick()
      bank().pay({ qr })
      // The answer is on record, the order not yet made.
      await world.recordPayment(chargeId)
      await world.sql(
        "UPDATE khqr_charge SET next_settle_at = now() + interval '1 hour'"
      )

      const replaced = await world.openSession(collectionId)
      expect(replaced).toMatchObject({
        status: 409,
        data: { code: "already_paid" },
      })
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

    it("refuses every change of a cart that is paid, in words, until its order is made", async () => {
      const { cartId, chargeId, qr } = await world.checkout()
      await world.tick()
      bank().pay({ qr })
      await world.recordPayment(chargeId)
      await world.sql(
        "UPDATE khqr_charge SET next_settle_at = now() + interval '1 hour'"
      )
      const [item] = await world.sql<{ id: string }>(
        "SELECT id FROM cart_line_item WHERE cart_id = ?",
        [cartId]
      )
      const variant_id = world.shop.variants["palm-sugar"]
      const changes: [string, unknown][] = [
        ["", { email: "other@example.com" }],
        ["/line-items", { variant_id, quantity: 1 }],
        [`/line-items/${item.id}`, { quantity: 3 }],
        ["/promotions", { promo_codes: ["NONE"] }],
        ["/shipping-methods", { option_id: world.shop.shippingOptionId }],
        ["/taxes", {}],
      ]
      for (const [path, body] of changes) {
        const { status, data } = await world.post(
          `/store/carts/${cartId}${path}`,
          body
        )
        expect({ path, status, code: data.code }).toEqual({
          path,
          status: 409,
          code: "already_paid",
        })
        expect(data.message).toContain("Do not pay again")
      }

      // Completing stays possible, and after it Medusa speaks for itself.
      expect((await world.complete(cartId)).data.type).toBe("order")
      await world.sql("UPDATE khqr_charge SET next_settle_at = now()")
      await world.tick()
      const after = await world.post(`/store/carts/${cartId}`, {
        email: "other@example.com",
      })
      expect(after.data.code).not.toBe("already_paid")
    })

    it("refuses the change of a cart whose payment a person looks at, and names the reference", async () => {
      const { cartId, chargeId, qr } = await world.checkout()
      bank().pay({ qr, amount: 5 })
      await world.tick()
      const { status, data } = await world.post(`/store/carts/${cartId}`, {
        email: "other@example.com",
      })
      expect(status).toBe(409)
      expect(data.message).toContain((await world.charge(chargeId)).reference)
    })

    it("leaves a cart free whose earlier KHQR was paid after the cart had changed", async () => {
      const { cartId, chargeId, qr } = await world.checkout()
      const change = (quantity: number) =>
        world.post(`/store/carts/${cartId}/line-items`, {
          variant_id: world.shop.variants["palm-sugar"],
          quantity,
        })
      await world.tick()
      expect((await change(1)).status).toBe(200)
      bank().pay({ qr })
      await world.tick()
      expect((await world.charge(chargeId)).review_reason).toBe("orphaned")
      expect((await change(2)).status).toBe(200)
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
      expect(await world.charge(two.chargeId)).toMatchObject({
        status: "pending",
        review_reason: "hash_used",
      })
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
        /Open a refund for the KHQR payment KH\w+ .* and send 11 USD to \S+@\S+ in one of two ways/
      )
    })
  },
})
