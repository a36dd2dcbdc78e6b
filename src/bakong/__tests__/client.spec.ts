import { once } from "node:events"
import http from "node:http"
import type { AddressInfo, Socket } from "node:net"
import packageJson from "../../../package.json"
import { BakongClient, type BakongClientOptions } from "../client"
import { openGate } from "../gate"
import { VERSION } from "../version"
import {
  list,
  MD5,
  OTHER_MD5,
  paid,
  refused,
  saying,
  startBank,
  TOKEN,
  transaction,
  type Answer,
  type Bank,
} from "./bank"

const HTML = "<html><body><h1>403 Forbidden</h1><hr>nginx</body></html>"

const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

const connect = (
  options: Partial<BakongClientOptions> & { baseUrl: string }
) => {
  const client = new BakongClient({ gate: openGate(TOKEN), ...options })
  closers.push(() => client.close())
  return client
}

const withBank = async (
  answer: Answer,
  options: Partial<BakongClientOptions> = {}
): Promise<{ bank: Bank; client: BakongClient }> => {
  const bank = await startBank(answer)
  closers.push(() => bank.close())
  return { bank, client: connect({ baseUrl: bank.url, ...options }) }
}

describe("what an answer over HTTP means", () => {
  const rows: [string, Answer, Record<string, unknown>][] = [
    ["a readable transaction", saying(200, paid()), { type: "paid" }],
    ["code 1", saying(200, refused(1)), { type: "not_found" }],
    ["code 1 with HTTP 404", saying(404, refused(1)), { type: "not_found" }],
    ["code 2", saying(200, refused(2)), { reason: "static_qr" }],
    [
      "code 3",
      saying(200, refused(3)),
      { type: "failed", reason: "attempt_failed" },
    ],
    ...[4, 5, 7, 8, 10, 11, 12].map((code): (typeof rows)[number] => [
      `code ${code}`,
      saying(200, refused(code)),
      { type: "unknown", reason: "configuration" },
    ]),
    ["code 6", saying(200, refused(6)), { reason: "unauthorized" }],
    ["HTTP 401", saying(401, refused(6)), { reason: "unauthorized" }],
    ["HTTP 401 in HTML", saying(401, HTML), { reason: "unauthorized" }],
    ["HTTP 403 in HTML", saying(403, HTML), { reason: "forbidden" }],
    ["code 9", saying(200, refused(9)), { reason: "unavailable" }],
    ["HTTP 500", saying(500, "Oops"), { reason: "unavailable" }],
    ["HTTP 500 with a success", saying(500, paid()), { reason: "unavailable" }],
    ["HTML", saying(200, HTML), { type: "unknown", reason: "unreadable" }],
    ["an empty body", saying(200, ""), { reason: "unreadable" }],
    [
      "truncated JSON",
      saying(200, JSON.stringify(paid()).slice(0, -9)),
      { type: "unknown", reason: "unreadable" },
    ],
    ["code 17", saying(200, refused(17)), { reason: "quota_spent" }],
    ["code 19", saying(200, refused(19)), { reason: "quota_spent" }],
    [
      "the quota's words with another code",
      saying(200, refused(1, "Daily Request Limit exceeded")),
      { type: "unknown", reason: "quota_spent" },
    ],
    [
      "HTTP 429",
      saying(429, "", { "Retry-After": "30" }),
      { reason: "rate_limited", retryAfterMs: 30_000 },
    ],
    [
      "HTTP 429 for an absurd time",
      saying(429, "", { "Retry-After": "99999999999999999999" }),
      { reason: "rate_limited", retryAfterMs: 3_600_000 },
    ],
    ["an unheard code", saying(200, refused(99)), { reason: "unrecognized" }],
    ["no code", saying(200, refused(null)), { reason: "unrecognized" }],
    [
      "a redirect",
      saying(302, paid(), { Location: "http://127.0.0.1:1/" }),
      { type: "unknown" },
    ],
    [
      "more than a megabyte",
      saying(200, " ".repeat(2 ** 20 + 1)),
      {
        reason: "unavailable",
      },
    ],
    [
      "a connection reset amid the body",
      (response) => {
        response.writeHead(200, { "Content-Length": "999" })
        response.write('{"responseCode":0', () => response.destroy())
      },
      { type: "unknown", reason: "unavailable" },
    ],
    [
      "a connection closed without an answer",
      (response) => void response.destroy(),
      { type: "unknown", reason: "unavailable" },
    ],
  ]

  it.each(rows)("%s", async (_, answer, expected) => {
    const { bank, client } = await withBank(answer)
    const { outcome, call } = await client.checkTransactionByMd5(MD5)
    expect(outcome).toMatchObject(expected)
    expect(bank.requests).toHaveLength(1)
    expect(JSON.stringify({ outcome, call })).not.toContain(TOKEN)
  })

  it("calls a refused connection unavailable", async () => {
    const { bank, client } = await withBank(saying(200, paid()))
    await bank.close()
    const { outcome, call } = await client.checkTransactionByMd5(MD5)
    expect(outcome).toMatchObject({ type: "unknown", reason: "unavailable" })
    expect(call).toMatchObject({ httpStatus: null, responseCode: null })
    expect(call.message).toContain("ECONNREFUSED")
  })

  it("gives up on a bank that is too slow", async () => {
    const { client } = await withBank(() => undefined, { timeoutMs: 50 })
    const { outcome } = await client.checkTransactionByMd5(MD5)
    expect(outcome).toMatchObject({ type: "unknown", reason: "unavailable" })
    expect(outcome).toMatchObject({ message: expect.stringContaining("50 ms") })
  })

  it("gives up on a body that trickles for ever", async () => {
    const { client } = await withBank(
      (response) => {
        response.writeHead(200)
        const trickle = setInterval(() => response.write(" "), 10)
        response.on("close", () => clearInterval(trickle))
      },
      { timeoutMs: 150 }
    )
    const { outcome } = await client.checkTransactionByMd5(MD5)
    expect(outcome).toMatchObject({ type: "unknown", reason: "unavailable" })
  })
})

