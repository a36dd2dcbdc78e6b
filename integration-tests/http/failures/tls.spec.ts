import https from "node:https"
import type { AddressInfo } from "node:net"

import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { SELF_SIGNED } from "../../../src/bakong/__tests__/self-signed"
import { toQuestion } from "../../../src/modules/khqr/question"
import { startBank, World } from "../world"
import { askAfterRestart } from "./restart"
import { Wire } from "./wire"

const bank = startBank()
const heard: string[] = []

/** Says "paid" to everybody, with a certificate that nobody vouches for. */
const impostor = https.createServer(SELF_SIGNED, (request, response) => {
  heard.push(String(request.headers.authorization))
  response.end(
    JSON.stringify({ responseCode: 0, responseMessage: "", data: {} })
  )
})
const wire = new Wire(
  () => `http://127.0.0.1:${(impostor.address() as AddressInfo).port}`
)

beforeAll(async () => {
  await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve))
  await wire.open()
  process.env.BAKONG_BASE_URL = `https://${wire.address}`
})
afterAll(async () => {
  await wire.cut()
  impostor.close()
})

const FAULTS = [
  {
    fault: "the certificate is signed by nobody we know",
    happens: () => wire.open(),
  },
  {
    fault: "the other side speaks no TLS",
    happens: async () =>
      wire.replaceBank((socket) =>
        socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")
      ),
  },
  {
    fault: "the connection is reset amid the handshake",
    happens: async () =>
      wire.replaceBank((socket) =>
        socket.once("data", () => socket.resetAndDestroy())
      ),
  },
]

medusaIntegrationTestRunner({
  moduleName: "khqr-failures-tls",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    it.each(FAULTS)(
      "moves nothing and shows the token to nobody when $fault; the bank's own answer makes the order",
      async ({ happens }) => {
        await happens()
        const paid = await world.checkout()
        const unpaid = await world.checkout()
        bank().pay({ qr: paid.qr })
        for (const { chargeId } of [paid, unpaid]) {
          await world.age(chargeId, 3_600_000)
        }
        await world.tick()
        await world.tick()

        for (const { chargeId, sessionId } of [paid, unpaid]) {
          expect(await world.charge(chargeId)).toMatchObject({
            status: "pending",
            last_outcome: "unknown:unavailable",
          })
          expect((await world.view(sessionId)).bank).toBe("unreachable")
        }
        expect(heard).toEqual([])

        const charges = await Promise.all(
          [paid, unpaid].map(({ chargeId }) => world.charge(chargeId))
        )
        await world.khqr.recordAnswers(
          await askAfterRestart(
            world,
            charges.map((charge) => toQuestion(charge, new Date())),
            { baseUrl: bank().url }
          )
        )
        await world.tick()
        expect((await world.charge(paid.chargeId)).status).toBe("completed")
        expect((await world.charge(unpaid.chargeId)).status).toBe("expired")
        expect(await world.orders()).toHaveLength(1)
      }
    )
  },
})
