import type { ServerResponse } from "node:http"
import type { SimulatedRequest, Simulator } from "../types"
import { faultTable } from "./faults"
import { type Html, html } from "./html"
import { moment, sendPage, table } from "./layout"

const SHOWN = 50

/** `GET /`: what happened so far, newest first. */
export const showOverview = (
  simulator: Simulator,
  response: ServerResponse
): void => {
  const { transactions, requests, mailbox } = simulator
  sendPage(response, {
    title: "Overview",
    wide: true,
    body: html`<section class="card">
        <div class="head">BAKONG SIMULATOR</div>
        <div class="body">
          <dl>
            ${facts(simulator).map(
              ([name, value]) =>
                html`<div>
                  <dt>${name}</dt>
                  <dd>${value}</dd>
                </div>`
            )}
          </dl>
          <div class="row">
            <a class="button" href="/pay">Pay a KHQR</a>
            <a class="button" href="/faults">Faults</a>
            <a class="button" href="/mailbox">Mailbox (${mailbox.length})</a>
          </div>
        </div>
      </section>
      ${faultTable(simulator)}
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
        ["Time", "Endpoint", "Body", "Answer", "Fault"],
        requests
          .slice(-SHOWN)
          .reverse()
          .map((call) => [
            moment(call.at),
            call.endpoint,
            html`<code>${brief(call.body)}</code>`,
            describeAnswer(call),
            call.fault ?? "",
          ])
      )}`,
  })
}

const facts = ({
  url,
  hosted,
  quota,
  clock,
}: Simulator): [name: string, value: Html | string][] => [
  ["Open API", html`<code>${url}</code>`],
  ["Hosted gateway", html`<code>${hosted.url}</code>`],
  ["Control", html`<code>${url}/_control</code>`],
  [
    "Calls today",
    quota.dailyRequestLimit === null
      ? `${quota.used}, no limit`
      : `${quota.used} of ${quota.dailyRequestLimit}, until ${moment(quota.nextResetAt)}`,
  ],
  ["The bank’s clock", moment(clock.now) + (clock.frozen ? ", stopped" : "")],
]

const describeAnswer = ({ status, errorCode }: SimulatedRequest): string =>
  status === null
    ? "none"
    : errorCode === null
      ? `${status}`
      : `${status}, code ${errorCode}`

const brief = (body: unknown): string => {
  const text = typeof body === "string" ? body : (JSON.stringify(body) ?? "")
  return text.length > 90 ? `${text.slice(0, 90)}…` : text
}
