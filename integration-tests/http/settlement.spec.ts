import { Modules } from "@medusajs/framework/utils"
import {
  createTaxRegionsWorkflow,
  deleteTaxRegionsWorkflow,
} from "@medusajs/medusa/core-flows"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { eventually, startBank, World, type Currency } from "./world"

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-settlement",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    const payAndSettle = async (qr: string) => {
      bank().pay({ qr })
      await world.tick()
    }

    const holdSettlements = () =>
      world.sql(
        "UPDATE khqr_charge SET next_settle_at = now() + interval '1 hour' WHERE next_settle_at IS NOT NULL"
      )

    const releaseSettlements = async () => {
      await world.sql(
        "UPDATE khqr_charge SET next_settle_at = now() WHERE next_settle_at IS NOT NULL"
      )
      await world.tick()
    }

    const statement = async () => {
      const query = world.container.resolve("query")
      const { data } = await query.graph({
        entity: "order",
        fields: [
          "total",
          "summary.*",
          "transactions.amount",
          "payment_collections.amount",
          "payment_collections.status",
          "payment_collections.captured_amount",
        ],
      })
      return JSON.parse(JSON.stringify(data))
    }

    describe("a cart with taxes in its prices", () => {
      const includeTaxes = async (rate: number) => {
        const tax = world.container.resolve(Modules.TAX)
        const regions = await tax.listTaxRegions({})
        await deleteTaxRegionsWorkflow(world.container).run({
          input: { ids: regions.map(({ id }) => id) },
        })
        await createTaxRegionsWorkflow(world.container).run({
          input: [
            {
              country_code: "kh",
              provider_id: "tp_system",
              default_tax_rate: { rate, code: "VAT", name: "VAT" },
            },
          ],
        })
        const pricing = world.container.resolve(Modules.PRICING)
        const preferences = await pricing.listPricePreferences({})
        await pricing.deletePricePreferences(preferences.map(({ id }) => id))
        await pricing.createPricePreferences(
          ["usd", "khr"].map((value) => ({
            attribute: "currency_code",
            value,
            is_tax_inclusive: true,
          }))
        )
      }

      it.each<{ currency: Currency; rate: number; quantity: number }>([
        { currency: "usd", rate: 10, quantity: 3 },
        { currency: "usd", rate: 7, quantity: 7 },
        { currency: "khr", rate: 10, quantity: 3 },
        { currency: "khr", rate: 7, quantity: 1 },
      ])(
        "becomes an order: $quantity at $rate % in $currency",
        async ({ currency, rate, quantity }) => {
          await includeTaxes(rate)
          const cartId = await world.fillCart(currency, quantity)
          const { data } = await world.openSession(
            await world.openCollection(cartId)
          )
          const [session] = data.payment_collection.payment_sessions
          await payAndSettle(session.data.qr)

          const charge = await world.charge(session.data.charge_id)
          expect([charge.status, charge.review_reason]).toEqual([
            "completed",
            null,
          ])
          expect(await world.orders()).toHaveLength(1)
        }
      )
    })

    describe("a collection in which several sessions were opened at once", () => {
      it.each([2, 3])(
        "becomes an order of the one of %d that is paid",
        async (count) => {
          const collectionId = await world.openCollection(
            await world.fillCart()
          )
          await Promise.all(
            Array.from({ length: count }, () => world.openSession(collectionId))
          )
          const shown = await world.sql<{ id: string; qr: string }>(
            "SELECT id, qr FROM khqr_charge WHERE superseded_at IS NULL ORDER BY issued_at"
          )
          const { id, qr } = shown.at(-1)!

          await payAndSettle(qr)

          expect(await world.charge(id)).toMatchObject({
            status: "completed",
            review_reason: null,
          })
          expect(await world.orders()).toMatchObject([
            { payment_collections: [{ captured_amount: 11 }] },
          ])
        }
      )

      it("becomes an order of the KHQR and not of another provider's unpaid session", async () => {
        const collectionId = await world.openCollection(await world.fillCart())
        const payment = world.container.resolve(Modules.PAYMENT)
        await payment.createPaymentSession(collectionId, {
          provider_id: "pp_system_default",
          amount: 11,
          currency_code: "usd",
          data: {},
        })
        const session = await payment.createPaymentSession(collectionId, {
          provider_id: "pp_khqr_bakong",
          amount: 11,
          currency_code: "usd",
          data: {},
        })

        await payAndSettle(session.data.qr as string)

        const [order] = await world.orders()
        expect(order.payment_collections[0]).toMatchObject({
          captured_amount: 11,
          payments: [{ provider_id: "pp_khqr_bakong" }],
        })
      })

      it("becomes one order when two of them are paid, and the other goes to a person", async () => {
        const collectionId = await world.openCollection(await world.fillCart())
        const payment = world.container.resolve(Modules.PAYMENT)
        for (let i = 0; i < 2; i++) {
          const session = await payment.createPaymentSession(collectionId, {
            provider_id: "pp_khqr_bakong",
            amount: 11,
            currency_code: "usd",
            data: {},
          })
          bank().pay({ qr: session.data.qr as string })
        }

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
        const [order, ...others] = await world.orders()
        expect(others).toEqual([])
        expect(order.payment_collections[0].captured_amount).toBe(11)
      })
    })

    describe("a cart that was changed after the payment was on record", () => {
      it("ends as a wholly captured order, also when the storefront is first", async () => {
        const { cartId, chargeId, qr } = await world.checkout()
        bank().pay({ qr })
        await world.recordPayment(chargeId)
        await holdSettlements()
        await world.post(`/store/carts/${cartId}/line-items`, {
          variant_id: world.shop.variants["palm-sugar"],
          quantity: 1,
        })
        const { data } = await world.complete(cartId)
        expect(data.type).toBe("order")

        await releaseSettlements()

        expect((await world.charge(chargeId)).status).toBe("completed")
        expect(await statement()).toMatchObject([
          {
            total: 11,
            payment_collections: [
              { amount: 11, captured_amount: 11, status: "completed" },
            ],
          },
        ])
      })
    })

    describe("a completion that was interrupted", () => {
      it("ends with the order's books in order", async () => {
        const { chargeId, qr } = await world.checkout()
        await payAndSettle(qr)
        // As a crash leaves it between the payment and the order's transaction.
        const orders = world.container.resolve(Modules.ORDER)
        const transactions = await orders.listOrderTransactions({})
        await orders.deleteOrderTransactions(transactions.map(({ id }) => id))
        await world.sql(
          "UPDATE khqr_charge SET status = 'paid', settled_at = NULL, order_id = NULL, next_settle_at = now() WHERE id = ?",
          [chargeId]
        )

        await world.tick()

        expect((await world.charge(chargeId)).status).toBe("completed")
        const [order] = await statement()
        expect(order.transactions).toMatchObject([{ amount: 11 }])
        expect(order.summary).toMatchObject({
          paid_total: 11,
          pending_difference: 0,
        })
      })
    })

    describe("two paid KHQRs of one session", () => {
      it("complete the charge that the payment names", async () => {
        const { sessionId, chargeId, qr } = await world.checkout()
        bank().fail(qr)
        await world.tick()
        const { data } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/renew`
        )
        bank().pay({ qr })
        bank().pay({ qr: data.charge.qr })
        await world.tick()

        const [order] = await world.orders()
        const [{ id }] = order.payment_collections[0].payments
        const [{ data: booked }] = await world.sql<{
          data: { charge_id: string }
        }>("SELECT data FROM payment WHERE id = ?", [id])
        expect((await world.charge(booked.charge_id)).status).toBe("completed")
        const other = booked.charge_id === chargeId ? data.charge.id : chargeId
        await eventually(async () =>
          expect(await world.charge(other)).toMatchObject({
            status: "paid",
            review_reason: "duplicate",
          })
        )
      })
    })

    describe("a signal", () => {
      it("that comes while a question is under way is not lost", async () => {
        const { sessionId, chargeId, qr } = await world.checkout()
        await world.age(chargeId, 400_000)
        bank().setFault({ kind: "slow", delayMs: 1_500, times: 1 })
        const answered = world.tick()
        await eventually(async () =>
          expect(bank().requests.length).toBeGreaterThan(0)
        )

        await world.post(`/store/khqr/payment-sessions/${sessionId}/signals`, {
          kind: "claims_paid",
        })
        await answered

        // By the plan alone it would be ten seconds at this age.
        const { next_check_at, last_checked_at } = await world.charge(chargeId)
        expect(
          next_check_at!.getTime() - last_checked_at!.getTime()
        ).toBeLessThanOrEqual(3_500)
        bank().pay({ qr })
        await world.tick()
        expect((await world.charge(chargeId)).status).toBe("completed")
      })
    })
  },
})
