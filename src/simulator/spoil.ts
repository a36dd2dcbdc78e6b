import type { ServerResponse } from "node:http"
import { type Answer, type Said, saidBy } from "./envelope"
import { parseJson, sendAnswer } from "./http"
import type { FaultInput } from "./types"

/** How a protocol itself says no. */
export type Refusals = {
  unauthorized: () => Answer
  quotaSpent: () => Answer
  mailDown: () => Answer
}

const DEFAULT_DELAY_MS = 30_000

const NGINX_403 =
  "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n" +
  "<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx</center>\r\n" +
  "</body>\r\n</html>\r\n"

/** What is to be sent, and what the caller can read of it. */
type Mishap = Said & { send: () => void }

/**
 * Lets a call go wrong.
 *
 * @param answer what the bank would have said
 * @param note is told what the caller gets when it is sent
 */
export const spoil = (
  response: ServerResponse,
  fault: FaultInput,
  answer: () => Answer,
  refusals: Refusals,
  note: (said: Said) => void
): void => {
  // The question reaches the bank at once; only what comes of it is late.
  const { send, ...said } = prepare(response, fault, answer, refusals)
  const happen = () => {
    note(said)
    send()
  }
  const delayMs = readDelay(fault)
  if (delayMs === 0) {
    return happen()
  }
  const timer = setTimeout(happen, delayMs)
  response.on("close", () => clearTimeout(timer))
}

const readDelay = ({ kind, delayMs }: FaultInput): number => {
  switch (kind) {
    case "rate_limited":
      return 0
    case "slow":
      return delayMs ?? DEFAULT_DELAY_MS
    default:
      return delayMs ?? 0
  }
}

const prepare = (
  response: ServerResponse,
  fault: FaultInput,
  answer: () => Answer,
  refusals: Refusals
): Mishap => {
  switch (fault.kind) {
    case "answer":
      return prepareAnswer(response, fault, answer)
    case "down":
      return unread(null, () => response.destroy())
    case "slow":
      return whole(response, answer())
    case "html":
      return unread(200, () =>
        sendHtml(response, 200, "<html><body>Maintenance</body></html>")
      )
    case "unauthorized":
      return whole(response, refusals.unauthorized())
    case "forbidden":
    case "list_closed":
      return unread(403, () => sendHtml(response, 403, NGINX_403))
    case "server_error":
      return whole(response, {
        status: 500,
        body: { status: 500, error: "Internal Server Error" },
      })
    case "truncated": {
      const { status, half } = cut(answer())
      return unread(status, () =>
        response
          .writeHead(status, { "Content-Type": "application/json" })
          .end(half)
      )
    }
    case "quota_spent":
      return whole(response, refusals.quotaSpent())
    case "mail_down":
      return whole(response, refusals.mailDown())
    case "rate_limited": {
      const seconds = Math.ceil((fault.delayMs ?? DEFAULT_DELAY_MS) / 1000)
      return unread(429, () =>
        response
          .writeHead(429, { "Retry-After": String(seconds) })
          .end("Too Many Requests")
      )
    }
    case "reset": {
      const { status, half, length } = cut(answer())
      return unread(status, () => {
        response.writeHead(status, {
          "Content-Type": "application/json",
          "Content-Length": length,
        })
        response.write(half, () => response.destroy())
      })
    }
  }
}

const whole = (response: ServerResponse, answer: Answer): Mishap => ({
  ...saidBy(answer),
  send: () => sendAnswer(response, answer),
})

/** There is no envelope to read. */
const unread = (status: number | null, send: () => void): Mishap => ({
  status,
  errorCode: null,
  send,
})

const prepareAnswer = (
  response: ServerResponse,
  fault: FaultInput,
  answer: () => Answer
): Mishap => {
  const right = fault.body === undefined ? answer() : null
  const status = fault.status ?? right?.status ?? 200
  const body = right ? right.body : fault.body
  const isText = !right && typeof body === "string"
  return {
    ...saidBy({ status, body: isText ? parseJson(body) : body }),
    send: () =>
      response
        .writeHead(status, {
          "Content-Type": isText ? "text/plain" : "application/json",
          ...fault.headers,
        })
        .end(isText ? body : JSON.stringify(body)),
  }
}

const cut = ({ status, body }: Answer) => {
  const text = JSON.stringify(body) ?? ""
  return {
    status,
    half: text.slice(0, Math.floor(text.length / 2)),
    length: Buffer.byteLength(text),
  }
}

const sendHtml = (
  response: ServerResponse,
  status: number,
  page: string
): void => {
  response.writeHead(status, { "Content-Type": "text/html" }).end(page)
}
