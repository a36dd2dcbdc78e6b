import request from "supertest"
import type { Simulator } from ".."
import { call, closeAll, NOW, start, UNPAID } from "./world"

afterEach(closeAll)

const EMAIL = "shop@lotus.test"

const APPLICANT = {
  email: EMAIL,
  organization: "Lotus Co.",
  project: "Lotus shop",
}

const post = (simulator: Simulator, name: string, body: object) =>
  call(simulator, name, body, null)

const codeOf = async (...asked: Parameters<typeof post>) =>
  (await post(...asked)).body.errorCode

const check = async (simulator: Simulator, token: string) =>
  (await call(simulator, "check_transaction_by_md5", { md5: UNPAID }, token))
    .status

const register = async (simulator: Simulator, applicant = APPLICANT) => {
  await post(simulator, "request_token", applicant).expect(200)
  const { code } = simulator.mailbox.at(-1)!
  const { body } = await post(simulator, "verify", { code })
  return body.data.token as string
}

const idOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString()).data.id

describe("registration", () => {
  it("mails a code of 20 characters, which becomes a token", async () => {
    const { simulator } = await start()
    const { body } = await post(simulator, "request_token", APPLICANT)
    expect(body).toMatchObject({ responseCode: 0, errorCode: null, data: null })
    expect(simulator.mailbox).toEqual([
      {
        to: EMAIL,
        at: NOW,
        organization: "Lotus Co.",
        project: "Lotus shop",
        code: expect.stringMatching(/^[A-Z2-9]{20}$/),
      },
    ])
    const { code } = simulator.mailbox[0]
    const verified = await post(simulator, "verify", { code })
    expect(await check(simulator, verified.body.data.token)).toBe(200)
  })

  it("takes a code once, and only the latest of an e-mail", async () => {
    const { simulator } = await start()
    await post(simulator, "request_token", APPLICANT)
    await post(simulator, "request_token", APPLICANT)
    const [{ code: first }, { code: second }] = simulator.mailbox
    expect(await codeOf(simulator, "verify", { code: first })).toBe(10)
    expect(await codeOf(simulator, "verify", { code: second })).toBeNull()
    expect(await codeOf(simulator, "verify", { code: second })).toBe(10)
  })

  it("makes an e-mail known, which is then renewed and not registered again", async () => {
    const { simulator } = await start({ email: null })
    const renew = { email: EMAIL }
    expect(await codeOf(simulator, "renew_token", renew)).toBe(10)
    const token = await register(simulator)
    const shouted = { ...APPLICANT, email: EMAIL.toUpperCase() }
    expect(await codeOf(simulator, "request_token", shouted)).toBe(8)
    const { body } = await post(simulator, "renew_token", renew)
    expect(body.data.token).not.toBe(token)
    expect(idOf(body.data.token)).toBe(idOf(token))
    expect(idOf(token)).not.toBe(idOf(simulator.token))
  })

  it("knows the e-mail of the options from the start", async () => {
    const { simulator } = await start({ email: EMAIL })
    expect(await codeOf(simulator, "request_token", APPLICANT)).toBe(8)
  })

  it("sends no code while the mail is down", async () => {
    const { simulator } = await start()
    simulator.setFault({ kind: "mail_down", times: 1 })
    await call(simulator, "check_transaction_by_md5", { md5: UNPAID })
    expect(await codeOf(simulator, "request_token", APPLICANT)).toBe(7)
    expect(simulator.mailbox).toEqual([])
    expect(await codeOf(simulator, "request_token", APPLICANT)).toBeNull()
  })

  it.each([
    ["request_token", { ...APPLICANT, email: `${"x".repeat(25)}@a.test` }],
    ["request_token", { ...APPLICANT, email: "shop" }],
    ["request_token", { ...APPLICANT, organization: "" }],
    ["request_token", { ...APPLICANT, project: "x".repeat(101) }],
    ["verify", {}],
    ["verify", { code: "SHORT" }],
    ["renew_token", { email: "" }],
  ])("%s refuses %j with code 5", async (name, body) => {
    const { simulator } = await start()
    expect(await codeOf(simulator, name, body)).toBe(5)
    expect(simulator.mailbox).toEqual([])
  })

  it("is not found where it is not offered any more, now or from the start", async () => {
    const { simulator } = await start({ registration: false })
    await post(simulator, "request_token", APPLICANT).expect(404)
    await post(simulator, "verify", { code: "A".repeat(20) }).expect(404)
    await post(simulator, "renew_token", { email: EMAIL }).expect(200)
    simulator.setTokenSettings({ registration: true })
    await post(simulator, "request_token", APPLICANT).expect(200)
  })

  it("is forgotten on a reset", async () => {
    const { simulator } = await start()
    await register(simulator)
    simulator.reset()
    expect(simulator.mailbox).toEqual([])
    expect(await codeOf(simulator, "request_token", APPLICANT)).toBeNull()
  })
})

