import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { startBank, World } from "./world"

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-purchase",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeEach(() => world.open())

    it.each([
      { currency: "usd" as const, amount: "11", total: 11 },
      { currency: "khr" as const, amount: "44000", total: 44_000 },
    ])(
      "turns a KHQR paid in $currency into one captured order",
      async ({ currency, amount, total }) => {
        const { sessionId, qr, chargeId } = await world.checkout(currency)
        expect(await world.view(sessionId)).toMatchObject({
          status: "pending",
          qr,
          amount,
          order_id: null,
        })

        await bank().pay({ qr })
        await world.tick()

        const orders = await world.orders()
        expect(orders).toHaveLength(1)
        expect(orders[0].total).toBe(total)
        expect(orders[0].payment_collections).toMatchObject([
          { status: "completed", captured_amount: total },
        ])
        expect(await world.view(sessionId)).toMatchObject({
          status: "completed",
          qr: null,
          order_id: orders[0].id,
        })
        expect(await world.charge(chargeId)).toMatchObject({
          status: "completed",
          next_check_at: null,
          next_settle_at: null,
        })
      }
    )
  },
})
