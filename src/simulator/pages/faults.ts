import type { IncomingMessage, ServerResponse } from "node:http"
import { readBody, redirect } from "../http"
import { type Fields, InputError } from "../input"
import {
  FAULT_KINDS,
  type FaultInput,
  type FaultKind,
  type Simulator,
} from "../types"
import { type Html, html } from "./html"
import { overviewLink, sendPage, table } from "./layout"

const MEANINGS: Record<FaultKind, string> = {
  answer:
    "The HTTP status and body given below; of what is left out, the bank’s own",
  down: "The connection is closed without an answer",
  slow: "The right answer, 30 s late, or by as much as is given below",
  html: "HTTP 200 with a web page, as during maintenance",
  unauthorized: "HTTP 401, code 6: the token is refused",
  forbidden: "HTTP 403 with nginx’s page, as outside Cambodia",
  server_error: "HTTP 500",
  truncated: "The right status with half of the right JSON",
  quota_spent: "Code 17, or what the quota is set to refuse with",
  rate_limited: "HTTP 429 at once; what is given as late is its Retry-After",
  reset: "The connection breaks in the middle of the answer",
  list_closed: "HTTP 403 with nginx’s page, on the list endpoints only",
  mail_down: "Code 7: no code can be mailed, on request_token only",
}

const NUMBERS = [
  ["delayMs", "Happens late by (ms)"],
  ["after", "Calls that pass first"],
  ["every", "Spoils every n-th call"],
  ["times", "Calls to spoil"],
] as const

const NUMERIC: readonly string[] = [...NUMBERS.map(([name]) => name), "status"]

/** `GET /faults`: what goes wrong, and a form to have more of it. */
export const showFaults = (
  simulator: Simulator,
  endpoints: readonly string[],
  response: ServerResponse
): void => showForm(simulator, endpoints, response, new URLSearchParams())

/** `POST /faults`: one of the page's buttons. */
export const handleFaultForm = async (
  simulator: Simulator,
  endpoints: readonly string[],
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const form = new URLSearchParams(await readBody(request))
  if (form.get("action") === "clear") {
    simulator.clearFaults()
    return redirect(response, "/faults")
  }
  try {
    simulator.setFault(readFault(form) as FaultInput)
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error
    }
    return showForm(simulator, endpoints, response, form, error)
  }
  redirect(response, "/faults")
}

/** The table of the faults in force. */
export const faultTable = ({ faults }: Simulator): Html =>
  table(
    "Faults",
    ["Kind", "Endpoint", "Answer", "Delay", "Which calls", "Times left"],
    faults.map((fault) => [
      fault.kind,
      fault.endpoint ?? "all",
      describeAnswer(fault),
      fault.delayMs === undefined ? "" : `${fault.delayMs} ms`,
      describeCalls(fault),
      fault.times ?? "until cleared",
    ])
  )

const readFault = (form: URLSearchParams): Fields => {
  const given = [...form].filter(
    ([name, value]) => name !== "action" && value.trim() !== ""
  )
  return Object.fromEntries(
    given.map(([name, value]) => [
      name,
      NUMERIC.includes(name) && /^\d+$/.test(value.trim())
        ? Number(value)
        : value,
    ])
  )
}

const showForm = (
  simulator: Simulator,
  endpoints: readonly string[],
  response: ServerResponse,
  form: URLSearchParams,
  mistake: InputError | null = null
): void =>
  sendPage(response, {
    status: mistake ? 400 : 200,
    title: "Faults",
    wide: true,
    body: html`<form class="card" method="post" action="/faults">
        <div class="head">FAULTS</div>
        <div class="body">
          ${mistake && html`<p class="note" role="alert">${mistake.message}</p>`}
          <div class="fields">
            ${select("kind", "Kind", FAULT_KINDS, form)}
            ${select("endpoint", "Endpoint", ["", ...endpoints], form)}
            ${NUMBERS.map(([name, label]) => field(name, label, form))}
            ${field("status", "HTTP status (answer only)", form)}
          </div>
          <label for="body">Body (answer only), sent as it is</label>
          <textarea id="body" name="body" rows="3" spellcheck="false">
${form.get("body")}</textarea>
          <div class="row">
            <button class="main" name="action" value="add">Add fault</button>
            <button name="action" value="clear" formnovalidate>
              Clear all
            </button>
          </div>
        </div>
      </form>
      ${faultTable(simulator)}
      ${table(
        "Kinds",
        ["Kind", "What the caller gets"],
        FAULT_KINDS.map((kind) => [html`<code>${kind}</code>`, MEANINGS[kind]])
      )}
      ${overviewLink}`,
  })

const select = (
  name: string,
  label: string,
  values: readonly string[],
  form: URLSearchParams
): Html =>
  html`<div>
    <label for="${name}">${label}</label>
    <select id="${name}" name="${name}">
      ${values.map((value) =>
        value === form.get(name)
          ? html`<option value="${value}" selected>${value || "all"}</option>`
          : html`<option value="${value}">${value || "all"}</option>`
      )}
    </select>
  </div>`

const field = (name: string, label: string, form: URLSearchParams): Html =>
  html`<div>
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      inputmode="numeric"
      value="${form.get(name)}"
    />
  </div>`

const describeAnswer = ({ kind, status, body }: FaultInput): string =>
  kind === "answer"
    ? `${status ?? ""} ${body === undefined ? "" : brief(body)}`.trim()
    : ""

const describeCalls = ({ after = 0, every = 1 }: FaultInput): string =>
  `${every === 1 ? "each" : `every ${ordinal(every)}`}${after ? ` after ${after}` : ""}`

const ORDINALS = new Intl.PluralRules("en", { type: "ordinal" })
const ENDINGS: Record<string, string> = { one: "st", two: "nd", few: "rd" }

const ordinal = (count: number): string =>
  `${count}${ENDINGS[ORDINALS.select(count)] ?? "th"}`

const brief = (body: unknown): string => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
