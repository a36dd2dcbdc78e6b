import type { ServerResponse } from "node:http"
import type { Answer } from "./envelope"
import { sendAnswer } from "./http"
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

/** Lets a call go wrong. @param answer what the bank would have said. */
export const spoil = (
  response: ServerResponse,
  fault: FaultInput,
  answer: () => Answer,
  refusals: Refusals
): void => {
  // The question reaches the bank at once; only what comes of it is late.
  const happen = prepare(response, fault, answer, refusals)
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
): (() => void) => {
  switch (fault.kind) {
    case "answer":
      return prepareAnswer(response, fault, answer)
    case "down":
      return () => response.destroy()
    case "slow":
      return later(response, answer())
    case "html":
      return () =>
        sendHtml(response, 200, "<html><body>Maintenance</body></html>")
    case "unauthorized":
      return later(response, refusals.unauthorized())
    case "forbidden":
    case "list_closed":
      return () => sendHtml(response, 403, NGINX_403)
    case "server_error":
      return later(response, {
        status: 500,
        body: { status: 500, error: "Internal Server Error" },
      })
    case "truncated": {
      const { status, half } = cut(answer())
      return () =>
        response
          .writeHead(status, { "Content-Type": "application/json" })
          .end(half)
    }
    case "quota_spent":
      return later(response, refusals.quotaSpent())
    case "mail_down":
      return later(response, refusals.mailDown())
    case "rate_limited": {
      const seconds = Math.ceil((fault.delayMs ?? DEFAULT_DELAY_MS) / 1000)
      return () =>
        response
          .writeHead(429, { "Retry-After": String(seconds) })
          .end("Too Many Requests")
    }
    case "reset": {
      const { status, half, length } = cut(answer())
      return () => {
        response.writeHead(status, {
          "Content-Type": "application/json",
          "Content-Length": length,
        })
        response.write(half, () => response.destroy())
      }
    }
  }
}

const later = (response: ServerResponse, answer: Answer) => () =>
  sendAnswer(response, answer)

const prepareAnswer = (
  response: ServerResponse,
  fault: FaultInput,
  answer: () => Answer
): (() => void) => {
  const right = fault.body === undefined ? answer() : null
  const status = fault.status ?? right?.status ?? 200
  const body = right ? right.body : fault.body
  const isText = !right && typeof body === "string"
  return () =>
    response
      .writeHead(status, {
        "Content-Type": isText ? "text/plain" : "application/json",
        ...fault.headers,
      })
      .end(isText ? body : JSON.stringify(body))
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