describe("the question", () => {
  it("is posted with the token, a request id and a user agent", async () => {
    const { bank, client } = await withBank(saying(200, refused(1)), {
      gate: openGate(` "Bearer ${TOKEN}"\n`),
    })
    const { call } = await client.checkTransactionByMd5(MD5)
    const [{ request, body }] = bank.requests
    expect(request.method).toBe("POST")
    expect(request.url).toBe("/v1/check_transaction_by_md5")
    expect(JSON.parse(body)).toEqual({ md5: MD5 })
    expect(request.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      "content-type": "application/json",
      "user-agent": `medusa-payment-khqr/${packageJson.version}`,
      "x-request-id": call.requestId,
    })
    expect(VERSION).toBe(packageJson.version)
  })

  it("is recorded for the audit log", async () => {
    const { client } = await withBank(
      saying(200, refused("1", "Not found"), {
        Date: "Thu, 01 Jan 2026 00:00:30 GMT",
      })
    )
    const before = Date.now()
    const { call } = await client.checkTransactionByMd5(MD5)
    expect(call).toEqual({
      endpoint: "/v1/check_transaction_by_md5",
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      httpStatus: 200,
      responseCode: 1,
      errorCode: 1,
      message: "Not found",
      sent: true,
      durationMs: expect.any(Number),
      askedAt: expect.any(Number),
      serverTime: Date.parse("Thu, 01 Jan 2026 00:00:30 GMT"),
    })
    expect(call.askedAt).toBeGreaterThanOrEqual(before)
  })

  it("about many is a bare list", async () => {
    const { bank, client } = await withBank(
      saying(
        200,
        list({ md5: OTHER_MD5, status: "SUCCESS", data: transaction() })
      )
    )
    const { outcomes } = await client.checkTransactionByMd5List([
      MD5,
      OTHER_MD5,
    ])
    expect(bank.requests[0].request.url).toBe(
      "/v1/check_transaction_by_md5_list"
    )
    expect(JSON.parse(bank.requests[0].body)).toEqual([MD5, OTHER_MD5])
    expect(outcomes.get(MD5)).toMatchObject({ reason: "unreadable" })
    expect(outcomes.get(OTHER_MD5)).toMatchObject({ type: "paid" })
  })

  it("about many shares a failure of the network", async () => {
    const { client } = await withBank((response) => void response.destroy())
    const { outcomes } = await client.checkTransactionByMd5List([
      MD5,
      OTHER_MD5,
    ])
    expect([...outcomes.values()]).toEqual([
      expect.objectContaining({ reason: "unavailable" }),
      expect.objectContaining({ reason: "unavailable" }),
    ])
  })

  it.each([0, 51])("about %d md5 is a mistake of the caller", async (count) => {
    const { bank, client } = await withBank(saying(200, list()))
    await expect(
      client.checkTransactionByMd5List(Array(count).fill(MD5))
    ).rejects.toThrow(`Expected 1 to 50 md5, got ${count}`)
    expect(bank.requests).toHaveLength(0)
  })

  it("is not sent without a usable token", async () => {
    const { bank, client } = await withBank(saying(200, paid()), {
      gate: openGate("“”"),
    })
    const { outcome } = await client.checkTransactionByMd5(MD5)
    expect(outcome).toMatchObject({ type: "unknown", reason: "unauthorized" })
    expect(bank.requests).toHaveLength(0)
  })

  it("reuses its connection", async () => {
    const { bank, client } = await withBank(saying(200, refused(1)))
    await client.checkTransactionByMd5(MD5)
    await client.checkTransactionByMd5(MD5)
    const [first, second] = bank.requests.map(({ request }) => request.socket)
    expect(second).toBe(first)
  })

  it("goes to a base URL with or without /v1", async () => {
    const bank = await startBank(saying(200, refused(1)))
    closers.push(() => bank.close())
    await connect({ baseUrl: `${bank.url}/v1/` }).checkTransactionByMd5(MD5)
    expect(bank.requests[0].request.url).toBe("/v1/check_transaction_by_md5")
  })

  it.each(["ftp://bank", "bank", ""])("refuses the base URL %p", (baseUrl) => {
    expect(() => new BakongClient({ baseUrl, gate: openGate(TOKEN) })).toThrow(
      "Expected `baseUrl` to be an http or https URL"
    )
  })
})

