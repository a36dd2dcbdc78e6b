import request from "supertest"
import type { Simulator } from ".."
import { call, closeAll, start, UNPAID } from "./world"

afterEach(closeAll)

const ask = async (simulator: Simulator, token?: string | null) => {
  const asked = { md5: UNPAID }
  const name = "check_transaction_by_md5"
  return (await call(simulator, name, asked, token)).body
}

const SPENT = {
  responseCode: 1,
  responseMessage: "You have reached your daily request limit.",
  errorCode: 17,
  data: null,
}

describe("the day's quota", () => {
  it("answers so many calls, then code 17 with HTTP 200", async () => {
    const { simulator } = await start({ dailyRequestLimit: 100 })
    for (let asked = 1; asked <= 100; asked += 1) {
      expect((await ask(simulator)).errorCode).toBe(1)
    }
    const refused = await call(simulator, "check_transaction_by_md5", {
      md5: UNPAID,
    })
    expect(refused.status).toBe(200)
    expect(refused.body).toEqual(SPENT)
  })

  it("is one for all endpoints, with or without a token, refused calls counted", async () => {
    const { simulator } = await start({ dailyRequestLimit: 4 })
    simulator.setFault({ kind: "forbidden", times: 1 })
    await ask(simulator)
    await call(simulator, "verify", { code: "A".repeat(20) }, null)
    await call(simulator, "renew_token", { email: "a@b.c" }, null)
    await ask(simulator, simulator.issueToken({ expiresInSeconds: -1 }))
    expect(simulator.quota.used).toBe(4)
    expect(await ask(simulator)).toEqual(SPENT)
    expect(simulator.quota.used).toBe(5)
    const { body } = await call(simulator, "renew_token", { email: "a@b.c" })
    expect(body).toEqual(SPENT)
  })

  it("is spent by calls without a token only where they burden somebody", async () => {
    const { simulator } = await start({
      dailyRequestLimit: 1,
      quotaTokenless: "none",
    })
    const nobodys = () => ask(simulator, null)
    expect([await nobodys(), await nobodys()]).toMatchObject([
      { errorCode: 6 },
      { errorCode: 6 },
    ])
    expect(simulator.quota).toMatchObject({ used: 0, tokenless: "none" })
    expect((await ask(simulator)).errorCode).toBe(1)
    expect(await ask(simulator)).toEqual(SPENT)
    expect((await nobodys()).errorCode).toBe(6)

    simulator.setQuota({ tokenless: "all", dailyRequestLimit: 3 })
    expect((await nobodys()).errorCode).toBe(6)
    expect(await nobodys()).toEqual(SPENT)
  })

  it("is counted for each account by itself", async () => {
    const { simulator } = await start({ dailyRequestLimit: 1 })
    const other = simulator.issueToken({ account: "shop-2" })
    await ask(simulator)
    expect(await ask(simulator)).toEqual(SPENT)
    expect((await ask(simulator, other)).errorCode).toBe(1)
    expect(simulator.quota).toMatchObject({
      used: 2,
      accounts: { simulator: 2, "shop-2": 1 },
    })
  })

  it.each([
    ["phnom_penh", "2026-03-01T17:00:00Z"],
    ["utc", "2026-03-02T00:00:00Z"],
  ] as const)("begins again at midnight of %s", async (resetsAt, midnight) => {
    const { simulator, clock } = await start({
      dailyRequestLimit: 1,
      quotaResetsAt: resetsAt,
    })
    expect(simulator.quota.nextResetAt).toBe(Date.parse(midnight))
    await ask(simulator)
    clock.now = Date.parse(midnight) - 1
    expect(await ask(simulator)).toEqual(SPENT)
    clock.now += 1
    expect(simulator.quota.used).toBe(0)
    expect((await ask(simulator)).errorCode).toBe(1)
  })

  it.each([
    ["code_17", 17],
    ["code_19", 19],
    ["message", null],
  ] as const)("refuses with %s", async (refusesWith, errorCode) => {
    const { simulator } = await start({
      dailyRequestLimit: 0,
      quotaRefusesWith: refusesWith,
    })
    expect(await ask(simulator)).toEqual({ ...SPENT, errorCode })
    simulator.setQuota({ dailyRequestLimit: null })
    simulator.setFault({ kind: "quota_spent" })
    expect(await ask(simulator)).toEqual({ ...SPENT, errorCode })
  })

  it("is set and read over the control API while the day goes on", async () => {
    const { simulator } = await start()
    const set = (body: object) =>
      request(simulator.url).post("/_control/quota").send(body)
    await ask(simulator)
    const { body } = await set({ dailyRequestLimit: 2, resetsAt: "utc" })
    expect(body).toMatchObject({
      dailyRequestLimit: 2,
      resetsAt: "utc",
      refusesWith: "code_17",
      used: 1,
    })
    await ask(simulator)
    expect(await ask(simulator)).toEqual(SPENT)
    const read = await request(simulator.url).get("/_control/quota")
    expect(read.body).toMatchObject({ used: 3, dailyRequestLimit: 2 })
    await set({ dailyRequestLimit: null })
    expect((await ask(simulator)).errorCode).toBe(1)
  })

  it.each([
    [{ dailyRequestLimit: -1 }, "dailyRequestLimit"],
    [{ resetsAt: "tokyo" }, "resetsAt"],
    [{ refusesWith: 17 }, "refusesWith"],
    [{ tokenless: "some" }, "tokenless"],
    [{ limit: 1 }, "limit"],
  ])("refuses %j", async (body, field) => {
    const { simulator } = await start()
    const refused = await request(simulator.url)
      .post("/_control/quota")
      .send(body)
    expect(refused.status).toBe(400)
    expect(refused.body.field).toBe(field)
  })

  it("goes back to the options on a reset", async () => {
    const { simulator } = await start({ dailyRequestLimit: 5 })
    await ask(simulator)
    simulator.setQuota({ dailyRequestLimit: 1, refusesWith: "message" })
    simulator.reset()
    expect(simulator.quota).toMatchObject({
      dailyRequestLimit: 5,
      refusesWith: "code_17",
      used: 0,
    })
  })
})
