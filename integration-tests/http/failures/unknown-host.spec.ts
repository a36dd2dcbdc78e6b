import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { toQuestion } from "../../../src/modules/khqr/question"
import { startBank, World } from "../world"
import { askAfterRestart } from "./restart"

const bank = startBank()

beforeAll(() => {
  // Names below .invalid never have an address.
  process.env.BAKONG_BASE_URL = "http://bakong.invalid"
})

medusaIntegrationTestRunner({
  moduleName: "khqr-failures-unknown-host",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    it("moves nothing while the bank's name has no address, and a start with the right one makes the order", async () => {
      const paid = await world.checkout()
      const unpaid = await world.checkout()
      bank().pay({ qr: paid.qr })
      for (const { chargeId } of [paid, unpaid]) {
        await world.age(chargeId, 3_600_000)
      }
      await world.tick()
      await world.tick()
      for (const { chargeId, sessionId } of [paid, unpaid]) {
        expect(await world.charge(chargeId)).toMatchObject({
          status: "pending",
          last_outcome: "unknown:unavailable",
        })
        expect((await world.view(sessionId)).bank).toBe("unreachable")
      }
      expect(
        await world.sql("SELECT sum(used)::int AS used FROM khqr_quota")
      ).toEqual([{ used: 0 }])

      const charges = await Promise.all(
        [paid, unpaid].map(({ chargeId }) => world.charge(chargeId))
      )
      const results = await askAfterRestart(
        world,
        charges.map((charge) => toQuestion(charge, new Date())),
        { baseUrl: bank().url }
      )
      await world.khqr.recordAnswers(results)
      await world.tick()

      expect((await world.charge(paid.chargeId)).status).toBe("completed")
      expect((await world.charge(unpaid.chargeId)).status).toBe("expired")
      expect(await world.orders()).toHaveLength(1)
    })
  },
})
