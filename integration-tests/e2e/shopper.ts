import type { BrowserContext, Locator, Page } from "playwright-core"

import { eventually } from "../http/world"
import type { Locale } from "./shop"

/** Words of the shop and of `<khqr-payment>` by which a shopper finds the way. */
const WORDS = {
  en: {
    addToCart: "Add to cart",
    checkout: "Check out",
    next: "Continue",
    payKhqr: /^Pay with KHQR/,
    payer: /^Open the payer’s page/,
    iHavePaid: "I have paid",
    newQr: "New QR",
    thanks: "Thank you",
  },
  km: {
    addToCart: "ដាក់ក្នុងកន្ត្រក",
    checkout: "បន្តទៅការបង់ប្រាក់",
    next: "បន្ត",
    payKhqr: /^បង់ប្រាក់តាម KHQR/,
    payer: /^បើកទំព័រអ្នកបង់ប្រាក់/,
    iHavePaid: "ខ្ញុំបានបង់ប្រាក់រួចហើយ",
    newQr: "បង្កើត QR ថ្មី",
    thanks: "សូមអរគុណ",
  },
} satisfies Record<Locale, unknown>

const ADDRESS = {
  name: "Sok Dara",
  phone: "012 345 678",
  email: "dara@example.com",
  address: "#12, Street 155, Toul Tom Poung",
}

/** A person with a browser. */
export class Shopper {
  readonly words: (typeof WORDS)[Locale]

  constructor(
    readonly context: BrowserContext,
    public page: Page,
    locale: Locale
  ) {
    this.words = WORDS[locale]
  }

  get payment(): Locator {
    return this.page.locator("khqr-payment")
  }

  get card(): Locator {
    return this.payment.locator("[part=card]")
  }

  /** The square of modules, without its quiet zone. */
  get qr(): Locator {
    return this.card.locator("svg path").last()
  }

  get title(): Locator {
    return this.payment.getByRole("heading")
  }

  get notice(): Locator {
    return this.payment.locator("[part=notice]")
  }

  /** What a screen reader is told without having been asked. */
  get announcements(): Locator {
    return this.payment.getByRole("status")
  }

  /** To the page that stands in for a bank's app. */
  get payerLink(): Locator {
    return this.page.getByRole("link", { name: this.words.payer })
  }

  get newQr(): Locator {
    return this.payment.getByRole("button", { name: this.words.newQr })
  }

  /** Of the shop: there is no KHQR for this cart yet. */
  get payKhqr(): Locator {
    return this.page.getByRole("button", { name: this.words.payKhqr })
  }

  get iHavePaid(): Locator {
    return this.payment.getByRole("button", { name: this.words.iHavePaid })
  }

  /** From the catalogue to the KHQR. `look` is called at each step, when its page is complete. */
  async buy(
    product: string,
    look: (step: string) => Promise<void> = async () => {}
  ): Promise<void> {
    const { page, words } = this
    const click = (name: string | RegExp) =>
      page.getByRole("button", { name }).click()

    await page.goto("/")
    await page.locator(`a[href="/product/${product}"]`).waitFor()
    await look("catalogue")
    await page.locator(`a[href="/product/${product}"]`).click()
    await click(words.addToCart)
    const toCart = page.locator("main a[href='/cart']")
    await toCart.waitFor()
    await look("product")

    await toCart.click()
    const toCheckout = page.getByRole("link", { name: words.checkout })
    await toCheckout.waitFor()
    await look("cart")
    await toCheckout.click()

    for (const [name, value] of Object.entries(ADDRESS)) {
      await page.locator(`[name=${name}]`).fill(value)
    }
    await look("address")
    await click(words.next)

    await page.getByRole("radio").first().waitFor()
    await look("delivery")
    await click(words.next)

    await this.payKhqr.waitFor()
    await look("payment method")
    await this.payKhqr.click()
    await this.card.waitFor()
    await look("payment")
  }

  /** In a tab of its own. */
  async openPayer(): Promise<Page> {
    const [payer] = await Promise.all([
      this.context.waitForEvent("page"),
      this.payerLink.click(),
    ])
    await payer.waitForLoadState()
    return payer
  }

  /** Presses a button of the payer's page and waits for what the bank's app says. */
  async payWith(button: "Pay" | "Fail"): Promise<void> {
    const payer = await this.openPayer()
    await payer
      .getByRole("button", { name: new RegExp(`^${button} \\P{ASCII}`, "u") })
      .click()
    await payer.waitForURL(button === "Pay" ? /\/receipt\?/ : /\/failed\?/)
    await payer.close()
  }

  /** Until the order's page thanks. Returns the order's id. */
  async seesOrder(withinMs = 20_000): Promise<string> {
    await this.page.waitForURL(/\/order\/order_/, { timeout: withinMs })
    await this.page
      .getByRole("heading", { name: this.words.thanks, exact: true })
      .waitFor()
    return this.page.url().split("/").pop() ?? ""
  }

  /** All that the payment step says in words. */
  async readsPayment(): Promise<string> {
    return this.payment.locator("[part=root]").innerText()
  }

  async secondsLeft(): Promise<number> {
    const shown = await this.payment.getByRole("timer").textContent()
    const [, minutes, seconds] = /^(\d+):(\d\d)$/.exec(shown ?? "") ?? []
    expect({ shown, minutes, seconds }).toMatchObject({
      minutes: expect.any(String),
    })
    return Number(minutes) * 60 + Number(seconds)
  }

  async hasFocus(target: Locator): Promise<boolean> {
    return (await target.and(this.page.locator(":focus")).count()) === 1
  }

  /** Presses Tab until it has the focus. */
  async tabTo(target: Locator): Promise<void> {
    for (let presses = 0; presses < 40; presses++) {
      if (await this.hasFocus(target)) {
        return
      }
      await this.page.keyboard.press("Tab")
    }
    throw new Error("Not reached with the Tab key")
  }

  /** A headless browser shows every tab at all times, so the tab is told what a real one would see. */
  async switchTab(to: "hidden" | "visible"): Promise<void> {
    await this.page.evaluate(`
      Object.defineProperty(document, "visibilityState", {
        configurable: true,
        get: () => "${to}",
      })
      document.dispatchEvent(new Event("visibilitychange"))
    `)
  }

  /** What is asked of this address is answered when the returned function is called. */
  async hold(url: string): Promise<() => void> {
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    await this.context.route(url, async (route) => {
      await released
      await route.continue()
    })
    return release
  }

  /** The page hears nothing more of this payment session until the returned function is called. */
  async holdWatch(sessionUrl: string): Promise<() => void> {
    const releases = [
      await this.hold(sessionUrl),
      await this.hold(`${sessionUrl}/events`),
    ]
    // What holds requests lets an open stream run on; one network for another ends it.
    await this.page.evaluate(`dispatchEvent(new Event("online"))`)
    return () => releases.forEach((release) => release())
  }

  async loseConnection(): Promise<void> {
    await this.context.setOffline(true)
  }

  async findConnection(): Promise<void> {
    await this.context.setOffline(false)
  }

  /** Until the shop's page says it, in the heading of the payment step. */
  async isTold(title: string): Promise<void> {
    await eventually(async () =>
      expect(await this.title.textContent()).toBe(title)
    )
  }

  /** Pixels of the page that can only be reached by moving it sideways. */
  async overflow(): Promise<number> {
    return this.page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
  }
}
