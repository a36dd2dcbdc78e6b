import { once } from "node:events"
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http"
import type { AddressInfo } from "node:net"

import type { KhqrUpdate } from "../client"
import { createKhqrClient } from "../client"
import { completed, pending } from "./fake-shop"

/** The watch on a real connection, where bytes come as the network likes. */

type Visit = { req: IncomingMessage; res: ServerResponse }

const visits: Visit[] = []
const updates: KhqrUpdate[] = []
let stop: () => void
const server = createServer((req, res) => visits.push({ req, res }))

beforeAll(async () => {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
})

beforeEach(() => {
  visits.length = 0
  updates.length = 0
  const { port } = server.address() as AddressInfo
  const client = createKhqrClient({
    baseUrl: `http://127.0.0.1:${port}`,
    publishableKey: "pk_test",
  })
  stop = client.watch("payses_1", (update) => updates.push(update))
})

afterEach(() => stop())

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, "close")
})

async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find()
    if (found !== undefined) {
      return found
    }
    await new Promise((next) => setTimeout(next, 10))
  }
}

/** The nth time the page asks for the stream. */
async function stream(nth: number): Promise<Visit> {
  const streams = () => visits.filter(({ req }) => req.url?.endsWith("/events"))
  const visit = await until(() => streams()[nth - 1])
  visit.res.writeHead(200, { "content-type": "text/event-stream" })
  return visit
}

const event = (charge: object, id: string) =>
  Buffer.from(
    `event: charge\r\nid: ${id}\r\ndata: ${JSON.stringify({ charge })}\r\n\r\n`
  )

it("reads letters that were cut in two on the way", async () => {
  const { res } = await stream(1)
  const charge = { ...pending, merchant_name: "ផ្សារទួល" }
  const bytes = event(charge, "1")
  // A Khmer letter has three.
  for (let start = 0; start < bytes.length; start += 5) {
    res.write(bytes.subarray(start, start + 5))
    await new Promise(setImmediate)
  }
  await until(() => updates[0])
  expect(updates).toEqual([{ charge, error: null }])
})

it("lets go of the connection when it is stopped", async () => {
  const { req, res } = await stream(1)
  res.write(event(pending, "1"))
  await until(() => updates[0])
  stop()
  await until(() => req.destroyed || undefined)
})

it("goes on from the last event when the connection was cut, until the order is there", async () => {
  const first = await stream(1)
  first.res.write("retry: 1000\n\n")
  first.res.write(event(pending, "etag-1"))
  await until(() => updates[0])
  first.res.destroy()

  const second = await stream(2)
  expect(second.req.headers).toMatchObject({
    "last-event-id": "etag-1",
    "x-publishable-api-key": "pk_test",
  })
  second.res.write(": \n\n")
  second.res.end(event(completed, "etag-2"))
  await until(() => updates[1])
  expect(updates.map(({ charge }) => charge?.status)).toEqual([
    "pending",
    "completed",
  ])
})
