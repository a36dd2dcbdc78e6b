import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { startBank, World } from "../world"
import { historyOf } from "./history"
import { CLOCKS, MOMENTS } from "./moments"

process.env.KHQR_LATE_PAYMENTS = "review"

const bank = startBank()

afterAll(() => {
  delete process.env.KHQR_LATE_PAYMENTS
})

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

medusaIntegrationTestRunner({
  moduleName: "khqr-failures-late-payments",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    it.each(MOMENTS)(
      "with latePayments: review, only what is late goes to a person: paid $paid",
      async ({ after, late }) => {
        const atClosing = await world.checkout()
        const afterwards = await world.checkout()
        const pay = async ({ chargeId, qr }: typeof atClosing) => {
          const { expires_at } = await world.charge(chargeId)
          bank().pay({ qr, createdAt: expires_at.getTime() + after })
        }
        await world.age(afterwards.chargeId, 2 * DAY)
        await world.tick()
        expect((await world.charge(afterwards.chargeId)).status).toBe("expired")
        await world.age(atClosing.chargeId, 2 * DAY)
        await pay(atClosing)
        await pay(afterwards)
        await world.tick()

        for (const { cartId, sessionId, chargeId } of [atClosing, afterwards]) {
          expect(await world.charge(chargeId)).toMatchObject({
            status: late ? "paid" : "completed",
            review_reason: late ? "paid_late" : null,
            paid_amount: "11",
          })
          expect(await world.view(sessionId)).toMatchObject({ in_review: late })
          if (late) {
            expect((await world.complete(cartId)).data.type).not.toBe("order")
            expect(await historyOf(world, chargeId)).toContain(
              "Paid after the KHQR's time"
            )
          }
        }
        expect(await world.orders()).toHaveLength(late ? 0 : 2)
      }
    )

    it.each(CLOCKS)(
      "keeps what a wrong clock makes late for a person, and loses nothing: $clock",
      async ({ bankAheadMs }) => {
        const { sessionId, chargeId, qr } = await world.checkout()
        bank().advanceClock(bankAheadMs)
        // A minute before its end by our clock.
        await world.age(chargeId, 9 * MINUTE)
        bank().pay({ qr })
        await world.tick()

        const late = bankAheadMs > 0
        expect(await world.charge(chargeId)).toMatchObject({
          status: late ? "paid" : "completed",
          review_reason: late ? "paid_late" : null,
        })
        expect(await world.view(sessionId)).toMatchObject({ in_review: late })
      }
    )
  },
})
