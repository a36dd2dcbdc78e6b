import { createHmac } from "node:crypto"
import request from "supertest"
import { BakongClient, openGate } from "../../bakong"
import { FAULT_KINDS, type FaultKind, type Simulator } from ".."
import {
  call,
  closeAll,
  dynamicQr,
  NOW,
  start,
  staticQr,
  UNPAID,
} from "./world"

const clients: BakongClient[] = []
afterEach(async () => {
  clients.splice(0).forEach((client) => client.close())
  await closeAll()
})

const connect = (simulator: Simulator, timeoutMs = 5000) => {
  const { url: baseUrl, token } = simulator
  const client = new BakongClient({
    baseUrl,
    gate: openGate(token),
    timeoutMs,
  })
  clients.push(client)
  return client
}

/** Gives up with the test, not never. */
const until = async (isDone: () => boolean) => {
  const deadline = Date.now() + 5000
  while (!isDone() && Date.now() < deadline) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe("a check by md5", () => {
  it("finds a payment with all its fields", async () => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    const [paid] = simulator.pay({ qr, fromAccountId: "me@devb" })
    const { body, status } = await call(simulator, "check_transaction_by_md5", {
      md5,
    })
    expect(status).toBe(200)
    expect(body).toEqual({
      responseCode: 0,
      responseMessage: "Getting transaction successfully.",
      errorCode: null,
      data: {
        hash: paid.hash,
        fromAccountId: "me@devb",
        toAccountId: "shop@devb",
        currency: "USD",
        amount: 12.5,
        description: "Payment to Lotus",
        createdDateMs: NOW,
        acknowledgedDateMs: NOW + 400,
        trackingStatus: null,
        receiverBank: null,
        receiverBankAccount: null,
        instructionRef: null,
        externalRef: null,
      },
    })
  })

  it("does not find what was not paid", async () => {
    const { simulator } = await start()
    const { body } = await call(simulator, "check_transaction_by_md5", {
      md5: UNPAID,
    })
    expect(body).toEqual({
      responseCode: 1,
      responseMessage:
        "Transaction could not be found. Please check and try again.",
      errorCode: 1,
      data: null,
    })
  })

  it("finds a delayed payment once its time has come", async () => {
    const { simulator, clock } = await start()
    const client = connect(simulator)
    const { qr, md5 } = dynamicQr()
    simulator.pay({ qr, delayMs: 4000 })
    clock.now += 3999
    expect((await client.checkTransactionByMd5(md5)).outcome.type).toBe(
      "not_found"
    )
    clock.now += 1
    expect((await client.checkTransactionByMd5(md5)).outcome).toMatchObject({
      type: "paid",
      transaction: { createdAt: NOW },
    })
  })

  it("shows the first of two payments only", async () => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    const [first, second] = simulator.pay({ qr, times: 2 })
    expect(second.hash).not.toBe(first.hash)
    const { outcome } = await connect(simulator).checkTransactionByMd5(md5)
    expect(outcome).toMatchObject({ transaction: { hash: first.hash } })
  })

  it("shows a failure until the QR is paid after all", async () => {
    const { simulator } = await start()
    const client = connect(simulator)
    const { qr, md5 } = dynamicQr()
    simulator.fail(qr)
    expect((await client.checkTransactionByMd5(md5)).outcome).toMatchObject({
      type: "failed",
      reason: "attempt_failed",
    })
    simulator.pay({ qr })
    expect((await client.checkTransactionByMd5(md5)).outcome.type).toBe("paid")
  })

  it("refuses a static QR, which its hash still finds", async () => {
    const { simulator } = await start()
    const { qr, md5 } = staticQr()
    const [paid] = simulator.pay({ qr, amount: 3 })
    const { outcome } = await connect(simulator).checkTransactionByMd5(md5)
    expect(outcome).toMatchObject({ type: "unknown", reason: "static_qr" })
    const { body } = await call(simulator, "check_transaction_by_hash", {
      hash: paid.hash,
    })
    expect(body.data).toMatchObject({ amount: 3, toAccountId: "shop@devb" })
  })

  it.each([
    [{ amount: 12.49 }, { amount: "12.49" }],
    [{ amount: "12.50" }, { amount: "12.50" }],
    [{ currency: "KHR" }, { currency: "KHR" }],
    [{ toAccountId: "thief@devb" }, { toAccountId: "thief@devb" }],
    [{ createdAt: NOW + 1 }, { createdAt: NOW + 1 }],
    [{ hash: "A".repeat(64) }, { hash: "a".repeat(64) }],
  ])("shows a payment made with %j", async (changes, seen) => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    simulator.pay({ qr, ...changes })
    const { outcome } = await connect(simulator).checkTransactionByMd5(md5)
    expect(outcome).toMatchObject({ type: "paid", transaction: seen })
  })

  it("shows that the receiver sent it back", async () => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    simulator.pay({ qr, trackingStatus: "REFUNDED_BY_RECEIVER" })
    const { outcome } = await connect(simulator).checkTransactionByMd5(md5)
    expect(outcome).toMatchObject({ reason: "refunded_by_receiver" })
  })
})

