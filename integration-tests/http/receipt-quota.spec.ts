import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { MOST_LATE_SIGNALS } from "../../src/modules/khqr/pace"
import { RECEIPT_SHARE } from "../../src/modules/khqr/quota"
import { Staff } from "./staff"
import { startBank, World } from "./world"

const LIMIT = 50
const SHARE = LIMIT * RECEIPT_SHARE

process.env.BAKONG_DAILY_REQUEST_LIMIT = String(LIMIT)

const bank = startBank()

afterAll(() => {
  delete process.env.BAKONG_DAILY_REQUEST_LIMIT
})

medusaIntegrationTestRunner({
  moduleName: "khqr-receipt-quota",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    const staff = new Staff(api, world)

    beforeAll(async () => {
      await world.open()
      await world.sellLittle()
    })
    beforeEach(() => staff.login())

    it("spends on shoppers' receipts no more than their share of the day's questions, and leaves the rest to payments and staff", async () => {
      const sessions = []
      for (let n = 0; n < 4; n++) {
        const made = await world.checkout()
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
          [made.chargeId]
        )
        sessions.push(made)
      }
      const before = bank().requests.length
      const answers = []
      for (let n = 0; n < 4; n++) {
        for (const [at, { sessionId }] of sessions.entries()) {
          const made = `${at}${n}`.padEnd(at % 2 ? 8 : 64, "a")
          answers.push(
            await world.post(
              `/store/khqr/payment-sessions/${sessionId}/receipt`,
              { hash: made }
            )
          )
        }
      }

      const asked = await world.sql(
        "SELECT id FROM khqr_event WHERE kind = 'call' AND actor = 'shopper'"
      )
      expect(asked).toHaveLength(SHARE)
      expect(bank().requests.length - before).toBeLessThan(SHARE + 5)
      const last = answers.at(-1)!
      expect({ status: last.status, data: last.data }).toMatchObject({
        status: 503,
        data: {
          code: "receipt_unknown",
          message: expect.stringMatching(/try again later or show .* shop/),
        },
      })
      expect(answers[0].data.code).toBe("receipt_not_found")

      const [mine] = sessions
      const [{ hash }] = bank().pay({ qr: mine.qr })
      const { status } = await staff.post(`/charges/${mine.chargeId}/receipt`, {
        hash,
      })
      expect(status).toBe(200)
    })

    it("answers so many signals of an expired KHQR with a question, and no more", async () => {
      const { sessionId, chargeId } = await world.checkout()
      await world.age(chargeId, 3_600_000)
      await world.tick()
      expect((await world.charge(chargeId)).status).toBe("expired")
      const heard = async () =>
        (
          await world.sql(
            "SELECT id FROM khqr_event WHERE kind = 'signal' AND charge_id = ?",
            [chargeId]
          )
        ).length
      for (let n = 1; n <= MOST_LATE_SIGNALS + 3; n++) {
        // A minute later, and the question was answered.
        await world.sql(
          "UPDATE khqr_charge SET last_signal_at = NULL, last_checked_at = now() - interval '1 hour', next_check_at = NULL, leased_until = NULL WHERE id = ?",
          [chargeId]
        )
        const { status } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/signals`,
          { kind: "claims_paid" }
        )
        expect(status).toBe(200)
        expect(await heard()).toBe(Math.min(n, MOST_LATE_SIGNALS))
      }
    })
  },
})
