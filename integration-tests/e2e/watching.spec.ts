import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { eventually } from "../http/world"
import { Gateway } from "./gateway"
import { ShopWorld, startStage } from "./shop"
import type { Shopper } from "./shopper"

const stage = startStage()

/** What a page asks the shop about its payment session. */
type Asked = { looks: number; streams: number; signals: string[] }

medusaIntegrationTestRunner({
  moduleName: "khqr-e2e-watching",
  testSuite: ({ api, getContainer }) => {
    const world = new ShopWorld(stage, api, getContainer)

    beforeAll(() => world.open())

    const listen = (shopper: Shopper, sessionId: string): Asked => {
      const asked: Asked = { looks: 0, streams: 0, signals: [] }
      shopper.page.on("request", (request) => {
        const [, path] = request.url().split(`/payment-sessions/${sessionId}`)
        if (path === "") {
          asked.looks++
        } else if (path === "/events") {
          asked.streams++
        } else if (path === "/signals") {
          asked.signals.push(request.postDataJSON().kind)
        }
      })
      return asked
    }

    /** A shopper with a KHQR, whose page is not open yet. */
    const outsideCheckout = async () => {
      const checkout = await world.checkout()
      const memory = { cartId: checkout.cartId, currency: "usd" as const }
      return { ...checkout, shopper: await world.welcome({ memory }) }
    }

    const expectStreams = (open: number) =>
      eventually(async () => expect(world.khqr.hub.streams).toBe(open))

    /** Reads nothing but the database: a look at the shop's own route would be a look. */
    const orderIsThere = (chargeId: string) =>
      eventually(async () =>
        expect((await world.charge(chargeId)).status).toBe("completed")
      )

    it("shows the order as soon as it is there, and asks nothing meanwhile", async () => {
      const { shopper, qr, chargeId, sessionId } = await outsideCheckout()
      // Then what is shown came by the stream.
      await shopper.context.route(world.sessionUrl(sessionId), (route) =>
        route.abort()
      )
      await shopper.page.goto("/checkout")
      await shopper.card.waitFor()
      const asked = listen(shopper, sessionId)

      stage().bank.pay({ qr })
      await world.tick()
      await orderIsThere(chargeId)

      await shopper.seesOrder()
      expect(asked).toEqual({ looks: 0, streams: 0, signals: [] })
      await expectStreams(0)
    })

    it("is told at once of an order that was made while nobody looked", async () => {
      const { shopper, qr, chargeId, sessionId } = await world.atPayment()
      await expectStreams(1)
      const expectWatched = (isWatched: boolean) =>
        eventually(async () => {
          const { watched_since, unwatched_at } = await world.charge(chargeId)
          expect(watched_since).not.toBeNull()
          expect(unwatched_at === null).toBe(isWatched)
        })
      await expectWatched(true)
      const asked = listen(shopper, sessionId)
      await shopper.switchTab("hidden")
      await expectStreams(0)
      await expectWatched(false)

      stage().bank.pay({ qr })
      await world.tick()
      await orderIsThere(chargeId)
      expect(shopper.page.url()).toMatch(/\/checkout$/)
      expect(asked).toEqual({ looks: 0, streams: 0, signals: [] })

      await shopper.switchTab("visible")
      await shopper.seesOrder()
      expect(asked).toMatchObject({ streams: 1, signals: ["returned"] })
    })

    it("has the bank asked when the shopper is back from its app", async () => {
      const { shopper, qr, chargeId, sessionId } = await world.atPayment()
      await expectStreams(1)
      const asked = listen(shopper, sessionId)
      // Nothing but a signal leads to a question now.
      await world.sql(
        "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
        [chargeId]
      )
      await shopper.switchTab("hidden")
      await expectStreams(0)
      stage().bank.pay({ qr })
      await shopper.switchTab("visible")

      await shopper.seesOrder()
      expect(asked.signals).toEqual(["returned"])
    })

    it("tells the shop of each return once, of none when the page is loaded, and never in bursts", async () => {
      const { shopper, sessionId } = await world.atPayment()
      await expectStreams(1)
      const asked = listen(shopper, sessionId)
      const { page } = shopper
      const comeBack = async (times: number) => {
        const before = asked.streams
        await page.evaluate(`
          for (let returns = 0; returns < ${times}; returns++) {
            for (const state of ["hidden", "visible", "visible"]) {
              Object.defineProperty(document, "visibilityState", {
                configurable: true,
                get: () => state,
              })
              document.dispatchEvent(new Event("visibilitychange"))
              dispatchEvent(new Event("focus"))
            }
          }
        `)
        await eventually(async () =>
          expect(asked.streams).toBeGreaterThan(before)
        )
        await expectStreams(1)
      }

      await page.reload()
      await shopper.card.waitFor()
      await expectStreams(1)
      expect(asked.signals).toEqual([])

      await comeBack(5)
      expect(asked.signals).toEqual(["returned"])

      await page.clock.setFixedTime(Date.now() + 3_000)
      await comeBack(1)
      expect(asked.signals).toEqual(["returned", "returned"])
    })

    it("takes a page that was left and is loaded again by the way back for a return", async () => {
      const { shopper, sessionId } = await world.atPayment()
      const asked = listen(shopper, sessionId)
      await shopper.page.goto("about:blank")
      await expectStreams(0)
      expect(asked.signals).toEqual([])

      await shopper.page.goBack()
      await shopper.card.waitFor()
      await eventually(async () => expect(asked.signals).toEqual(["returned"]))
    })

    it("changes what is shown at the end of the time, though nobody says anything", async () => {
      const { shopper, sessionId } = await world.atPayment()
      const release = await shopper.holdWatch(world.sessionUrl(sessionId))
      await shopper.page.clock.setFixedTime(Date.now() + 600_000)

      await shopper.isTold("Time is up")
      expect(await shopper.card.count()).toBe(0)
      release()
      // The device's clock was wrong: the shop knows better.
      await shopper.card.waitFor()
    })

    describe("where no stream comes through", () => {
      it("asks by itself when the shop has too many", async () => {
        const { shopper, sessionId, qr } = await outsideCheckout()
        await shopper.context.route(
          `${world.sessionUrl(sessionId)}/events`,
          (route) =>
            route.fulfill({
              status: 503,
              headers: {
                "access-control-allow-origin": "*",
                "retry-after": "10",
              },
              json: { code: "too_many_streams", message: "Too many" },
            })
        )
        const asked = listen(shopper, sessionId)
        await shopper.page.goto("/checkout")
        await shopper.card.waitFor()
        await eventually(async () =>
          expect(asked.looks).toBeGreaterThanOrEqual(3)
        )
        expect(asked.streams).toBe(1)

        stage().bank.pay({ qr })
        await world.tick()
        await shopper.seesOrder()
      })

      it("shows the KHQR though a proxy holds the stream back", async () => {
        const { shopper, sessionId, qr } = await outsideCheckout()
        const release = await shopper.hold(
          `${world.sessionUrl(sessionId)}/events`
        )
        await shopper.page.goto("/checkout")
        await shopper.card.waitFor()

        stage().bank.pay({ qr })
        await world.tick()
        await shopper.seesOrder()
        release()
      })
    })

    describe("behind a server that is started anew", () => {
      const gateway = () => new Gateway(world.backendUrl)
      const lead = (backendUrl: string) =>
        stage().storefront.configure({
          backendUrl,
          publishableKey: world.shop.publishableKey,
          simulatorUrl: stage().bank.url,
        })

      afterEach(() => lead(world.backendUrl))

      it("says that the shop is away, and goes on by itself when it is back", async () => {
        const door = gateway()
        await door.start()
        await lead(door.url)
        const { shopper, qr } = await world.atPayment()
        await expectStreams(1)
        await door.stop()
        await expectStreams(0)
        await eventually(async () =>
          expect(await shopper.notice.textContent()).toMatch(
            /No connection to the shop/
          )
        )
        expect(await shopper.card.count()).toBe(1)

        await door.start()
        await expectStreams(1)
        await eventually(async () =>
          expect(await shopper.notice.isVisible()).toBe(false)
        )
        stage().bank.pay({ qr })
        await world.tick()
        await shopper.seesOrder()
        await door.stop()
      })

      it("goes on by plain requests when the server has let all streams go", async () => {
        const { shopper, sessionId, qr } = await world.atPayment()
        await expectStreams(1)
        const asked = listen(shopper, sessionId)
        // As at the end of the process. There are no streams after it, so this test is the last.
        await world.khqr.hub.close()
        await eventually(async () => expect(asked.looks).toBeGreaterThan(1))
        expect(await shopper.notice.isVisible()).toBe(false)

        stage().bank.pay({ qr })
        await world.tick()
        await shopper.seesOrder()
      })
    })
  },
})
