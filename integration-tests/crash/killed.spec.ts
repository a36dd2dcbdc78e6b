import { eventually } from "../http/world"
import { WATCHED_EACH_MS } from "../../src/modules/khqr/pace"
import { CrashingShop, MOMENTS } from "./shop"

jest.setTimeout(240_000)

const shop = new CrashingShop("crash-killed")

beforeAll(() => shop.open())
afterAll(() => shop.close())

/** One more order, paid once, and nothing else that is new. */
const expectOneOrder = async (chargeId: string, before: number) => {
  await shop.completed(chargeId)
  expect(await shop.faults()).toEqual([])
  expect(await shop.paidOrders()).toBe(before + 1)
}

describe("A server that is killed", () => {
  it.each(MOMENTS)(
    "while $moment, makes one paid order after its start",
    async ({ table, readers, leaves }) => {
      const before = await shop.paidOrders()
      const unpaidBefore = await shop.unpaidOrders()
      const { chargeId, qr } = await shop.checkout()
      shop.bank.pay({ qr })
      const hold = await shop.hold(table, readers)
      await shop.waited(hold)
      await shop.server.kill()
      await hold.release()
      await shop.restart()
      await shop.endLeases()

      await expectOneOrder(chargeId, before)
      // The collection may have learned of the order meanwhile: then it is found by that.
      expect(await shop.unpaidOrders()).toBeLessThanOrEqual(
        unpaidBefore + (leaves ?? 0)
      )
    }
  )

  it("while the order is there and the ledger does not know, completes the charge with that order", async () => {
    const before = await shop.paidOrders()
    const { chargeId, qr } = await shop.checkout()
    shop.bank.pay({ qr })
    const completion = await shop.hold("order_transaction")
    await shop.waited(completion)
    const ledger = await shop.hold("khqr_event")
    await completion.release()
    await shop.waited(ledger)
    expect(await shop.paidOrders()).toBe(before + 1)
    await shop.server.kill()
    await ledger.release()
    expect((await shop.charge(chargeId)).status).toBe("paid")
    await shop.restart()
    await shop.endLeases()

    await expectOneOrder(chargeId, before)
  })

  it("while the bank is asked, asks again and is ready within seconds", async () => {
    const before = await shop.paidOrders()
    const { chargeId, qr, md5 } = await shop.checkout()
    const asked = () =>
      shop.bank.requests.filter(({ body }) =>
        JSON.stringify(body).includes(md5)
      )
    shop.bank.setFault({ kind: "slow", delayMs: 4_000, times: 1 })
    shop.bank.pay({ qr })
    const sofar = asked().length
    await eventually(async () => expect(asked().length).toBeGreaterThan(sofar))
    await shop.server.kill()
    const killed = Date.now()
    await shop.restart()
    const restarted = Date.now()

    await shop.completed(chargeId)

    const sinceKill = Date.now() - killed
    process.stderr.write(
      `killed while asking: open again after ${restarted - killed} ms, order after ${sinceKill} ms\n`
    )
    // The lease of the killed is 20 s long; the clock ticks each 2 s.
    expect(sinceKill).toBeLessThan(
      Math.max(20_000, restarted - killed) + 15_000
    )
    await expectOneOrder(chargeId, before)
  })
})

describe("Two servers with a clock each", () => {
  it("ask once about a charge, and make one order of it", async () => {
    const other = await shop.stage.startServer()
    const before = await shop.paidOrders()
    const purchases = [
      await shop.checkout(),
      await shop.checkout(),
      await shop.checkout(),
      await shop.checkout(),
    ]
    // Some cool-downs long nobody has paid.
    await new Promise((next) => setTimeout(next, 8_000))
    purchases.forEach(({ qr }) => shop.bank.pay({ qr }))
    for (const { chargeId } of purchases) {
      await shop.completed(chargeId)
    }

    for (const { md5 } of purchases) {
      const moments = shop.bank.requests
        .filter(({ body }) => JSON.stringify(body).includes(md5))
        .map(({ at }) => at)
      const pauses = moments.slice(1).map((at, i) => at - moments[i])
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(WATCHED_EACH_MS)
    }
    expect(await shop.faults()).toEqual([])
    expect(await shop.paidOrders()).toBe(before + purchases.length)
    await other.kill()
  })
})
