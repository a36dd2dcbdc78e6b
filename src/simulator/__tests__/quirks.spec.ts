import request from "supertest"
import type { Quirks, Simulator } from ".."
import { call, closeAll, dynamicQr, NOW, start, UNPAID } from "./world"

afterEach(closeAll)

const paidWith = async (quirks: Partial<Quirks>) => {
  const { simulator } = await start({ quirks })
  const { qr, md5 } = dynamicQr()
  const [{ hash }] = simulator.pay({ qr })
  return { simulator, md5, hash }
}

const check = async (simulator: Simulator, md5: string) =>
  (await call(simulator, "check_transaction_by_md5", { md5 })).body

const list = async (simulator: Simulator, ...md5s: string[]) =>
  (await call(simulator, "check_transaction_by_md5_list", md5s)).body.data

describe("a quirk", () => {
  it("sends amounts as text", async () => {
    const { simulator, md5 } = await paidWith({ amountAsString: true })
    expect((await check(simulator, md5)).data.amount).toBe("12.50")
    const riel = dynamicQr({ amount: "50000", currency: "KHR" })
    simulator.pay({ qr: riel.qr })
    expect((await check(simulator, riel.md5)).data.amount).toBe("50000")
    const [item] = await list(simulator, md5)
    expect(item.data.amount).toBe("12.50")
  })

  it("leaves the error code out of a success only", async () => {
    const { simulator, md5 } = await paidWith({ withoutErrorCode: true })
    const found = await check(simulator, md5)
    expect(found.responseCode).toBe(0)
    expect(found).not.toHaveProperty("errorCode")
    expect((await check(simulator, UNPAID)).errorCode).toBe(1)
  })

  it("gives dates a fraction", async () => {
    const { simulator, md5 } = await paidWith({ floatDates: true })
    expect((await check(simulator, md5)).data).toMatchObject({
      createdDateMs: NOW + 0.5,
      acknowledgedDateMs: NOW + 400.5,
    })
  })

  it("puts a list's transaction under another name", async () => {
    const quirks = { listItems: "transaction" } as const
    const { simulator, md5, hash } = await paidWith(quirks)
    const [item] = await list(simulator, md5)
    expect(item).toMatchObject({
      md5,
      status: "SUCCESS",
      transaction: { hash },
    })
    expect(item).not.toHaveProperty("data")
  })

  it("puts a list's transaction into the item itself", async () => {
    const quirks = { listItems: "inline" } as const
    const { simulator, md5, hash } = await paidWith(quirks)
    const [item] = await list(simulator, md5)
    expect(item).toMatchObject({ md5, status: "SUCCESS", hash, amount: 12.5 })
  })

  const other = "a".repeat(32)
  const stranger = "f".repeat(32)

  it.each([
    [{ listOrder: "reversed" }, [other, UNPAID]],
    [{ listLength: "short" }, [other]],
    [{ listLength: "long" }, [stranger, UNPAID, other]],
    [{ listDuplicated: true }, [UNPAID, UNPAID, other, other]],
  ] as const)("makes a list %j", async (quirks, told) => {
    const { simulator } = await start({ quirks })
    const items = await list(simulator, UNPAID, other)
    expect(items.map(({ md5 }: { md5: string }) => md5)).toEqual(told)
  })

  it.each([
    ["unreadable", { status: "SUCCESS", data: { hash: null, amount: "?" } }],
    ["service_failed", { status: "SERVICE_FAILED", data: null }],
  ] as const)("spoils a list's first item: %s", async (how, said) => {
    const { simulator, md5, hash } = await paidWith({ listFirstItem: how })
    const [first, second] = await list(simulator, UNPAID, md5)
    expect(first).toMatchObject({ md5: UNPAID, ...said })
    expect(second).toMatchObject({ md5, data: { hash } })
  })

  it("is switched over the control API, one by one, and undone by a reset", async () => {
    const { simulator, md5 } = await paidWith({})
    const set = (body: object) =>
      request(simulator.url).post("/_control/quirks").send(body)
    await set({ amountAsString: true })
    const { body } = await set({ listLength: "long" })
    expect(body).toMatchObject({
      amountAsString: true,
      listLength: "long",
      listOrder: "asked",
    })
    const read = await request(simulator.url).get("/_control/quirks")
    expect(read.body).toEqual(body)
    expect((await check(simulator, md5)).data.amount).toBe("12.50")
    simulator.reset()
    expect(simulator.quirks).toMatchObject({
      amountAsString: false,
      listLength: "full",
    })
  })

  it.each([
    [{ amountAsString: "yes" }, "amountAsString"],
    [{ listOrder: "random" }, "listOrder"],
    [{ amountasString: true }, "amountasString"],
  ])("is refused as %j", async (body, field) => {
    const { simulator } = await start()
    const refused = await request(simulator.url)
      .post("/_control/quirks")
      .send(body)
    expect(refused.status).toBe(400)
    expect(refused.body.field).toBe(field)
  })
})
