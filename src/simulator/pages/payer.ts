import type { IncomingMessage, ServerResponse } from "node:http"
import {
  formatKhqrAmount,
  type KhqrCurrency,
  type KhqrFields,
  khqrMd5,
} from "../../khqr"
import { DEFAULT_PAYER, type SimulatedBank, withoutScheme } from "../bank"
import { readBody, redirect } from "../http"
import { InputError } from "../input"
import type { PayLink, PayLinks } from "../pay-links"
import type { SimulatedTransaction } from "../types"
import { type Html, html } from "./html"
import { both, moment, sendPage } from "./layout"

export type PayerParts = {
  bank: SimulatedBank
  links: PayLinks
  now: () => number
}

/** Beyond every tolerance for clocks that differ. */
const LATE_BY_MS = 5 * 60_000

/** Counts down where JavaScript runs; without it the time of expiry is shown. */
const COUNTDOWN = `
const clock = document.querySelector("[data-expires]")
if (clock) {
  const skew = Number(clock.dataset.now) - Date.now()
  const tick = () => {
    const left = Math.ceil((Number(clock.dataset.expires) - Date.now() - skew) / 1000)
    if (left <= 0) return location.reload()
    clock.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0")
    setTimeout(tick, 500)
  }
  tick()
}
`

/** `GET /pay?qr=…` or `?link=…`: the page on which the payer confirms. */
export const showPayerPage = (
  parts: PayerParts,
  query: URLSearchParams,
  response: ServerResponse
): void => {
  const asked = readAsked(parts.links, query)
  if (!asked) {
    return sendPage(response, {
      status: query.has("link") ? 404 : 200,
      title: "Scan",
      body: scanForm(
        query.has("link") ? "This link is not known, or was forgotten." : null
      ),
    })
  }
  showPayment(parts, asked, query, response)
}

/** `POST /pay`: one of the page's buttons. */
export const handlePayment = async (
  parts: PayerParts,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const form = new URLSearchParams(await readBody(request))
  const asked = readAsked(parts.links, form)
  if (!asked) {
    return redirect(response, "/pay")
  }
  try {
    redirect(response, confirm(parts, asked.qr, form))
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error
    }
    showPayment(parts, asked, form, response, error)
  }
}

/** `GET /receipt?hash=…`: what the payer's app shows afterwards. */
export const showReceipt = (
  { bank, links }: PayerParts,
  query: URLSearchParams,
  response: ServerResponse
): void => {
  const hashes = query.getAll("hash")
  const paid = bank.transactions.filter(({ hash }) => hashes.includes(hash))
  const link = links.find(query.get("link") ?? "")
  if (paid.length === 0) {
    return sendPage(response, {
      status: 404,
      title: "No receipt",
      body: html`<p>There is no such transfer.</p>`,
    })
  }
  sendPage(response, {
    title: "Paid",
    body: html`${paid.map(receipt)}
    ${
      backLink(link) ??
      html`<a class="button" href="/pay">
        ${both("Scan another QR", "ស្កេន QR ផ្សេងទៀត")}
      </a>`
    }`,
  })
}

/** `GET /failed?qr=…`: after a transfer that failed. */
export const showFailure = (
  { links }: PayerParts,
  query: URLSearchParams,
  response: ServerResponse
): void => {
  const link = query.get("link")
  const again = new URLSearchParams(
    link ? { link } : { qr: query.get("qr") ?? "" }
  )
  sendPage(response, {
    title: "Failed",
    body: html`<section class="card">
        <div class="body">
          <h1 class="bad">${both("✕ Payment failed", "ការបង់ប្រាក់បានបរាជ័យ")}</h1>
          <p class="soft">No money was moved. The same QR may be paid again.</p>
          <a class="button" href="/pay?${again.toString()}">
            ${both("Try again", "ព្យាយាមម្តងទៀត")}
          </a>
        </div>
      </section>
      ${backLink(links.find(link ?? ""))}`,
  })
}

