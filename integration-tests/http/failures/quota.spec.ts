import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { toQuestion } from "../../../src/modules/khqr/question"
import type { FaultInput } from "../../../src/simulator/types"
import { createAdmin, type Admin } from "../admin"
import { eventually, startBank, World } from "../world"
import { holdClock } from "./hold-clock"
import { askAfterRestart } from "./restart"

const LIMIT = 20

process.env.BAKONG_DAILY_REQUEST_LIMIT = String(LIMIT)

const bank = startBank()

afterAll(() => {
  delete process.env.BAKONG_DAILY_REQUEST_LIMIT
})

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const refusal = (status: number, body: unknown): FaultInput => ({
  kind: "answer",
  status,
  body,
})

medusaIntegrationTestRunner({
  moduleName: "khqr-failures-quota",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let admin: Admin

    beforeAll(async () => {
      await world.open()
      await world.sellLittle()
      admin = await createAdmin(getContainer(), api)
    })

    const quota = async () => {
      const [row] = await world.sql<{
        used: number
        refused: number
        spent_by: string | null
        paused_until: Date | null
      }>("SELECT * FROM khqr_quota ORDER BY day DESC LIMIT 1")
      return row
    }

    const health = async () =>
      (await api.get("/admin/khqr/health", admin)).data.health

    const question = async (chargeId: string) =>
      toQuestion(await world.charge(chargeId), new Date())

    const twoOld = async () => {
      const paid = await world.checkout()
      const unpaid = await world.checkout()
      await holdClock(world)
      bank().pay({ qr: paid.qr })
      for (const { chargeId } of [paid, unpaid]) {
        await world.age(chargeId, HOUR)
      }
      return { paid, unpaid, both: [paid, unpaid] }
    }

    type Pair = Awaited<ReturnType<typeof twoOld>>

    const expectBothOpen = async ({ both }: Pair, bankSays: string) => {
      for (const { chargeId, sessionId } of both) {
        expect(await world.charge(chargeId)).toMatchObject({
          status: "pending",
          review_reason: null,
          bank_hash: null,
        })
        expect(await world.view(sessionId)).toMatchObject({
          status: "pending",
          bank: bankSays,
        })
      }
      expect(await world.orders()).toEqual([])
    }

    const expectBothDone = async ({ paid, unpaid }: Pair) => {
      expect((await world.charge(paid.chargeId)).status).toBe("completed")
      expect((await world.charge(unpaid.chargeId)).status).toBe("expired")
      expect(await world.orders()).toHaveLength(1)
    }

    describe("The day's quota, spent amid the day", () => {
      it.each(["code_17", "code_19", "message"] as const)(
        "is asked for no more, also after a restart, and lifts by itself, when the bank says it with %s",
        async (refusesWith) => {
          const pair = await twoOld()
          bank().setQuota({ dailyRequestLimit: 0, refusesWith })
          await world.tick()
          await world.tick()
          await expectBothOpen(pair, "quota_spent")
          expect(await quota()).toMatchObject({ spent_by: "bank" })
          expect((await health()).quota).toMatchObject({ left: 0 })

          const before = bank().requests.length
          await world.tick()
          await world.post(
            `/store/khqr/payment-sessions/${pair.paid.sessionId}/signals`,
            { kind: "claims_paid" }
          )
          await world.tick()
          const [restarted] = await askAfterRestart(
            world,
            [await question(pair.paid.chargeId)],
            { dailyRequestLimit: LIMIT }
          )
          expect(restarted).toMatchObject({
            outcome: { type: "unknown", reason: "quota_spent" },
            call: { sent: false },
          })
          expect(bank().requests).toHaveLength(before)

          bank().setQuota({ dailyRequestLimit: null })
          await world.endPauses()
          await world.tick()
          await world.tick()
          await expectBothDone(pair)
          expect(await quota()).toMatchObject({ spent_by: null })
          expect((await world.view(pair.paid.sessionId)).bank).toBe("ok")
        }
      )

      it("costs one probe where it is still spent after an hour", async () => {
        const pair = await twoOld()
        bank().setQuota({ dailyRequestLimit: 0 })
        await world.tick()
        await world.endPauses()
        const before = bank().requests.length
        await world.tick()
        await world.tick()
        await world.tick()
        expect(bank().requests).toHaveLength(before + 1)
        await expectBothOpen(pair, "quota_spent")
      })

      it("by our own count leaves the last calls to the closing checks", async () => {
        const open = []
        for (let n = 0; n < 9; n++) {
          open.push(await world.checkout())
        }
        const [{ chargeId, qr }] = open
        await holdClock(world)
        await world.khqr.askBakong([await question(chargeId)])
        const used = 0.4 * LIMIT
        await world.sql("UPDATE khqr_quota SET used = ?, used_utc = ?", [
          used,
          used,
        ])
        for (const { chargeId } of open) {
          await world.age(chargeId, 3 * MINUTE)
        }
        const before = bank().requests.length
        await world.tick()
        expect(bank().requests).toHaveLength(before)

        bank().pay({ qr })
        for (const { chargeId } of open) {
          await world.age(chargeId, HOUR)
        }
        await world.tick()
        expect(bank().requests).toHaveLength(before + 1)
        expect((await world.charge(chargeId)).status).toBe("completed")
      })

      it("by our own count tells the shopper whom the last calls do not reach, and after a day a person", async () => {
        const { chargeId, sessionId } = await world.checkout()
        await holdClock(world)
        await world.khqr.askBakong([await question(chargeId)])
        const used = LIMIT - 1
        await world.sql("UPDATE khqr_quota SET used = ?, used_utc = ?", [
          used,
          used,
        ])
        await world.age(chargeId, 2 * HOUR)
        const before = bank().requests.length
        await world.tick()
        expect(await world.view(sessionId)).toMatchObject({
          status: "pending",
          bank: "quota_spent",
        })
        expect((await world.charge(chargeId)).review_reason).toBeNull()

        await world.age(chargeId, 25 * HOUR)
        await world.sql(
          "UPDATE khqr_charge SET unknown_since = unknown_since - interval '25 hours'"
        )
        await world.tick()
        expect(await world.charge(chargeId)).toMatchObject({
          status: "pending",
          review_reason: "unverifiable",
        })
        expect(bank().requests).toHaveLength(before)

        await world.sql("UPDATE khqr_quota SET used = 0, used_utc = 0")
        await world.tick()
        expect(await world.charge(chargeId)).toMatchObject({
          status: "expired",
          review_reason: null,
        })
      })

      it("by our own count stops everything, and ends no charge", async () => {
        const pair = await twoOld()
        await world.tick().catch(() => undefined)
        await expectBothDone(pair)
        const waiting = await world.checkout()
        await world.sql("UPDATE khqr_quota SET used = ?, used_utc = ?", [
          LIMIT,
          LIMIT,
        ])
        await world.age(waiting.chargeId, HOUR)
        const before = bank().requests.length
        await world.tick()
        await world.tick()
        expect(bank().requests).toHaveLength(before)
        expect(await world.charge(waiting.chargeId)).toMatchObject({
          status: "pending",
          last_outcome: "unknown:quota_spent",
        })
      })
    })

    describe("A shopper's signal with hardly more calls left than open charges", () => {
      const OPEN = 13
      const USED = LIMIT - OPEN - 1

      const checkouts = async () => {
        const all = []
        for (let n = 0; n < OPEN; n++) {
          all.push(await world.checkout())
        }
        await holdClock(world)
        return all
      }

      /** The shop's own clock has looked at all of them, and nobody asks about any. */
      const settle = async () => {
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() - interval '1 second' WHERE status = 'pending'"
        )
        await eventually(async () => {
          const [{ busy }] = await world.sql<{ busy: string }>(
            "SELECT count(*) AS busy FROM khqr_charge WHERE leased_until > now() OR next_check_at <= now() OR next_settle_at <= now()"
          )
          expect(busy).toBe("0")
        })
      }

      it.each([
        { before: "none was spent", latch: null },
        { before: "our own count was over a lower limit", latch: "count" },
      ])(
        "leads to one question about its charge, and to no other, when before it $before",
        async ({ latch }) => {
          const [said, ...others] = await checkouts()
          // The first call of the day writes the day's row.
          await world.khqr.askBakong([await question(said.chargeId)])
          // In lists a signal waits for company, as long as the hour of the day makes it.
          await world.sql(
            "UPDATE khqr_quota SET used = ?, used_utc = ?, list_closed_until = now() + interval '1 day', learned_limit = NULL, spent_by = ?, spent_at = CASE WHEN ?::boolean THEN now() END, next_probe_at = CASE WHEN ?::boolean THEN now() + interval '5 hours' END",
            [USED, USED, latch, latch !== null, latch !== null]
          )
          expect(await quota()).toMatchObject({ used: USED, spent_by: latch })
          await settle()
          const before = bank().requests.length
          expect(await quota()).toMatchObject({ used: USED })

          bank().pay({ qr: said.qr })
          await world.post(
            `/store/khqr/payment-sessions/${said.sessionId}/signals`,
            { kind: "claims_paid" }
          )
          await eventually(async () =>
            expect((await world.charge(said.chargeId)).status).toBe("completed")
          )
          await settle()
          expect(bank().requests).toHaveLength(before + 1)
          for (const { chargeId } of others) {
            expect((await world.charge(chargeId)).status).toBe("pending")
          }
        }
      )
    })

    describe("HTTP 429", () => {
      const inTenMinutes = () => new Date(Date.now() + 600_000).toUTCString()
      const PAUSES: {
        what: string
        header: string | (() => string)
        from: number
        to: number
      }[] = [
        { what: "30", header: "30", from: 25_000, to: 30_000 },
        { what: "0", header: "0", from: -5_000, to: 0 },
        { what: "-1", header: "-1", from: 25_000, to: 30_000 },
        { what: "1e12", header: "1000000000000", from: HOUR - 5_000, to: HOUR },
        {
          what: "400 digits",
          header: "9".repeat(400),
          from: HOUR - 5_000,
          to: HOUR,
        },
        { what: "1.5", header: "1.5", from: 25_000, to: 30_000 },
        { what: "a word", header: "soon", from: 25_000, to: 30_000 },
        { what: "NaN", header: "NaN", from: 25_000, to: 30_000 },
        { what: "nothing", header: "", from: 25_000, to: 30_000 },
        { what: "a date", header: inTenMinutes, from: 500_000, to: 600_000 },
        {
          what: "a date of the past",
          header: "Thu, 01 Jan 1970 00:00:00 GMT",
          from: -5_000,
          to: 0,
        },
        {
          what: "a date of the year 9999",
          header: "Fri, 31 Dec 9999 23:59:59 GMT",
          from: HOUR - 5_000,
          to: HOUR,
        },
      ]

      it.each(PAUSES)(
        "is obeyed for at most an hour and loses nothing: Retry-After of $what",
        async ({ header, from, to }) => {
          const pair = await twoOld()
          bank().setFault({
            kind: "answer",
            status: 429,
            body: "Too Many Requests",
            headers: {
              "Retry-After": typeof header === "string" ? header : header(),
            },
            times: 1,
          })
          const asked = Date.now()
          await world.tick()
          const { paused_until } = await quota()
          const pause = paused_until!.getTime() - asked
          expect(pause).toBeGreaterThanOrEqual(from)
          expect(pause).toBeLessThanOrEqual(to + (Date.now() - asked))
          if (to > 0) {
            const before = bank().requests.length
            await world.tick()
            await world.tick()
            expect(bank().requests).toHaveLength(before)
            await expectBothOpen(pair, "unreachable")
          }

          await world.endPauses()
          await world.tick()
          await expectBothDone(pair)
        }
      )
    })

    describe("A refusal", () => {
      const REFUSALS: { says: string; fault: FaultInput }[] = [
        {
          says: "401 as a page, of a proxy on the way",
          fault: refusal(401, "<html>Sign in</html>"),
        },
        {
          says: "403 in JSON",
          fault: refusal(403, {
            responseCode: 1,
            responseMessage: "Forbidden",
            errorCode: null,
            data: null,
          }),
        },
        {
          says: "403 in JSON with 'not found' in it",
          fault: refusal(403, {
            responseCode: 1,
            responseMessage: "Transaction could not be found.",
            errorCode: 1,
            data: null,
          }),
        },
        { says: "403 as nginx's page", fault: { kind: "forbidden" } },
      ]

      it.each(REFUSALS)(
        "costs neither the token nor a charge, and heals by itself: $says",
        async ({ fault }) => {
          const pair = await twoOld()
          bank().setFault(fault)
          await world.tick()
          await world.tick()
          await expectBothOpen(pair, "unreachable")
          expect((await health()).token).toMatchObject({ usable: true })
          expect(
            bank().requests.filter(({ endpoint }) =>
              endpoint.includes("renew_token")
            )
          ).toEqual([])

          bank().clearFaults()
          await world.tick()
          await world.tick()
          await expectBothDone(pair)
        }
      )

      it("of the token in JSON stops the calls, also after a restart, until there is another", async () => {
        const pair = await twoOld()
        bank().revokeToken(bank().token)
        await world.tick()
        const before = bank().requests.length
        await world.tick()
        await world.tick()
        const [restarted] = await askAfterRestart(
          world,
          [await question(pair.paid.chargeId)],
          { dailyRequestLimit: LIMIT }
        )
        expect(restarted).toMatchObject({
          outcome: { type: "unknown", reason: "unauthorized" },
          call: { sent: false },
        })
        expect(bank().requests).toHaveLength(before)
        await expectBothOpen(pair, "unreachable")
        expect((await health()).token).toMatchObject({ usable: false })

        const { status } = await api.post(
          "/admin/khqr/token",
          { token: bank().issueToken({ expiresInSeconds: 80 * 86_400 }) },
          admin
        )
        expect(status).toBe(200)
        await world.tick()
        await world.tick()
        await expectBothDone(pair)
      })

      it("of the list alone costs only the list", async () => {
        const pair = await twoOld()
        bank().setFault({ kind: "list_closed" })
        await world.tick()
        await expectBothDone(pair)
        expect((await health()).list_closed_until).not.toBeNull()
      })
    })
  },
})
