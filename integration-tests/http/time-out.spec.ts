import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { eventually, startBank, World } from "./world"

const bank = startBank()

const LIFETIME_MS = 600_000
const GRACE_MS = 120_000

medusaIntegrationTestRunner({
  moduleName: "khqr-time-out",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    const sessionStatus = async (id: string) => {
      const [session] = await world.sql<{ status: string }>(
        "SELECT status FROM payment_session WHERE id = ?",
        [id]
      )
      return session.status
    }

    const letExpire = async (chargeId: string) => {
      await world.age(chargeId, LIFETIME_MS + GRACE_MS + 1_000)
      await world.tick()
    }

    beforeAll(() => world.open())

    it("cancels the session once the bank proved the time-out, and not before", async () => {
      const { sessionId, chargeId } = await world.checkout()

      await world.age(chargeId, LIFETIME_MS + GRACE_MS - 10_000)
      await world.tick()
      expect((await world.charge(chargeId)).status).toBe("pending")
      expect(await sessionStatus(sessionId)).toBe("pending")
      expect(await world.view(sessionId)).toMatchObject({
        status: "pending",
        qr: null,
      })

      await world.age(chargeId, 11_000)
      await world.tick()
      expect((await world.charge(chargeId)).status).toBe("expired")
      expect(await sessionStatus(sessionId)).toBe("canceled")
    })

    it("shows a new KHQR on demand and takes the payment of it", async () => {
      const { sessionId, chargeId, qr } = await world.checkout()
      await letExpire(chargeId)

      const { status, data } = await world.post(
        `/store/khqr/payment-sessions/${sessionId}/renew`
      )

      expect({ status, data }).toMatchObject({
        status: 200,
        data: { charge: { status: "pending" } },
      })
      expect(data.charge.qr).not.toBe(qr)
      expect(await sessionStatus(sessionId)).toBe("pending")
      const [session] = await world.sql<{ data: { qr: string } }>(
        "SELECT data FROM payment_session WHERE id = ?",
        [sessionId]
      )
      expect(session.data.qr).toBe(data.charge.qr)

      bank().pay({ qr: data.charge.qr })
      await world.tick()
      expect(await world.orders()).toHaveLength(1)
    })

    it("keeps the KHQR that lives, however many ask for a new one at once", async () => {
      const { sessionId, chargeId, qr } = await world.checkout()
      const path = `/store/khqr/payment-sessions/${sessionId}/renew`

      const early = await world.post(path)
      expect(early.data.charge.qr).toBe(qr)

      await letExpire(chargeId)
      const renewed = await Promise.all([1, 2, 3].map(() => world.post(path)))

      expect(new Set(renewed.map(({ data }) => data.charge.qr)).size).toBe(1)
      expect(await world.sql("SELECT id FROM khqr_charge")).toHaveLength(2)
    })

    it("honours a payment that comes late, while the cart is open", async () => {
      const { sessionId, chargeId, qr } = await world.checkout()
      await letExpire(chargeId)
      expect(await sessionStatus(sessionId)).toBe("canceled")

      bank().pay({ qr })
      await world.tick()

      expect((await world.charge(chargeId)).status).toBe("completed")
      expect(await world.orders()).toHaveLength(1)
    })

    it("takes the old KHQR's payment when a new one is shown", async () => {
      const { sessionId, chargeId, qr } = await world.checkout()
      await letExpire(chargeId)
      await world.post(`/store/khqr/payment-sessions/${sessionId}/renew`)

      bank().pay({ qr })
      await world.tick()

      expect(await world.view(sessionId)).toMatchObject({
        status: "completed",
        qr: null,
      })
      expect(await world.orders()).toHaveLength(1)
    })

    it("puts the second payment into review when both KHQRs are paid", async () => {
      const { sessionId, chargeId, qr } = await world.checkout()
      await letExpire(chargeId)
      const { data } = await world.post(
        `/store/khqr/payment-sessions/${sessionId}/renew`
      )

      bank().pay({ qr })
      bank().pay({ qr: data.charge.qr })
      await world.tick()

      // The one that goes second is looked at again after a pause.
      await eventually(async () =>
        expect(
          await world.sql(
            "SELECT status, review_reason FROM khqr_charge ORDER BY status"
          )
        ).toEqual([
          { status: "completed", review_reason: null },
          { status: "paid", review_reason: "duplicate" },
        ])
      )
      const orders = await world.orders()
      expect(orders).toHaveLength(1)
      expect(orders[0].payment_collections[0].captured_amount).toBe(11)
    })

    it("refuses a new KHQR for a paid session with a readable 409", async () => {
      const { sessionId, qr } = await world.checkout()
      bank().pay({ qr })
      await world.tick()

      const { status, data } = await world.post(
        `/store/khqr/payment-sessions/${sessionId}/renew`
      )

      expect(status).toBe(409)
      expect(data.message).toMatch(/already paid/)
    })
  },
})
