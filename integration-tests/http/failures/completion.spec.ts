import { MedusaError, Modules } from "@medusajs/framework/utils"
import {
  completeCartWorkflow,
  createInventoryItemsWorkflow,
  updateInventoryLevelsWorkflow,
  updateProductVariantsWorkflow,
  updateRegionsWorkflow,
} from "@medusajs/medusa/core-flows"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { KHQR_PROVIDER_ID } from "../../../demo/seed"
import { MAX_SETTLE_FAILURES } from "../../../src/modules/khqr/state"
import { createAdmin, type Admin } from "../admin"
import { eventually, startBank, World } from "../world"
import { historyOf } from "./history"

const bank = startBank()

/** What the shop's own check at completion throws, such as the one of its tax service. */
let refusal: (() => Error) | null = null

// Once per process, as in a shop's own src/workflows/hooks.
completeCartWorkflow.hooks.validate(async () => {
  if (refusal) {
    throw refusal()
  }
})

medusaIntegrationTestRunner({
  moduleName: "khqr-failures-completion",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let admin: Admin

    beforeAll(async () => {
      await world.open()
      admin = await createAdmin(getContainer(), api)
    })

    afterEach(() => {
      refusal = null
    })

    const completions = async () =>
      Number(
        (
          await world.sql<{ count: string }>(
            "SELECT count(*) AS count FROM khqr_event WHERE kind = 'settle_failed'"
          )
        )[0].count
      )

    const allDueNow = () =>
      world.sql(
        "UPDATE khqr_charge SET next_settle_at = now() - interval '1 second' WHERE next_settle_at IS NOT NULL"
      )

    /** The next try, whatever the pause. */
    const tryAgain = async () => {
      await allDueNow()
      await world.tick()
    }

    /** All tries there are. */
    const tryUntilGivenUp = async (chargeId: string) => {
      for (let tries = 0; tries < 12; tries++) {
        await tryAgain()
        if ((await world.charge(chargeId)).next_settle_at === null) {
          return
        }
      }
      throw new Error("It is tried for ever")
    }

    const sell = async (stock: number) => {
      const [location] = await world.sql<{ id: string }>(
        "SELECT id FROM stock_location"
      )
      const variantId = world.shop.variants["palm-sugar"]
      const {
        result: [item],
      } = await createInventoryItemsWorkflow(world.container).run({
        input: {
          items: [
            {
              sku: "PALM-SUGAR-JAR",
              location_levels: [
                { location_id: location.id, stocked_quantity: stock },
              ],
            },
          ],
        },
      })
      await world.container.resolve("link").create({
        [Modules.PRODUCT]: { variant_id: variantId },
        [Modules.INVENTORY]: { inventory_item_id: item.id },
      })
      await updateProductVariantsWorkflow(world.container).run({
        input: {
          selector: { id: variantId },
          update: { manage_inventory: true, allow_backorder: false },
        },
      })
      return async (stocked_quantity: number) => {
        await updateInventoryLevelsWorkflow(world.container).run({
          input: {
            updates: [
              {
                inventory_item_id: item.id,
                location_id: location.id,
                stocked_quantity,
              },
            ],
          },
        })
      }
    }

    const offerIn = (...payment_providers: string[]) =>
      updateRegionsWorkflow(world.container).run({
        input: {
          selector: { id: world.shop.regions.usd },
          update: { payment_providers },
        },
      })

    const setShipping = (deletedAt: string) =>
      world.sql(`UPDATE shipping_option SET deleted_at = ${deletedAt}`)

    type Fault = {
      fault: string
      /** @returns how it goes away */
      happens: () => Promise<() => Promise<unknown>>
      words: RegExp
    }

    const FAULTS: Fault[] = [
      {
        fault: "the stock is gone",
        happens: async () => {
          const restock = await sell(5)
          await restock(0)
          return () => restock(5)
        },
        words: /not enough stock|inventory|stock/i,
      },
      {
        fault: "the region no longer offers KHQR",
        happens: async () => {
          await offerIn("pp_system_default")
          return () => offerIn("pp_system_default", KHQR_PROVIDER_ID)
        },
        words: /pp_khqr_bakong is not enabled/,
      },
      {
        fault: "the shipping option has vanished",
        happens: async () => {
          await setShipping("now()")
          return () => setShipping("NULL")
        },
        words: /shipping/i,
      },
      {
        fault: "the shop's own check refuses the cart",
        happens: async () => {
          refusal = () =>
            new MedusaError(
              MedusaError.Types.INVALID_DATA,
              "The tax service does not know this address"
            )
          return async () => {
            refusal = null
          }
        },
        words: /The tax service does not know this address/,
      },
    ]

    describe("A paid cart that cannot become an order", () => {
      it.each(FAULTS)(
        "goes to a person, with the words and the money on record, when $fault",
        async ({ happens, words }) => {
          const { cartId, sessionId, chargeId, qr } = await world.checkout()
          await happens()
          bank().pay({ qr })
          await world.tick()
          expect((await world.charge(chargeId)).status).toBe("paid")

          await tryUntilGivenUp(chargeId)

          expect(await world.charge(chargeId)).toMatchObject({
            status: "paid",
            review_reason: "order_failed",
            paid_amount: "11",
            bank_hash: expect.any(String),
            next_settle_at: null,
          })
          expect(await historyOf(world, chargeId)).toMatch(words)
          expect(await world.view(sessionId)).toMatchObject({
            status: "paid",
            in_review: true,
            qr: null,
          })
          expect(await world.orders()).toEqual([])
          // Nobody tries any more, and nothing was booked or given back on the way.
          const tried = await completions()
          await world.tick()
          await world.tick()
          expect(await completions()).toBe(tried)
          expect(await world.sql("SELECT id FROM payment")).toEqual([])
          expect(await world.sql("SELECT id FROM refund")).toEqual([])
          expect((await world.complete(cartId)).data.type).not.toBe("order")
        }
      )

      it.each(FAULTS)(
        "becomes the order after all when $fault and that is mended in time",
        async ({ happens }) => {
          const { sessionId, chargeId, qr } = await world.checkout()
          const mend = await happens()
          bank().pay({ qr })
          await world.tick()
          await tryAgain()
          expect(await world.charge(chargeId)).toMatchObject({
            status: "paid",
            review_reason: null,
            next_settle_at: expect.any(Date),
          })

          await mend()
          await tryAgain()

          const [order, ...others] = await world.orders()
          expect(others).toEqual([])
          expect(order.payment_collections[0].captured_amount).toBe(11)
          expect(await world.view(sessionId)).toMatchObject({
            status: "completed",
            order_id: order.id,
          })
        }
      )

      it("goes to a person at once when it was deleted", async () => {
        const { cartId, chargeId, sessionId, qr } = await world.checkout()
        await world.container.resolve(Modules.CART).deleteCarts([cartId])

        bank().pay({ qr })
        await world.tick()

        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "order_failed",
          next_settle_at: null,
        })
        expect(await historyOf(world, chargeId)).toContain("The cart is gone")
        expect(await world.view(sessionId)).toMatchObject({ in_review: true })
      })

      it("is tried for about a day while a service is down, and then goes to a person", async () => {
        const { chargeId, qr } = await world.checkout()
        refusal = () => new Error("connect ECONNREFUSED the tax service")
        bank().pay({ qr })
        await world.tick()
        for (let tries = 0; tries < 10; tries++) {
          await tryAgain()
        }
        const waiting = await world.charge(chargeId)
        expect(waiting).toMatchObject({ status: "paid", review_reason: null })
        // Its pauses have grown: 300 tries take about a day.
        const pause = waiting.next_settle_at!.getTime() - Date.now()
        expect(pause).toBeGreaterThan(250_000)
        expect(pause).toBeLessThanOrEqual(300_000)

        await world.sql("UPDATE khqr_charge SET settle_attempts = ?", [
          MAX_SETTLE_FAILURES - 1,
        ])
        await tryAgain()

        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          review_reason: "order_failed",
          next_settle_at: null,
        })
        expect(await historyOf(world, chargeId)).toContain("the tax service")
      })

      it("asks no tax provider any more: the order has the taxes that were shown", async () => {
        const { chargeId, qr } = await world.checkout()
        await world.sql("UPDATE tax_region SET provider_id = NULL")
        await world.sql("DELETE FROM tax_provider")

        bank().pay({ qr })
        await world.tick()

        expect((await world.charge(chargeId)).status).toBe("completed")
        expect(await world.orders()).toMatchObject([{ total: 11 }])
      })

      it("that is one of two for the last piece goes to a person, and the other has its order", async () => {
        await sell(1)
        const carts = [await world.checkout(), await world.checkout()]
        carts.forEach(({ qr }) => bank().pay({ qr }))
        await world.tick()
        const states = async () =>
          Promise.all(carts.map(({ chargeId }) => world.charge(chargeId)))
        const second = (await states()).find(({ status }) => status === "paid")
        await tryUntilGivenUp(second!.id)

        expect(
          (await states()).map(({ status, review_reason }) => [
            status,
            review_reason,
          ])
        ).toEqual(
          expect.arrayContaining([
            ["completed", null],
            ["paid", "order_failed"],
          ])
        )
        expect(await world.orders()).toHaveLength(1)
      })
    })

    describe("Several at work on one charge", () => {
      const check = (chargeId: string) =>
        api.post(`/admin/khqr/charges/${chargeId}/check`, {}, admin)

      const expectOneOrder = async (sessionId: string) => {
        await eventually(async () =>
          expect((await world.view(sessionId)).status).toBe("completed")
        )
        const [order, ...others] = await world.orders()
        expect(others).toEqual([])
        expect(order.payment_collections[0]).toMatchObject({
          captured_amount: 11,
          payments: [{ amount: 11 }],
        })
        expect(order.payment_collections[0].payments).toHaveLength(1)
        expect(
          await world.sql(
            "SELECT amount FROM order_transaction WHERE deleted_at IS NULL"
          )
        ).toHaveLength(1)
      }

      it("make one order of it: two clocks, the browser and an admin", async () => {
        const { cartId, sessionId, chargeId, qr } = await world.checkout()
        bank().pay({ qr })
        await world.makeDue()

        await Promise.all([
          world.tickElsewhere(),
          world.tickElsewhere(),
          world.complete(cartId),
          check(chargeId),
          world.complete(cartId),
          check(chargeId),
        ])
        await world.tick()

        await expectOneOrder(sessionId)
      })

      it("ask the bank one question about it at a time", async () => {
        const { chargeId, qr } = await world.checkout()
        await world.sql("UPDATE khqr_charge SET next_check_at = NULL")
        await eventually(async () =>
          expect((await world.charge(chargeId)).leased_until).toBeNull()
        )
        const before = bank().requests.length
        bank().setFault({ kind: "slow", delayMs: 3_000, times: 1 })
        bank().pay({ qr })
        await world.makeDue()

        const asking = world.tickElsewhere()
        await eventually(async () =>
          expect(bank().requests.length).toBe(before + 1)
        )
        const answers = await Promise.all([
          world.tickElsewhere(),
          check(chargeId),
          check(chargeId),
        ])

        // All of them are done, and the bank has not answered the first one yet.
        expect((await world.charge(chargeId)).status).toBe("pending")
        expect(bank().requests.length).toBe(before + 1)
        expect(answers[1]!.status).toBe(200)
        await asking
        // Another clock may be the one that settles it.
        await eventually(async () =>
          expect((await world.charge(chargeId)).status).toBe("completed")
        )
        expect(bank().requests.length).toBe(before + 1)
      })

      it("leave one order and a duplicate when two KHQRs of a cart are found by two clocks", async () => {
        const { sessionId, qr } = await world.checkout()
        bank().fail(qr)
        await world.tick()
        const { data } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/renew`
        )
        bank().pay({ qr })
        bank().pay({ qr: data.charge.qr })
        await world.makeDue()

        await Promise.all([world.tickElsewhere(), world.tickElsewhere()])
        await world.tick()

        await expectOneOrder(sessionId)
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
      })
    })
  },
})
