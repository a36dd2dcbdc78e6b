import { startSimulator, type Simulator } from "../../src/simulator"
import type { Gateway, GatewayFactory } from "../../src/gateways"
import { eventually } from "../http/world"
import { onKhqrModule } from "./world"

let bank: Simulator

beforeAll(async () => {
  bank = await startSimulator({ port: 0 })
})
afterAll(() => bank.close())

const REQUEST = {
  payment_session_id: "payses_1",
  amount: "11",
  currency_code: "usd",
}

describe("A shop with a receiver for each currency", () => {
  onKhqrModule(
    ({ service }) => {
      const asked = () =>
        bank.requests
          .filter(({ endpoint }) => endpoint.endsWith("check_bakong_account"))
          .map(({ body }) => (body as { accountId: string }).accountId)
          .sort()

      it("looks at its start whether each of them exists, once for all processes", async () => {
        await Promise.all(
          [1, 2, 3].map(() => service.__hooks.onApplicationStart())
        )
        await eventually(async () => {
          const known = await service.listKhqrSettings({})
          expect(known.map(({ value }) => value)).toEqual([
            expect.objectContaining({ exists: true }),
            expect.objectContaining({ exists: true }),
          ])
        })
        expect(asked()).toEqual(["lucky_shop@devb", "riel@devb"])
      })
    },
    {
      receivers: { khr: { accountId: "riel@devb" } },
      bakong: {
        get token() {
          return bank.token
        },
        get baseUrl() {
          return bank.url
        },
      },
    }
  )
})

/** One that makes the KHQR itself, as a hosted one does. */
const gateway: GatewayFactory = (): Gateway => ({
  name: "lucky-gateway",
  can: {
    makesQr: true,
    deeplinks: false,
    findsByHash: false,
    checksAccounts: false,
    asksInLists: false,
    usesBakongToken: false,
  },
  check: async () => [],
  makeQr: async () => {
    throw new Error("is not to be asked")
  },
  close: () => {},
})

describe.each(["static", "client"])(
  "A shop of mode %s with a gateway that makes the KHQR",
  (mode) => {
    onKhqrModule(
      ({ service }) => {
        it("is told that this does not go together, at the first KHQR", async () => {
          await expect(service.issueCharge(REQUEST, "medusa")).rejects.toThrow(
            'The option mode must be "dynamic": the gateway lucky-gateway makes the KHQR itself.'
          )
        })
      },
      { gateway, mode }
    )
  }
)
