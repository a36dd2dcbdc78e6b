import type { KhqrCharge, KhqrClientError } from "./client"
import { createKhqrClient } from "./client"
import { formatRemaining } from "./clock"
import { h } from "./dom"
import type { KhqrEventMap } from "./events"
import { buildView, toneOf, type Handlers } from "./markup"
import { FollowedSession } from "./session"
import { styles } from "./styles"
import type { KhqrLocale, KhqrTexts } from "./texts"
import { texts } from "./texts"
import type { KhqrNotice, KhqrView } from "./view"

const TICK_MS = 500
const LAST_MINUTE_MS = 60_000
const COPIED_FOR_MS = 2_000

/** Server rendering imports this module where there is no DOM. */
const Base =
  typeof HTMLElement === "undefined"
    ? (class {} as unknown as typeof HTMLElement)
    : HTMLElement

/**
 * `<khqr-payment session-id backend-url publishable-key locale theme>`: the
 * payment step of a checkout. Shows the KHQR of a payment session, follows it
 * until the order exists, and says what is so on the way. A hidden page follows nothing: what
 * happened meanwhile, events and all, is told as soon as the shopper is back.
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

  /**
   * In a shop of mode `client`: makes the KHQR when the shopper wants a new one, for
   * the amount and currency of the charge that is over.
   */
  makeQr: ((charge: KhqrCharge) => string | Promise<string>) | null = null

  #session: FollowedSession | null = null
  #ticking: ReturnType<typeof setInterval> | undefined
  #restartQueued = false
  #wasAway = false

  #drawn = ""
  #drawnNotice: KhqrNotice | null = null
  #drawnReceipt = ""
  /** Id of the charge whose last minute was told. */
  #lastMinuteTold: string | null = null
  #handlers: Handlers = {
    onRenew: () => void this.#session?.renew(),
    onClaim: () => this.#session?.claim(),
    onReceipt: (typed) => void this.#session?.sendReceipt(typed),
    onCopyAmount: (charge, shown) => void this.#copyAmount(charge, shown),
  }

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
    return this.#session?.charge ?? null
  }

  connectedCallback(): void {
    this.#prepareShadow()
    document.addEventListener("visibilitychange", this.#onVisibility)
    addEventListener("pagehide", this.#onPageHide)
    addEventListener("pageshow", this.#onVisibility)
    addEventListener("focus", this.#onReturn)
    this.#ticking = setInterval(() => this.#draw(), TICK_MS)
    this.#restart()
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.#onVisibility)
    removeEventListener("pagehide", this.#onPageHide)
    removeEventListener("pageshow", this.#onVisibility)
    removeEventListener("focus", this.#onReturn)
    clearInterval(this.#ticking)
    this.#session?.stop()
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
    this.#session?.stop()
    this.#session = null

    if (this.isConnected && this.sessionId && this.backendUrl) {
      this.#session = new FollowedSession({
        client: createKhqrClient({
          baseUrl: this.backendUrl,
          publishableKey: this.publishableKey,
        }),
        sessionId: this.sessionId,
        onChange: () => this.#draw(),
        tell: (type, detail) => this.#emit(type, detail),
        makeQr: () => this.makeQr,
      })
      this.#session.watch()
      if (isLoadedByReturn()) {
        this.#wasAway = true
        this.#onVisibility()
      }
    }
    this.#draw()
  }

  #emit<K extends keyof KhqrEventMap>(
    type: K,
    detail: KhqrEventMap[K]["detail"]
  ): void {
    if (type === "khqr:error") {
      this.#complain((detail as { error: KhqrClientError }).error)
    }
    this.dispatchEvent(
      new CustomEvent(type, { detail, bubbles: true, composed: true })
    )
  }

  /** To whoever builds the storefront. That the cart has changed, or the network is away, is no fault of theirs. */
  #complain({ kind, message }: KhqrClientError): void {
    if (kind !== "unreachable" && kind !== "conflict") {
      console.error(
        `<khqr-payment> session "${this.sessionId}" at ${this.backendUrl}: ${message}`
      )
    }
  }

  #onVisibility = (): void => {
    if (document.visibilityState === "hidden") {
      this.#wasAway = true
    } else {
      this.#onReturn()
    }
  }

  #onPageHide = (): void => {
    this.#wasAway = true
  }

  /** Several events may tell of one return; the first one counts. */
  #onReturn = (): void => {
    if (this.#wasAway) {
      this.#wasAway = false
      this.#session?.comeBack()
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

  #draw(): void {
    if (!this.#root) {
      return
    }
    const charge = this.charge
    const view = this.#session?.view ?? "loading"
    const locale = this.locale
    const words = texts[locale]
    const key = [view, locale, charge?.id, charge?.order_id].join()

    if (key !== this.#drawn) {
      const first = this.#drawn === ""
      this.#drawn = key
      this.#replace(this.#root, buildView(view, charge, words, this.#handlers))
      this.#root.lang = locale
      this.#root.className = `root ${toneOf(view)}`
      if (this.#live && !first) {
        const { title, text } = words.views[view]
        this.#live.lang = locale
        this.#live.textContent = `${title}. ${text}`
      }
    }
    this.#drawReceipt(words)
    this.#drawNotice(this.#session?.notice ?? null, words)
    this.#drawTimer(view, words)
    this.#find(".renew")?.setAttribute(
      "aria-disabled",
      `${this.#session?.isRenewing ?? false}`
    )
  }

  /** What the shopper was typing is still there, and so is the focus. */
  #replace(root: HTMLElement, nodes: Node[]): void {
    const focused = this.shadowRoot?.activeElement
    const before = root.querySelector("input")
    this.#drawnNotice = null
    this.#drawnReceipt = ""
    root.replaceChildren(...nodes)

    const input = root.querySelector("input")
    if (input && before) {
      input.value = before.value
    }
    if (!focused) {
      return
    }
    // A receipt's form that is hidden takes no focus.
    this.#drawReceipt(texts[this.locale])
    const next =
      focused === before && this.#session?.takesReceipt ? input : null
    ;(next ?? this.#find("h2"))?.focus({ preventScroll: true })
  }

  #drawReceipt({ receipt: words }: KhqrTexts): void {
    const form = this.#find(".receipt")
    const session = this.#session
    if (!form || !session) {
      return
    }
    form.toggleAttribute("hidden", !session.takesReceipt)
    const { isChecking, fault } = session.receipt
    const state = `${isChecking}${fault}`
    if (state === this.#drawnReceipt) {
      return
    }
    this.#drawnReceipt = state
    const told = isChecking ? words.checking : fault && words.faults[fault]
    this.#find(".send")?.setAttribute("aria-disabled", `${isChecking}`)
    this.#find("input")?.setAttribute("aria-invalid", `${fault !== null}`)
    const box = this.#find(".fault")
    box?.toggleAttribute("hidden", !told)
    box?.classList.toggle("checking", isChecking)
    box?.replaceChildren(
      ...(isChecking ? [h("span", { class: "spinner" })] : []),
      told ?? ""
    )
    if (told) {
      this.#announce(told)
    }
  }

  async #copyAmount(charge: KhqrCharge, shown: HTMLElement): Promise<void> {
    const words = texts[this.locale]
    const button = this.#find(".copy")
    try {
      await navigator.clipboard.writeText(charge.amount)
    } catch {
      // Not on plain http, and not everywhere allowed: then it is at least marked.
      getSelection()?.selectAllChildren(shown)
      return
    }
    if (button) {
      button.textContent = words.copied
      setTimeout(() => (button.textContent = words.copyAmount), COPIED_FOR_MS)
    }
    this.#announce(words.copied)
  }

  #drawNotice(notice: KhqrNotice | null, words: KhqrTexts): void {
    this.#find(".claim")?.setAttribute(
      "aria-disabled",
      `${this.#session?.isClaimed ?? false}`
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
    const charge = this.charge
    const clock = this.#session?.clock
    if (view !== "waiting" || !timer || !charge || !clock) {
      return
    }
    const remaining = Date.parse(charge.expires_at) - clock.now()
    const shown = formatRemaining(remaining)
    if (timer.textContent !== shown) {
      timer.textContent = shown
    }
    const isLast = remaining <= LAST_MINUTE_MS
    this.#find(".time")?.classList.toggle("last-minute", isLast)
    if (isLast && this.#lastMinuteTold !== charge.id) {
      this.#lastMinuteTold = charge.id
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

/** A payment step that is shown later in the life of a page has nothing to do with how that was loaded. */
const SOON_AFTER_LOAD_MS = 30_000
let isLoadLooked = false

/**
 * A phone that is short of memory drops the page while the bank's app is open, and a link into the
 * app may leave the page: then the return is a load. Told once.
 */
function isLoadedByReturn(): boolean {
  if (isLoadLooked || performance.now() > SOON_AFTER_LOAD_MS) {
    return false
  }
  isLoadLooked = true
  const [load] = performance.getEntriesByType("navigation")
  return (
    (load as PerformanceNavigationTiming | undefined)?.type ===
      "back_forward" ||
    (document as { wasDiscarded?: boolean }).wasDiscarded === true
  )
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