const readAsked = (links: PayLinks, query: URLSearchParams): PayLink | null => {
  const link = query.get("link")
  if (link) {
    return links.find(link)
  }
  const qr = withoutScheme(query.get("qr")?.trim() ?? "")
  return qr ? { qr, callback: null, appName: null } : null
}

/** Does what the button says and tells where to go on. @throws {InputError} */
const confirm = (
  { bank, now }: PayerParts,
  qr: string,
  form: URLSearchParams
): string => {
  const onward = new URLSearchParams()
  const link = form.get("link")
  if (link) {
    onward.set("link", link)
  }
  const action = form.get("action")
  if (action === "fail") {
    bank.fail(qr)
    onward.set("qr", qr)
    return `/failed?${onward}`
  }
  const { expiresAt } = bank.scan(qr)
  const amount = form.get("amount")?.trim()
  if (amount && !/^\d{1,12}(\.\d{1,2})?$/.test(amount)) {
    throw new InputError("amount", 'must be a number such as "12.50"')
  }
  const paid = bank.pay({
    qr,
    fromAccountId: form.get("fromAccountId")?.trim() || undefined,
    amount: amount ? Number(amount) : undefined,
    times: action === "pay_twice" ? 2 : 1,
    createdAt:
      action === "pay_late" && expiresAt !== undefined
        ? Math.max(now(), expiresAt + LATE_BY_MS)
        : undefined,
  })
  paid.forEach(({ hash }) => onward.append("hash", hash))
  return `/receipt?${onward}`
}

const showPayment = (
  parts: PayerParts,
  asked: PayLink,
  form: URLSearchParams,
  response: ServerResponse,
  mistake: InputError | null = null
): void => {
  let said: KhqrFields
  try {
    said = parts.bank.scan(asked.qr)
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error
    }
    return sendPage(response, {
      status: 400,
      title: "Not a KHQR",
      body: scanForm(error.message, asked.qr),
    })
  }
  const now = parts.now()
  const paid = parts.bank.transactions.some(
    ({ md5 }) => md5 === khqrMd5(asked.qr)
  )
  sendPage(response, {
    status: mistake ? 400 : 200,
    title: `Pay ${said.merchantName}`,
    script: COUNTDOWN,
    body: html`<form class="card" method="post" action="/pay">
      <div class="head">KHQR</div>
      <div class="body">
        ${summary(said)} ${details(said, now)}
        ${
          said.expiresAt !== undefined &&
          said.expiresAt <= now &&
          html`<p class="note" role="alert">
            ${both("This QR has expired.", "QR នេះបានផុតកំណត់ហើយ។")} Some banks’
            apps still let it be paid.
          </p>`
        }
        ${
          paid &&
          said.amount !== undefined &&
          html`<p class="note" role="alert">
            ${both("This QR has been paid already.", "QR នេះត្រូវបានបង់រួចហើយ។")}
          </p>`
        }
        ${mistake && html`<p class="note" role="alert">${mistake.message}</p>`}
        <input type="hidden" name="qr" value="${asked.qr}" />
        ${
          form.get("link") &&
          html`<input type="hidden" name="link" value="${form.get("link")}" />`
        }
        ${
          said.amount === undefined &&
          html`<label for="amount">
              ${both(`Amount in ${said.currency}`, "ចំនួនទឹកប្រាក់")}
            </label>
            <input
              id="amount"
              name="amount"
              inputmode="decimal"
              required
              value="${form.get("amount")}"
            />`
        }
        <label for="from">${both("From account", "ពីគណនី")}</label>
        <input
          id="from"
          name="fromAccountId"
          autocapitalize="none"
          spellcheck="false"
          value="${form.get("fromAccountId") ?? DEFAULT_PAYER}"
        />
        <button class="main" name="action" value="pay">
          ${both("Pay", "បង់ប្រាក់")}
        </button>
        <div class="row">
          <button name="action" value="fail">${both("Fail", "បរាជ័យ")}</button>
          <button name="action" value="pay_twice">
            ${both("Pay twice", "បង់ពីរដង")}
          </button>
          ${
            said.expiresAt !== undefined &&
            html`<button name="action" value="pay_late">
              ${both("Pay late", "បង់យឺត")}
            </button>`
          }
        </div>
      </div>
    </form>`,
  })
}

