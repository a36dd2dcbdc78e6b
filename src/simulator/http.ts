import type { IncomingMessage, ServerResponse } from "node:http"
import type { Answer } from "./envelope"

const MAX_BODY_BYTES = 256 * 1024

/** The request's body is too long to read. */
export class BodyTooLargeError extends Error {}

/** The whole body as text. @throws {BodyTooLargeError} over 256 KiB */
export const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) {
      throw new BodyTooLargeError("The body is longer than 256 KiB")
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The parsed JSON, or `undefined` when the text is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What was sent: parsed JSON, or the text when it is none. @throws {BodyTooLargeError} */
export const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const text = await readBody(request)
  const parsed = parseJson(text)
  return parsed === undefined ? text : parsed
}

export const sendJson = (
  response: ServerResponse,
  status: number,
  body: unknown
): void => {
  response
    .writeHead(status, { "Content-Type": "application/json" })
    .end(JSON.stringify(body))
}

export const sendAnswer = (
  response: ServerResponse,
  { status, body }: Answer
): void => {
  if (body === undefined) {
    response.writeHead(status).end()
    return
  }
  sendJson(response, status, body)
}

export const redirect = (response: ServerResponse, location: string): void => {
  response.writeHead(303, { Location: location }).end()
}