describe("the mailbox", () => {
  it("is read on a page and over the control API", async () => {
    const { simulator } = await start()
    const empty = await request(simulator.url).get("/mailbox").expect(200)
    expect(empty.text).toContain("None so far")
    await post(simulator, "request_token", {
      ...APPLICANT,
      project: "<img src=x>",
    })
    const [{ code }] = simulator.mailbox
    const { text } = await request(simulator.url).get("/mailbox").expect(200)
    expect(text).toContain(code)
    expect(text).toContain(EMAIL)
    expect(text).not.toContain("<img")
    const { body } = await request(simulator.url).get("/_control/mailbox")
    expect(body).toEqual({ mails: simulator.mailbox })
    const overview = await request(simulator.url).get("/")
    expect(overview.text).toContain('href="/mailbox"')
    expect(overview.text).toContain("Mailbox (1)")
  })
})

describe("tokens", () => {
  it("die when revoked, which a reset forgives", async () => {
    const { simulator } = await start()
    const other = simulator.issueToken()
    simulator.revokeToken(other)
    expect(await check(simulator, other)).toBe(401)
    expect(await check(simulator, simulator.token)).toBe(200)
    simulator.reset()
    expect(await check(simulator, other)).toBe(200)
  })

  it("are never the same twice, be it in one second", async () => {
    const { simulator } = await start()
    const tokens = [simulator.token, simulator.issueToken()]
    expect(tokens[0]).not.toBe(tokens[1])
    expect(await check(simulator, tokens[1])).toBe(200)
  })

  it.each([
    [false, 200],
    [true, 401],
  ])(
    "with renewalRevokes %p a renewal leaves the old one at %p",
    async (renewalRevokes, status) => {
      const { simulator } = await start({ renewalRevokes })
      const other = await register(simulator)
      const { body } = await post(simulator, "renew_token", {
        email: "else@lotus.test",
      })
      expect(await check(simulator, simulator.token)).toBe(status)
      expect(await check(simulator, body.data.token)).toBe(200)
      expect(await check(simulator, other)).toBe(200)
    }
  )

  it("are revoked and set over the control API", async () => {
    const { simulator } = await start()
    const control = (path: string, body: object) =>
      request(simulator.url).post(`/_control/${path}`).send(body)
    const { body } = await control("tokens", { account: "shop-2" })
    expect(idOf(body.token)).toBe("shop-2")
    await control("tokens/revoke", { token: body.token }).expect(200)
    expect(await check(simulator, body.token)).toBe(401)

    const wanted = { registration: false, renewalRevokes: true }
    const set = await control("tokens/settings", wanted)
    expect(set.body).toEqual(wanted)
    expect(simulator.tokenSettings).toEqual(wanted)
    const read = await request(simulator.url).get("/_control/tokens/settings")
    expect(read.body).toEqual(wanted)
    const refused = await control("tokens/settings", { registration: "no" })
    expect(refused.body.field).toBe("registration")
  })
})

describe("the log of calls", () => {
  it("tells whether a token came and whether it was good, never which", async () => {
    const { simulator } = await start()
    const ask = (token: string | null) =>
      call(simulator, "check_transaction_by_md5", { md5: UNPAID }, token)
    const expired = simulator.issueToken({ expiresInSeconds: -1 })
    await ask(null)
    await ask(expired)
    await ask("nonsense")
    await ask(simulator.token)
    expect(simulator.requests).toMatchObject([
      { hasToken: false, authorized: false },
      { hasToken: true, authorized: false },
      { hasToken: true, authorized: false },
      { hasToken: true, authorized: true },
    ])
    const told = JSON.stringify(simulator.requests)
    for (const token of [expired, "nonsense", simulator.token]) {
      expect(told).not.toContain(token)
    }
  })
})
