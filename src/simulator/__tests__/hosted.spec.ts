import request from "supertest"
import { decodeKhqr } from "../../khqr"
import type { Simulator } from ".."
import { call, closeAll, NOW, start } from "./world"

afterEach(closeAll)

const ask = (
  simulator: Simulator,
  name: string,
  body: object,
  key: string | null = simulator.hosted.key
) => {
  const asked = request(simulator.hosted.url).post(`/v1/${name}`)
  return (
    key === null ? asked : asked.set("Authorization", `Bearer ${key}`)
  ).send(body)
}

const order = (simulator: Simulator, changes: object = {}) =>
  ask(simulator, "generate_deeplink_by_qr", {
    md5: simulator.hosted.merchantId,
    amount: 12.5,
    currency: "USD",
    info: "Order 7",
    bill_number: "ORDER-7",
    ...changes,
  })

const make = async (simulator: Simulator, changes?: object) => {
  const { body } = await order(simulator, changes).expect(200)
  return { hash: body.hash, qr: body.qr_string.replace("khqr://", "") }
}

const check = (simulator: Simulator, hash: string) =>
  ask(simulator, "check_transaction_by_hash", { hash })

describe("the hosted gateway", () => {
  it("makes a KHQR for its own merchant, with our bill number in it", async () => {
    const { simulator } = await start()
    const { body } = await order(simulator).expect(200)
    expect(body).toEqual({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      qr_string: expect.stringMatching(/^khqr:\/\/0002/),
      deeplink: expect.stringMatching(/^bakong:\/\/qr\?qr=0002/),
      amount: 12.5,
      currency: "USD",
      merchant_id: simulator.hosted.merchantId,
      bill_number: "ORDER-7",
    })
    const qr = body.qr_string.slice("khqr://".length)
    expect(new URL(body.deeplink).searchParams.get("qr")).toBe(qr)
    expect(decodeKhqr(qr)).toMatchObject({
      pointOfInitiation: "dynamic",
      amount: "12.50",
      currency: "USD",
      billNumber: "ORDER-7",
      receiver: { accountId: simulator.hosted.accountId },
      expiresAt: NOW + 600_000,
    })
  })

  it("tells a payment once there is one", async () => {
    const { simulator } = await start()
    const { hash, qr } = await make(simulator)
    const early = await check(simulator, hash)
    expect(early.status).toBe(404)
    expect(early.body).toMatchObject({ error: "not_found" })
    const [paid] = simulator.pay({ qr })
    const { body } = await check(simulator, hash).expect(200)
    expect(body).toEqual({
      hash,
      paid: true,
      status: "completed",
      amount: 12.5,
      currency: "USD",
      paid_at: new Date(NOW).toISOString(),
      transaction_id: paid.hash,
      bill_number: "ORDER-7",
    })
  })

  it("is paid on the payer's page, in riel too", async () => {
    const { simulator } = await start()
    const { hash, qr } = await make(simulator, {
      amount: "50000",
      currency: "KHR",
    })
    await request(simulator.url)
      .post("/pay")
      .type("form")
      .send({ qr, action: "pay" })
      .expect(303)
    const { body } = await check(simulator, hash)
    expect(body).toMatchObject({ amount: 50_000, currency: "KHR" })
  })

  it("tells two orders apart, and does not see a transfer that failed", async () => {
    const { simulator } = await start()
    const [one, two] = [
      await make(simulator),
      await make(simulator, { bill_number: "ORDER-8" }),
    ]
    simulator.pay({ qr: two.qr })
    simulator.fail(one.qr)
    await check(simulator, one.hash).expect(404)
    const { body } = await check(simulator, two.hash)
    expect(body.bill_number).toBe("ORDER-8")
  })

  it.each([[null], ["wrong"], ["token"]])(
    "refuses the key %p with 401 JSON",
    async (given) => {
      const { simulator } = await start()
      const key = given === "token" ? simulator.token : given
      for (const name of [
        "generate_deeplink_by_qr",
        "check_transaction_by_hash",
      ]) {
        const { status, body } = await ask(simulator, name, {}, key)
        expect(status).toBe(401)
        expect(body.error).toBe("unauthorized")
      }
      expect(simulator.requests).toMatchObject([
        {
          endpoint: "/hosted/v1/generate_deeplink_by_qr",
          hasToken: key !== null,
          authorized: false,
        },
        { endpoint: "/hosted/v1/check_transaction_by_hash" },
      ])
    }
  )

  it("takes the key of the options", async () => {
    const { simulator } = await start({ hostedKey: "mine" })
    expect(simulator.hosted.key).toBe("mine")
    await order(simulator).expect(200)
    expect(simulator.requests[0].authorized).toBe(true)
    expect(JSON.stringify(simulator.requests)).not.toContain("mine")
  })

  it.each([
    [{ md5: "else" }, 404],
    [{ amount: 0 }, 422],
    [{ amount: 1.005 }, 422],
    [{ amount: null }, 422],
    [{ currency: "EUR" }, 422],
    [{ bill_number: "x".repeat(26) }, 422],
    [{ bill_number: undefined }, 422],
  ])("refuses an order with %j", async (changes, status) => {
    const { simulator } = await start()
    await order(simulator, changes).expect(status)
  })

  it("knows no other route and no other hash", async () => {
    const { simulator } = await start()
    await ask(simulator, "renew_token", {}).expect(404)
    await request(simulator.hosted.url)
      .get("/v1/check_transaction_by_hash")
      .expect(404)
    await check(simulator, "0".repeat(64)).expect(404)
  })

  it("does not spend the quota of the Open API", async () => {
    const { simulator } = await start({ dailyRequestLimit: 1 })
    await make(simulator)
    expect(simulator.quota.used).toBe(0)
  })

  it("goes wrong by its own endpoints' names", async () => {
    const { simulator } = await start()
    const name = "generate_deeplink_by_qr"
    simulator.setFault({ kind: "server_error", endpoint: `hosted/${name}` })
    await order(simulator).expect(500)
    await call(simulator, name, {}).expect(400)
    simulator.clearFaults()
    simulator.setFault({ kind: "unauthorized", times: 1 })
    const { body } = await order(simulator).expect(401)
    expect(body.error).toBe("unauthorized")
    expect(simulator.requests.map(({ fault }) => fault)).toEqual([
      "server_error",
      null,
      "unauthorized",
    ])
  })

  it("forgets its orders on a reset", async () => {
    const { simulator } = await start()
    const { hash, qr } = await make(simulator)
    simulator.reset()
    simulator.pay({ qr })
    await check(simulator, hash).expect(404)
  })
})

