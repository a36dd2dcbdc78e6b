import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { toQuestion } from "../../../src/modules/khqr/question"
import type { FaultInput, PayInput, Quirks } from "../../../src/simulator/types"
import { startBank, World, type Currency } from "../world"
import { holdClock } from "./hold-clock"
import { historyOf } from "./history"

const bank = startBank()

const SINGLE = "check_transaction_by_md5"
const LIST = "check_transaction_by_md5_list"

const answer = (
  errorCode: number | null,
  data: unknown = null,
  responseCode = 1
) => ({
  kind: "answer" as const,
  body: { responseCode, responseMessage: "As told", errorCode, data },
})

medusaIntegrationTestRunner({
  moduleName: "khqr-failures-bank-answers",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())
    afterEach(() =>
      bank().setQuirks({
        amountAsString: false,
        withoutErrorCode: false,
        floatDates: false,
        listItems: "data",
        listOrder: "asked",
        listLength: "full",
        listDuplicated: false,
        listFirstItem: "right",
      })
    )

    type Checkout = Awaited<ReturnType<World["checkout"]>>

    const checkouts = async (count: number): Promise<Checkout[]> => {
      const all: Checkout[] = []
      for (let i = 0; i < count; i++) {
        all.push(await world.checkout())
      }
      await holdClock(world)
      return all
    }

    /** Long past their time: only the bank's "not found" may expire them now. */
    const ageAll = async (all: Checkout[]) => {
      for (const { chargeId } of all) {
        await world.age(chargeId, 3_600_000)
      }
    }

    const statesOf = async (all: Checkout[]) =>
      Promise.all(
        all.map(async ({ chargeId }) => (await world.charge(chargeId)).status)
      )

    const mended = async () => {
      bank().clearFaults()
      await world.endPauses()
      await world.sql("UPDATE khqr_quota SET list_closed_until = NULL")
      await world.tick()
      await world.tick()
    }

    describe("A list that is not as it should be", () => {
      const LISTS: { list: string; quirks: Partial<Quirks> }[] = [
        { list: "in another order", quirks: { listOrder: "reversed" } },
        { list: "with one missing", quirks: { listLength: "short" } },
        { list: "with a stranger's first", quirks: { listLength: "long" } },
        { list: "with each twice", quirks: { listDuplicated: true } },
        {
          list: "with one that is unreadable",
          quirks: { listFirstItem: "unreadable" },
        },
        {
          list: "with one that its service could not find",
          quirks: { listFirstItem: "service_failed" },
        },
        {
          list: "with transactions in another place",
          quirks: { listItems: "transaction" },
        },
        {
          list: "with transactions inline and amounts as text",
          quirks: { listItems: "inline", amountAsString: true },
        },
        {
          list: "in another order, each twice, one missing and dates with fractions",
          quirks: {
            listOrder: "reversed",
            listDuplicated: true,
            listLength: "short",
            floatDates: true,
            withoutErrorCode: true,
          },
        },
      ]

      it.each(LISTS)(
        "gives each charge its own answer and no other: a list $list",
        async ({ quirks }) => {
          const all = await checkouts(4)
          const [one, , three] = all
          await ageAll(all)
          ;[one, three].forEach(({ qr }) => bank().pay({ qr }))
          bank().setQuirks(quirks)

          await world.tick()
          // Who was not told of stays as it was.
          const first = await statesOf(all)
          all.forEach((_, at) =>
            expect(["pending", at % 2 ? "expired" : "completed"]).toContain(
              first[at]
            )
          )
          bank().setQuirks({ listLength: "full", listFirstItem: "right" })
          await mended()

          expect(await statesOf(all)).toEqual([
            "completed",
            "expired",
            "completed",
            "expired",
          ])
          const orders = await world.orders()
          expect(orders).toHaveLength(2)
          expect((await world.charge(one.chargeId)).bank_hash).not.toBe(
            (await world.charge(three.chargeId)).bank_hash
          )
        }
      )

      it("proves nothing about those of whom half of it is nonsense", async () => {
        const all = await checkouts(4)
        await ageAll(all)
        const charges = await Promise.all(
          all.map(({ chargeId }) => world.charge(chargeId))
        )
        const [a, b, c, d] = charges.map(({ md5 }) => md5)
        bank().setFault({
          ...answer(
            0,
            [
              { md5: a, status: "NOT_FOUND" },
              null,
              7,
              { status: "NOT_FOUND" },
              { md5: b, status: "SUCCESS", data: { hash: "short" } },
              { md5: c, status: "PERHAPS" },
              { md5: d, status: "NOT_FOUND" },
              { md5: d, status: "SUCCESS", data: {} },
            ],
            0
          ),
          endpoint: LIST,
          times: 1,
        })

        await world.tick()

        expect(await statesOf(all)).toEqual([
          "expired",
          "pending",
          "pending",
          "pending",
        ])
        expect(await world.orders()).toEqual([])
      })
    })

    describe("An answer that proves nothing", () => {
      const ANSWERS: ({ says: string } & FaultInput)[] = [
        { says: "code 1 with a transaction beside it", ...answer(1, { a: 1 }) },
        { says: "code 2: the QR is static", ...answer(2) },
        { says: "code 9", ...answer(9) },
        { says: "code 11, of an account", ...answer(11) },
        { says: "code 13, that nobody knows", ...answer(13) },
        { says: "code 99999", ...answer(99_999) },
        { says: "code -1", ...answer(-1) },
        { says: "no code at all", ...answer(null) },
        { says: "a success without data", ...answer(null, null, 0) },
        { says: "a success with an empty object", ...answer(null, {}, 0) },
        { says: "a success with a list", ...answer(null, [], 0) },
        { says: "a third response code", ...answer(null, null, 2) },
        {
          says: "JSON that is no envelope",
          kind: "answer",
          body: { error: "Not found" },
        },
        {
          says: "HTTP 404 with code 1 in it",
          kind: "answer",
          status: 404,
          body: "not found",
        },
        { says: "HTTP 200 with nothing", kind: "answer", body: "" },
        { says: "JSON null", kind: "answer", body: "null" },
        {
          says: "a success whose amount is no number",
          ...answer(
            null,
            {
              hash: "a".repeat(64),
              fromAccountId: "payer@devb",
              toAccountId: "khqr_demo@devb",
              currency: "USD",
              amount: "eleven",
            },
            0
          ),
        },
        {
          says: "a success that names no receiver",
          ...answer(
            null,
            {
              hash: "a".repeat(64),
              fromAccountId: "payer@devb",
              toAccountId: null,
              currency: "USD",
              amount: 11,
            },
            0
          ),
        },
      ]

      it("moves nothing, whatever it says, and the next one counts", async () => {
        const [paid, unpaid, other] = await checkouts(3)
        bank().pay({ qr: paid.qr })
        await ageAll([paid, unpaid])
        const ask = async ({ chargeId }: Checkout) => {
          const question = toQuestion(await world.charge(chargeId), new Date())
          const results = await world.khqr.askBakong([question])
          await world.khqr.recordAnswers(results)
          // The shop's own clock is not to ask in between.
          await world.sql("UPDATE khqr_charge SET next_check_at = NULL")
          return world.charge(chargeId)
        }
        await ask(other)

        for (const { says, ...fault } of ANSWERS) {
          bank().setFault(fault)
          for (const one of [paid, unpaid]) {
            expect({ says, ...(await ask(one)) }).toMatchObject({
              says,
              status: "pending",
              review_reason: null,
              bank_hash: null,
              last_outcome: expect.stringMatching(/^unknown:/),
            })
          }
          bank().clearFaults()
          // A circuit that opens after five of them would hide the others.
          expect((await ask(other)).last_outcome).toBe("not_found")
        }
        expect(await world.orders()).toEqual([])

        await mended()
        expect(await statesOf([paid, unpaid])).toEqual(["completed", "expired"])
        expect(await world.orders()).toHaveLength(1)
      })

      it("of a whole list is not found for none of its charges", async () => {
        const all = await checkouts(2)
        await ageAll(all)
        bank().setFault({ ...answer(1), endpoint: LIST })
        bank().setFault({ kind: "server_error", endpoint: SINGLE })

        await world.tick()

        expect(await statesOf(all)).toEqual(["pending", "pending"])
      })
    })

    describe("A transfer that is not what was asked for", () => {
      type Payment = {
        what: string
        currency?: Currency
        pays: Omit<PayInput, "qr">
        reason: string | null
      }
      const PAYMENTS: Payment[] = [
        { what: "the amount as text", pays: { amount: "11" }, reason: null },
        {
          what: "the amount as text with zeros",
          pays: { amount: "11.000" },
          reason: null,
        },
        { what: "1.1e1", pays: { amount: "1.1e1" }, reason: null },
        {
          what: "11.000000000000002, as adding floats makes it",
          pays: { amount: 11.000000000000002 },
          reason: "amount_mismatch",
        },
        {
          what: "a cent less",
          pays: { amount: 10.99 },
          reason: "amount_mismatch",
        },
        {
          what: "a cent more",
          pays: { amount: 11.01 },
          reason: "amount_mismatch",
        },
        {
          what: "a hundredth of it",
          pays: { amount: 0.11 },
          reason: "amount_mismatch",
        },
        {
          what: "riel instead of dollars",
          pays: { currency: "KHR" },
          reason: "currency_mismatch",
        },
        {
          what: "dollars instead of riel",
          currency: "khr",
          pays: { currency: "USD" },
          reason: "currency_mismatch",
        },
        {
          what: "a fraction of a riel more",
          currency: "khr",
          pays: { amount: 44_000.5 },
          reason: "amount_mismatch",
        },
        {
          what: "riel as text",
          currency: "khr",
          pays: { amount: "44000.00" },
          reason: null,
        },
        {
          what: "to another account",
          pays: { toAccountId: "khqr_demo@other" },
          reason: "wrong_account",
        },
        {
          what: "to our account in capitals",
          pays: { toAccountId: "KHQR_Demo@DEVB" },
          reason: null,
        },
        {
          what: "the right amount to another account in another currency",
          pays: { toAccountId: "other@devb", currency: "KHR" },
          reason: "wrong_account",
        },
      ]

      it.each(PAYMENTS)(
        "is an order where it is the same money and else a review: $what",
        async ({ currency, pays, reason }) => {
          const { chargeId, sessionId, qr } = await world.checkout(currency)
          bank().pay({ qr, ...pays })
          await world.tick()

          expect(await world.charge(chargeId)).toMatchObject({
            status: reason ? "paid" : "completed",
            review_reason: reason,
            bank_hash: expect.any(String),
          })
          const orders = await world.orders()
          expect(orders).toHaveLength(reason ? 0 : 1)
          expect(await world.view(sessionId)).toMatchObject({
            in_review: reason !== null,
            qr: null,
          })
        }
      )

      it("is no money at all when its amount is none", async () => {
        const amounts = [-11, 0, "-11", "0.00", "eleven", "1e999"]
        const all = await checkouts(amounts.length)
        all.forEach(({ qr }, at) => bank().pay({ qr, amount: amounts[at] }))
        await world.tick()
        for (const { chargeId } of all) {
          expect(await world.charge(chargeId)).toMatchObject({
            status: "pending",
            bank_hash: null,
          })
        }
        expect(await world.orders()).toEqual([])
      })
    })

    describe("An attempt that fails", () => {
      it("ends the session at the closing check, and a later payment opens it again and becomes the order", async () => {
        const { sessionId, chargeId, qr } = await world.checkout()
        const statusOf = async () =>
          (
            await world.sql<{ status: string }>(
              "SELECT status FROM payment_session WHERE id = ?",
              [sessionId]
            )
          )[0].status
        bank().fail(qr)
        await world.tick()
        expect((await world.charge(chargeId)).status).toBe("failed")
        expect(await statusOf()).toBe("pending")

        await world.age(chargeId, 800_000)
        await world.sql(
          "UPDATE khqr_charge SET last_checked_at = last_checked_at - interval '800 seconds'"
        )
        await world.tick()
        expect((await world.charge(chargeId)).status).toBe("failed")
        expect(await statusOf()).toBe("canceled")

        bank().pay({ qr })
        await world.tick()

        const [order] = await world.orders()
        expect(order.payment_collections[0].captured_amount).toBe(11)
        expect(await world.view(sessionId)).toMatchObject({
          status: "completed",
          order_id: order.id,
        })
      })

      it.each(["REFUNDED_BY_RECEIVER", "FAILED_AT_ACH"])(
        "after the money was taken stays with a person, also when the bank forgets that it said %s",
        async (trackingStatus) => {
          const { cartId, sessionId, chargeId, qr } = await world.checkout()
          const [{ hash }] = bank().pay({ qr, trackingStatus })
          await world.tick()
          const kept = { review_reason: "returned", bank_hash: hash }
          expect(await world.charge(chargeId)).toMatchObject({
            status: "failed",
            ...kept,
          })

          bank().reset()
          bank().pay({ qr, hash })
          await world.tick()
          await world.tick()

          expect(await world.charge(chargeId)).toMatchObject({
            status: "failed",
            ...kept,
          })
          expect(await world.orders()).toEqual([])
          expect((await world.complete(cartId)).data.type).toBe("cart")

          // A transfer of its own is money all the same.
          bank().reset()
          bank().pay({ qr })
          await world.tick()
          expect((await world.view(sessionId)).status).toBe("completed")
          expect(await world.orders()).toHaveLength(1)
        }
      )
    })

    describe("Two carts of the same amount in the same millisecond", () => {
      it("have two references and two md5, and each is paid by its own", async () => {
        const [a, b] = [await world.fillCart(), await world.fillCart()]
        const collections = [
          await world.openCollection(a),
          await world.openCollection(b),
        ]
        const real = Date.now
        const moment = real()
        Date.now = () => moment
        const sessions = await Promise.all(
          collections.map((id) => world.openSession(id))
        ).finally(() => {
          Date.now = real
        })
        const data = sessions.map(
          (session) => session.data.payment_collection.payment_sessions[0].data
        )
        const charges = await Promise.all(
          data.map(({ charge_id }) => world.charge(charge_id))
        )
        expect(charges[0].amount).toBe(charges[1].amount)
        expect(charges[0].reference).not.toBe(charges[1].reference)
        expect(charges[0].md5).not.toBe(charges[1].md5)

        bank().pay({ qr: data[1].qr })
        await world.tick()

        expect((await world.charge(charges[0].id)).status).toBe("pending")
        expect((await world.charge(charges[1].id)).status).toBe("completed")
        bank().pay({ qr: data[0].qr })
        await world.tick()
        expect(await world.orders()).toHaveLength(2)
        expect(await historyOf(world, charges[0].id)).toContain("11 USD from")
      })
    })

    it("A cart with a fraction of a riel asks for whole riel, and its order has the exact total", async () => {
      const cartId = await world.fillCart("khr")
      await world.sql(
        "UPDATE cart_shipping_method SET amount = 6000.5, raw_amount = ? WHERE cart_id = ?",
        [JSON.stringify({ value: "6000.5", precision: 20 }), cartId]
      )
      const { data } = await world.openSession(
        await world.openCollection(cartId)
      )
      const [session] = data.payment_collection.payment_sessions
      expect(session.data.amount).toBe("44001")

      bank().pay({ qr: session.data.qr })
      await world.tick()

      expect(await world.charge(session.data.charge_id)).toMatchObject({
        status: "completed",
        amount: "44000.5",
        khqr_amount: "44001",
        paid_amount: "44001",
      })
      expect(await world.orders()).toMatchObject([
        {
          total: 44_000.5,
          payment_collections: [
            { status: "completed", captured_amount: 44_000.5 },
          ],
        },
      ])
    })

    describe("A cart of 0.1 and 0.2 dollars", () => {
      const TENTHS = [
        { bank: "0.3", says: 0.3, reason: null },
        { bank: "0.30 as text", says: "0.30", reason: null },
        // Not the money that was asked for, to the last digit: a person looks.
        {
          bank: "0.30000000000000004",
          says: 0.1 + 0.2,
          reason: "amount_mismatch",
        },
      ]

      it.each(TENTHS)(
        "asks for 0.30, and the bank says $bank",
        async ({ says, reason }) => {
          const cartId = await world.fillCart()
          const raw = (value: string) =>
            JSON.stringify({ value, precision: 20 })
          await world.sql(
            "UPDATE cart_line_item SET unit_price = 0.1, raw_unit_price = ? WHERE cart_id = ?",
            [raw("0.1"), cartId]
          )
          await world.sql(
            "UPDATE cart_shipping_method SET amount = 0.2, raw_amount = ? WHERE cart_id = ?",
            [raw("0.2"), cartId]
          )
          const { data } = await world.openSession(
            await world.openCollection(cartId)
          )
          const [session] = data.payment_collection.payment_sessions
          expect(session.data.amount).toBe("0.30")

          bank().pay({ qr: session.data.qr, amount: says })
          await world.tick()

          expect(await world.charge(session.data.charge_id)).toMatchObject({
            status: reason ? "paid" : "completed",
            review_reason: reason,
            khqr_amount: "0.30",
            paid_amount: String(says),
          })
        }
      )
    })
  },
})
