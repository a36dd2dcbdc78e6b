import { medusaIntegrationTestRunner } from "@medusajs/test-utils"
import type { Locator } from "playwright-core"

import { eventually } from "../http/world"
import { readQr } from "./read-qr"
import { ShopWorld, startStage } from "./shop"
import type { Shopper } from "./shopper"

const stage = startStage()

beforeAll(() => {
  process.env.KHQR_MODE = "static"
})

afterAll(() => {
  delete process.env.KHQR_MODE
})

const WORDS = {
  en: {
    title: "Scan, and type the amount",
    type: "Type this amount in your bank’s app",
    copy: "Copy amount",
    copied: "Copied",
    hash: "Hash on your receipt",
    send: "Check receipt",
    malformed: /8 or 64 characters/,
    notFound: /no transfer with this hash and amount/,
  },
  km: {
    title: "សូមស្កេន រួចវាយចំនួនទឹកប្រាក់",
    type: "សូមវាយចំនួនទឹកប្រាក់នេះក្នុងកម្មវិធីធនាគាររបស់អ្នក",
    copy: "ចម្លងចំនួនទឹកប្រាក់",
    copied: "បានចម្លង",
    hash: "លេខ Hash លើបង្កាន់ដៃរបស់អ្នក",
    send: "ពិនិត្យបង្កាន់ដៃ",
    malformed: /8 ឬ 64 តួអក្សរ/,
    notFound: /ធនាគារមិនមានប្រតិបត្តិការ/,
  },
}

/** What a shopper finds where the amount is to be typed. */
class StaticStep {
  readonly words: (typeof WORDS)["en"]

  constructor(
    readonly shopper: Shopper,
    locale: "en" | "km" = "en"
  ) {
    this.words = WORDS[locale]
  }

  get amount(): Locator {
    return this.shopper.payment.locator("[part=amount]")
  }

  get copy(): Locator {
    return this.amount.getByRole("button")
  }

  get hash(): Locator {
    return this.shopper.payment.getByRole("textbox", { name: this.words.hash })
  }

  get send(): Locator {
    return this.shopper.payment.getByRole("button", { name: this.words.send })
  }

  async shows(hash: string): Promise<void> {
    await this.hash.fill(hash)
    await this.send.click()
  }

  async isToldOfReceipt(words: RegExp): Promise<void> {
    await eventually(async () =>
      expect(
        await this.shopper.payment.locator("#fault").textContent()
      ).toMatch(words)
    )
  }
}

medusaIntegrationTestRunner({
  moduleName: "khqr-e2e-static",
  testSuite: ({ api, getContainer }) => {
    const world = new ShopWorld(stage, api, getContainer)

    beforeAll(() => world.open())

    it.each(["en", "km"] as const)(
      "leads from the QR over the amount and the receipt to the order (%s)",
      async (locale) => {
        const { shopper, qr, chargeId } = await world.atPayment({ locale })
        const step = new StaticStep(shopper, locale)
        await shopper.isTold(step.words.title)
        expect(await readQr(shopper.card)).toBe(qr)
        expect(await shopper.card.innerText()).not.toContain("4.70")
        expect(await step.amount.innerText()).toMatch(
          new RegExp(`${step.words.type}\\s+4\\.70 USD`)
        )
        expect(await shopper.payment.getByRole("timer").count()).toBe(0)
        expect(await shopper.iHavePaid.count()).toBe(0)

        const [{ hash, shortHash }] = stage().bank.pay({ qr, amount: 4.7 })
        await step.shows("not a hash")
        await step.isToldOfReceipt(step.words.malformed)
        await step.shows(hash.replace(/^./, (c) => (c === "0" ? "1" : "0")))
        await step.isToldOfReceipt(step.words.notFound)
        expect(await step.hash.getAttribute("aria-invalid")).toBe("true")
        await step.shows(` ${shortHash.toUpperCase()} `)

        const orderId = await shopper.seesOrder()
        expect(await world.charge(chargeId)).toMatchObject({
          status: "completed",
          evidence: "receipt",
          order_id: orderId,
        })
      }
    )

    it("copies the amount as it is to be typed", async () => {
      const { shopper } = await world.atPayment({ currency: "khr" })
      const step = new StaticStep(shopper)
      await shopper.context.grantPermissions([
        "clipboard-read",
        "clipboard-write",
      ])
      const shown = (await step.amount.innerText()).match(/([\d,]+) KHR/)
      await step.copy.click()
      await eventually(async () =>
        expect(await step.copy.innerText()).toBe(step.words.copied)
      )
      expect(
        await shopper.page.evaluate("navigator.clipboard.readText()")
      ).toBe(shown?.[1].replaceAll(",", ""))
      await eventually(async () =>
        expect(await step.copy.innerText()).toBe(step.words.copy)
      )
    })

    it("is paid in the payer's page, where the amount is typed, and confirmed by what its receipt shows", async () => {
      const { shopper } = await world.atPayment()
      const step = new StaticStep(shopper)
      const payer = await shopper.openPayer()
      await payer.locator("#amount").fill("4.70")
      await payer.getByRole("button", { name: /^Pay \P{ASCII}/u }).click()
      await payer.waitForURL(/\/receipt\?/)
      const hash = new URL(payer.url()).searchParams.get("hash")!
      await payer.close()

      await step.shows(hash)
      await shopper.seesOrder()
    })

    it("can be used with the keyboard alone, and keeps what was typed", async () => {
      const { shopper, qr } = await world.atPayment()
      const step = new StaticStep(shopper)
      const [{ shortHash }] = stage().bank.pay({ qr, amount: 4.7 })
      await shopper.tabTo(step.copy)
      await shopper.tabTo(step.hash)
      await shopper.page.keyboard.type(shortHash)
      // Whoever comes back hears from the shop.
      const heard = shopper.page.waitForResponse((answer) =>
        answer.url().includes("/store/khqr/payment-sessions/")
      )
      await shopper.switchTab("hidden")
      await shopper.switchTab("visible")
      await heard
      expect(await step.hash.inputValue()).toBe(shortHash)
      expect(await shopper.hasFocus(step.hash)).toBe(true)
      await shopper.page.keyboard.press("Enter")
      await shopper.seesOrder()
    })

    it("is followed to the order that staff make of it", async () => {
      const { shopper, chargeId } = await world.atPayment()
      await world.khqr.confirmCharge(
        chargeId,
        { reference: "FT-77", reason: "Seen in the bank's app" },
        "user_1"
      )
      await shopper.seesOrder()
    })

    it("asks after a day whether it was paid, and offers a fresh one", async () => {
      const { shopper, chargeId, sessionId } = await world.atPayment()
      const step = new StaticStep(shopper)
      await world.age(chargeId, 86_400_000)
      await shopper.isTold("Have you paid?")
      expect(await shopper.card.count()).toBe(0)
      expect(await step.hash.isVisible()).toBe(true)

      await shopper.newQr.click()
      await shopper.card.waitFor()
      expect((await world.view(sessionId)).id).not.toBe(chargeId)
    })

    it.each([320, 1200])("fits a screen of %d pixels", async (width) => {
      for (const locale of ["en", "km"] as const) {
        const { shopper } = await world.atPayment({ width, locale })
        const step = new StaticStep(shopper, locale)
        expect(await shopper.overflow()).toBe(0)
        const { height } = (await step.amount
          .locator(".figures")
          .boundingBox())!
        // Twice a line of the text around it, at the least.
        expect(height).toBeGreaterThan(40)
      }
    })
  },
})
