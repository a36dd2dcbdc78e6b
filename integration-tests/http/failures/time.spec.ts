import { Modules } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { tick } from "../../../src/clock"
import { eventually, startBank, World } from "../world"
import { CLOCKS, MOMENTS } from "./moments"

const bank = startBank()

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

medusaIntegrationTestRunner({
  moduleName: "khqr-failures-time",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    const sessionStatus = async (id: string) =>
      (
        await world.sql<{ status: string }>(
          "SELECT status FROM payment_session WHERE id = ?",
          [id]
        )
      )[0].status

    const expectTheOrder = async (sessionId: string) => {
      const [order, ...others] = await world.orders()
      expect(others).toEqual([])
      expect(order.payment_collections[0].captured_amount).toBe(11)
      expect(await world.view(sessionId)).toMatchObject({
        status: "completed",
        order_id: order.id,
      })
    }

    describe("A KHQR that is paid about its end", () => {
      it.each(MOMENTS)(
        "becomes the order, found at the closing check or after its session was canceled: paid $paid",
        async ({ after }) => {
          const atClosing = await world.checkout()
          const afterwards = await world.checkout()
          const pay = async ({ chargeId, qr }: typeof atClosing) => {
            const { expires_at } = await world.charge(chargeId)
            const createdAt = expires_at.getTime() + after
            bank().pay({ qr, createdAt })
            return new Date(createdAt)
          }
          await world.age(afterwards.chargeId, 2 * DAY)
          await world.tick()
          expect((await world.charge(afterwards.chargeId)).status).toBe(
            "expired"
          )
          expect(await sessionStatus(afterwards.sessionId)).toBe("canceled")
          await world.age(atClosing.chargeId, 2 * DAY)
          const moments = [await pay(atClosing), await pay(afterwards)]
          await world.tick()

          const orders = await world.orders()
          expect(orders).toHaveLength(2)
          for (const [at, { sessionId, chargeId }] of [
            atClosing,
            afterwards,
          ].entries()) {
            const { paid_at, order_id } = await world.charge(chargeId)
            expect(paid_at).toEqual(moments[at])
            expect(orders.map(({ id }) => id)).toContain(order_id)
            expect(await world.view(sessionId)).toMatchObject({
              status: "completed",
              order_id,
            })
          }
        }
      )
    })

    describe("Our clock, wrong by 5 minutes", () => {
      it.each(CLOCKS)(
        "loses nothing and makes nothing up: $clock",
        async ({ bankAheadMs }) => {
          bank().advanceClock(bankAheadMs)
          const early = await world.checkout()
          const last = await world.checkout()
          const never = await world.checkout()
          // A minute before its end by our clock.
          await world.age(last.chargeId, 9 * MINUTE)
          bank().pay({ qr: early.qr })
          bank().pay({ qr: last.qr })

          await world.tick()
          expect((await world.charge(never.chargeId)).status).toBe("pending")
          await world.age(never.chargeId, 13 * MINUTE)
          await world.tick()

          expect(await world.orders()).toHaveLength(2)
          for (const { sessionId } of [early, last]) {
            expect((await world.view(sessionId)).status).toBe("completed")
          }
          expect((await world.charge(never.chargeId)).status).toBe("expired")
        }
      )

      it("and ahead of the bank's lets a KHQR expire early, and the payment that comes still makes the order", async () => {
        const { sessionId, chargeId, qr } = await world.checkout()
        bank().advanceClock(-5 * MINUTE)
        await world.age(chargeId, 12 * MINUTE + 1_000)
        await world.tick()
        expect((await world.charge(chargeId)).status).toBe("expired")
        expect(await sessionStatus(sessionId)).toBe("canceled")

        // In the bank's books three minutes before its end.
        bank().pay({ qr })
        const { expires_at, next_check_at } = await world.charge(chargeId)
        expect(next_check_at).not.toBeNull()
        await world.tick()

        const { paid_at } = await world.charge(chargeId)
        expect(paid_at!.getTime()).toBeLessThan(expires_at.getTime())
        await expectTheOrder(sessionId)
      })
    })

    describe("Three days in which the shop was off", () => {
      /** Charges of payment links: many, at little cost. */
      const issue = async (count: number) => {
        const payment = world.container.resolve(Modules.PAYMENT)
        for (let i = 0; i < count; i++) {
          const { id } = await payment.createPaymentCollections({
            amount: 7.25,
            currency_code: "usd",
          })
          await payment.createPaymentSession(id, {
            provider_id: "pp_khqr_bakong",
            amount: 7.25,
            currency_code: "usd",
            data: {},
          })
        }
        return world.sql<{ id: string; qr: string; md5: string }>(
          "SELECT id, qr, md5 FROM khqr_charge WHERE status = 'pending' ORDER BY issued_at"
        )
      }

      const nobodyAtWork = () =>
        eventually(async () => {
          const [{ busy }] = await world.sql<{ busy: string }>(
            "SELECT count(*) AS busy FROM khqr_charge WHERE leased_until > now() OR next_settle_at <= now()"
          )
          expect(busy).toBe("0")
        }, 60_000)

      /** As three days of nothing leave every charge, but that the shop's own clock asks about none yet. */
      const pass = async () => {
        // What is under way plans its next question once more.
        for (let twice = 0; twice < 2; twice++) {
          await world.sql("UPDATE khqr_charge SET next_check_at = NULL")
          await nobodyAtWork()
        }
        await world.sql(
          `UPDATE khqr_charge SET issued_at = issued_at - interval '3 days',
             expires_at = expires_at - interval '3 days', last_checked_at = NULL, checks = 0`
        )
      }

      /** The shop is on again: the longest overdue was planned first. */
      const start = async () => {
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = issued_at WHERE status = 'pending'"
        )
        await tick(world.container)
        await nobodyAtWork()
      }

      const counts = async () =>
        Object.fromEntries(
          (
            await world.sql<{ status: string; count: string }>(
              "SELECT status, count(*) AS count FROM khqr_charge GROUP BY status"
            )
          ).map(({ status, count }) => [status, Number(count)])
        )

      /** What the bank was asked about and answered, since the `from`-th call. */
      const answered = (from: number) =>
        new Set(
          bank()
            .requests.slice(from)
            .filter(({ fault }) => fault === null)
            .flatMap(({ body }) =>
              Array.isArray(body) ? body : [(body as { md5: string }).md5]
            )
        )

      const settled = () =>
        eventually(async () => {
          await world.sql(
            "UPDATE khqr_charge SET next_settle_at = now() WHERE next_settle_at > now()"
          )
          await world.tick()
          const { pending = 0, paid = 0 } = await counts()
          expect({ pending, paid }).toEqual({ pending: 0, paid: 0 })
        }, 60_000)

      it.each([
        {
          bankFails: "after 30 single questions, its list closed",
          faults: [
            { kind: "list_closed" as const },
            {
              kind: "quota_spent" as const,
              endpoint: "check_transaction_by_md5",
              after: 30,
            },
          ],
        },
        {
          bankFails: "after one list",
          faults: [{ kind: "down" as const, after: 1 }],
        },
      ])(
        "expire none of 120 charges without its own answer, and lose none that is paid: the bank fails $bankFails",
        async ({ faults }) => {
          const checkouts = [await world.checkout(), await world.checkout()]
          const charges = await issue(118)
          expect(charges).toHaveLength(120)
          // Some in time, some a day late; the first and the last of them.
          const paid = charges.filter((_, at) => at % 10 === 0 || at === 1)
          await pass()
          const now = Date.now()
          paid.forEach(({ qr }, at) =>
            bank().pay({
              qr,
              createdAt: now - (at % 2 ? 3 * DAY - MINUTE : 2 * DAY),
            })
          )
          const from = bank().requests.length
          faults.forEach((fault) => bank().setFault(fault))

          await start()

          const told = answered(from)
          expect(told.size).toBeGreaterThanOrEqual(30)
          expect(told.size).toBeLessThan(120)
          const isPaid = new Set(paid.map(({ id }) => id))
          const states = new Map(
            (
              await world.sql<{ id: string; status: string }>(
                "SELECT id, status FROM khqr_charge"
              )
            ).map(({ id, status }) => [id, status])
          )
          for (const { id, md5 } of charges) {
            const status = states.get(id)
            const due = isPaid.has(id) ? ["completed", "paid"] : ["expired"]
            expect(told.has(md5) ? due : ["pending"]).toContain(status)
          }

          bank().clearFaults()
          await world.endPauses()
          await settled()

          expect(await counts()).toEqual({ completed: 13, expired: 107 })
          expect(await world.orders()).toHaveLength(2)
          for (const { sessionId } of checkouts) {
            expect((await world.view(sessionId)).status).toBe("completed")
          }
        },
        240_000
      )

      it("ask first about those that waited, and then about the new ones", async () => {
        // The list is tried first, then one alone, then waves of five.
        const old = await issue(11)
        await pass()
        const fresh = await world.checkout()
        await world.sql("UPDATE khqr_charge SET next_check_at = NULL")
        await nobodyAtWork()
        const from = bank().requests.length
        bank().setFault({ kind: "list_closed" })

        await start()

        const asked = bank()
          .requests.slice(from)
          .filter(({ endpoint }) => endpoint.endsWith("_md5"))
          .map(({ body }) => (body as { md5: string }).md5)
        const { md5 } = await world.charge(fresh.chargeId)
        const before = asked.slice(0, asked.indexOf(md5))
        expect(before).toEqual(
          expect.arrayContaining(old.map((charge) => charge.md5))
        )
        expect((await world.charge(fresh.chargeId)).status).toBe("pending")
        expect(await counts()).toEqual({ expired: 11, pending: 1 })
      })
    })
  },
})