describe("other questions", () => {
  it("a list by md5 tells each by itself", async () => {
    const { simulator } = await start()
    const [good, bad] = [dynamicQr(), dynamicQr()]
    const open = staticQr()
    simulator.pay({ qr: good.qr })
    simulator.fail(bad.qr)
    simulator.pay({ qr: open.qr, amount: 1 })
    const { outcomes } = await connect(simulator).checkTransactionByMd5List([
      UNPAID,
      bad.md5,
      good.md5,
      open.md5,
    ])
    expect([...outcomes.values()]).toEqual([
      { type: "not_found" },
      { type: "failed", reason: "attempt_failed", transaction: null },
      expect.objectContaining({ type: "paid" }),
      expect.objectContaining({ reason: "static_qr" }),
    ])
  })

  it.each([
    ["check_transaction_by_md5_list", Array(51).fill(UNPAID)],
    ["check_transaction_by_md5_list", []],
    ["check_transaction_by_md5_list", [1]],
    ["check_transaction_by_hash_list", { hash: "x" }],
    ["check_transaction_by_md5", {}],
    ["check_transaction_by_md5", { md5: "x".repeat(256) }],
    ["check_transaction_by_short_hash", { hash: "abcdefgh", currency: "USD" }],
  ])("%s refuses a malformed body with code 5", async (name, sent) => {
    const { simulator } = await start()
    const { body, status } = await call(simulator, name, sent)
    expect(status).toBe(400)
    expect(body).toMatchObject({ responseCode: 1, errorCode: 5 })
  })

  it("a receipt's short hash needs its amount and currency", async () => {
    const { simulator } = await start()
    const [{ hash, shortHash }] = simulator.pay({ qr: dynamicQr().qr })
    expect(hash.startsWith(shortHash)).toBe(true)
    const ask = async (amount: number, currency: string) => {
      const sent = { hash: shortHash, amount, currency }
      const name = "check_transaction_by_short_hash"
      return (await call(simulator, name, sent)).body.errorCode
    }
    expect(await ask(12.5, "USD")).toBeNull()
    expect(await ask(12.51, "USD")).toBe(1)
    expect(await ask(12.5, "KHR")).toBe(1)
  })

  it.each([
    { hash: "abcdefg1", amount: 1, currency: "USD" },
    { hash: "abcdef1", amount: 1, currency: "USD" },
    { hash: "abcdef12", amount: "1", currency: "USD" },
    { hash: "abcdef12", amount: 1, currency: "EUR" },
  ])("a short hash is refused as %j", async (sent) => {
    const { simulator } = await start()
    const name = "check_transaction_by_short_hash"
    expect((await call(simulator, name, sent)).body.errorCode).toBe(5)
  })

  it.each([
    ["check_transaction_by_instruction_ref", "instructionRef"],
    ["check_transaction_by_external_ref", "externalRef"],
  ])("%s finds what was paid with that reference", async (name, field) => {
    const { simulator } = await start()
    const [{ hash }] = simulator.pay({
      qr: dynamicQr().qr,
      [field]: "REF-1",
    })
    simulator.pay({ qr: dynamicQr().qr })
    const ask = async (body: object, token?: null) =>
      (await call(simulator, name, body, token)).body
    expect((await ask({ [field]: "REF-1" })).data).toMatchObject({
      hash,
      [field]: "REF-1",
    })
    expect((await ask({ [field]: "REF-2" })).errorCode).toBe(1)
    expect((await ask({})).errorCode).toBe(5)
    expect((await ask({ [field]: "REF-1" }, null)).errorCode).toBe(6)
  })

  it("a list by hash echoes each hash", async () => {
    const { simulator } = await start()
    const [{ hash }] = simulator.pay({ qr: dynamicQr().qr })
    const { body } = await call(simulator, "check_transaction_by_hash_list", [
      "f".repeat(64),
      hash,
    ])
    expect(body.data).toMatchObject([
      { hash: "f".repeat(64), status: "NOT_FOUND", data: null },
      { hash, status: "SUCCESS", data: { hash } },
    ])
  })

  it("a deep link leads to the payer's page, another at each call", async () => {
    const { simulator } = await start()
    const { qr } = dynamicQr()
    const sourceInfo = {
      appIconUrl: "https://shop.test/icon.png",
      appName: "Lotus",
      appDeepLinkCallback: "lotus://orders/1",
    }
    const ask = () =>
      request(simulator.url)
        .post("/v1/generate_deeplink_by_qr")
        .send({ qr, sourceInfo })
    const [first, second] = [await ask(), await ask()]
    const link: string = first.body.data.shortLink
    expect(second.body.data.shortLink).not.toBe(link)

    const path = link.slice(simulator.url.length)
    const page = await request(simulator.url).get(path)
    expect(page.text).toContain("12.50 USD")
    const done = await request(simulator.url)
      .post("/pay")
      .type("form")
      .send({ qr, link: path.split("link=")[1], action: "pay" })
      .redirects(1)
    expect(done.text).toContain('href="lotus://orders/1"')
  })

  it("a deep link refuses half a source and a broken QR", async () => {
    const { simulator } = await start()
    const ask = async (body: object) =>
      (await call(simulator, "generate_deeplink_by_qr", body)).body.errorCode
    const { qr } = dynamicQr()
    expect(await ask({ qr, sourceInfo: { appName: "Lotus" } })).toBe(5)
    expect(await ask({ qr: "nonsense" })).toBe(4)
  })

  it("a token is renewed for the registered e-mail only", async () => {
    const { simulator, clock } = await start({ email: "shop@lotus.test" })
    clock.now += 1000
    const renew = (email: string) =>
      request(simulator.url).post("/v1/renew_token").send({ email })
    expect((await renew("else@lotus.test")).body.errorCode).toBe(10)
    const { body } = await renew("shop@lotus.test")
    expect(body.data.token).not.toBe(simulator.token)
    const again = await request(simulator.url)
      .post("/v1/check_transaction_by_md5")
      .set("Authorization", `Bearer ${body.data.token}`)
      .send({ md5: UNPAID })
    expect(again.body.errorCode).toBe(1)
  })

  it.each([
    ["shop@devb", null],
    ["unknown@devb", 11],
    ["shop", 12],
    ["a@b@c", 12],
  ])("the account %s gives code %p", async (accountId, code) => {
    const { simulator } = await start()
    const { body } = await call(simulator, "check_bakong_account", {
      accountId,
    })
    expect(body.errorCode).toBe(code)
  })

  it("unknown paths are not found", async () => {
    const { simulator } = await start()
    for (const path of ["/v1/else", "/v1/constructor", "/else", "//"]) {
      await request(simulator.url).post(path).send({}).expect(404)
    }
    await request(simulator.url).get("/v1/renew_token").expect(405)
  })
})

