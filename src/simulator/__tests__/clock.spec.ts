import request from "supertest"
import type { Simulator } from ".."
import { call, closeAll, dynamicQr, NOW, start, UNPAID } from "./world"

afterEach(closeAll)

const DAY = 86_400_000

const move = (simulator: Simulator, body: object) =>
  request(simulator.url).post("/_control/clock").send(body)

const dateOf = async (simulator: Simulator) =>
  Date.parse((await request(simulator.url).get("/_control/clock")).headers.date)

describe("the bank's clock", () => {
  it("is set, moved and put back over the control API", async () => {
    const { simulator } = await start()
    const set = await move(simulator, { now: NOW + DAY })
    expect(set.body).toEqual({ now: NOW + DAY, frozen: false })
    const moved = await move(simulator, { advanceMs: 1500 })
    expect(moved.body.now).toBe(NOW + DAY + 1500)
    const read = await request(simulator.url).get("/_control/clock")
    expect(read.body).toEqual(moved.body)
    const reset = await move(simulator, { reset: true })
    expect(reset.body).toEqual({ now: NOW, frozen: false })
  })

  it("runs on from where it was set, unless it is stopped", async () => {
    const { simulator, clock } = await start()
    simulator.setClock(NOW + DAY)
    clock.now += 7
    expect(simulator.clock.now).toBe(NOW + DAY + 7)
    simulator.setClock(NOW - DAY, { frozen: true })
    clock.now += 7
    expect(simulator.clock).toEqual({ now: NOW - DAY, frozen: true })
    simulator.advanceClock(-7)
    expect(simulator.clock.now).toBe(NOW - DAY - 7)
    simulator.resetClock()
    expect(simulator.clock).toEqual({ now: NOW + 14, frozen: false })
  })

  it("is followed by transfers, tokens, the quota and every answer's date", async () => {
    const { simulator } = await start({ dailyRequestLimit: 1 })
    const short = simulator.issueToken({ expiresInSeconds: 60 })
    const check = (token: string) =>
      call(simulator, "check_transaction_by_md5", { md5: UNPAID }, token)
    expect((await check(short)).status).toBe(200)
    expect((await check(short)).body.errorCode).toBe(17)
    simulator.advanceClock(DAY)
    expect((await check(short)).status).toBe(401)
    const [paid] = simulator.pay({ qr: dynamicQr().qr })
    expect(paid.createdDateMs).toBe(NOW + DAY)
    expect(simulator.requests.at(-1)!.at).toBe(NOW + DAY)
    expect(await dateOf(simulator)).toBe(NOW + DAY)
    expect(Date.parse((await check(short)).headers.date)).toBe(NOW + DAY)
  })

  it("lets a delayed payment appear", async () => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    simulator.pay({ qr, delayMs: 5000 })
    const find = async () =>
      (await call(simulator, "check_transaction_by_md5", { md5 })).body
        .errorCode
    expect(await find()).toBe(1)
    simulator.advanceClock(5000)
    expect(await find()).toBeNull()
  })

  it.each([
    [{}, "now"],
    [{ now: "today" }, "now"],
    [{ now: 0 }, "now"],
    [{ now: 1, advanceMs: 1 }, "now"],
    [{ advanceMs: 0.5 }, "advanceMs"],
    [{ advanceMs: -NOW - 1 }, "advanceMs"],
    [{ now: NOW, frozen: 1 }, "frozen"],
    [{ reset: false }, "reset"],
    [{ reset: true, now: 1 }, "now"],
  ])("refuses %j, naming %s", async (body, field) => {
    const { simulator } = await start()
    const refused = await move(simulator, body)
    expect(refused.status).toBe(400)
    expect(refused.body.field).toBe(field)
    expect(simulator.clock.now).toBe(NOW)
  })
})

describe("a seed", () => {
  const SAME_QR = dynamicQr().qr

  const live = async (simulator: Simulator) => {
    const post = (name: string, body: object) => call(simulator, name, body)
    const [{ hash }] = simulator.pay({ qr: SAME_QR })
    const email = "shop@lotus.test"
    const applicant = { email, organization: "Lotus", project: "Shop" }
    await post("request_token", applicant)
    const [{ code }] = simulator.mailbox
    const verified = await post("verify", { code })
    const linked = await post("generate_deeplink_by_qr", { qr: SAME_QR })
    const link: string = linked.body.data.shortLink
    return {
      hash,
      code,
      token: verified.body.data.token,
      link: link.slice(simulator.url.length),
    }
  }

  it("repeats hashes, codes, links and tokens at each start and after a reset", async () => {
    const { simulator } = await start({ seed: "demo" })
    const first = await live(simulator)
    expect(await live((await start({ seed: "demo" })).simulator)).toEqual(first)
    simulator.reset()
    const again = await live(simulator)
    expect(again.hash).toBe(first.hash)
    expect(again.code).toBe(first.code)
  })

  it("tells each transfer from the next", async () => {
    const { simulator } = await start({ seed: 1 })
    const paid = simulator.pay({ qr: SAME_QR, times: 3 })
    expect(new Set(paid.map(({ hash }) => hash)).size).toBe(3)
  })

  it.each([[undefined], ["other"]])(
    "of %p gives other hashes",
    async (seed) => {
      const one = await start({ seed: "demo" })
      const two = await start({ seed })
      const [left] = one.simulator.pay({ qr: SAME_QR })
      const [right] = two.simulator.pay({ qr: SAME_QR })
      expect(right.hash).not.toBe(left.hash)
    }
  )
})
