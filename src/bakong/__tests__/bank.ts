import http from "node:http"
import type { AddressInfo } from "node:net"

export const MD5 = "d60f3db96913029a2af979a1662c1e72"
export const OTHER_MD5 = "0123456789abcdef0123456789abcdef"
export const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.secret-signature"

export const transaction = (changes: Record<string, unknown> = {}) => ({
  hash: "8465d722d7d5065f2886f0a474a4d34dc6a7855355b611836f7b6111228893e9",
  fromAccountId: "payer@devb",
  toAccountId: "shop@devb",
  currency: "USD",
  amount: 34.65,
  description: "testing",
  ...changes,
})

export const paid = (changes: Record<string, unknown> = {}) => ({
  responseCode: 0,
  responseMessage: "Getting transaction successfully.",
  errorCode: null,
  data: transaction(changes),
})

export const succeeded = (data: unknown) => ({
  responseCode: 0,
  responseMessage: "Success",
  errorCode: null,
  data,
})

export const refused = (errorCode: unknown, responseMessage = "No") => ({
  responseCode: 1,
  responseMessage,
  errorCode,
  data: null,
})

export const list = (...items: unknown[]) => succeeded(items)

export type Bank = {
  url: string
  requests: { request: http.IncomingMessage; body: string }[]
  close: () => Promise<void>
}

export type Answer = (response: http.ServerResponse, body: string) => void

/** Says the same to whatever is asked; a string goes out as it is. */
export const saying =
  (
    status: number,
    body: unknown,
    headers: Record<string, string> = {}
  ): Answer =>
  (response) =>
    response
      .writeHead(status, headers)
      .end(typeof body === "string" ? body : JSON.stringify(body))

/** A bank that answers every call as told. */
export const startBank = async (answer: Answer): Promise<Bank> => {
  const requests: Bank["requests"] = []
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) {
      chunks.push(chunk)
    }
    const body = Buffer.concat(chunks).toString()
    requests.push({ request, body })
    answer(response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