describe("the token", () => {
  it.each([
    ["an error", refused(99, `Bad token ${TOKEN}`)],
    ["a quota message", refused(17, `Daily request limit of ${TOKEN}`)],
    ["another token", refused(6, `eyJhbGciOiJIUzI1NiJ9.e30.sig is not valid`)],
  ])("is not repeated from %s", async (_, body) => {
    const { client } = await withBank(saying(200, body))
    const answer = JSON.stringify(await client.checkTransactionByMd5(MD5))
    expect(answer).not.toContain("eyJ")
    expect(answer).toContain("[redacted]")
  })
})

describe("a proxy", () => {
  const startProxy = async (
    connectReply: string
  ): Promise<{ url: string; seen: string[] }> => {
    const seen: string[] = []
    const server = http.createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`)
      seen.push(String(request.headers["proxy-authorization"]))
      response.end(JSON.stringify(refused(1)))
    })
    server.on("connect", (request, socket: Socket) => {
      seen.push(`CONNECT ${request.url}`)
      seen.push(String(request.headers.authorization))
      socket.end(connectReply)
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    closers.push(() => {
      server.close()
      server.closeAllConnections()
    })
    const { port } = server.address() as AddressInfo
    return { url: `http://user:pass%21word@127.0.0.1:${port}`, seen }
  }

  it("forwards plain http", async () => {
    const proxy = await startProxy("")
    const client = connect({ baseUrl: "http://bank.test", proxyUrl: proxy.url })
    const { outcome } = await client.checkTransactionByMd5(MD5)
    expect(outcome).toEqual({ type: "not_found" })
    expect(proxy.seen).toEqual([
      "POST http://bank.test/v1/check_transaction_by_md5",
      `Basic ${Buffer.from("user:pass!word").toString("base64")}`,
    ])
  })

  it.each([200, 404, 407])(
    "cannot forge an answer of an https bank with a CONNECT reply of %d",
    async (status) => {
      const body = JSON.stringify(refused(1))
      const proxy = await startProxy(
        `HTTP/1.1 ${status} Whatever\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      )
      const client = connect({
        baseUrl: "https://bank.test",
        proxyUrl: proxy.url,
      })
      const { outcome, call } = await client.checkTransactionByMd5(MD5)
      expect(outcome).toMatchObject({ type: "unknown", reason: "unavailable" })
      expect(call.httpStatus).toBeNull()
      expect(call.message).not.toMatch(/user|pass/)
      expect(proxy.seen).toEqual(["CONNECT bank.test:443", "undefined"])
    }
  )

  it("of the environment is not used", async () => {
    const before = process.env.http_proxy
    process.env.http_proxy = "http://127.0.0.1:1"
    try {
      const { client } = await withBank(saying(200, refused(1)))
      const { outcome } = await client.checkTransactionByMd5(MD5)
      expect(outcome).toEqual({ type: "not_found" })
    } finally {
      if (before === undefined) {
        delete process.env.http_proxy
      } else {
        process.env.http_proxy = before
      }
    }
  })
})
