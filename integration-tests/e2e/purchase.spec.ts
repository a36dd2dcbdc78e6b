import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { eventually } from "../http/world"
import { takePicture } from "./pictures"
import { ShopWorld, startStage, type Visit } from "./shop"

const stage = startStage()

medusaIntegrationTestRunner({
  moduleName: "khqr-e2e-purchase",
  testSuite: ({ api, getContainer }) => {
    const world = new ShopWorld(stage, api, getContainer)

    beforeAll(() => world.open())

    const onlyOrder = async () => {
      const [order, ...others] = await world.orders()
      expect(others).toEqual([])
      return order
    }

    const expectPaid = async (orderId: string) => {
      const order = await onlyOrder()
      expect(order).toMatchObject({
        id: orderId,
        payment_collections: [
          { status: "completed", captured_amount: order.total },
        ],
      })
      expect(
        await world.sql("SELECT status, order_id FROM khqr_charge")
      ).toEqual([{ status: "completed", order_id: orderId }])
    }

    it("is made in dollars, from the catalogue to the order, and paid in a second tab", async () => {
      const shopper = await world.welcome({ width: 1200 })

      await shopper.buy("palm-sugar")
      await takePicture("payment-step", shopper.page.locator("body"))
      await shopper.payWith("Pay")
      const orderId = await shopper.seesOrder()

      await expectPaid(orderId)
      const words = await shopper.page.locator("main").innerText()
      expect(words).toMatch(/#\d+ · Paid by KHQR/)
      expect(words).toMatch(/Palm sugar/)
      expect(await shopper.page.locator(".count").textContent()).toBe("0")
    })

    it("is made in riel, in Khmer, on a phone 320 px wide and never scrolls sideways", async () => {
      const phone: Visit = {
        ...{ locale: "km", width: 320, colorScheme: "dark" },
        deviceScaleFactor: 2,
      }
      const shopper = await world.welcome(phone)
      const { page } = shopper
      const seen: Record<string, number> = {}
      const look = async (step: string) => {
        seen[step] = await shopper.overflow()
      }

      await page.goto("/")
      await page.getByRole("button", { name: "KHR" }).click()
      await page
        .getByText(/៛|KHR \d/)
        .first()
        .waitFor()
      await shopper.buy("palm-sugar", look)
      expect((await shopper.qr.boundingBox())?.width).toBeGreaterThan(180)
      await takePicture(
        "payment-step-km",
        page.locator("section:has(khqr-payment)")
      )
      await shopper.payWith("Pay")
      const orderId = await shopper.seesOrder()
      await look("order")

      expect(seen).toEqual({
        catalogue: 0,
        product: 0,
        cart: 0,
        address: 0,
        delivery: 0,
        "payment method": 0,
        payment: 0,
        order: 0,
      })
      await expectPaid(orderId)
      const [{ currency_code }] = await world.sql<{ currency_code: string }>(
        'SELECT currency_code FROM "order"'
      )
      expect(currency_code).toBe("khr")
    })

    it.each(["/", "/checkout"])(
      "goes on when the page was closed: the order is there within 10 s, and opening %s leads to it",
      async (place) => {
        const { shopper, qr } = await world.atPayment()
        await shopper.page.close()

        stage().bank.pay({ qr })

        const order = await eventually(async () => {
          const made = await onlyOrder()
          await expectPaid(made?.id)
          return made
        }, 10_000)
        shopper.page = await shopper.context.newPage()
        await shopper.page.goto(place)
        expect(await shopper.seesOrder()).toBe(order.id)
      }
    )
  },
})