const summary = (said: KhqrFields): Html =>
  html`<h1 class="who">${said.merchantName}</h1>
    <p class="soft">${said.receiver.accountId} · ${said.merchantCity}</p>
    ${
      said.amount !== undefined &&
      html`<p class="sum">${formatKhqrAmount(said.amount, said.currency)}</p>`
    }`

const details = (said: KhqrFields, now: number): Html => {
  const { expiresAt, billNumber, storeLabel, terminalLabel } = said
  return html`<dl>
    ${
      expiresAt !== undefined &&
      expiresAt > now &&
      html`<div>
        <dt>${both("Expires in", "ផុតកំណត់ក្នុង")}</dt>
        <dd data-expires="${expiresAt}" data-now="${now}">
          ${remaining(expiresAt - now)}
        </dd>
      </div>`
    }
    ${
      expiresAt !== undefined &&
      html`<div>
        <dt>${both("Expires at", "ផុតកំណត់នៅ")}</dt>
        <dd>${moment(expiresAt)}</dd>
      </div>`
    }
    ${[
      fact("Bill", "វិក្កយបត្រ", billNumber),
      fact("Store", "ហាង", storeLabel),
      fact("Terminal", "ម៉ាស៊ីន", terminalLabel),
      fact("Kind", "ប្រភេទ", said.amount === undefined ? "static" : "dynamic"),
    ]}
  </dl>`
}

const fact = (english: string, khmer: string, value?: string): Html =>
  value === undefined
    ? html``
    : html`<div>
        <dt>${both(english, khmer)}</dt>
        <dd>${value}</dd>
      </div>`

const remaining = (ms: number): string => {
  const seconds = Math.ceil(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

const receipt = (paid: SimulatedTransaction): Html =>
  html`<section class="card">
    <div class="body">
      <h1 class="ok">${both("✓ Paid", "ការបង់ប្រាក់បានជោគជ័យ")}</h1>
      <p class="sum">${writeAmount(paid)}</p>
      <dl>
        ${[
          fact("To", "ទៅគណនី", paid.toAccountId),
          fact("From", "ពីគណនី", paid.fromAccountId),
          fact("Time", "កាលបរិច្ឆេទ", moment(paid.createdDateMs)),
          fact("Short hash", "លេខយោង", paid.shortHash),
        ]}
        <div class="long">
          <dt>${both("Hash", "លេខប្រតិបត្តិការ")}</dt>
          <dd>${paid.hash}</dd>
        </div>
      </dl>
    </div>
  </section>`

/** As a card shows it, unless a test paid something no card can show. */
const writeAmount = ({ amount, currency }: SimulatedTransaction): string => {
  try {
    return formatKhqrAmount(String(amount), currency as KhqrCurrency)
  } catch {
    return `${amount} ${currency}`
  }
}

/** The way back into the shop's app or page; other schemes could run code. */
const backLink = (link: PayLink | null): Html | null => {
  const callback = link?.callback ?? ""
  const isSafe =
    /^[a-z][a-z0-9+.-]*:\/\//i.test(callback) && !/^javascript:/i.test(callback)
  return isSafe
    ? html`<a class="button main" href="${callback}">
        ${both(`Back to ${link?.appName ?? "the shop"}`, "ត្រឡប់ទៅហាងវិញ")}
      </a>`
    : null
}

const scanForm = (problem: string | null, qr = ""): Html =>
  html`<form class="card" method="get" action="/pay">
    <div class="head">KHQR</div>
    <div class="body">
      <h1>${both("Scan a QR", "ស្កេន QR")}</h1>
      ${problem && html`<p class="note" role="alert">${problem}</p>`}
      <label for="qr"> ${both("The text of the KHQR", "អត្ថបទនៃ KHQR")} </label>
      <textarea id="qr" name="qr" rows="6" required spellcheck="false">
${qr}</textarea>
      <button class="main">${both("Continue", "បន្ត")}</button>
    </div>
  </form>`