describe("a token", () => {
  it("is a JWT that lives for 90 days", async () => {
    const { simulator } = await start({ tokenSecret: "secret" })
    const [header, payload, signature] = simulator.token.split(".")
    const read = (part: string) =>
      JSON.parse(Buffer.from(part, "base64url").toString())
    expect(read(header)).toEqual({ alg: "HS256", typ: "JWT" })
    expect(read(payload)).toMatchObject({
      iat: NOW / 1000,
      exp: NOW / 1000 + 90 * 86_400,
    })
    expect(signature).toBe(
      createHmac("sha256", "secret")
        .update(`${header}.${payload}`)
        .digest("base64url")
    )
  })

  it("is refused when missing, wrong, foreign or expired", async () => {
    const { simulator, clock } = await start()
    const foreign = (await start({ tokenSecret: "other" })).simulator.token
    const short = simulator.issueToken({ expiresInSeconds: 60 })
    const ask = (authorization: string) =>
      request(simulator.url)
        .post("/v1/check_transaction_by_md5")
        .set("Authorization", authorization)
        .send({ md5: UNPAID })
    await ask(`Bearer ${short}`).expect(200)
    clock.now += 60_000
    for (const authorization of [
      "",
      "Bearer",
      "Bearer a.b.c",
      `Bearer ${foreign}`,
      `Bearer ${short}`,
      simulator.token,
    ]) {
      const { body } = await ask(authorization).expect(401)
      expect(body).toMatchObject({ responseCode: 1, errorCode: 6, data: null })
    }
  })
})

