import { CrashingShop, MOMENTS } from "./shop"

jest.setTimeout(240_000)

const shop = new CrashingShop("crash-database")

beforeAll(() => shop.open())
afterAll(() => shop.close())

const expectOneOrder = async (chargeId: string, before: number) => {
  await shop.reviveIfDead()
  await shop.endLeases()
  await shop.completed(chargeId)
  expect(await shop.faults()).toEqual([])
  expect(await shop.paidOrders()).toBe(before + 1)
}

describe("The database's connections are cut", () => {
  it.each(MOMENTS)(
    "while $moment, and one paid order is made afterwards",
    async ({ table, readers }) => {
      const before = await shop.paidOrders()
      const { chargeId, qr } = await shop.checkout()
      shop.bank.pay({ qr })
      const hold = await shop.hold(table, readers)
      await shop.waited(hold)
      await shop.cutConnections(hold)
      await hold.release()

      await expectOneOrder(chargeId, before)
    }
  )

  it("while the bank is asked, and its answer is asked for again", async () => {
    const before = await shop.paidOrders()
    const { chargeId, qr } = await shop.checkout()
    shop.bank.pay({ qr })
    const hold = await shop.hold("khqr_charge")
    await shop.waited(hold)
    await shop.cutConnections(hold)
    await hold.release()

    await expectOneOrder(chargeId, before)
  })
})

describe("The database is stopped for some seconds", () => {
  it("while a paid cart is completed, and the order is made when it is back", async () => {
    const before = await shop.paidOrders()
    const { chargeId, qr } = await shop.checkout()
    shop.bank.pay({ qr })
    const hold = await shop.hold("payment")
    await shop.waited(hold)
    const start = await shop.stage.database.halt()
    await new Promise((next) => setTimeout(next, 3_000))
    await start()
    await hold.release()

    await expectOneOrder(chargeId, before)
  })

  it("while a shopper pays, and nothing is lost", async () => {
    const before = await shop.paidOrders()
    const { chargeId, qr } = await shop.checkout()
    const start = await shop.stage.database.halt()
    shop.bank.pay({ qr })
    await new Promise((next) => setTimeout(next, 5_000))
    await start()

    await expectOneOrder(chargeId, before)
  })
})
