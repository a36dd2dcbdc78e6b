import http from "node:http"
import https from "node:https"
import net, { type AddressInfo } from "node:net"
import { openGate, refuse } from "../gate"
import { HttpTransport, type TransportOptions } from "../transport"
import { describeAnswer, unknown } from "../trouble"
import { type Answer, refused, saying, startBank } from "./bank"
import { SELF_SIGNED } from "./self-signed"

const CALL = {
  endpoint: "/v1/check_transaction_by_md5",
  purpose: "check" as const,
  chargeIds: [],
  requestId: "r1",
  needsToken: true,
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

const open = <T extends HttpTransport>(transport: T): T => {
  closers.push(() => transport.close())
  return transport
}

const ask = (transport: HttpTransport) =>
  transport.send(CALL, "{}", { token: "a-token" }, describeAnswer)

const send = (options: TransportOptions) =>
  ask(open(new HttpTransport({ timeoutMs: 200, ...options })))

/** A server of any kind on a port of its own; its address without the scheme. */
const listen = async (server: net.Server): Promise<string> => {
  const sockets = new Set<net.Socket>()
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closers.push(() => {
    sockets.forEach((socket) => socket.destroy())
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const nobody = async (): Promise<string> => {
  const server = net.createServer()
  const address = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return address
}

const onConnection = (meet: (socket: net.Socket) => void) =>
  listen(net.createServer(meet))

const proxySaying = (reply: string) =>
  listen(
    http.createServer().on("connect", (_, socket) => void socket.end(reply))
  )

/** What an https server with a certificate of nobody's was asked. */
const selfSigned = async (answer: http.RequestListener) => {
  const asked: string[] = []
  const server = https.createServer(SELF_SIGNED, (request, response) => {
    asked.push(String(request.url))
    answer(request, response)
  })
  return { address: await listen(server), asked }
}

/** Trusts the certificate of the tests. */
class Trusting extends HttpTransport {
  constructor(options: TransportOptions) {
    super(options)
    Object.assign(this.agents_[1].options, { ca: SELF_SIGNED.cert })
  }
}

describe("A call that certainly reached nobody", () => {
  it.each<[string, () => Promise<TransportOptions>]>([
    [
      "a connection refused",
      async () => ({ baseUrl: `http://${await nobody()}` }),
    ],
    [
      "a connection refused, with https",
      async () => ({ baseUrl: `https://${await nobody()}` }),
    ],
    [
      "a host without an address",
      async () => ({ baseUrl: "http://bank.invalid", timeoutMs: 2_000 }),
    ],
    [
      "a server that speaks no TLS",
      async () => ({
        baseUrl: `https://${await onConnection((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))}`,
      }),
    ],
    [
      "a reset amid the handshake",
      async () => ({
        baseUrl: `https://${await onConnection((socket) => socket.resetAndDestroy())}`,
      }),
    ],
    [
      "a time-out before the handshake is done",
      async () => ({
        baseUrl: `https://${await onConnection(() => undefined)}`,
      }),
    ],
    [
      "a proxy that is not there",
      async () => ({
        baseUrl: "https://bank.test",
        proxyUrl: `http://${await nobody()}`,
      }),
    ],
    [
      "a proxy that is not there, without TLS",
      async () => ({
        baseUrl: "http://bank.test",
        proxyUrl: `http://${await nobody()}`,
      }),
    ],
    [
      "a proxy that refuses to connect",
      async () => ({
        baseUrl: "https://bank.test",
        proxyUrl: `http://${await proxySaying("HTTP/1.1 502 Bad Gateway\r\n\r\n")}`,
      }),
    ],
    [
      "a proxy that never connects",
      async () => ({
        baseUrl: "https://bank.test",
        proxyUrl: `http://${await onConnection(() => undefined)}`,
      }),
    ],
    [
      "a proxy that connects to no TLS",
      async () => ({
        baseUrl: "https://bank.test",
        proxyUrl: `http://${await proxySaying("HTTP/1.1 200 OK\r\n\r\n")}`,
      }),
    ],
  ])("is one that met %s", async (_, options) => {
    expect(await send(await options())).toMatchObject({
      reached: false,
      answer: null,
      call: { sent: true },
      trouble: { reason: "unavailable" },
    })
  })

  it("is one that did not trust the certificate, and the server saw no request", async () => {
    const { address, asked } = await selfSigned((_, response) => response.end())
    const { reached, call } = await send({ baseUrl: `https://${address}` })
    expect(call.message).toContain("DEPTH_ZERO_SELF_SIGNED_CERT")
    expect(reached).toBe(false)
    expect(asked).toEqual([])
  })

  it("is one that was refused before it left", async () => {
    expect(refuse(CALL, unknown("quota_spent", "Enough"))).toMatchObject({
      reached: false,
    })
    expect(
      await openGate("").pass(CALL, () => Promise.reject(new Error("Sent")))
    ).toMatchObject({ reached: false })
  })
})

describe("A call that may have been counted", () => {
  it.each<[string, Answer]>([
    ["an answer", saying(200, refused(1))],
    ["HTTP 500", saying(500, "Oops")],
    ["a time-out", () => undefined],
    ["a connection closed", (response) => void response.destroy()],
    [
      "a reset",
      (response) => void (response.socket as net.Socket).resetAndDestroy(),
    ],
    [
      "half an answer",
      (response) => {
        response.writeHead(200, { "Content-Length": "999" })
        response.write("{", () => response.destroy())
      },
    ],
    ["more than a megabyte", saying(200, " ".repeat(2 ** 20 + 1))],
  ])("is one that met %s", async (_, answer) => {
    const bank = await startBank(answer)
    closers.push(() => bank.close())
    const { reached } = await send({ baseUrl: bank.url })
    expect(reached).toBe(true)
    expect(bank.requests).toHaveLength(1)
  })

  it("is one that a kept connection was closed under", async () => {
    const bank = await startBank((response) =>
      bank.requests.length === 1 ? response.end("{}") : response.destroy()
    )
    closers.push(() => bank.close())
    const transport = open(new HttpTransport({ baseUrl: bank.url }))
    await ask(transport)
    const { reached } = await ask(transport)
    expect(reached).toBe(true)
    const [first, second] = bank.requests.map(({ request }) => request.socket)
    expect(second).toBe(first)
  })

  it.each([true, false])(
    "is one that TLS was agreed upon for, through a proxy: %p",
    async (isProxied) => {
      const { address, asked } = await selfSigned(() => undefined)
      const proxy = http.createServer().on("connect", (_, socket) => {
        const [host, port] = address.split(":")
        const bank = net.connect(Number(port), host, () => {
          socket.write("HTTP/1.1 200 OK\r\n\r\n")
          bank.pipe(socket).pipe(bank)
        })
        bank.on("error", () => undefined)
      })
      const transport = open(
        new Trusting({
          baseUrl: `https://${address}`,
          timeoutMs: 500,
          ...(isProxied && { proxyUrl: `http://${await listen(proxy)}` }),
        })
      )
      const { reached, call } = await ask(transport)
      expect(call.message).toContain("No answer within")
      expect(reached).toBe(true)
      expect(asked).toEqual([CALL.endpoint])
    }
  )
})
