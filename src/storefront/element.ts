import { renderKhqrCard } from "../khqr/card"
import { formatKhqrAmount } from "../khqr/money"
import type { KhqrCurrency } from "../khqr/types"
import type { KhqrCharge, KhqrClient, KhqrUpdate } from "./client"
import { createKhqrClient, KhqrClientError } from "./client"
import type { ServerClock } from "./clock"
import { formatRemaining, serverClock } from "./clock"
import { h, svg } from "./dom"
import { icon } from "./icons"
import { styles } from "./styles"
import type { KhqrLocale, KhqrTexts } from "./texts"
import { texts } from "./texts"
import type { KhqrNotice, KhqrRefusal, KhqrView } from "./view"
import {
  hearsClaims,
  mayStillBePaid,
  offersNewQr,
  refusalOf,
  viewOf,
} from "./view"

export type KhqrChargeDetail = { charge: KhqrCharge }
export type KhqrCompletedDetail = {
  charge: KhqrCharge
  /** `null` when the payment was not for a cart. */
  orderId: string | null
}
export type KhqrErrorDetail = { error: KhqrClientError }

export type KhqrEventMap = {
  /** The money is there; the order may still be on its way. */
  "khqr:paid": CustomEvent<KhqrChargeDetail>
  /** The order exists. Also fired when the element is shown after that. */
  "khqr:completed": CustomEvent<KhqrCompletedDetail>
  /** The bank saw no payment in time. The element offers a new QR. */
  "khqr:expired": CustomEvent<KhqrChargeDetail>
  /** The bank says that the transfer failed. The element offers a new QR. */
  "khqr:failed": CustomEvent<KhqrChargeDetail>
  /**
   * Once per outage or refusal; the element goes on trying by itself. Of kind
   * `not_found` or `conflict` the cart has changed: read it again, and give
   * the element the session it has now. The element offers no new QR then.
   */
  "khqr:error": CustomEvent<KhqrErrorDetail>
}

const TICK_MS = 500
const LAST_MINUTE_MS = 60_000
/** How long the bank may take to know of a payment the shopper says is made. */
const CLAIM_MS = 10_000

/** Server rendering imports this module where there is no DOM. */
const Base =
  typeof HTMLElement === "undefined"
    ? (class {} as unknown as typeof HTMLElement)
    : HTMLElement

/**
 * `<khqr-payment session-id backend-url publishable-key locale theme>`: the
 * payment step of a checkout. Shows the KHQR of a payment session, follows it
 * until the order exists, and says what is so on the way.
 *
 * - `session-id`: id of the Medusa payment session, `payses_…`
 * - `backend-url`, `publishable-key`: the Medusa backend and its key
 * - `locale`: `en` or `km`; without it the page's `lang`, else English
 * - `theme`: `auto` (default), `light` or `dark`
 *
 * Events: see {@link KhqrEventMap}; they bubble and cross shadow roots.
 */
export class KhqrPaymentElement extends Base {
  static readonly observedAttributes = [
    "session-id",
    "backend-url",
    "publishable-key",
    "locale",
  ]

  #client: KhqrClient | null = null
  #stopWatching: (() => void) | null = null
  #ticking: ReturnType<typeof setInterval> | undefined
  #restartQueued = false

  #charge: KhqrCharge | null = null
  #clock: ServerClock | null = null
  #error: KhqrClientError | null = null
  #claimedAt: number | null = null
  /** A new view has news of its own, which the answer to an old claim must not drown. */
  #claimedIn: KhqrView | null = null
  #renewing = false
  #refusal: KhqrRefusal | null = null
  #wasAway = false

  /** `charge id:event`, so that each is told once. */
  #told = new Set<string>()
  #drawn = ""
  #drawnNotice: KhqrNotice | null = null
  #lastMinuteTold = false

  #root: HTMLElement | null = null
  #live: HTMLElement | null = null

  get sessionId(): string {
    return this.getAttribute("session-id") ?? ""
  }
  set sessionId(value: string) {
    this.setAttribute("session-id", value)
  }

  get backendUrl(): string {
    return this.getAttribute("backend-url") ?? ""
  }
  set backendUrl(value: string) {
    this.setAttribute("backend-url", value)
  }

  get publishableKey(): string {
    return this.getAttribute("publishable-key") ?? ""
  }
  set publishableKey(value: string) {
    this.setAttribute("publishable-key", value)
  }

  get locale(): KhqrLocale {
    const wanted = this.getAttribute("locale") || document.documentElement.lang
    return wanted.toLowerCase().startsWith("km") ? "km" : "en"
  }
  set locale(value: KhqrLocale) {
    this.setAttribute("locale", value)
  }

