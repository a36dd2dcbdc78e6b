import { Modules } from "@medusajs/framework/utils"
import { createRegionsWorkflow } from "@medusajs/medusa/core-flows"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { KHQR_PROVIDER_ID } from "../../demo/seed"
import { startBank, World } from "./world"

startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-untrusted-input",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    it("believes nothing that the client writes into the session's data", async () => {
      const victim = await world.checkout()
      const collectionId = await world.openCollection(await world.fillCart())

      const { data } = await world.openSession(collectionId, {
        md5: "0".repeat(32),
        session_id: victim.sessionId,
        charge_id: victim.chargeId,
        qr: victim.qr,
        amount: "0.01",
        paid: true,
        status: "paid",
        locale: "km",
      })

      const [session] = data.payment_collection.payment_sessions
      expect(session).toMatchObject({ status: "pending", amount: 11 })
      expect(Object.keys(session.data).sort()).toEqual([
        "amount",
        "charge_id",
        "currency_code",
        "expires_at",
        "locale",
        "md5",
        "merchant_name",
        "mode",
        "qr",
        "session_id",
      ])
      expect(session.data).toMatchObject({
        session_id: session.id,
        amount: "11",
        locale: "km",
      })
      expect(session.data.charge_id).not.toBe(victim.chargeId)
      expect(session.data.qr).not.toBe(victim.qr)

      // Deleting the forger's session does not touch the victim's charge.
      await world.openSession(collectionId)
      expect(await world.charge(victim.chargeId)).toMatchObject({
        status: "pending",
        superseded_at: null,
      })
    })

    it("does not complete a cart whose session claims to be paid", async () => {
      const cartId = await world.fillCart()
      const collectionId = await world.openCollection(cartId)
      await world.openSession(collectionId, { paid: true, status: "paid" })

      const { data } = await world.complete(cartId)

      expect(data.type).toBe("cart")
      expect(await world.orders()).toEqual([])
    })

    it.each([
      { amount: 0, message: /amount/i },
      { amount: -5, message: /amount/i },
      { amount: 99_999_999_999.99, message: /13/ },
      { amount: 0.001, message: /amount/i },
    ])(
      "refuses to make a KHQR of $amount USD with a readable 400",
      async ({ amount, message }) => {
        const collectionId = await world.openCollection(await world.fillCart())
        await world.container
          .resolve(Modules.PAYMENT)
          .updatePaymentCollections(collectionId, { amount })

        const { status, data } = await world.openSession(collectionId)

        expect(status).toBe(400)
        expect(data.message).toMatch(message)
        expect(await world.sql("SELECT id FROM khqr_charge")).toEqual([])
        expect(await world.sql("SELECT id FROM payment_session")).toEqual([])
      }
    )

    it("refuses a currency that KHQR does not know with a readable 400", async () => {
      const {
        result: [region],
      } = await createRegionsWorkflow(world.container).run({
        input: {
          regions: [
            {
              name: "France",
              currency_code: "eur",
              countries: ["fr"],
              payment_providers: [KHQR_PROVIDER_ID],
            },
          ],
        },
      })
      const { data: created } = await world.post("/store/carts", {
        region_id: region.id,
      })
      const collectionId = await world.openCollection(created.cart.id)
      await world.container
        .resolve(Modules.PAYMENT)
        .updatePaymentCollections(collectionId, { amount: 11 })

      const { status, data } = await world.openSession(collectionId)

      expect(status).toBe(400)
      expect(data.message).toBe(
        "KHQR takes USD and KHR, not EUR. Choose a region in one of these currencies."
      )
    })

    it("writes whole riel when taxes make a fraction, and keeps both amounts", async () => {
      const collectionId = await world.openCollection(
        await world.fillCart("khr")
      )
      await world.container
        .resolve(Modules.PAYMENT)
        .updatePaymentCollections(collectionId, { amount: 44_000.5 })

      const { data } = await world.openSession(collectionId)

      const [session] = data.payment_collection.payment_sessions
      expect(await world.charge(session.data.charge_id)).toMatchObject({
        amount: "44000.5",
        khqr_amount: "44001",
      })
    })

    it.each(["payses_unknown", "cart_01", "%27%3B--", "..%2f..%2fadmin"])(
      "answers 404 for the session %s on every route",
      async (id) => {
        const answers = await Promise.all([
          world.get(`/store/khqr/payment-sessions/${id}`),
          world.get(`/store/khqr/payment-sessions/${id}/qr.svg`),
          world.post(`/store/khqr/payment-sessions/${id}/renew`),
          world.post(`/store/khqr/payment-sessions/${id}/signals`, {
            kind: "returned",
          }),
        ])
        expect(answers.map(({ status }) => status)).toEqual([
          404, 404, 404, 404,
        ])
        expect(new Set(answers.map(({ data }) => data.message))).toEqual(
          new Set(["There is no KHQR for this payment session."])
        )
      }
    )

    it("answers 400 for a signal it does not know", async () => {
      const { sessionId } = await world.checkout()
      const { status, data } = await world.post(
        `/store/khqr/payment-sessions/${sessionId}/signals`,
        { kind: "paid" }
      )
      expect(status).toBe(400)
      expect(data.message).toMatch(/returned.*claims_paid/)
    })

    it("does nothing on Medusa's public payment hook", async () => {
      const { sessionId, chargeId } = await world.checkout()
      await world.post(`/hooks/payment/khqr_bakong`, {
        session_id: sessionId,
        status: "paid",
        action: "captured",
      })
      await world.tick()
      expect((await world.charge(chargeId)).status).toBe("pending")
      expect(await world.orders()).toEqual([])
    })
  },
})
