import request from "supertest"
import type { FaultInput, Simulator } from ".."
import {
  call,
  closeAll,
  dynamicQr,
  NOW,
  start,
  staticQr,
  UNPAID,
} from "./world"

afterEach(closeAll)

const control = (
  simulator: Simulator,
  method: "get" | "post" | "delete",
  path: string,
  body?: object
) => request(simulator.url)[method](`/_control/${path}`).send(body)

describe("the control API", () => {
  it("pays and lists what was paid", async () => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    const paid = await control(simulator, "post", "pay", {
      qr,
      times: 2,
      amount: 1,
      delayMs: 5,
    })
    expect(paid.body.transactions).toHaveLength(2)
    expect(paid.body.transactions[0]).toMatchObject({
      md5,
      qr,
      amount: 1,
      visibleAt: NOW + 5,
    })
    const listed = await control(simulator, "get", "transactions")
    expect(listed.body).toEqual(paid.body)
    expect(simulator.transactions).toEqual(paid.body.transactions)
  })

  it("fails a payment and tells what was asked", async () => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    await control(simulator, "post", "fail", { qr }).expect(200)
    const { body } = await request(simulator.url)
      .post("/v1/check_transaction_by_md5")
      .set("Authorization", `Bearer ${simulator.token}`)
      .send({ md5 })
    expect(body.errorCode).toBe(3)
    const asked = await control(simulator, "get", "requests")
    expect(asked.body.requests).toEqual([
      {
        endpoint: "/v1/check_transaction_by_md5",
        at: NOW,
        body: { md5 },
        fault: null,
        hasToken: true,
        authorized: true,
        status: 200,
        errorCode: 3,
      },
    ])
  })

  it.each([
    [{}, 200, 1],
    [{ kind: "unauthorized" }, 401, 6],
    [{ kind: "forbidden" }, 403, null],
    [{ kind: "html" }, 200, null],
    [{ kind: "server_error" }, 500, null],
    [{ kind: "rate_limited" }, 429, null],
    [{ kind: "quota_spent" }, 200, 17],
    [{ kind: "truncated" }, 200, null],
    [{ kind: "reset" }, 200, null],
    [{ kind: "down" }, null, null],
    [{ kind: "slow", delayMs: 5 }, 200, 1],
    [{ kind: "answer", status: 418 }, 418, 1],
    [{ kind: "answer", body: '{"errorCode":9}' }, 200, 9],
  ])("tells what %j was answered", async (fault, status, errorCode) => {
    const { simulator } = await start()
    if ("kind" in fault) {
      simulator.setFault(fault as FaultInput)
    }
    await call(simulator, "check_transaction_by_md5", { md5: UNPAID }).catch(
      () => "no whole answer"
    )
    expect(simulator.requests).toMatchObject([{ status, errorCode }])
  })

  it("tells that an answer is still to come", async () => {
    const { simulator } = await start()
    simulator.setFault({ kind: "slow", delayMs: 50 })
    const asked = call(simulator, "check_transaction_by_md5", {
      md5: UNPAID,
    }).then(({ status }) => status)
    while (simulator.requests.length === 0) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(simulator.requests).toMatchObject([{ status: null }])
    expect(await asked).toBe(200)
    expect(simulator.requests).toMatchObject([{ status: 200 }])
  })

  it("takes the KHQR as the hosted gateway writes it", async () => {
    const { simulator } = await start()
    const [one, two] = [dynamicQr(), dynamicQr()]
    const paid = await control(simulator, "post", "pay", {
      qr: `khqr://${one.qr}`,
    }).expect(200)
    expect(paid.body.transactions).toMatchObject([{ md5: one.md5, qr: one.qr }])
    await control(simulator, "post", "fail", {
      qr: `khqr://${two.qr}`,
    }).expect(200)
    const { body } = await call(simulator, "check_transaction_by_md5", {
      md5: two.md5,
    })
    expect(body.errorCode).toBe(3)
  })

  it("revokes a token", async () => {
    const { simulator } = await start()
    const { token } = simulator
    await control(simulator, "post", "tokens/revoke", { token }).expect(200)
    await call(simulator, "check_transaction_by_md5", { md5: UNPAID }).expect(
      401
    )
  })

  it("sets and clears faults", async () => {
    const { simulator } = await start()
    const set = await control(simulator, "post", "faults", {
      kind: "slow",
      endpoint: "check_transaction_by_md5",
      delayMs: 10,
      times: 3,
    })
    const fault = {
      kind: "slow",
      endpoint: "check_transaction_by_md5",
      delayMs: 10,
      times: 3,
    }
    expect(set.body).toEqual({ faults: [fault] })
    const cleared = await control(simulator, "delete", "faults")
    expect(cleared.body).toEqual({ faults: [] })
    expect(simulator.faults).toEqual([])
  })

  it("issues a token, also an expired one", async () => {
    const { simulator } = await start()
    const check = async (body: object) => {
      const { token } = (await control(simulator, "post", "tokens", body)).body
      const answer = await request(simulator.url)
        .post("/v1/check_transaction_by_md5")
        .set("Authorization", `Bearer ${token}`)
        .send({ md5: UNPAID })
      return answer.status
    }
    expect(await check({})).toBe(200)
    expect(await check({ expiresInSeconds: -1 })).toBe(401)
  })

  it("forgets everything on a reset", async () => {
    const { simulator } = await start()
    simulator.pay({ qr: dynamicQr().qr })
    simulator.setFault({ kind: "html" })
    await request(simulator.url).post("/v1/renew_token").send({})
    await control(simulator, "post", "reset").expect(200)
    expect(simulator.transactions).toEqual([])
    expect(simulator.requests).toEqual([])
    expect(simulator.faults).toEqual([])
  })

  it.each([
    ["pay", {}, "qr"],
    ["pay", { qr: 5 }, "qr"],
    ["pay", { qr: "nonsense" }, "qr"],
    ["pay", { qr: dynamicQr().qr, times: 0 }, "times"],
    ["pay", { qr: dynamicQr().qr, times: 1000 }, "times"],
    ["pay", { qr: dynamicQr().qr, delayMs: -1 }, "delayMs"],
    ["pay", { qr: dynamicQr().qr, createdAt: "now" }, "createdAt"],
    ["pay", { qr: dynamicQr().qr, amount: null }, "amount"],
    ["pay", { qr: dynamicQr().qr, hash: "abc" }, "hash"],
    ["pay", { qr: dynamicQr().qr, currency: "" }, "currency"],
    ["pay", { qr: dynamicQr().qr, ammount: 1 }, "ammount"],
    ["pay", { qr: staticQr().qr }, "amount"],
    ["fail", {}, "qr"],
    ["fail", { qr: "x", times: 1 }, "times"],
    ["tokens", { expiresInSeconds: "1" }, "expiresInSeconds"],
    ["tokens/revoke", {}, "token"],
    ["tokens/revoke", { token: "nonsense" }, "token"],
    ["tokens/revoke", { token: "eyJ.eyJ.abc" }, "token"],
    ["faults", {}, "kind"],
    ["faults", { kind: "fire" }, "kind"],
    ["faults", { kind: "html", endpoint: "else" }, "endpoint"],
    ["faults", { kind: "html", times: 0 }, "times"],
    ["faults", { kind: "slow", delayMs: 1.5 }, "delayMs"],
    ["pay", [], "body"],
  ])("%s refuses %j, naming %s", async (path, body, field) => {
    const { simulator } = await start()
    const refused = await control(simulator, "post", path, body)
    expect(refused.status).toBe(400)
    expect(refused.body.field).toBe(field)
    expect(refused.body.message).toMatch(new RegExp(`^\`${field}\` `))
    expect(simulator.transactions).toEqual([])
  })

  it("refuses what is no JSON, too long or nowhere", async () => {
    const { simulator } = await start()
    const post = (path: string, text: string) =>
      request(simulator.url)
        .post(path)
        .set("Content-Type", "application/json")
        .send(text)
    await post("/_control/pay", "{").expect(400)
    await post("/_control/pay", `"${"x".repeat(300_000)}"`).expect(413)
    await post("/_control/else", "{}").expect(404)
    await post("/_control/toString", "{}").expect(404)
  })
})
