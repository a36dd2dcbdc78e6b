import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import type { FaultInput } from "../../src/simulator/types"
import { holdClock } from "./failures/hold-clock"
import { startBank, World } from "./world"

process.env.BAKONG_TIMEOUT_MS = "1000"

const bank = startBank()

afterAll(() => {
  delete process.env.BAKONG_TIMEOUT_MS
})

const FAULTS: (FaultInput & { says: string })[] = [
  { kind: "down", says: "unknown:unavailable" },
  { kind: "slow", delayMs: 30_000, says: "unknown:unavailable" },
  { kind: "html", says: "unknown:unreadable" },
  { kind: "unauthorized", says: "unknown:unauthorized" },
  { kind: "forbidden", says: "unknown:forbidden" },
  { kind: "server_error", says: "unknown:unavailable" },
  { kind: "truncated", says: "unknown:unreadable" },
  { kind: "reset", says: "unknown:unavailable" },
  { kind: "quota_spent", says: "unknown:quota_spent" },
  { kind: "rate_limited", says: "unknown:rate_limited" },
]

medusaIntegrationTestRunner({
  moduleName: "khqr-silent-bank",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    const anotherToken = () =>
      bank().issueToken({ expiresInSeconds: 80 * 86_400 })

    it.each(FAULTS)(
      "expires nothing and pays nothing while the bank answers with $kind, and recovers after it",
      async ({ says, ...fault }) => {
        const paid = await world.checkout()
        const unpaid = await world.checkout()
        await holdClock(world)
        bank().pay({ qr: paid.qr })
        bank().setFault(fault)
        // Long past their time: only the bank's "not found" may expire them now.
        await world.age(paid.chargeId, 3_600_000)
        await world.age(unpaid.chargeId, 3_600_000)

        await world.tick()
        await world.tick()

        for (const { chargeId, sessionId } of [paid, unpaid]) {
          expect(await world.charge(chargeId)).toMatchObject({
            status: "pending",
            review_reason: null,
            bank_hash: null,
          })
          expect((await world.view(sessionId)).bank).not.toBe("ok")
        }
        const outcomes = await world.sql<{ last_outcome: string }>(
          "SELECT last_outcome FROM khqr_charge"
        )
        expect(outcomes.map((row) => row.last_outcome)).toContain(says)
        expect(
          await world.sql(
            "SELECT id FROM payment_session WHERE status <> 'pending'"
          )
        ).toEqual([])

        bank().clearFaults()
        await world.endPauses()
        if (fault.kind === "unauthorized") {
          await world.khqr.storeToken(anotherToken(), "pasted")
        }
        await world.tick()
        await world.tick()

        expect((await world.charge(paid.chargeId)).status).toBe("completed")
        expect((await world.charge(unpaid.chargeId)).status).toBe("expired")
        expect(await world.orders()).toHaveLength(1)
      }
    )

    it("asks one by one where the token may not use the list", async () => {
      const [one, two] = [await world.checkout(), await world.checkout()]
      bank().setFault({ kind: "list_closed" })
      bank().pay({ qr: one.qr })
      bank().pay({ qr: two.qr })

      await world.tick()

      expect(await world.orders()).toHaveLength(2)
    })

    it("writes neither token nor answer of a failed call into what the shop can show", async () => {
      const { chargeId } = await world.checkout()
      bank().setFault({ kind: "unauthorized" })
      await world.tick()
      const events = await world.sql("SELECT * FROM khqr_event")
      expect(JSON.stringify(events)).toContain(chargeId)
      expect(JSON.stringify(events)).not.toContain(bank().token)
    })
  },
})