  get theme(): "auto" | "light" | "dark" {
    const theme = this.getAttribute("theme")
    return theme === "light" || theme === "dark" ? theme : "auto"
  }
  set theme(value: "auto" | "light" | "dark") {
    this.setAttribute("theme", value)
  }

  /** The charge as last heard of; `null` before the first answer. */
  get charge(): KhqrCharge | null {
    return this.#charge
  }

  connectedCallback(): void {
    this.#prepareShadow()
    document.addEventListener("visibilitychange", this.#onVisibility)
    addEventListener("pageshow", this.#onPageShow)
    this.#ticking = setInterval(() => this.#draw(), TICK_MS)
    this.#restart()
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.#onVisibility)
    removeEventListener("pageshow", this.#onPageShow)
    clearInterval(this.#ticking)
    this.#stopWatching?.()
  }

  attributeChangedCallback(
    name: string,
    before: string | null,
    after: string | null
  ): void {
    if (before === after || !this.isConnected || !this.#root) {
      return
    }
    if (name === "locale") {
      this.#draw()
      return
    }
    // A framework sets several attributes one after the other.
    if (!this.#restartQueued) {
      this.#restartQueued = true
      queueMicrotask(() => this.#restart())
    }
  }

  #restart(): void {
    this.#restartQueued = false
    this.#stopWatching?.()
    this.#client = null
    this.#charge = null
    this.#clock = null
    this.#error = null
    this.#claimedAt = null
    this.#refusal = null
    this.#told.clear()

    if (this.isConnected && this.sessionId && this.backendUrl) {
      this.#client = createKhqrClient({
        baseUrl: this.backendUrl,
        publishableKey: this.publishableKey,
      })
      this.#watch()
    }
    this.#draw()
  }

  #watch(): void {
    this.#stopWatching?.()
    this.#stopWatching =
      this.#client?.watch(this.sessionId, (update) => this.#take(update)) ??
      null
  }

  #take(update: KhqrUpdate): void {
    if (update.charge) {
      this.#takeCharge(update.charge)
    } else {
      this.#takeError(update.error)
    }
    this.#draw()
  }

  #takeCharge(charge: KhqrCharge): void {
    if (charge.id !== this.#charge?.id) {
      this.#claimedAt = null
      this.#refusal = null
      this.#lastMinuteTold = false
    }
    this.#charge = charge
    this.#clock = serverClock(charge.server_time)
    this.#error = null

