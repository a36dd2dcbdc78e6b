import type { ServerResponse } from "node:http"
import type { Simulator } from "../types"
import { html } from "./html"
import { moment, overviewLink, sendPage } from "./layout"

const SHOWN = 50

/** `GET /mailbox`: the mails with a registration's code, newest first. */
export const showMailbox = (
  { mailbox }: Simulator,
  response: ServerResponse
): void =>
  sendPage(response, {
    title: "Mailbox",
    body: html`<section class="card">
        <div class="head">MAILBOX</div>
        <div class="body">
          <p class="soft">
            Every mail the bank has sent, whoever it is to.
            ${mailbox.length === 0 && "None so far."}
          </p>
        </div>
      </section>
      ${mailbox
        .slice(-SHOWN)
        .reverse()
        .map(
          ({ to, at, organization, project, code }) =>
            html`<article class="card">
              <div class="body">
                <h2>Your verification code</h2>
                <p class="soft">To ${to} · ${moment(at)}</p>
                <p class="code"><code>${code}</code></p>
                <p class="soft">
                  For ${project} of ${organization}. Good for one
                  <code>/v1/verify</code>, until another code is sent.
                </p>
              </div>
            </article>`
        )}
      ${overviewLink}`,
  })
