import type { ServerResponse } from "node:http"
import type { Simulator } from "../types"
import { type Html, html } from "./html"
import { moment, sendPage } from "./layout"

const SHOWN = 50

/** `GET /`: what happened so far, newest first. */
export const showOverview = (
  { url, transactions, requests, faults }: Simulator,
  response: ServerResponse
): void =>
  sendPage(response, {
    title: "Overview",
    wide: true,
    body: html`<section class="card">
        <div class="head">BAKONG SIMULATOR</div>
        <div class="body">
          <p class="soft">
            Base URL of the Open API: <code>${url}</code> · control:
            <code>${url}/_control</code>
          </p>
          <a class="button" href="/pay">Pay a KHQR</a>
        </div>
      </section>
      ${table(
        "Faults",
        ["Kind", "Endpoint", "Delay", "Times left"],
        faults.map(({ kind, endpoint, delayMs, times }) => [
          kind,
          endpoint ?? "all",
          delayMs === undefined ? "" : `${delayMs} ms`,
          times ?? "until cleared",
        ])
      )}
      ${table(
        `Transfers (${transactions.length})`,
        ["Time", "Amount", "From", "To", "Hash", "MD5 of the QR", ""],
        transactions
          .slice(-SHOWN)
          .reverse()
          .map((transaction) => [
            moment(transaction.createdDateMs),
            `${transaction.amount} ${transaction.currency}`,
            transaction.fromAccountId,
            transaction.toAccountId,
            html`<a href="/receipt?hash=${transaction.hash}"
              ><code>${transaction.shortHash}</code></a
            >`,
            html`<code>${transaction.md5}</code>`,
            transaction.trackingStatus ?? "",
          ])
      )}
      ${table(
        `Calls (${requests.length})`,
        ["Time", "Endpoint", "Body", "Fault"],
        requests
          .slice(-SHOWN)
          .reverse()
          .map(({ at, endpoint, body, fault }) => [
            moment(at),
            endpoint,
            html`<code>${brief(body)}</code>`,
            fault ?? "",
          ])
      )}`,
  })

const table = (
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

const brief = (body: unknown): string => {
  const text = typeof body === "string" ? body : (JSON.stringify(body) ?? "")
  return text.length > 90 ? `${text.slice(0, 90)}…` : text
}
