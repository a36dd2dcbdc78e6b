import request from "supertest"
import type { Simulator } from ".."
import { call, closeAll, dynamicQr, NOW, start, staticQr } from "./world"

afterEach(closeAll)

const open = (simulator: Simulator, qr: string) =>
  request(simulator.url).get("/pay").query({ qr })

const press = (simulator: Simulator, form: Record<string, string>) =>
  request(simulator.url).post("/pay").type("form").send(form)

describe("the payer's page", () => {
  it("shows what the QR asks for", async () => {
    const { simulator } = await start()
    const { qr } = dynamicQr({ amount: "1300000", currency: "KHR" })
    const { text, headers } = await open(simulator, qr).expect(200)
    expect(text).toContain("Lotus")
    expect(text).toContain("shop@devb")
    expect(text).toContain("1,300,000 KHR")
    expect(text).toContain("10:00")
    expect(text).toContain("Simulator — no real money")
    expect(text).not.toMatch(/has expired|paid already/)
    expect(headers["content-security-policy"]).toContain("default-src 'none'")
  })

  it("pays, and shows the receipt", async () => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    const done = await press(simulator, {
      qr,
      action: "pay",
      fromAccountId: "me@devb",
    })
    expect(done.status).toBe(303)
    expect(simulator.transactions).toMatchObject([
      { md5, fromAccountId: "me@devb", createdDateMs: NOW, amount: 12.5 },
    ])
    const [{ hash, shortHash }] = simulator.transactions
    const receipt = await request(simulator.url).get(done.headers.location)
    expect(receipt.text).toContain(`>${hash}<`)
    expect(receipt.text).toContain(`>${shortHash}<`)
    expect(receipt.text).toContain("12.50 USD")
    expect((await open(simulator, qr)).text).toContain("paid already")
  })

  it("takes the KHQR as the hosted gateway writes it", async () => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    const { text } = await open(simulator, `khqr://${qr}`).expect(200)
    expect(text).toContain("Lotus")
    await press(simulator, { qr: `khqr://${qr}`, action: "pay" }).expect(303)
    expect(simulator.transactions).toMatchObject([{ md5, qr }])
    expect((await open(simulator, `khqr://${qr}`)).text).toContain(
      "paid already"
    )
  })

  it("pays twice", async () => {
    const { simulator } = await start()
    await press(simulator, { qr: dynamicQr().qr, action: "pay_twice" })
    expect(simulator.transactions).toHaveLength(2)
  })

  it("pays late by the bank's clock", async () => {
    const { simulator } = await start()
    await press(simulator, { qr: dynamicQr().qr, action: "pay_late" })
    expect(simulator.transactions[0].createdDateMs).toBe(NOW + 900_000)
  })

  it("fails without moving money", async () => {
    const { simulator } = await start()
    const { qr } = dynamicQr()
    const { text } = await press(simulator, { qr, action: "fail" }).redirects(1)
    expect(text).toContain("Payment failed")
    expect(simulator.transactions).toEqual([])
  })

  it("warns of an expired QR, which may be paid all the same", async () => {
    const { simulator, clock } = await start()
    const { qr } = dynamicQr()
    clock.now += 600_001
    expect((await open(simulator, qr)).text).toContain("has expired")
    await press(simulator, { qr, action: "pay" }).expect(303)
    expect(simulator.transactions[0].createdDateMs).toBe(clock.now)
  })

  it("asks for the amount of a static QR", async () => {
    const { simulator } = await start()
    const { qr } = staticQr()
    expect((await open(simulator, qr)).text).toContain('name="amount"')
    const refused = await press(simulator, { qr, action: "pay", amount: "1e3" })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain("must be a number such as")
    await press(simulator, { qr, action: "pay", amount: "2.50" }).expect(303)
    expect(simulator.transactions).toMatchObject([{ amount: 2.5 }])
  })

  it("shows why a string is no KHQR", async () => {
    const { simulator } = await start()
    const broken = dynamicQr().qr.slice(0, -4) + "0000"
    const { text } = await open(simulator, broken).expect(400)
    expect(text).toContain("is not a KHQR")
    await press(simulator, { qr: broken, action: "pay" }).expect(400)
    await press(simulator, { qr: broken, action: "fail" }).expect(400)
    await request(simulator.url).get("/pay").expect(200)
    await request(simulator.url).get("/pay?link=gone").expect(404)
    await request(simulator.url).get("/receipt?hash=gone").expect(404)
  })

  it("escapes everything that comes from outside", async () => {
    const { simulator } = await start()
    const evil = `"><img src=x>`
    const { qr } = dynamicQr({ merchantName: evil })
    const pages = [
      await open(simulator, qr),
      await open(simulator, `${evil}</textarea>`),
      await press(simulator, {
        qr,
        action: "pay",
        fromAccountId: evil,
      }).redirects(1),
      await press(simulator, {
        qr,
        action: "pay",
        fromAccountId: evil,
        amount: evil,
      }),
      await request(simulator.url)
        .get("/failed")
        .query({ qr: evil, link: evil }),
      await request(simulator.url).get("/"),
    ]
    for (const { text } of pages) {
      expect(text).toContain("<!doctype html>")
      expect(text).not.toContain("<img")
      expect(text).not.toContain('"></textarea>')
    }
  })

  it("never offers a way back that runs code", async () => {
    const { simulator } = await start()
    const { qr } = dynamicQr()
    const { body } = await request(simulator.url)
      .post("/v1/generate_deeplink_by_qr")
      .send({
        qr,
        sourceInfo: {
          appIconUrl: "x",
          appName: "x",
          appDeepLinkCallback: "javascript://%0aalert(1)",
        },
      })
    const link = body.data.shortLink.split("link=")[1]
    const { text } = await press(simulator, {
      qr,
      link,
      action: "pay",
    }).redirects(1)
    expect(text).toContain("Paid")
    expect(text).not.toContain("javascript:")
  })
})

describe("the overview", () => {
  it("shows transfers, calls and faults", async () => {
    const { simulator } = await start()
    const [{ shortHash }] = simulator.pay({ qr: dynamicQr().qr })
    await request(simulator.url)
      .post("/v1/renew_token")
      .send({ email: "a@b.c" })
    simulator.setFault({ kind: "rate_limited" })
    const { text } = await request(simulator.url).get("/").expect(200)
    expect(text).toContain(shortHash)
    expect(text).toContain("/v1/renew_token")
    expect(text).toContain("rate_limited")
    expect(text).not.toContain(simulator.token)
  })

  it("shows a refused call as refused", async () => {
    const { simulator } = await start()
    const md5 = "0".repeat(32)
    await call(simulator, "check_transaction_by_md5", { md5 }, null)
    simulator.setFault({ kind: "down" })
    await call(simulator, "check_transaction_by_md5", { md5 }).catch(() => {})
    const { text } = await request(simulator.url).get("/")
    expect(text).toContain("<td>401, code 6</td>")
    expect(text).toContain("<td>none</td>")
  })

  it("tells the quota, the clock and the ways in", async () => {
    const { simulator } = await start({ dailyRequestLimit: 100 })
    await request(simulator.url).post("/v1/renew_token").send({})
    simulator.setClock(NOW, { frozen: true })
    const { text } = await request(simulator.url).get("/")
    expect(text).toContain("1 of 100, until 2026-03-02 00:00:00 +07")
    expect(text).toContain("2026-03-01 10:00:00 +07, stopped")
    expect(text).toContain(simulator.hosted.url)
    expect(text).toContain('href="/faults"')
    expect(text).not.toContain(simulator.hosted.key)
  })
})