    if (this.#view() === "replaced") {
      this.#tell("khqr:error", {
        error: new KhqrClientError(
          "conflict",
          "The cart has changed since this QR was made",
          null,
          "session_gone"
        ),
      })
      return
    }
    switch (charge.status) {
      case "paid":
        this.#tell("khqr:paid", { charge })
        break
      case "completed":
        this.#tell("khqr:paid", { charge })
        this.#tell("khqr:completed", { charge, orderId: charge.order_id })
        break
      case "expired":
        this.#tell("khqr:expired", { charge })
        break
      case "failed":
        this.#tell("khqr:failed", { charge })
        break
    }
  }

  #takeError(error: KhqrClientError): void {
    if (this.#error?.kind !== error.kind) {
      this.#emit("khqr:error", { error })
      if (error.kind !== "unreachable") {
        console.error(
          `<khqr-payment> session "${this.sessionId}" at ${this.backendUrl}: ${error.message}`
        )
      }
    }
    this.#error = error
    // A session that is gone must not leave a QR behind.
    if (error.kind === "not_found") {
      this.#charge = null
    }
  }

  #tell<K extends keyof KhqrEventMap>(
    type: K,
    detail: KhqrEventMap[K]["detail"]
  ): void {
    const key = `${this.#charge?.id}:${type}`
    if (!this.#told.has(key)) {
      this.#told.add(key)
      this.#emit(type, detail)
    }
  }

  #emit<K extends keyof KhqrEventMap>(
    type: K,
    detail: KhqrEventMap[K]["detail"]
  ): void {
    this.dispatchEvent(
      new CustomEvent(type, { detail, bubbles: true, composed: true })
    )
  }

  #onVisibility = (): void => {
    if (document.visibilityState === "hidden") {
      this.#wasAway = true
    } else {
      this.#onReturn()
    }
  }

  #onPageShow = (event: PageTransitionEvent): void => {
    if (event.persisted) {
      this.#onReturn()
    }
  }

  /** Both events may fire for one return; the first one is told. */
  #onReturn(): void {
    if (this.#wasAway) {
      this.#wasAway = false
      void this.#signal("returned")
    }
  }

  async #signal(kind: "returned" | "claims_paid"): Promise<void> {
    const client = this.#client
    if (!client || !this.#charge || !mayStillBePaid(this.#charge)) {
      return
    }
    try {
      const charge = await client.signal(this.sessionId, kind)
      if (client === this.#client && !this.#renewing) {
        this.#take({ charge, error: null })
      }
    } catch {
      // Watching goes on and shows what is wrong with the connection.
    }
  }

  #onClaim = (): void => {
    if (this.#noticeOf(this.#view()) === "checking") {
      return
    }
    this.#claimedAt = performance.now()
    this.#claimedIn = this.#view()
    void this.#signal("claims_paid")
    this.#draw()
  }

  #onRenew = async (): Promise<void> => {
    const client = this.#client
    if (!client || this.#renewing) {
      return
    }
    this.#renewing = true
    this.#refusal = null
    // An answer that is on its way would bring the old charge back.
    this.#stopWatching?.()
    this.#draw()
    try {
      const charge = await client.renew(this.sessionId)
      if (client === this.#client) {
        this.#takeCharge(charge)
      }
    } catch (error) {
      if (client === this.#client) {
        this.#takeRefusal(error as KhqrClientError)
      }
    } finally {
      this.#renewing = false
      if (client === this.#client && this.isConnected) {
        this.#watch()
        this.#draw()
      }
    }
  }

  /** That it is paid needs no more: the next answer says so. */
  #takeRefusal(error: KhqrClientError): void {
    this.#refusal = refusalOf(error)
    if (this.#refusal === "session_gone") {
      this.#tell("khqr:error", { error })
    }
  }

  #prepareShadow(): void {
    if (this.#root) {
      return
    }
    const shadow = this.attachShadow({ mode: "open" })
    this.#root = h("div", { part: "root" })
    this.#live = h("p", { class: "unseen", role: "status" })

    if (shadow.adoptedStyleSheets) {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(styles)
      shadow.adoptedStyleSheets = [sheet]
    } else {
      shadow.append(h("style", {}, styles))
    }
    shadow.append(this.#root, this.#live)
  }

  #view(): KhqrView {
    const now = this.#clock?.now() ?? 0
    return viewOf(this.#charge, this.#error, now, this.#refusal)
  }

  #noticeOf(view: KhqrView): KhqrNotice | null {
    if (this.#refusal && offersNewQr(view)) {
      return this.#refusal === "already_paid" ? "already_paid" : "renew_failed"
    }
    if (!this.#charge || !mayStillBePaid(this.#charge)) {
      return null
    }
    if (this.#error) {
      return "offline"
    }
    if (!hearsClaims(view)) {
      return null
    }
    if (this.#charge.bank !== "ok") {
      return "bank_silent"
    }
    if (this.#claimedAt !== null && this.#claimedIn === view) {
      return performance.now() - this.#claimedAt < CLAIM_MS
        ? "checking"
        : "not_seen_yet"
    }
    return null
  }

  #draw(): void {
    if (!this.#root) {
      return
    }
    const view = this.#view()
    const locale = this.locale
    const words = texts[locale]
    const key = [view, locale, this.#charge?.id, this.#charge?.order_id].join()

    if (key !== this.#drawn) {
      const hadFocus = this.shadowRoot?.activeElement != null
      const first = this.#drawn === ""
      this.#drawn = key
      this.#drawnNotice = null
      this.#root.replaceChildren(...this.#build(view, words))
      this.#root.lang = locale
      this.#root.className = `root ${toneOf(view)}`
      if (this.#live && !first) {
        const { title, text } = words.views[view]
        this.#live.lang = locale
        this.#live.textContent = `${title}. ${text}`
      }
      if (hadFocus) {
        this.#find("h2")?.focus({ preventScroll: true })
      }
    }
    this.#drawNotice(this.#noticeOf(view), words)
    this.#drawTimer(view, words)
    this.#find(".renew")?.setAttribute("aria-disabled", `${this.#renewing}`)
  }

  #build(view: KhqrView, words: KhqrTexts): Node[] {
    const { title, text } = words.views[view]
    const busy = view === "loading" || view === "time_up" || view === "paid"

    return [
      h(
        "div",
        { class: "head" },
        h("h2", { tabindex: "-1", part: "title" }, title),
        h(
          "p",
          { class: "text", part: "text" },
          busy ? h("span", { class: "spinner" }) : null,
          text
        )
      ),
      h("div", { class: "stage" }, this.#buildStage(view, words)),
      h(
        "div",
        { class: "rest" },
        h("p", { class: "notice", part: "notice", hidden: "" }),
        this.#charge ? this.#buildFacts(this.#charge, view, words) : null,
        ...this.#buildActions(view, words)
      ),
    ]
  }

  #buildStage(view: KhqrView, words: KhqrTexts): Element {
    const charge = this.#charge
    if (view === "loading") {
      return h("div", { class: "card skeleton" })
    }
    if (view !== "waiting" || !charge?.qr) {
      const circle = h("div", { class: "icon" })
      circle.append(icon(view))
      return circle
    }

    const card = h("div", {
      class: "card",
      part: "card",
      role: "img",
      "aria-label": words.card
        .replace("{amount}", amountOf(charge))
        .replace("{merchant}", charge.merchant_name),
    })
    const drawing = svg(renderCard(charge, charge.qr))
    // The card is named by its frame, in the shopper's language.
    drawing.querySelector("title")?.remove()
    card.append(drawing)
    return card
  }

  #buildFacts(
    charge: KhqrCharge,
    view: KhqrView,
    words: KhqrTexts
  ): HTMLElement {
    const fact = (name: string, term: string, value: string) =>
      h("div", { class: name }, h("dt", {}, term), h("dd", {}, value))

    const facts = h(
      "dl",
      {},
      // What came may be another amount than what was asked for.
      view === "in_review"
        ? null
        : fact("amount", words.amount, amountOf(charge)),
      view === "waiting" ? fact("time", words.timeLeft, "") : null,
      fact("reference", words.reference, charge.reference)
    )
    const timer = facts.querySelector(".time dd")
    timer?.setAttribute("role", "timer")
    timer?.setAttribute("aria-label", words.timeLeft)
    timer?.setAttribute("part", "timer")
    return facts
  }

  #buildActions(view: KhqrView, words: KhqrTexts): HTMLElement[] {
    const button = (name: string, label: string, onClick: () => void) => {
      const element = h(
        "button",
        { type: "button", class: name, part: "button" },
        label
      )
      element.addEventListener("click", onClick)
      return element
    }
    return [
      ...(offersNewQr(view)
        ? [button("renew", words.newQr, this.#onRenew)]
        : []),
      ...(hearsClaims(view)
        ? [button("claim quiet", words.iHavePaid, this.#onClaim)]
        : []),
    ]
  }

  #drawNotice(notice: KhqrNotice | null, words: KhqrTexts): void {
    this.#find(".claim")?.setAttribute(
      "aria-disabled",
      `${notice === "checking"}`
    )
    if (notice === this.#drawnNotice) {
      return
    }
    this.#drawnNotice = notice
    const box = this.#find(".notice")
    box?.toggleAttribute("hidden", notice === null)
    if (!box || !notice) {
      return
    }
    box.replaceChildren(
      ...(notice === "checking" ? [h("span", { class: "spinner" })] : []),
      h("span", {}, words.notices[notice])
    )
    this.#announce(words.notices[notice])
  }

  #drawTimer(view: KhqrView, words: KhqrTexts): void {
    const timer = this.#find(".time dd")
    if (view !== "waiting" || !timer || !this.#charge || !this.#clock) {
      return
    }
    const remaining = Date.parse(this.#charge.expires_at) - this.#clock.now()
    const shown = formatRemaining(remaining)
    if (timer.textContent !== shown) {
      timer.textContent = shown
    }
    const isLast = remaining <= LAST_MINUTE_MS
    this.#find(".time")?.classList.toggle("last-minute", isLast)
    if (isLast && !this.#lastMinuteTold) {
      this.#lastMinuteTold = true
      this.#announce(words.oneMinuteLeft)
    }
  }

  #announce(words: string): void {
    if (this.#live) {
      this.#live.lang = this.locale
      this.#live.textContent = words
    }
  }

  #find(selector: string): HTMLElement | null {
    return this.#root?.querySelector<HTMLElement>(selector) ?? null
  }
}

function toneOf(view: KhqrView): string {
  switch (view) {
    case "loading":
    case "waiting":
      return "open"
    case "paid":
    case "completed":
    case "in_review":
      return "closed good"
    case "failed":
    case "misconfigured":
      return "closed bad"
    default:
      return "closed"
  }
}

function renderCard(charge: KhqrCharge, qr: string): string {
  return renderKhqrCard({
    qr,
    merchantName: charge.merchant_name,
    merchantNameKm: charge.merchant_name_km ?? undefined,
    amount: charge.amount,
    currency: currencyOf(charge),
  })
}

function amountOf(charge: KhqrCharge): string {
  return formatKhqrAmount(charge.amount, currencyOf(charge))
}

function currencyOf(charge: KhqrCharge): KhqrCurrency {
  return charge.currency_code === "usd" ? "USD" : "KHR"
}

if (
  typeof customElements !== "undefined" &&
  !customElements.get("khqr-payment")
) {
  customElements.define("khqr-payment", KhqrPaymentElement)
}

declare global {
  interface HTMLElementTagNameMap {
    "khqr-payment": KhqrPaymentElement
  }
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  interface HTMLElementEventMap extends KhqrEventMap {}
}
