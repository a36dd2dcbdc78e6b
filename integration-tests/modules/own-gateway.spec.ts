import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

import { luckyBank } from "../../src/bakong/__tests__/lucky-bank"
import type { GatewayFactory } from "../../src/gateways"
import { toQuestion } from "../../src/modules/khqr/question"
import { ACCOUNT, onKhqrModule } from "./world"

const HASH = "ab".repeat(32)

/** Knows one transfer for each bill. */
const server = createServer((request, response) =>
  response.end(
    JSON.stringify({
      transfer: {
        id: HASH,
        bill: request.url!.split("/").at(-1),
        receiver: ACCOUNT,
        currency: "USD",
        amount: "11",
        time: new Date().toISOString(),
      },
    })
  )
)

/** The documented example, once the server has its port. */
const gateway: GatewayFactory = (tools) => {
  const { port } = server.address() as AddressInfo
  return luckyBank({ url: `http://127.0.0.1:${port}`, key: "key" })(tools)
}

beforeAll(() => new Promise<void>((done) => server.listen(0, done)))
afterAll(() => server.close())

onKhqrModule(
  ({ service }) => {
    it("is asked in Bakong's place, counted and written down", async () => {
      const charge = await service.issueCharge(
        { payment_session_id: "payses_1", amount: "11", currency_code: "usd" },
        "medusa"
      )
      const results = await service.askBakong([toQuestion(charge, new Date())])
      await service.recordAnswers(results)

      expect(await service.retrieveKhqrCharge(charge.id)).toMatchObject({
        status: "paid",
        review_reason: null,
        bank_hash: HASH,
        payer_account: null,
      })
      const [call] = await service.listKhqrEvents({ kind: "call" })
      expect(call).toMatchObject({
        endpoint: "/transfers",
        charge_ids: [charge.id],
        answer: expect.stringContaining(charge.reference),
        is_proof: true,
      })
      expect(await service.health()).toMatchObject({
        gateway: "lucky-bank",
        token: null,
        quota: { used: 1, limit: null },
      })
    })

    it("needs no token, and says so", async () => {
      await expect(service.tokenState()).rejects.toThrow(
        "needs no Bakong token"
      )
    })
  },
  { gateway }
)
