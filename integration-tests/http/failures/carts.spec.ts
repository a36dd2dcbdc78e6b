import { Modules } from "@medusajs/framework/utils"
import {
  createTaxRegionsWorkflow,
  deleteTaxRegionsWorkflow,
} from "@medusajs/medusa/core-flows"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import type { Charge } from "../../../src/modules/khqr/types"
import { eventually, startBank, World } from "../world"
import { historyOf } from "./history"

const bank = startBank()

const ADDRESS = {
  first_name: "Sok",
  last_name: "Dara",
  address_1: "Street 240",
  city: "Siem Reap",
  country_code: "kh",
}

medusaIntegrationTestRunner({
  moduleName: "khqr-failures-carts",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    const pay = async (...qrs: string[]) => {
      qrs.forEach((qr) => bank().pay({ qr }))
      await world.tick()
    }

    const changeCart = async (
      cartId: string,
      path: string,
      body: Record<string, unknown>
    ) => {
      const { status, data } = await world.post(
        `/store/carts/${cartId}${path}`,
        body
      )
      expect({ path, status, data }).toMatchObject({ status: 200 })
    }

    const addOne = (cartId: string) =>
      changeCart(cartId, "/line-items", {
        variant_id: world.shop.variants["palm-sugar"],
        quantity: 1,
      })

    /** What a second tab of the same checkout gets. */
    const openTab = async (collectionId: string) => {
      const { data, status } = await world.openSession(collectionId)
      expect({ status, data }).toMatchObject({ status: 200 })
      const [session] = data.payment_collection.payment_sessions
      return {
        sessionId: session.id as string,
        chargeId: session.data.charge_id as string,
        qr: session.data.qr as string,
      }
    }

    const chooseCash = async (collectionId: string) => {
      const { data, status } = await world.post(
        `/store/payment-collections/${collectionId}/payment-sessions`,
        { provider_id: "pp_system_default" }
      )
      expect({ status, data }).toMatchObject({ status: 200 })
    }

    /** One order over 11 USD that knows one payment, this charge's, and nothing else is paid. */
    const expectTheOrderOf = async (chargeId: string) => {
      const [order, ...others] = await world.orders()
      expect(others).toEqual([])
      expect(order).toMatchObject({
        total: 11,
        payment_collections: [
          {
            status: "completed",
            captured_amount: 11,
            payments: [{ amount: 11, provider_id: "pp_khqr_bakong" }],
          },
        ],
      })
      expect(order.payment_collections[0].payments).toHaveLength(1)
      expect(await world.charge(chargeId)).toMatchObject({
        status: "completed",
        review_reason: null,
        order_id: order.id,
      })
      return order
    }

    describe("A cart that changes under an open KHQR", () => {
      it.each<{ what: string; path: string; body: Record<string, unknown> }>([
        {
          what: "the address",
          path: "",
          body: { shipping_address: ADDRESS, billing_address: ADDRESS },
        },
        { what: "the e-mail", path: "", body: { email: "other@example.com" } },
        {
          what: "a note in its metadata",
          path: "",
          body: { metadata: { note: "call first" } },
        },
      ])(
        "becomes the order of its KHQR when $what changes and the total stays",
        async ({ path, body }) => {
          const { cartId, sessionId, chargeId, qr } = await world.checkout()
          await changeCart(cartId, path, body)

          await pay(qr)

          const order = await expectTheOrderOf(chargeId)
          expect(await world.view(sessionId)).toMatchObject({
            status: "completed",
            order_id: order.id,
          })
        }
      )

      it("becomes the order of its first KHQR when it costs the same again", async () => {
        const { cartId, sessionId, chargeId, qr } = await world.checkout()
        const [item] = await world.sql<{ id: string }>(
          "SELECT id FROM cart_line_item WHERE cart_id = ?",
          [cartId]
        )
        await changeCart(cartId, `/line-items/${item.id}`, { quantity: 2 })
        await changeCart(cartId, `/line-items/${item.id}`, { quantity: 1 })
        expect(
          await world.sql("SELECT id FROM payment_session WHERE id = ?", [
            sessionId,
          ])
        ).toEqual([])

        await pay(qr)

        const order = await expectTheOrderOf(chargeId)
        expect(await world.view(sessionId)).toMatchObject({
          status: "completed",
          order_id: order.id,
        })
      })

      it("keeps the money for a person when the cart went over to riel", async () => {
        const { cartId, sessionId, chargeId, qr } = await world.checkout()
        await changeCart(cartId, "", { region_id: world.shop.regions.khr })

        await pay(qr)

        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "orphaned",
          paid_amount: "11",
          paid_currency: "USD",
        })
        expect(await historyOf(world, chargeId)).toMatch(
          /The cart now costs [\d.]+ khr, the KHQR brought 11 usd/
        )
        expect(await world.view(sessionId)).toMatchObject({ in_review: true })
        expect(await world.orders()).toEqual([])
      })

      it("keeps the money for a person when the cart costs more, and books none of it on the new session", async () => {
        const { cartId, collectionId, sessionId, chargeId, qr } =
          await world.checkout()
        await addOne(cartId)
        const newer = await openTab(collectionId)

        await pay(qr)

        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "orphaned",
        })
        expect(await historyOf(world, chargeId)).toContain(
          "The cart now costs 20.5 usd, the KHQR brought 11 usd"
        )
        expect(await world.view(sessionId)).toMatchObject({ in_review: true })
        expect(await world.view(newer.sessionId)).toMatchObject({
          status: "pending",
          in_review: false,
          qr: newer.qr,
        })
        expect((await world.complete(cartId)).data.type).toBe("cart")
        expect(await world.orders()).toEqual([])
      })
    })

    describe("A cart whose taxes rise under an open KHQR", () => {
      /** Medusa writes the new taxes on the cart and leaves its sessions as they are. */
      const raiseTaxes = async (cartId: string) => {
        const regions = await world.container
          .resolve(Modules.TAX)
          .listTaxRegions({})
        await deleteTaxRegionsWorkflow(world.container).run({
          input: { ids: regions.map(({ id }) => id) },
        })
        await createTaxRegionsWorkflow(world.container).run({
          input: [
            {
              country_code: "kh",
              provider_id: "tp_system",
              default_tax_rate: { rate: 10, code: "VAT", name: "VAT" },
            },
          ],
        })
        const { data } = await world.post(`/store/carts/${cartId}/taxes`)
        expect(data.cart.total).toBe(12.1)
      }

      it("goes to a person when its KHQR is paid, with both amounts in words", async () => {
        const { cartId, sessionId, chargeId, qr } = await world.checkout()
        await raiseTaxes(cartId)

        await pay(qr)

        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "order_failed",
        })
        expect(await historyOf(world, chargeId)).toContain(
          "The cart now costs 12.1 usd, the KHQR asked for 11 usd"
        )
        expect(await world.view(sessionId)).toMatchObject({ in_review: true })
        expect((await world.complete(cartId)).data.type).not.toBe("order")
        expect(await world.orders()).toEqual([])
      })

      it("becomes no order that is paid in part, also when the browser is faster", async () => {
        const { cartId, chargeId, qr } = await world.checkout()
        await raiseTaxes(cartId)
        bank().pay({ qr })
        await world.recordPayment(chargeId)

        const { status, data } = await world.complete(cartId)
        await world.tick()

        expect({ status, data }).toMatchObject({
          status: 409,
          data: {
            code: "already_paid",
            message: expect.stringContaining("costs something else now"),
          },
        })
        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "order_failed",
        })
        expect(await world.orders()).toEqual([])
      })
    })

    describe("Another way to pay, chosen while the KHQR is open", () => {
      it("gives way to the KHQR that is paid after all", async () => {
        const { collectionId, sessionId, chargeId, qr } = await world.checkout()
        await chooseCash(collectionId)

        await pay(qr)

        const order = await expectTheOrderOf(chargeId)
        expect(await world.view(sessionId)).toMatchObject({
          status: "completed",
          order_id: order.id,
        })
        expect(
          await world.sql(
            "SELECT provider_id FROM payment_session WHERE payment_collection_id = ? AND status NOT IN ('canceled')",
            [collectionId]
          )
        ).toEqual([{ provider_id: "pp_khqr_bakong" }])
      })

      it("that became the order leaves a KHQR paid later to a person", async () => {
        const { cartId, collectionId, chargeId, qr } = await world.checkout()
        await chooseCash(collectionId)
        expect((await world.complete(cartId)).data.type).toBe("order")

        await pay(qr)

        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "duplicate",
        })
        expect(await historyOf(world, chargeId)).toContain(
          "already paid in another way"
        )
        const [order, ...others] = await world.orders()
        expect(others).toEqual([])
        expect(order.payment_collections[0].payments).toMatchObject([
          { provider_id: "pp_system_default" },
        ])
      })
    })

    describe("Two tabs of one checkout", () => {
      it("opened within one moment become the order of the first, whose session is gone at once", async () => {
        const collectionId = await world.openCollection(await world.fillCart())
        const { data } = await world.openSession(collectionId)
        await world.openSession(collectionId)
        const [first] = data.payment_collection.payment_sessions
        bank().pay({ qr: first.data.qr })
        await eventually(async () => {
          await world.tick()
          expect(await world.charge(first.data.charge_id)).toMatchObject({
            status: "completed",
            review_reason: null,
          })
        })
        expect(await world.orders()).toHaveLength(1)
      })

      it("become one order when both KHQRs are paid, and the other goes to a person", async () => {
        const { collectionId, chargeId, qr } = await world.checkout()
        const newer = await openTab(collectionId)

        await pay(qr, newer.qr)
        await world.sql(
          "UPDATE khqr_charge SET next_settle_at = now() WHERE next_settle_at IS NOT NULL"
        )
        await world.tick()

        const charges = await Promise.all([
          world.charge(chargeId),
          world.charge(newer.chargeId),
        ])
        const completed = charges.filter(({ status }) => status === "completed")
        expect(completed).toHaveLength(1)
        await expectTheOrderOf(completed[0].id)
        expect(charges.find((one) => one !== completed[0])).toMatchObject({
          status: "paid",
          review_reason: "duplicate",
        })
      })

      it("show both the order when the older KHQR alone is paid", async () => {
        const older = await world.checkout()
        const newer = await openTab(older.collectionId)

        await pay(older.qr)

        const order = await expectTheOrderOf(older.chargeId)
        for (const { sessionId } of [older, newer]) {
          expect(await world.view(sessionId)).toMatchObject({
            status: "completed",
            qr: null,
            order_id: order.id,
          })
        }
        expect((await world.complete(older.cartId)).data).toMatchObject({
          type: "order",
          order: { id: order.id },
        })
      })

      it("take no second payment for the order, and keep it for a person when it comes", async () => {
        const older = await world.checkout()
        const newer = await openTab(older.collectionId)
        await pay(older.qr)
        await expectTheOrderOf(older.chargeId)

        const renewed = await world.post(
          `/store/khqr/payment-sessions/${newer.sessionId}/renew`
        )
        expect(renewed.status).toBe(409)
        await pay(newer.qr)

        expect(await world.charge(newer.chargeId)).toMatchObject({
          status: "paid",
          review_reason: "duplicate",
        })
        const order = await expectTheOrderOf(older.chargeId)
        expect(await world.view(newer.sessionId)).toMatchObject({
          status: "completed",
          order_id: order.id,
        })
      })

      it("of which the oldest of three is paid become its order", async () => {
        const first = await world.checkout()
        const second = await openTab(first.collectionId)
        const third = await openTab(first.collectionId)

        await pay(first.qr)

        const order = await expectTheOrderOf(first.chargeId)
        expect(await world.view(third.sessionId)).toMatchObject({
          status: "completed",
          order_id: order.id,
        })
        expect((await world.charge(second.chargeId)).status).toBe("pending")
      })

      it("become one order when the two older ones of three are paid at once", async () => {
        const first = await world.checkout()
        const second = await openTab(first.collectionId)
        const third = await openTab(first.collectionId)

        await pay(first.qr, second.qr)
        await world.sql(
          "UPDATE khqr_charge SET next_settle_at = now() WHERE next_settle_at IS NOT NULL"
        )
        await world.tick()

        const charges = await Promise.all(
          [first, second].map(({ chargeId }) => world.charge(chargeId))
        )
        const completed = charges.filter(({ status }) => status === "completed")
        expect(completed).toHaveLength(1)
        const order = await expectTheOrderOf(completed[0].id)
        expect(charges.find((one) => one !== completed[0])).toMatchObject({
          status: "paid",
          review_reason: "duplicate",
        })
        expect(await world.view(third.sessionId)).toMatchObject({
          order_id: order.id,
        })
      })

      it("whose sessions are both gone become one order when both KHQRs are paid at once", async () => {
        const first = await world.checkout()
        const second = await openTab(first.collectionId)
        const [item] = await world.sql<{ id: string }>(
          "SELECT id FROM cart_line_item WHERE cart_id = ?",
          [first.cartId]
        )
        for (const quantity of [2, 1]) {
          await changeCart(first.cartId, `/line-items/${item.id}`, { quantity })
        }

        await pay(first.qr, second.qr)
        for (let tries = 0; tries < 3; tries++) {
          await world.sql(
            "UPDATE khqr_charge SET next_settle_at = now() WHERE next_settle_at IS NOT NULL"
          )
          await world.tick()
        }

        const charges = await Promise.all(
          [first, second].map(({ chargeId }) => world.charge(chargeId))
        )
        const completed = charges.filter(({ status }) => status === "completed")
        expect(completed).toHaveLength(1)
        await expectTheOrderOf(completed[0].id)
        expect(charges.find((one) => one !== completed[0])).toMatchObject({
          status: "paid",
          review_reason: "duplicate",
        })
      })

      it("become the order of the older one when the newer one brought too little", async () => {
        const older = await world.checkout()
        const newer = await openTab(older.collectionId)
        bank().pay({ qr: newer.qr, amount: 5 })
        await world.tick()
        expect((await world.charge(newer.chargeId)).review_reason).toBe(
          "amount_mismatch"
        )

        await pay(older.qr)

        await expectTheOrderOf(older.chargeId)
        expect(await world.charge(newer.chargeId)).toMatchObject({
          status: "paid",
          review_reason: "amount_mismatch",
        })
      })

      it("are settled the same when the older one is paid after the newer one timed out", async () => {
        const older = await world.checkout()
        const newer = await openTab(older.collectionId)
        await world.age(newer.chargeId, 800_000)
        await world.tick()
        expect((await world.charge(newer.chargeId)).status).toBe("expired")

        await pay(older.qr)

        const order = await expectTheOrderOf(older.chargeId)
        expect(await world.view(newer.sessionId)).toMatchObject({
          order_id: order.id,
        })
      })

      it("whose shopper completes the cart by hand while the older KHQR is found become one order", async () => {
        const older = await world.checkout()
        await openTab(older.collectionId)
        bank().pay({ qr: older.qr })
        await world.makeDue()

        await Promise.all([
          world.tick(),
          world.complete(older.cartId),
          world.complete(older.cartId),
        ])
        // Who found the cart locked would come again after a pause.
        await world.sql(
          "UPDATE khqr_charge SET next_settle_at = now() WHERE next_settle_at > now()"
        )
        await world.tick()

        await expectTheOrderOf(older.chargeId)
      })
    })

    it("A KHQR that is paid twice becomes one order: the bank shows one of the two transfers", async () => {
      const { chargeId, qr } = await world.checkout()
      bank().pay({ qr, times: 2 })
      await world.tick()
      await world.tick()
      await expectTheOrderOf(chargeId)
    })

    describe("A cart opened by somebody else", () => {
      it("gets nothing of a paid KHQR whose session is gone, whatever the client sends", async () => {
        const victim = await world.checkout()
        await addOne(victim.cartId)
        await pay(victim.qr)
        const kept: Partial<Charge> = {
          status: "paid",
          review_reason: "orphaned",
          payment_session_id: victim.sessionId,
        }
        expect(await world.charge(victim.chargeId)).toMatchObject(kept)

        const cartId = await world.fillCart()
        const collectionId = await world.openCollection(cartId)
        for (const adopt of [victim.chargeId, "", null, 1, true, {}, ["a"]]) {
          const { data } = await world.openSession(collectionId, {
            adopt,
            charge_id: victim.chargeId,
            session_id: victim.sessionId,
          })
          const [session] = data.payment_collection.payment_sessions
          expect(session.data).not.toHaveProperty("adopt")
          expect(session.data.charge_id).not.toBe(victim.chargeId)
        }
        await world.tick()

        expect((await world.complete(cartId)).data.type).toBe("cart")
        expect(await world.charge(victim.chargeId)).toMatchObject(kept)
        expect(await world.orders()).toEqual([])
      })
    })
  },
})
