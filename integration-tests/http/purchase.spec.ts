import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { eventually, startBank, World } from "./world"

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-purchase",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    describe("a KHQR that is paid", () => {
      it.each([
        { currency: "usd" as const, amount: "11", total: 11 },
        { currency: "khr" as const, amount: "44000", total: 44_000 },
      ])(
        "becomes one captured order in $currency",
        async ({ currency, amount, total }) => {
          const { sessionId, qr, chargeId } = await world.checkout(currency)
          expect(await world.view(sessionId)).toMatchObject({
            status: "pending",
            qr,
            amount,
            order_id: null,
          })

          bank().pay({ qr })
          await world.tick()

          const [order, ...others] = await world.orders()
          expect(others).toEqual([])
          expect(order).toMatchObject({
            total,
            payment_collections: [
              {
                status: "completed",
                captured_amount: total,
                payments: [{ amount: total, captured_at: expect.any(String) }],
              },
            ],
          })
          expect(await world.view(sessionId)).toMatchObject({
            status: "completed",
            qr: null,
            order_id: order.id,
          })
          expect(await world.charge(chargeId)).toMatchObject({
            status: "completed",
            order_id: order.id,
            next_check_at: null,
            next_settle_at: null,
          })
        }
      )

      it("becomes an order by itself within 10 s, with nobody watching", async () => {
        const { qr } = await world.checkout()
        bank().pay({ qr })

        await eventually(
          async () =>
            expect(await world.orders()).toMatchObject([
              { payment_collections: [{ captured_amount: 11 }] },
            ]),
          10_000
        )
      })

      it("becomes one order however many complete the cart at once", async () => {
        const { cartId, qr, sessionId } = await world.checkout()
        bank().pay({ qr })
        await world.makeDue()

        await Promise.all([
          world.tick(),
          world.complete(cartId),
          world.complete(cartId),
        ])
        await eventually(async () =>
          expect((await world.view(sessionId)).status).toBe("completed")
        )

        const orders = await world.orders()
        expect(orders).toHaveLength(1)
        expect(orders[0].payment_collections[0].payments).toHaveLength(1)
        expect(orders[0].payment_collections[0].captured_amount).toBe(11)
      })

      it("is not asked about again once the order is there", async () => {
        const { qr } = await world.checkout()
        bank().pay({ qr })
        await world.tick()
        const asked = bank().requests.length

        await world.tick()
        await world.tick()

        expect(bank().requests).toHaveLength(asked)
      })
    })

    describe("a KHQR that is not paid", () => {
      it("gives no order, whoever completes the cart, and keeps the session", async () => {
        const { cartId, sessionId } = await world.checkout()

        const { status, data } = await world.complete(cartId)

        expect(status).toBe(200)
        expect(data).toMatchObject({
          type: "cart",
          error: { type: "payment_requires_more_error" },
        })
        expect(data.error.message).toMatch(/not paid yet/)
        expect(await world.orders()).toEqual([])
        expect((await world.view(sessionId)).qr).not.toBeNull()
      })

      it("may be paid after a failed attempt", async () => {
        const { qr, sessionId } = await world.checkout()
        bank().fail(qr)
        await world.tick()
        expect(await world.view(sessionId)).toMatchObject({
          status: "failed",
          qr: null,
        })

        bank().pay({ qr })
        await world.tick()

        expect((await world.view(sessionId)).status).toBe("completed")
        expect(await world.orders()).toHaveLength(1)
      })
    })

    it("asks about many charges with one question", async () => {
      const checkouts = []
      for (let i = 0; i < 6; i++) {
        checkouts.push(await world.checkout())
      }
      // Nothing is due until all are there, so that one pass gets all of them.
      await world.sql("UPDATE khqr_charge SET next_check_at = NULL")
      await eventually(async () => {
        const [{ busy }] = await world.sql<{ busy: string }>(
          "SELECT count(*) AS busy FROM khqr_charge WHERE leased_until > now()"
        )
        expect(busy).toBe("0")
      })
      await world.sql("UPDATE khqr_charge SET next_check_at = NULL")
      const before = bank().requests.length
      checkouts.forEach(({ qr }) => bank().pay({ qr }))

      await world.tick()

      expect(bank().requests.slice(before)).toMatchObject([
        { endpoint: "/v1/check_transaction_by_md5_list" },
      ])
      expect(await world.orders()).toHaveLength(6)
    })
  },
})
