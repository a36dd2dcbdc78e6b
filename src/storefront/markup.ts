import { renderKhqrCard } from "../khqr/card"
import { formatKhqrAmount } from "../khqr/money"
import type { KhqrCurrency } from "../khqr/types"
import type { KhqrCharge } from "./client"
import { h, svg } from "./dom"
import { icon } from "./icons"
import type { KhqrTexts } from "./texts"
import type { KhqrView } from "./view"
import { hearsClaims, offersNewQr, takesReceipts } from "./view"

/** What the shopper may do. */
export type Handlers = {
  onRenew: () => void
  onClaim: () => void
  onReceipt: (typed: string) => void
  onCopyAmount: (charge: KhqrCharge, shown: HTMLElement) => void
}

/** A view as markup; notice, timer and receipt are filled in as they change. */
export function buildView(
  view: KhqrView,
  charge: KhqrCharge | null,
  words: KhqrTexts,
  handlers: Handlers
): Node[] {
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
    h("div", { class: "stage" }, buildStage(view, charge, words)),
    h(
      "div",
      { class: "rest" },
      charge && view === "static_waiting"
        ? buildAmountToType(charge, words, handlers)
        : null,
      h("p", { class: "notice", part: "notice", hidden: "" }),
      charge ? buildFacts(charge, view, words) : null,
      takesReceipts(view) === "no" ? null : buildReceipt(words, handlers),
      ...buildActions(view, words, handlers)
    ),
  ]
}

export function toneOf(view: KhqrView): string {
  switch (view) {
    case "loading":
    case "waiting":
    case "static_waiting":
      return "open"
    case "paid":
    case "completed":
    case "in_review":
    case "refunded":
      return "closed good"
    case "failed":
    case "misconfigured":
      return "closed bad"
    default:
      return "closed"
  }
}

function buildStage(
  view: KhqrView,
  charge: KhqrCharge | null,
  words: KhqrTexts
): Element {
  if (view === "loading") {
    return h("div", { class: "card skeleton" })
  }
  if ((view !== "waiting" && view !== "static_waiting") || !charge?.qr) {
    const circle = h("div", { class: "icon" })
    circle.append(icon(view))
    return circle
  }

  const name = view === "waiting" ? words.card : words.staticCard
  const card = h("div", {
    class: "card",
    part: "card",
    role: "img",
    "aria-label": name
      .replace("{amount}", amountOf(charge))
      .replace("{merchant}", charge.merchant_name),
  })
  const drawing = svg(renderCard(charge, charge.qr))
  // The card is named by its frame, in the shopper's language.
  drawing.querySelector("title")?.remove()
  card.append(drawing)
  return card
}

/** Whoever types another amount has paid for nothing: it is the largest thing beside the QR. */
function buildAmountToType(
  charge: KhqrCharge,
  words: KhqrTexts,
  { onCopyAmount }: Handlers
): HTMLElement {
  const [figures, currency] = amountOf(charge).split(" ")
  const shown = h("span", { class: "figures" }, figures)
  const copy = h(
    "button",
    { type: "button", class: "copy quiet", part: "button" },
    words.copyAmount
  )
  copy.addEventListener("click", () => onCopyAmount(charge, shown))
  return h(
    "div",
    { class: "to-type", part: "amount" },
    h("p", {}, words.typeAmount),
    h("p", { class: "large" }, shown, " ", h("small", {}, currency)),
    copy
  )
}

function buildFacts(
  charge: KhqrCharge,
  view: KhqrView,
  words: KhqrTexts
): HTMLElement {
  const fact = (name: string, term: string, value: string) =>
    h("div", { class: name }, h("dt", {}, term), h("dd", {}, value))
  // What came may be another amount than what was asked for.
  const hidesAmount =
    view === "in_review" ||
    view === "refunded" ||
    view === "dismissed" ||
    view === "static_waiting"

  const facts = h(
    "dl",
    {},
    hidesAmount ? null : fact("amount", words.amount, amountOf(charge)),
    view === "waiting" ? fact("time", words.timeLeft, "") : null,
    fact("reference", words.reference, charge.reference)
  )
  const timer = facts.querySelector(".time dd")
  timer?.setAttribute("role", "timer")
  timer?.setAttribute("aria-label", words.timeLeft)
  timer?.setAttribute("part", "timer")
  return facts
}

function buildReceipt(
  { receipt }: KhqrTexts,
  { onReceipt }: Handlers
): HTMLElement {
  const input = h("input", {
    id: "hash",
    part: "input",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    // Receipts show it in groups.
    maxlength: "100",
    "aria-describedby": "hint fault",
  })
  const form = h(
    "form",
    { class: "receipt", part: "receipt", hidden: "", novalidate: "" },
    h("label", { for: "hash" }, receipt.label),
    input,
    h("p", { id: "hint", class: "hint" }, receipt.hint),
    h("p", { id: "fault", class: "fault", hidden: "" }),
    h("button", { class: "send quiet", part: "button" }, receipt.send)
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    onReceipt(input.value)
  })
  return form
}

function buildActions(
  view: KhqrView,
  words: KhqrTexts,
  { onRenew, onClaim }: Handlers
): HTMLElement[] {
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
    ...(offersNewQr(view) ? [button("renew", words.newQr, onRenew)] : []),
    ...(hearsClaims(view)
      ? [button("claim quiet", words.iHavePaid, onClaim)]
      : []),
  ]
}

function renderCard(charge: KhqrCharge, qr: string): string {
  return renderKhqrCard({
    qr,
    merchantName: charge.merchant_name,
    merchantNameKm: charge.merchant_name_km ?? undefined,
    // No more than the string itself says.
    amount: charge.mode === "static" ? undefined : charge.amount,
    currency: currencyOf(charge),
  })
}

function amountOf(charge: KhqrCharge): string {
  return formatKhqrAmount(charge.amount, currencyOf(charge))
}

function currencyOf(charge: KhqrCharge): KhqrCurrency {
  return charge.currency_code === "usd" ? "USD" : "KHR"
}
