import { medusaIntegrationTestRunner } from "@medusajs/test-utils"
import { cancelOrderWorkflow } from "@medusajs/medusa/core-flows"

import { openCollectionFor } from "../../src/workflows/steps/open-collection"
import { openSessionFor } from "../../src/workflows/steps/carry-out-settlement"
import { Staff } from "./staff"
import { eventually, startBank, World } from "./world"

process.env.KHQR_LATE_PAYMENTS = "review"
afterAll(() => {
  delete process.env.KHQR_LATE_PAYMENTS
})

const bank = startBank()

const HOUR = 3_600_000

medusaIntegrationTestRunner({
  moduleName: "khqr-review",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    const staff = new Staff(api, world)

    beforeAll(() => world.open())
    beforeEach(() => staff.login())

    const checkoutAndPay = async (
      pays: Omit<Parameters<ReturnType<typeof bank>["pay"]>[0], "qr"> = {}
    ) => {
      const made = await world.checkout()
      await world.tick()
      bank().pay({ qr: made.qr, ...pays })
      await world.tick()
      return made
    }

    /** The order is there, and another KHQR of the same session is paid too. */
    const payTwice = async () => {
      const { sessionId, chargeId, qr } = await world.checkout()
      await world.age(chargeId, 610_000 + 180_000)
      await world.tick()
      const { data } = await world.post(
        `/store/khqr/payment-sessions/${sessionId}/renew`
      )
      bank().pay({ qr: data.charge.qr })
      await world.tick()
      // At the first one's own time, by the bank's clock.
      const { issued_at } = await world.charge(chargeId)
      bank().pay({ qr, createdAt: issued_at.getTime() + 1_000 })
      await world.tick()
      return chargeId
    }

    const completed = (chargeId: string) =>
      world.charge(chargeId).then(({ status, order_id, review_reason }) => ({
        status,
        order_id,
        review_reason,
      }))

    describe("settles into an order", () => {
      it("a payment of less than was asked, with what came as paid", async () => {
        const { chargeId, cartId } = await checkoutAndPay({ amount: 5 })
        expect((await staff.read(chargeId)).charge).toMatchObject({
          review_reason: "amount_mismatch",
          explanation: expect.stringContaining("5 USD came, 11"),
          resolutions: ["settle", "attach", "refund", "dismiss"],
        })

        const { status, data } = await staff.resolve(chargeId, {
          resolution: "settle",
        })

        expect({ status, data }).toMatchObject({ status: 200 })
        expect(data.charge).toMatchObject({
          status: "completed",
          resolution: "settle",
          review_reason: null,
          resolutions: [],
        })
        expect(data.message).toContain(data.charge.order_id)
        const books = await staff.books(data.charge.order_id)
        expect(books).toMatchObject({ paid: 5, outstanding: 6, captured: [5] })
        expect((await world.complete(cartId)).data.order.id).toBe(
          data.charge.order_id
        )
        const { history } = await staff.read(chargeId)
        expect(history).toContainEqual(
          expect.objectContaining({
            kind: "resolved",
            actor: expect.stringMatching(/^user_/),
            message: "settle: looked at the account",
          })
        )
      })

      it("a payment of less, also when the storefront completes the cart before us", async () => {
        const { chargeId, cartId } = await checkoutAndPay({ amount: 5 })
        // The decision is on record, and its process was ended before it did anything.
        await world.khqr.decideReview(
          chargeId,
          { resolution: "settle", reason: "A discount" },
          "user_1"
        )
        world.khqr.giveUp([chargeId])

        const { data } = await world.complete(cartId)

        expect(data.type).toBe("cart")
        expect(await world.orders()).toEqual([])
        await world.sql("UPDATE khqr_charge SET leased_until = NULL")
        await world.tick()
        expect(await completed(chargeId)).toMatchObject({ status: "completed" })
        expect(await world.orders()).toMatchObject([
          { total: 11, payment_collections: [{ captured_amount: 5 }] },
        ])
      })

      it("only for what the cart cost when the person looked, and remembers it", async () => {
        const { chargeId } = await checkoutAndPay({ amount: 5 })
        for (const expected_total of ["10.5", 10.5]) {
          expect(
            await staff.resolve(chargeId, {
              resolution: "settle",
              expected_total,
            })
          ).toMatchObject({
            status: 409,
            data: {
              code: "not_possible",
              message: expect.stringMatching(/10\.5.*11|11.*10\.5/),
            },
          })
        }
        expect((await world.charge(chargeId)).review_reason).toBe(
          "amount_mismatch"
        )
        const { status } = await staff.resolve(chargeId, {
          resolution: "settle",
          expected_total: "11.00",
        })
        expect(status).toBe(200)
        expect(await world.charge(chargeId)).toMatchObject({
          status: "completed",
          accepted_total: "11",
        })
        const other = await checkoutAndPay({ amount: 5 })
        await staff.resolve(other.chargeId, { resolution: "settle" })
        expect((await world.charge(other.chargeId)).accepted_total).toBe("11")
        const third = await checkoutAndPay({ amount: 5 })
        for (const wrong of [
          { resolution: "dismiss", expected_total: "11" },
          { resolution: "settle", expected_total: "eleven" },
        ]) {
          expect((await staff.resolve(third.chargeId, wrong)).status).toBe(400)
        }
      })

      it("a payment that came late", async () => {
        const { chargeId, qr } = await world.checkout()
        await world.age(chargeId, HOUR)
        bank().pay({ qr })
        await world.tick()
        expect((await world.charge(chargeId)).review_reason).toBe("paid_late")

        const { data } = await staff.resolve(chargeId, { resolution: "settle" })

        expect(data.charge).toMatchObject({ status: "completed" })
        expect(await staff.books(data.charge.order_id)).toMatchObject({
          paid: 11,
          outstanding: 0,
        })
      })

      it("a payment to another account of the merchant's", async () => {
        const { chargeId } = await checkoutAndPay({ toAccountId: "owner@devb" })
        expect((await world.charge(chargeId)).review_reason).toBe(
          "wrong_account"
        )
        const { data } = await staff.resolve(chargeId, { resolution: "settle" })
        expect(data.charge).toMatchObject({ status: "completed" })
        expect(await world.orders()).toHaveLength(1)
      })

      it("the payment of a KHQR whose cart has changed since", async () => {
        const { cartId, chargeId, qr } = await world.checkout()
        await world.tick()
        await world.post(`/store/carts/${cartId}/line-items`, {
          variant_id: world.shop.variants["palm-sugar"],
          quantity: 1,
        })
        bank().pay({ qr })
        await world.tick()
        expect((await world.charge(chargeId)).review_reason).toBe("orphaned")

        const { data } = await staff.resolve(chargeId, { resolution: "settle" })

        expect(data.charge).toMatchObject({ status: "completed" })
        expect(await staff.books(data.charge.order_id)).toMatchObject({
          paid: 11,
          outstanding: 9.5,
        })
      })

      it("a cart that could not become an order, once it can; until then it comes back with the reason", async () => {
        const { cartId, chargeId, qr } = await world.checkout()
        await world.tick()
        await world.sql(
          'UPDATE cart_line_item SET unit_price = 20, raw_unit_price = \'{"value": "20", "precision": 20}\' WHERE cart_id = ?',
          [cartId]
        )
        bank().pay({ qr })
        await world.tick()
        expect((await staff.read(chargeId)).charge).toMatchObject({
          review_reason: "order_failed",
          explanation: expect.stringContaining("cannot become an order"),
        })

        await world.sql(
          "UPDATE cart_address SET deleted_at = now() WHERE id IN (SELECT shipping_address_id FROM cart WHERE id = ?)",
          [cartId]
        )
        await world.sql("UPDATE cart SET deleted_at = now() WHERE id = ?", [
          cartId,
        ])
        const refused = await staff.resolve(chargeId, { resolution: "settle" })
        expect(refused).toMatchObject({
          status: 200,
          data: {
            charge: {
              status: "paid",
              review_reason: "order_failed",
              resolution: null,
            },
            message: expect.stringContaining("The cart is gone"),
          },
        })

        await world.sql("UPDATE cart SET deleted_at = NULL WHERE id = ?", [
          cartId,
        ])
        const { data } = await staff.resolve(chargeId, { resolution: "settle" })
        expect(data.charge).toMatchObject({ status: "completed" })
        expect(await staff.books(data.charge.order_id)).toMatchObject({
          paid: 11,
        })
      })
    })

    describe("attaches to an order", () => {
      it("money in another currency than its cart's", async () => {
        const { chargeId } = await checkoutAndPay({
          amount: 44_000,
          currency: "KHR",
        })
        expect((await staff.read(chargeId)).charge).toMatchObject({
          review_reason: "currency_mismatch",
          resolutions: ["attach", "refund", "dismiss"],
        })
        const order_id = await staff.takeOrder(44_000, "khr")

        const { status, data } = await staff.resolve(chargeId, {
          resolution: "attach",
          order_id,
        })

        expect({ status, data }).toMatchObject({
          status: 200,
          data: { charge: { status: "completed", order_id } },
        })
        expect(await staff.books(order_id)).toMatchObject({
          paid: 44_000,
          outstanding: 0,
          captured: [44_000],
        })
        // A second time changes nothing and says why.
        expect(
          await staff.resolve(chargeId, { resolution: "attach", order_id })
        ).toMatchObject({
          status: 409,
          data: { message: expect.stringContaining(order_id) },
        })
        expect((await staff.books(order_id)).paid).toBe(44_000)
      })

      it("the second payment of an order that is paid, and leaves the first as it is", async () => {
        const chargeId = await payTwice()
        expect((await world.charge(chargeId)).review_reason).toBe("duplicate")
        const [paid] = await world.orders()
        const order_id = await staff.takeOrder(30)

        const full = await staff.resolve(chargeId, {
          resolution: "attach",
          order_id: paid.id,
        })
        expect(full).toMatchObject({
          status: 409,
          data: {
            message: expect.stringMatching(
              /has nothing outstanding \(0 USD\), and 11 USD came/
            ),
          },
        })

        const { data } = await staff.resolve(chargeId, {
          resolution: "attach",
          order_id,
        })
        expect(data.charge).toMatchObject({ status: "completed", order_id })
        expect(await staff.books(order_id)).toMatchObject({
          paid: 11,
          outstanding: 19,
          captured: [11],
        })
        expect((await staff.books(paid.id)).paid).toBe(11)
      })

      it("not to one of another currency, a canceled one or one that is none, in words", async () => {
        const { chargeId } = await checkoutAndPay({ amount: 5 })
        const khr = await staff.takeOrder(44_000, "khr")
        const canceled = await staff.takeOrder(5)
        await cancelOrderWorkflow(world.container).run({
          input: { order_id: canceled },
        })
        const attach = (order_id: string) =>
          staff.resolve(chargeId, { resolution: "attach", order_id })

        expect(await attach(khr)).toMatchObject({
          status: 409,
          data: {
            code: "not_possible",
            message: expect.stringContaining(
              "is in KHR (44000 KHR outstanding), and 5 USD came"
            ),
          },
        })
        expect(await attach(canceled)).toMatchObject({
          status: 409,
          data: { message: expect.stringContaining("is canceled") },
        })
        expect((await attach("order_none")).status).toBe(404)
        expect(
          (await staff.resolve(chargeId, { resolution: "attach" })).status
        ).toBe(400)
        expect(await completed(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "amount_mismatch",
          order_id: null,
        })
      })

      it("a second KHQR's money to the order of its own session, in a collection of its own", async () => {
        const { sessionId, chargeId, qr } = await world.checkout()
        await world.age(chargeId, 610_000 + 180_000)
        await world.tick()
        const { data } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/renew`
        )
        bank().pay({ qr: data.charge.qr, amount: 5 })
        await world.tick()
        await staff.resolve(data.charge.id, { resolution: "settle" })
        const { order_id } = await world.charge(data.charge.id)
        expect(await staff.books(order_id!)).toMatchObject({ outstanding: 6 })
        const { issued_at } = await world.charge(chargeId)
        bank().pay({ qr, amount: 6, createdAt: issued_at.getTime() + 1_000 })
        await world.tick()

        const attached = await staff.resolve(chargeId, {
          resolution: "attach",
          order_id,
        })

        expect(attached).toMatchObject({
          status: 200,
          data: { charge: { status: "completed", order_id } },
        })
        expect(await staff.books(order_id!)).toMatchObject({
          paid: 11,
          outstanding: 0,
          collections: 2,
        })
        expect(await world.orders()).toHaveLength(1)
      })

      it.each(["decision", "collection", "session"])(
        "also when whoever did it was interrupted after the %s",
        async (after) => {
          const { chargeId } = await checkoutAndPay({ amount: 5 })
          const order_id = await staff.takeOrder(5)
          await world.khqr.decideReview(
            chargeId,
            { resolution: "attach", reason: "same customer", order_id },
            "user_1"
          )
          const money = { amount: "5", currencyCode: "usd" }
          if (after !== "decision") {
            const { id } = await openCollectionFor(
              order_id,
              money,
              world.container
            )
            if (after === "session") {
              await openSessionFor(
                chargeId,
                { collectionId: id, ...money },
                world.container
              )
            }
          }
          // Whoever did it is no more: their time runs out.
          world.khqr.giveUp([chargeId])
          await world.sql("UPDATE khqr_charge SET leased_until = now()")
          await world.tick()

          expect(await completed(chargeId)).toEqual({
            status: "completed",
            order_id,
            review_reason: null,
          })
          expect(await staff.books(order_id)).toMatchObject({
            paid: 5,
            outstanding: 0,
            captured: [5],
            collections: 1,
          })
          expect(await world.orders()).toHaveLength(1)
        }
      )
    })

    describe("sends back", () => {
      it("what came, and the charge stays in review until it is sent", async () => {
        const { chargeId } = await checkoutAndPay({ amount: 12 })

        const { status, data } = await staff.resolve(chargeId, {
          resolution: "refund",
          reason: "paid too much",
        })

        expect({ status, data }).toMatchObject({
          status: 200,
          data: { charge: { review_reason: "amount_mismatch" } },
        })
        const { refunds, history } = await staff.read(chargeId)
        expect(refunds).toEqual([
          expect.objectContaining({
            status: "due",
            amount: "12",
            currency_code: "usd",
            note: "paid too much",
          }),
        ])
        expect(history.at(-1)).toMatchObject({
          actor: expect.stringMatching(/^user_/),
          message: expect.stringContaining("paid too much"),
        })
        // What is on its way back pays nothing.
        expect(
          await staff.resolve(chargeId, { resolution: "settle" })
        ).toMatchObject({
          status: 409,
          data: { message: expect.stringContaining("on its way back") },
        })
        expect(
          (await staff.resolve(chargeId, { resolution: "refund" })).status
        ).toBe(409)
        expect(await world.orders()).toEqual([])
      })
    })

    describe("dismisses", () => {
      it("what the bank says nothing about for a day, with the reason", async () => {
        const { chargeId } = await world.checkout()
        await world.age(chargeId, 30 * HOUR)
        await world.sql(
          "UPDATE khqr_charge SET unknown_since = now() - interval '25 hours', unknowns = 3"
        )
        bank().setFault({ kind: "server_error" })
        await world.tick()
        expect((await staff.read(chargeId)).charge).toMatchObject({
          review_reason: "unverifiable",
          resolutions: ["dismiss"],
        })

        expect(
          await staff.resolve(chargeId, { resolution: "settle" })
        ).toMatchObject({
          status: 409,
          data: { message: expect.stringContaining("Possible: dismiss") },
        })
        const { data } = await staff.resolve(chargeId, {
          resolution: "dismiss",
          reason: "not in the account",
        })
        expect(data.charge).toMatchObject({
          resolution: "dismiss",
          resolutions: [],
          explanation: null,
        })
        const open = await staff.get("/charges?review=open")
        expect(open.data.count).toBe(0)
      })

      it("a transfer that the bank took and gave back", async () => {
        const { chargeId } = await checkoutAndPay({
          trackingStatus: "REFUNDED_BY_RECEIVER",
        })
        expect((await staff.read(chargeId)).charge).toMatchObject({
          status: "failed",
          review_reason: "returned",
          resolutions: ["dismiss"],
        })
        const { data } = await staff.resolve(chargeId, {
          resolution: "dismiss",
        })
        expect(data.charge.resolution).toBe("dismiss")
        expect(await world.orders()).toEqual([])
      })

      it("a KHQR whose transfer pays another charge by a receipt", async () => {
        const theirs = await world.checkout()
        const mine = await world.checkout()
        await world.tick()
        // They type another amount than theirs, and it is mine.
        await world.sql(
          "UPDATE khqr_charge SET khqr_amount = '20', amount = '20' WHERE id = ?",
          [theirs.chargeId]
        )
        const [{ hash }] = bank().pay({ qr: theirs.qr, amount: 11 })
        const claimed = await world.post(
          `/store/khqr/payment-sessions/${mine.sessionId}/receipt`,
          { hash }
        )
        expect(claimed.status).toBe(200)
        await world.tick()

        expect((await staff.read(theirs.chargeId)).charge).toMatchObject({
          review_reason: "hash_used",
          resolutions: ["dismiss"],
        })
        const { data } = await staff.resolve(theirs.chargeId, {
          resolution: "dismiss",
        })
        expect(data.charge.resolution).toBe("dismiss")
        // Whose the transfer is, the bank says: mine waits for a person as well.
        expect(await world.charge(mine.chargeId)).toMatchObject({
          status: "paid",
          review_reason: "hash_used",
        })
        expect(await world.orders()).toEqual([])
      })
    })

    it("lets one of two admins decide, and tells the other", async () => {
      const { chargeId } = await checkoutAndPay({ amount: 5 })
      const answers = await Promise.all([
        staff.resolve(chargeId, { resolution: "settle" }),
        staff.resolve(chargeId, { resolution: "dismiss" }),
      ])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      const lost = answers.find(({ status }) => status === 409)!
      expect(lost.data).toMatchObject({
        code: "not_possible",
        message: expect.stringContaining("nothing to resolve"),
      })
      const { history } = await staff.read(chargeId)
      expect(
        history.filter(({ kind }: { kind: string }) => kind === "resolved")
      ).toHaveLength(1)
    })

    it("tries the order of a paid charge again when a person wants it, and only then", async () => {
      const { chargeId, qr } = await world.checkout()
      await world.tick()
      const settle = (id: string) => staff.post(`/charges/${id}/settle`)
      expect(await settle(chargeId)).toMatchObject({
        status: 409,
        data: { message: expect.stringContaining("No money is on record") },
      })
      bank().pay({ qr })
      await world.recordPayment(chargeId)
      await world.sql(
        "UPDATE khqr_charge SET next_settle_at = now() + interval '1 hour'"
      )

      const { status, data } = await settle(chargeId)
      expect({ status, data }).toMatchObject({
        status: 200,
        data: { charge: { status: "completed" } },
      })
      expect(await world.orders()).toHaveLength(1)

      const other = await checkoutAndPay({ amount: 5 })
      expect(await settle(other.chargeId)).toMatchObject({
        status: 409,
        data: {
          message: expect.stringMatching(/Resolve it.*settle, attach, refund/),
        },
      })
    })

    it("announces what was decided", async () => {
      const heard: unknown[] = []
      world.container
        .resolve("event_bus")
        .subscribe("khqr.charge.resolved", async ({ data }) => {
          heard.push(data)
        })
      const { chargeId } = await checkoutAndPay({ amount: 5 })
      await staff.resolve(chargeId, { resolution: "dismiss" })
      await eventually(async () => expect(heard).toEqual([{ id: chargeId }]))
    })
  },
})