describe("a quirk of the hosted gateway", () => {
  it.each([
    ["not_found", 404, /"error":"not_found"/],
    ["null", 200, /^null$/],
    ["empty_404", 404, /^$/],
  ] as const)('says "not paid" as %s', async (hostedNotPaid, status, said) => {
    const { simulator } = await start({ quirks: { hostedNotPaid } })
    const { hash } = await make(simulator)
    const answer = await check(simulator, hash)
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(said)
  })

  it.each([
    ["other_amount", { amount: "12.51" }],
    ["other_currency", { currency: "KHR", amount: "13" }],
    ["other_bill_number", { billNumber: "other-ORDER-7" }],
  ] as const)("makes a KHQR with %s", async (hostedQr, said) => {
    const { simulator } = await start({ quirks: { hostedQr } })
    const { body } = await order(simulator)
    expect(body).toMatchObject({
      amount: 12.5,
      currency: "USD",
      bill_number: "ORDER-7",
    })
    expect(decodeKhqr(body.qr_string.slice(7))).toMatchObject(said)
  })

  it("makes a KHQR nobody can read", async () => {
    const { simulator } = await start({ quirks: { hostedQr: "garbled" } })
    const { qr } = await make(simulator)
    expect(() => decodeKhqr(qr)).toThrow()
  })

  it.each([
    ["other_amount", { amount: 12.51 }],
    ["other_currency", { currency: "KHR" }],
    ["other_bill_number", { bill_number: "ORDER-7x" }],
    ["other_hash", { hash: "0".repeat(64) }],
  ] as const)("tells a payment with %s", async (hostedPaid, said) => {
    const { simulator } = await start()
    const { hash, qr } = await make(simulator)
    simulator.pay({ qr })
    simulator.setQuirks({ hostedPaid })
    const { body } = await check(simulator, hash)
    expect(body).toMatchObject({ paid: true, ...said })
  })

  it("sends amounts as text here too", async () => {
    const { simulator } = await start({ quirks: { amountAsString: true } })
    const { hash, qr } = await make(simulator)
    simulator.pay({ qr })
    const { body } = await check(simulator, hash)
    expect(body.amount).toBe("12.50")
  })
})
