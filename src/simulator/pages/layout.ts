import { randomBytes } from "node:crypto"
import type { ServerResponse } from "node:http"
import { Html, html } from "./html"

const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f4f5f7; --card: #fff; --ink: #16181d; --soft: #5c6470;
  --line: #dfe3e8; --red: #c8191f; --bad: #b3161b; --ok: #146c43; --warn-ink: #7a4b00; --warn: #fff4dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #101215; --card: #1a1d22; --ink: #f1f3f5; --soft: #a3abb6;
    --line: #30353d; --red: #d0262c; --bad: #ff8a8e; --ok: #5fcf97; --warn-ink: #ffd58a; --warn: #3a2c0e;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; background: var(--paper); color: var(--ink); line-height: 1.45;
  font-family: system-ui, "Noto Sans", "Noto Sans Khmer", "Khmer OS", sans-serif;
  overflow-wrap: anywhere;
}
.banner {
  background: var(--warn); color: var(--warn-ink); text-align: center;
  padding: .5rem 1rem; font-size: .875rem; font-weight: 600;
}
main { max-width: 26rem; margin: 0 auto; padding: 1rem }
main.wide { max-width: 64rem }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
  overflow: hidden; margin-bottom: 1rem;
}
.head { background: #c8191f; color: #fff; padding: .75rem 1.25rem; font-weight: 700; letter-spacing: .06em }
.body { padding: 1.25rem }
h1, h2 { font-size: 1.125rem; margin: 0 0 .5rem }
.who { font-size: 1.125rem; font-weight: 600; margin: 0 }
.soft { color: var(--soft); font-size: .875rem; margin: 0 }
.sum { font-size: 2rem; font-weight: 700; line-height: 1.2; margin: .75rem 0 0; font-variant-numeric: tabular-nums }
dl { margin: 1rem 0 0; border-top: 1px dashed var(--line); padding-top: .75rem }
dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .2rem 0; font-size: .9375rem }
dt { color: var(--soft); flex: none; max-width: 50% }
dl .long { display: block }
.long dt { max-width: none }
.long dd { text-align: left; font-family: ui-monospace, monospace; font-size: .875rem }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums }
.note { border-radius: .625rem; background: var(--warn); color: var(--warn-ink); padding: .625rem .75rem; margin: 1rem 0 0; font-size: .9375rem }
label { display: block; font-size: .875rem; color: var(--soft); margin: 1rem 0 .25rem }
input, textarea, select {
  width: 100%; font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--line); border-radius: .625rem; padding: .625rem .75rem;
}
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0 1rem; margin-top: -1rem }
.code { font-size: 1.25rem; margin: .75rem 0 }
button, .button {
  display: block; width: 100%; min-height: 2.75rem; margin-top: .625rem; padding: .5rem .75rem; font: inherit;
  font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  border: 1px solid var(--line); border-radius: .625rem; background: transparent; color: inherit;
}
.main { background: var(--red); border-color: var(--red); color: #fff; margin-top: 1rem; font-size: 1.0625rem }
.row { display: flex; flex-wrap: wrap; gap: .625rem; margin-top: .625rem }
.row > button, .row > .button { flex: 1 1 6rem; margin: 0 }
.body > dl:first-child { margin: 0; border: 0; padding: 0 }
.wide dl div { flex-wrap: wrap; gap: 0 1rem }
.wide dd { text-align: left }
:lang(km) { display: inline-block }
button :lang(km), dt :lang(km) { display: block; font-size: .875em }
:focus-visible { outline: 3px solid #3b82f6; outline-offset: 2px }
.ok { color: var(--ok) }
.bad { color: var(--bad) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .875rem }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); white-space: nowrap }
th { color: var(--soft); font-weight: 500 }
code { font-family: ui-monospace, monospace; font-size: .875em }
`

/** English and Khmer for the payer. */
export const both = (english: string, khmer: string): Html =>
  html`${english} <span lang="km">${khmer}</span>`

/** Phnom Penh time to the second. */
export const moment = (ms: number): string =>
  `${new Date(ms + 7 * 3_600_000).toISOString().slice(0, 19).replace("T", " ")} +07`

export const overviewLink = html`<a class="button" href="/">Overview</a>`

/** A card with a table that scrolls by itself on a narrow screen. */
export const table = (
  title: string,
  columns: string[],
  rows: (Html | string | number)[][]
): Html =>
  html`<section class="card">
    <div class="body">
      <h2>${title}</h2>
      ${
        rows.length === 0
          ? html`<p class="soft">None.</p>`
          : html`<div class="scroll" tabindex="0">
              <table>
                <thead>
                  <tr>
                    ${columns.map((column) => html`<th>${column}</th>`)}
                  </tr>
                </thead>
                <tbody>
                  ${rows.map(
                    (row) =>
                      html`<tr>
                        ${row.map((cell) => html`<td>${cell}</td>`)}
                      </tr>`
                  )}
                </tbody>
              </table>
            </div>`
      }
    </div>
  </section>`

type Page = {
  title: string
  body: Html
  status?: number
  wide?: boolean
  /** JavaScript for comfort only: every page works without. */
  script?: string
}

/** Sends a page that can load and run nothing but its own style and script. */
export const sendPage = (response: ServerResponse, page: Page): void => {
  const nonce = randomBytes(12).toString("base64url")
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title} · Bakong simulator</title>
        <style nonce="${nonce}">
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <div class="banner" role="note">
          Simulator — no real money
          <span lang="km">កម្មវិធីសាកល្បង មិនមែនប្រាក់ពិតទេ</span>
        </div>
        <main class="${page.wide ? "wide" : ""}">${page.body}</main>
        ${
          page.script &&
          html`<script nonce="${nonce}">
            ${new Html(page.script)}
          </script>`
        }
      </body>
    </html>`
  response
    .writeHead(page.status ?? 200, {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
      "Content-Security-Policy":
        `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; ` +
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    })
    .end(document.text)
}
