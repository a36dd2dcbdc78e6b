import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import type { FaultInput } from "../../../src/simulator/types"
import { eventually, startBank, World } from "../world"
import { holdClock } from "./hold-clock"
import { Wire } from "./wire"

process.env.BAKONG_TIMEOUT_MS = "1000"

const bank = startBank()
const wire = new Wire(() => bank().url)

beforeAll(async () => {
  await wire.open()
  process.env.BAKONG_BASE_URL = `http://${wire.address}`
})
afterEach(() => wire.open())
afterAll(async () => {
  delete process.env.BAKONG_TIMEOUT_MS
  await wire.cut()
})

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
const NOT_FOUND = JSON.stringify({
  responseCode: 1,
  responseMessage: "Transaction could not be found.",
  errorCode: 1,
  data: null,
})

const saying = (text: string) => () =>
  wire.replaceBank((socket) =>
    socket.once("data", () => socket.write(text, () => socket.destroySoon()))
  )

const fault = (input: FaultInput) => () => bank().setFault(input)

const answered = (status: number, body: unknown = "") =>
  fault({ kind: "answer", status, body })

const FAULTS: { fault: string; happens: () => unknown; says: string }[] = [
  {
    fault: "connections are refused",
    happens: () => wire.cut(),
    says: "unavailable",
  },
  {
    fault: "nobody answers for 30 s",
    happens: () => wire.replaceBank(() => undefined),
    says: "unavailable",
  },
  {
    fault: "the bank takes 30 s",
    happens: fault({ kind: "slow", delayMs: 30_000 }),
    says: "unavailable",
  },
  {
    fault: "the connection is reset at once",
    happens: () => wire.replaceBank((socket) => socket.resetAndDestroy()),
    says: "unavailable",
  },
  {
    fault: "the connection is reset amid the body",
    happens: fault({ kind: "reset" }),
    says: "unavailable",
  },
  {
    fault: "the connection ends amid the headers",
    happens: saying("HTTP/1.1 200 OK\r\nContent-Ty"),
    says: "unavailable",
  },
  {
    fault: "a body trickles and never ends",
    happens: () =>
      wire.replaceBank((socket) =>
        socket.once("data", () => {
          socket.write(`${HEAD}Content-Length: 9999\r\n\r\n{`)
          const timer = setInterval(() => socket.write(" "), 100)
          socket.on("close", () => clearInterval(timer))
        })
      ),
    says: "unavailable",
  },
  {
    fault: "half of a whole 'not found' arrives",
    happens: saying(
      `${HEAD}Content-Length: ${NOT_FOUND.length}\r\n\r\n${NOT_FOUND.slice(0, 40)}`
    ),
    says: "unavailable",
  },
  {
    fault: "the other side speaks no HTTP",
    happens: saying("SSH-2.0-OpenSSH_9.6\r\n"),
    says: "unavailable",
  },
  {
    fault: "truncated JSON comes",
    happens: fault({ kind: "truncated" }),
    says: "unreadable",
  },
  {
    fault: "a web page comes",
    happens: fault({ kind: "html" }),
    says: "unreadable",
  },
  {
    fault: "an empty body comes",
    happens: answered(200),
    says: "unreadable",
  },
  {
    fault: "a body of more than 1 MB comes",
    happens: answered(200, "x".repeat(1_100_000)),
    says: "unavailable",
  },
  {
    fault: "a redirection comes",
    happens: fault({
      kind: "answer",
      status: 302,
      body: "",
      headers: { Location: "http://127.0.0.1:9/login" },
    }),
    says: "unreadable",
  },
  ...[500, 502, 503, 504].map((status) => ({
    fault: `HTTP ${status} comes with a page`,
    happens: answered(status, `<html><h1>${status}</h1></html>`),
    says: "unavailable",
  })),
  {
    fault: "HTTP 500 comes with 'not found' in it",
    happens: answered(500, JSON.parse(NOT_FOUND)),
    says: "unavailable",
  },
]

medusaIntegrationTestRunner({
  moduleName: "khqr-failures-network",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    it.each(FAULTS)(
      "expires nothing and pays nothing, tells the shopper, and makes the order afterwards when $fault",
      async ({ happens, says }) => {
        const paid = await world.checkout()
        const unpaid = await world.checkout()
        await holdClock(world)
        bank().pay({ qr: paid.qr })
        // Long past their time: only the bank's "not found" may expire them now.
        await world.age(paid.chargeId, 3_600_000)
        await world.age(unpaid.chargeId, 3_600_000)
        await happens()

        await world.tick()
        await world.tick()

        for (const { chargeId, sessionId } of [paid, unpaid]) {
          expect(await world.charge(chargeId)).toMatchObject({
            status: "pending",
            review_reason: null,
            bank_hash: null,
            last_outcome: expect.stringMatching(/^unknown:/),
          })
          expect(await world.view(sessionId)).toMatchObject({
            status: "pending",
            bank: "unreachable",
          })
        }
        const calls = await world.sql<{ message: string }>(
          "SELECT message FROM khqr_event WHERE kind <> 'call' AND message LIKE ?",
          [`unknown:${says}%`]
        )
        expect(calls).not.toEqual([])
        expect(await world.orders()).toEqual([])

        bank().clearFaults()
        await wire.open()
        // An open circuit takes its pause.
        await eventually(async () => {
          await world.endPauses()
          await world.tick()
          expect((await world.charge(paid.chargeId)).status).toBe("completed")
          expect((await world.charge(unpaid.chargeId)).status).toBe("expired")
        })
        expect(await world.orders()).toHaveLength(1)
      }
    )

    it("counts no call against the quota that certainly reached nobody", async () => {
      await world.checkout()
      const used = async () =>
        Number(
          (
            await world.sql<{ used: string }>(
              "SELECT coalesce(sum(used), 0) AS used FROM khqr_quota"
            )
          )[0].used
        )
      await world.tick()
      const before = await used()
      expect(before).toBeGreaterThan(0)
      await wire.cut()
      await world.tick()
      await world.tick()
      expect(await used()).toBe(before)
    })

    it("shows the KHQR and takes checkouts while the bank is away", async () => {
      await wire.cut()
      const { sessionId, cartId, qr } = await world.checkout()
      await world.tick()
      await world.tick()
      expect(await world.view(sessionId)).toMatchObject({
        status: "pending",
        qr,
        bank: "unreachable",
      })
      expect((await world.complete(cartId)).data).toMatchObject({
        type: "cart",
        error: { message: expect.stringMatching(/not paid yet/) },
      })
    })
  },
})
