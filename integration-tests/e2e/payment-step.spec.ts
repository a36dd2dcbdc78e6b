import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { buildKhqr } from "../../src/khqr"
import { eventually } from "../http/world"
import { readQr } from "./read-qr"
import { ShopWorld, startStage } from "./shop"
import type { Shopper } from "./shopper"

const stage = startStage()

const LIFETIME_MS = 600_000
const DAY_MS = 86_400_000

medusaIntegrationTestRunner({
  moduleName: "khqr-e2e-payment-step",
  testSuite: ({ api, getContainer }) => {
    const world = new ShopWorld(stage, api, getContainer)

    beforeAll(() => world.open())

    /** What is on the screen is the charge's own QR, whatever the page may think. */
    const expectOnScreen = async (shopper: Shopper, qr: string) => {
      await eventually(async () => expect(await readQr(shopper.card)).toBe(qr))
    }

    describe("a KHQR that waits", () => {
      it("is read as the session's from every screen", async () => {
        const { qr, cartId } = await world.checkout()
        for (const screen of [
          { width: 320, deviceScaleFactor: 1, colorScheme: "light" as const },
          { width: 320, deviceScaleFactor: 2, colorScheme: "dark" as const },
          { width: 1200, deviceScaleFactor: 1, colorScheme: "dark" as const },
        ]) {
          const memory = { cartId, currency: "usd" as const }
          const shopper = await world.welcome({ ...screen, memory })
          await shopper.page.goto("/checkout")

          await expectOnScreen(shopper, qr)
          expect(await shopper.card.getAttribute("aria-label")).toBe(
            "KHQR code: pay 4.70 USD to Phsar Toul Demo"
          )
        }
      })

      it("stays the same when the page is loaded again, and its time runs on, whatever the phone's clock says", async () => {
        const { shopper, qr, chargeId } = await world.atPayment()
        // Ten minutes would look like a fresh start.
        await world.age(chargeId, 200_000)
        await eventually(async () =>
          expect(await shopper.secondsLeft()).toBeLessThanOrEqual(400)
        )
        const before = await shopper.secondsLeft()
        const loadedAt = Date.now()

        await shopper.page.clock.setFixedTime(Date.now() + DAY_MS)
        await shopper.page.reload()
        await shopper.card.waitFor()

        const after = await shopper.secondsLeft()
        const passed = (Date.now() - loadedAt) / 1_000
        expect(after).toBeLessThanOrEqual(before)
        expect(after).toBeGreaterThan(before - passed - 2)
        await expectOnScreen(shopper, qr)
        expect(await world.sql("SELECT id FROM khqr_charge")).toEqual([
          { id: chargeId },
        ])
      })
    })

    it("takes the receipt of whoever says that they paid, when the bank ties no transfer to the KHQR", async () => {
      const { shopper, chargeId } = await world.atPayment()
      const hash = shopper.payment.getByLabel("Hash on your receipt")
      expect(await hash.isVisible()).toBe(false)
      // To the shop's account, by another KHQR of it.
      const { qr } = buildKhqr(
        {
          type: "static",
          receiver: { type: "individual", accountId: "khqr_demo@devb" },
          merchantName: "Phsar Toul Demo",
          currency: "USD",
        },
        Date.now()
      )
      const [{ shortHash }] = stage().bank.pay({ qr, amount: 4.7 })

      await shopper.iHavePaid.click()
      await hash.waitFor()
      await hash.fill(shortHash)
      await shopper.payment
        .getByRole("button", { name: "Check receipt" })
        .click()

      await shopper.seesOrder()
      expect(await world.charge(chargeId)).toMatchObject({
        status: "completed",
        evidence: "receipt",
      })
    })

    describe("a KHQR that is over", () => {
      it("disappears when paid, before the order is there", async () => {
        const { shopper, qr } = await world.atPayment()
        const knex = world.container.resolve("__pg_connection__")
        const slowness = await knex.transaction()
        // Whoever wants to write an order has to wait.
        await slowness.raw('LOCK TABLE "order" IN EXCLUSIVE MODE')
        try {
          stage().bank.pay({ qr })
          await world.makeDue()

          await shopper.isTold("Payment received")
          expect(await shopper.card.count()).toBe(0)
          expect(await shopper.payment.getByRole("button").count()).toBe(0)
          expect(await shopper.announcements.textContent()).toMatch(
            /^Payment received\. Your order is being made/
          )
        } finally {
          await slowness.rollback()
        }
        await shopper.seesOrder()
      })

      it("disappears when its time is over; a new one can be paid", async () => {
        const { shopper, qr, chargeId, sessionId } = await world.atPayment()

        await world.passTime(chargeId)
        await shopper.isTold("Time is up")
        expect(await shopper.card.count()).toBe(0)
        expect(await shopper.readsPayment()).toMatch(/do not pay again/)

        await world.tick()
        await shopper.isTold("This QR has expired")
        expect(await shopper.card.count()).toBe(0)

        await shopper.newQr.click()
        await shopper.card.waitFor()
        const renewed = await world.view(sessionId)
        expect(renewed.qr).not.toBe(qr)
        await expectOnScreen(shopper, renewed.qr ?? "")
        expect(await shopper.secondsLeft()).toBeGreaterThan(560)

        await shopper.payWith("Pay")
        await world.tick()
        const orderId = await shopper.seesOrder()
        expect(await world.charge(renewed.id)).toMatchObject({
          status: "completed",
          order_id: orderId,
        })
      })

      it("disappears when its time is over, though the shop cannot be reached", async () => {
        const { shopper } = await world.atPayment()
        await shopper.loseConnection()
        await shopper.page.clock.setFixedTime(Date.now() + LIFETIME_MS)

        await shopper.isTold("Time is up")
        expect(await shopper.card.count()).toBe(0)
      })

      it("makes room for a new one when the bank says that the transfer failed", async () => {
        const { shopper, sessionId, chargeId } = await world.atPayment()

        await shopper.payWith("Fail")
        await world.tick()
        await shopper.isTold("The payment did not go through")
        expect(await shopper.card.count()).toBe(0)

        await shopper.newQr.click()
        await shopper.card.waitFor()
        expect((await world.view(sessionId)).id).not.toBe(chargeId)
        await shopper.payWith("Pay")
        await world.tick()
        await shopper.seesOrder()
      })

      it("leads to the order when it was paid after a failed attempt, and the shopper says so", async () => {
        const { shopper, qr } = await world.atPayment()
        await shopper.payWith("Fail")
        await world.tick()
        await shopper.isTold("The payment did not go through")

        stage().bank.pay({ qr })
        await shopper.iHavePaid.click()

        // Without a tick of ours: the signal makes the shop ask.
        await shopper.seesOrder()
      })
    })

    describe("a KHQR of a cart that has changed in another tab", () => {
      const changeCart = async (cartId: string) => {
        const { status } = await world.post(
          `/store/carts/${cartId}/line-items`,
          { variant_id: world.shop.variants["palm-sugar"], quantity: 1 }
        )
        expect(status).toBe(200)
      }

      const expectNewPayment = async (shopper: Shopper, sessionId: string) => {
        await shopper.payKhqr.click()
        await shopper.card.waitFor()
        expect(await shopper.payment.getAttribute("session-id")).not.toBe(
          sessionId
        )
      }

      it("cannot be renewed; the shopper is told so and led to a new payment", async () => {
        const { shopper, cartId, sessionId, chargeId } = await world.atPayment()
        await world.letExpire(chargeId)
        await shopper.isTold("This QR has expired")
        // The page knows of the change from the refusal alone, and the shop page not yet.
        await shopper.holdWatch(world.sessionUrl(sessionId))
        const releaseCart = await shopper.hold(
          `${world.backendUrl}/store/carts/${cartId}?*`
        )
        await changeCart(cartId)

        await shopper.newQr.click()

        await shopper.isTold("This QR is no longer used")
        expect(await shopper.readsPayment()).toMatch(
          /Your cart has changed.*do not pay again.*go back to the payment step/
        )
        expect(await shopper.payment.getByRole("button").count()).toBe(0)
        expect(await shopper.hasFocus(shopper.title)).toBe(true)

        releaseCart()
        await expectNewPayment(shopper, sessionId)
      })

      it.each(["waits", "is expired"])(
        "makes room for a new payment when it %s",
        async (state) => {
          const { shopper, cartId, sessionId, chargeId } =
            await world.atPayment()
          if (state === "is expired") {
            await world.letExpire(chargeId)
            await shopper.isTold("This QR has expired")
          }
          const releaseCart = await shopper.hold(
            `${world.backendUrl}/store/carts/${cartId}?*`
          )

          await changeCart(cartId)

          await shopper.isTold("This QR is no longer used")
          expect(await shopper.payment.getByRole("button").count()).toBe(0)
          releaseCart()
          await expectNewPayment(shopper, sessionId)
        }
      )
    })

    it("is not renewed when the money came late: the shopper is told and led to the order", async () => {
      const { shopper, qr, sessionId, chargeId } = await world.atPayment()
      await world.letExpire(chargeId)
      await shopper.isTold("This QR has expired")
      const releaseLooks = await shopper.holdWatch(world.sessionUrl(sessionId))
      stage().bank.pay({ qr })
      await world.tick()

      await shopper.newQr.click()

      await eventually(async () =>
        expect(await shopper.notice.textContent()).toBe(
          "This QR is already paid. Please do not pay again."
        )
      )
      releaseLooks()
      await shopper.seesOrder()
    })

    it.each([
      ["en" as const, "Something went wrong in the shop."],
      ["km" as const, "ហាងមានបញ្ហាបច្ចេកទេស។"],
    ])(
      "does not come to the shopper with a server's own words (%s)",
      async (locale, words) => {
        const shopper = await world.welcome({ locale })
        await shopper.context.route(
          `${world.backendUrl}/store/regions*`,
          (route) =>
            route.fulfill({
              status: 500,
              headers: { "access-control-allow-origin": "*" },
              json: { message: 'relation "region" does not exist' },
            })
        )
        await shopper.page.goto("/")

        const told = await shopper.page.getByRole("alert").innerText()
        expect(told).toContain(words)
        expect(told).not.toMatch(/relation/)
      }
    )

    describe("a shopper who may have paid is told not to pay again", () => {
      it("when the money is there and a person must decide about it", async () => {
        const { shopper, qr } = await world.atPayment()

        stage().bank.pay({ qr, amount: 5 })
        await world.tick()

        await shopper.isTold("We have your payment")
        expect(await shopper.card.count()).toBe(0)
        expect(await shopper.newQr.count()).toBe(0)
        expect(await shopper.payerLink.count()).toBe(0)
        const words = await shopper.readsPayment()
        expect(words).toMatch(/Please do not pay again/)
        expect(words).toMatch(/Reference\s+\S+/)
        expect(await world.orders()).toEqual([])
      })

      it.each(["down", "quota_spent"] as const)(
        "when the bank does not answer (%s), until it does",
        async (kind) => {
          const { shopper, qr } = await world.atPayment()
          stage().bank.setFault({ kind })

          await world.tick()
          await world.tick()
          await eventually(async () =>
            expect(await shopper.notice.textContent()).toMatch(
              /cannot ask the bank.*keep your receipt and do not pay again/
            )
          )
          expect(await shopper.card.count()).toBe(1)

          stage().bank.clearFaults()
          await world.endPauses()
          stage().bank.pay({ qr })
          await world.tick()
          await shopper.seesOrder()
        }
      )

      it("when the shop cannot be reached, until it can", async () => {
        const { shopper, qr } = await world.atPayment()
        await shopper.loseConnection()

        await eventually(async () =>
          expect(await shopper.notice.textContent()).toMatch(
            /No connection to the shop.*keep your receipt and do not pay again/
          )
        )
        expect(await shopper.card.count()).toBe(1)

        stage().bank.pay({ qr })
        await world.tick()
        await shopper.findConnection()
        await shopper.seesOrder()
      })
    })

    it("can be used with the keyboard alone and says what changes", async () => {
      const { shopper, chargeId, sessionId } = await world.atPayment()
      const { page } = shopper
      const isAnnounced = (words: RegExp) =>
        eventually(async () =>
          expect(await shopper.announcements.textContent()).toMatch(words)
        )

      await shopper.tabTo(shopper.iHavePaid)
      const claimed = page.waitForRequest(
        (request) =>
          request.url().endsWith(`${sessionId}/signals`) &&
          request.postDataJSON().kind === "claims_paid"
      )
      await page.keyboard.press("Enter")
      await claimed
      await isAnnounced(/^Asking the bank/)

      await world.letExpire(chargeId)
      await isAnnounced(/^This QR has expired\. .*take a new QR/)
      // The button that had the focus is gone: what happened to it has it now.
      expect(await shopper.hasFocus(shopper.title)).toBe(true)

      await shopper.tabTo(shopper.newQr)
      await page.keyboard.press("Space")
      await shopper.card.waitFor()
      await isAnnounced(/^Scan the KHQR to pay/)
      expect((await world.view(sessionId)).id).not.toBe(chargeId)
    })
  },
})