describe("what goes wrong", () => {
  type Usual = Exclude<FaultKind, (typeof ELSEWHERE)[number]>
  const ELSEWHERE = ["answer", "list_closed", "mail_down"] as const

  const meanings: Record<Usual, object> = {
    down: { reason: "unavailable" },
    slow: { reason: "unavailable" },
    html: { reason: "unreadable" },
    unauthorized: { reason: "unauthorized" },
    forbidden: { reason: "forbidden" },
    server_error: { reason: "unavailable" },
    truncated: { reason: "unreadable" },
    quota_spent: { reason: "quota_spent" },
    rate_limited: { reason: "rate_limited", retryAfterMs: 30_000 },
    reset: { reason: "unavailable" },
  }

  it.each(Object.entries(meanings))("%s", async (kind, meaning) => {
    const { simulator } = await start()
    const client = connect(simulator, kind === "slow" ? 60 : 5000)
    const { qr, md5 } = dynamicQr()
    simulator.pay({ qr })
    simulator.setFault({ kind: kind as FaultKind, times: 1 })
    expect((await client.checkTransactionByMd5(md5)).outcome).toMatchObject({
      type: "unknown",
      ...meaning,
    })
    expect(simulator.faults).toEqual([])
    expect(
      (await connect(simulator).checkTransactionByMd5(md5)).outcome.type
    ).toBe("paid")
    expect(simulator.requests).toMatchObject([
      { endpoint: "/v1/check_transaction_by_md5", fault: kind, at: NOW },
      { endpoint: "/v1/check_transaction_by_md5", fault: null, body: { md5 } },
    ])
  })

  it("covers every kind", () => {
    expect(Object.keys(meanings).concat(ELSEWHERE).sort()).toEqual(
      [...FAULT_KINDS].sort()
    )
  })

  it("list_closed leaves single checks alone", async () => {
    const { simulator } = await start()
    const client = connect(simulator)
    simulator.setFault({ kind: "list_closed" })
    const { outcomes } = await client.checkTransactionByMd5List([UNPAID])
    expect(outcomes.get(UNPAID)).toMatchObject({ reason: "forbidden" })
    const { outcome } = await client.checkTransactionByMd5(UNPAID)
    expect(outcome.type).toBe("not_found")
  })

  it("may be limited to one endpoint, and is cleared", async () => {
    const { simulator } = await start()
    const client = connect(simulator)
    simulator.setFault({ kind: "html", endpoint: "/v1/renew_token" })
    const ask = async () =>
      (await client.checkTransactionByMd5(UNPAID)).outcome.type
    expect(await ask()).toBe("not_found")
    simulator.setFault({ kind: "html" })
    expect(await ask()).toBe("unknown")
    simulator.clearFaults()
    expect(await ask()).toBe("not_found")
  })

  it("slow answers late, but rightly", async () => {
    const { simulator } = await start()
    simulator.setFault({ kind: "slow", delayMs: 20 })
    const { outcome, call: asked } =
      await connect(simulator).checkTransactionByMd5(UNPAID)
    expect(outcome.type).toBe("not_found")
    expect(asked.durationMs).toBeGreaterThanOrEqual(19)
  })

  it("closing does not wait for a slow answer", async () => {
    const { simulator } = await start()
    simulator.setFault({ kind: "slow" })
    const asked = connect(simulator).checkTransactionByMd5(UNPAID)
    await until(() => simulator.requests.length > 0)
    await simulator.close()
    expect((await asked).outcome).toMatchObject({ reason: "unavailable" })
  })
})
