import { BakongError, type BakongCall } from "../../bakong"
import { freshQuota, type QuotaState } from "../../modules/khqr/quota"
import type { TokenState } from "../../modules/khqr/bank/tokens"
import { parseOptions } from "../../modules/khqr/options"
import { checkAccount } from "../checks/account"
import { checkOptions } from "../checks/options"
import { checkBank, skipBank } from "../checks/bank"
import { checkClock } from "../checks/clock"
import { checkDeepLink } from "../checks/deep-link"
import { checkQuota } from "../checks/quota"
import { checkToken } from "../checks/token"
import { readPing, type Reply } from "../inquiry"
import { serverOf, type Server } from "../server"

const NOW = Date.UTC(2026, 10, 21, 12)

const call = (said: Partial<BakongCall> = {}): BakongCall => ({
  endpoint: "/v1/check_transaction_by_md5",
  sent: true,
  requestId: "r1",
  httpStatus: 200,
  responseCode: 0,
  errorCode: null,
  message: "",
  durationMs: 200,
  askedAt: NOW,
  serverTime: NOW,
  ...said,
})

describe("the clock", () => {
  it.each([
    [0, "ok", "agrees with the bank's"],
    [20_000, "ok", "20 s ahead of the bank's"],
    [30_000, "ok", "30 s ahead of the bank's"],
    [-40_000, "warning", "this machine's clock is 40 s behind the bank's"],
    [61_000, "failure", "this machine's clock is 61 s ahead of the bank's"],
    [-7_200_000, "failure", "this machine's clock is 2 hours behind"],
  ])("that is %d ms ahead is %s", (ms, level, says) => {
    // Written half-way of 200 ms, in the middle of its second.
    const serverTime = NOW + 100 - 500 - ms
    expect(
      checkClock([call({ serverTime: null }), call({ serverTime })])
    ).toEqual(
      expect.objectContaining({ level, says: expect.stringContaining(says) })
    )
  })

  it("is not judged without an answer that tells the time", () => {
    expect(checkClock([call({ serverTime: null })]).level).toBe("skipped")
  })
})

describe("a call without token", () => {
  it.each([
    [{ httpStatus: 401, responseCode: 1, errorCode: 6 }, "unauthorized"],
    [{ httpStatus: 200, responseCode: 1, errorCode: 6 }, "unauthorized"],
    [{ httpStatus: 200, responseCode: 1, errorCode: 1 }, null],
    [{ httpStatus: 403, responseCode: null }, "forbidden"],
    [{ httpStatus: 429, responseCode: null }, "rate_limited"],
    [{ httpStatus: 502, responseCode: null }, "unavailable"],
    [{ httpStatus: null, responseCode: null }, "unavailable"],
    [{ httpStatus: 200, responseCode: null }, "unreadable"],
    [{ httpStatus: 404, responseCode: null }, "unrecognized"],
    [{ httpStatus: 200, responseCode: 1, errorCode: 17 }, "quota_spent"],
  ])("that brings %j tells %s", (said, reason) => {
    expect(readPing(call(said)).reason).toBe(reason)
  })
})

const server: Server = {
  name: "Bakong",
  host: "bank.test",
  optionOfUrl: "bakong.baseUrl",
  proxy: null,
}

const hosted: Server = {
  ...server,
  name: "the gateway",
  host: "pay.test",
  optionOfUrl: "gateway.baseUrl",
}

const now = new Date(NOW)

describe("a bank that gives no answer", () => {
  const asked = (code: string) => `The server could not be asked: ${code}`
  const silence = (message: string, of = server) =>
    checkBank(readPing(call({ httpStatus: null, message })), of, now)

  it.each([
    [asked("ENOTFOUND"), "bank.test cannot be found: there is no such host"],
    [asked("EAI_AGAIN"), "bank.test cannot be found: DNS gave no answer"],
    [asked("ECONNREFUSED"), "bank.test refuses connections"],
    [asked("EHOSTUNREACH"), "there is no way there from here"],
    [asked("ECONNRESET"), "bank.test hangs up without an answer"],
    [asked("ERR_BAD_RESPONSE"), "breaks off in the middle of its answer"],
    [asked("CERT_HAS_EXPIRED"), "the certificate of bank.test has expired"],
    [asked("ERR_TLS_CERT_ALTNAME_INVALID"), "is of another host"],
    [asked("DEPTH_ZERO_SELF_SIGNED_CERT"), "is not trusted (DEPTH_ZERO"],
    [asked("EPROTO"), "bank.test does not speak https"],
    [asked("HPE_INVALID_CONSTANT"), "bank.test does not speak HTTP"],
    [asked("no answer"), "bank.test gave no answer"],
    ["No answer within 1000 ms", "bank.test did not answer within 1 s"],
    ["No answer within 2500 ms", "did not answer within 2.5 s"],
  ])("%s: %s", (message, says) => {
    const [bank, place] = silence(message)
    expect(bank).toMatchObject({
      level: "failure",
      says: expect.stringContaining(says),
      mend: expect.any(String),
    })
    expect(place.level).toBe("skipped")
  })

  const proxied = { ...server, proxy: "proxy.test:3128" }

  it.each([
    [
      asked("ECONNREFUSED"),
      "the proxy proxy.test:3128 (bakong.proxyUrl) refuses connections",
    ],
    [
      asked("ENOTFOUND"),
      "the proxy proxy.test:3128 (bakong.proxyUrl) cannot be found",
    ],
    [
      "The proxy refused to connect",
      "the proxy proxy.test:3128 (bakong.proxyUrl) refuses to connect to bank.test",
    ],
    [
      asked("ECONNRESET"),
      "bank.test, through the proxy proxy.test:3128, hangs up",
    ],
    [
      "No answer within 1000 ms",
      "bank.test, through the proxy proxy.test:3128, did not answer",
    ],
  ])("through a proxy, %s: %s", (message, says) => {
    const [bank] = silence(message, proxied)
    expect(bank.says).toContain(says)
    expect(bank.mend).toContain("proxy")
    expect(bank.mend).not.toContain("bakong.baseUrl")
  })

  it("names the proxy without user and password", () => {
    const options = (proxyUrl: string) =>
      parseOptions({
        merchant: { accountId: "lucky@aclb", name: "Lucky" },
        bakong: { token: "token", proxyUrl },
      })
    const { proxy } = serverOf(options("http://me:secret@proxy.test:3128"), "")
    expect(proxy).toBe("proxy.test:3128")
    expect(serverOf(options("http://proxy.test"), "").proxy).toBe(
      "proxy.test:80"
    )
  })

  it("may be a proxy that wants a password", () => {
    const reply = readPing(call({ httpStatus: 407, responseCode: null }))
    expect(checkBank(reply, proxied, now)[0].says).toBe(
      "the proxy proxy.test:3128 (bakong.proxyUrl) wants a user and a password"
    )
  })
})

describe("a bank that asks for a pause", () => {
  const reply = (sent: boolean): Reply => ({
    call: call({ sent, httpStatus: sent ? 429 : null }),
    reason: "rate_limited",
    message: "Too many requests",
    retryAfterMs: 600_000,
  })

  it.each([
    [true, "bank.test asks for a pause (HTTP 429) until 19:10 (Phnom Penh)"],
    [false, "bank.test has asked for a pause until 19:10 (Phnom Penh)"],
  ])("is a warning with the time, asked just now: %s", (sent, says) => {
    const [bank] = checkBank(reply(sent), server, now)
    expect(bank).toMatchObject({
      level: "warning",
      says: expect.stringContaining(says),
    })
  })

  it("is a warning also where nobody is asked", () => {
    const until = new Date(NOW + 600_000)
    const [bank] = skipBank("as wished", server, until, now)
    expect(bank.level).toBe("warning")
    expect(skipBank("as wished", server, now, now)[0].level).toBe("skipped")
  })
})

describe("a gateway", () => {
  it.each([
    [401, "pay.test refuses the key (HTTP 401)"],
    [403, "pay.test lets nobody in from here (HTTP 403)"],
    [404, "pay.test answers, and not as the gateway does"],
  ])("that says %d: %s", (httpStatus, says) => {
    const reply = readPing(call({ httpStatus, responseCode: null }))
    expect(checkBank(reply, hosted, now)[0]).toMatchObject({
      level: "failure",
      says: expect.stringContaining(says),
    })
  })
})

describe("the receiver", () => {
  const refused = (said: Partial<BakongCall>) =>
    checkAccount(
      { accountId: "lucky@aclb", option: "merchant.accountId" },
      {
        error: new BakongError("rejected", "no", call(said)),
      }
    )

  it("whose id Bakong does not take is a failure", () => {
    expect(refused({ errorCode: 12 })).toMatchObject({
      level: "failure",
      mend: expect.stringContaining("merchant.accountId"),
    })
  })

  it("of a currency of its own is mended where it is named", () => {
    const riel = { accountId: "riel@aclb", option: "receivers.khr.accountId" }
    expect(checkAccount(riel, { exists: false })).toMatchObject({
      level: "failure",
      says: expect.stringContaining("riel@aclb"),
      mend: expect.stringContaining("receivers.khr.accountId"),
    })
  })

  it("is named for each currency where there are two", () => {
    const options = {
      merchant: { accountId: "lucky@aclb", name: "Lucky" },
      receivers: { khr: { accountId: "riel@aclb" } },
      bakong: { token: "token" },
    }
    const [finding] = checkOptions({ plugin: { options } } as never).findings
    expect(finding.says).toBe(
      "Lucky is paid at lucky@aclb (USD) and riel@aclb (KHR)"
    )
  })

  it("about whom nothing was told is no failure", () => {
    expect(refused({ errorCode: 9 }).level).toBe("warning")
    expect(refused({ sent: false }).level).toBe("skipped")
  })
})

describe("the token", () => {
  const state = (known: Partial<TokenState>): TokenState => ({
    usable: true,
    problem: null,
    message: null,
    source: "option",
    fingerprint: "abcd1234",
    token_key: "key",
    issued_at: new Date(NOW),
    expires_at: new Date(NOW + 90 * 86_400_000),
    days_left: 90,
    can_renew: false,
    cannot_renew_because: "bakong.email is not set",
    last_renewal_error: null,
    can_store: true,
    ...known,
  })

  it("that was not tried is not called good", () => {
    expect(checkToken(state({}), null)).toMatchObject({
      level: "skipped",
      says: expect.stringMatching(/^not tried, from bakong\.token, 90 days/),
    })
    expect(checkToken(state({ days_left: 3 }), null).level).toBe("warning")
  })

  it.each([
    [8, "renews itself in its last week"],
    [7, "is renewed at the next daily run"],
    [1, "is renewed at the next daily run"],
  ])("with %d days left %s", (days_left, says) => {
    const { says: said } = checkToken(
      state({ days_left, can_renew: true }),
      true
    )
    expect(said).toContain(says)
  })

  it.each([
    [{}, "ok", undefined],
    [{ days_left: 14 }, "warning", "set bakong.email, and it renews itself"],
    [{ days_left: 1, can_renew: true }, "ok", undefined],
    [
      { days_left: 5, can_renew: true, last_renewal_error: "HTTP 500" },
      "warning",
      "tried again each day",
    ],
    [{ expires_at: null, days_left: null }, "warning", "National Bank"],
    [
      { usable: false, problem: "undecryptable" as const },
      "failure",
      "former bakong.encryptionKey",
    ],
    [
      { usable: false, problem: "malformed" as const },
      "failure",
      "copy the whole token into bakong.token",
    ],
    [
      { usable: false, problem: "missing" as const },
      "failure",
      "POST /admin/khqr/token",
    ],
  ])("%j is %s", (known, level, mend) => {
    const finding = checkToken(state(known), true)
    expect(finding.level).toBe(level)
    expect(finding.mend ?? "").toContain(mend ?? "")
    expect(finding.mend === undefined).toBe(mend === undefined)
  })
})

describe("the quota", () => {
  const quota = (known: Partial<QuotaState>, limit: number | null = 100) =>
    checkQuota({ ...freshQuota(now), ...known }, limit, "Bakong", now)

  it.each([
    [79, "ok", "21 of 100 calls left today"],
    [80, "warning", "20 of 100 calls left today: they are kept"],
    [100, "warning", "0 of 100 calls left today: orders wait"],
  ])("after %d calls is %s", (used, level, says) => {
    expect(quota({ used })).toMatchObject({
      level,
      says: expect.stringContaining(says),
    })
  })

  it.each([
    ["bank", "by the word of Bakong"],
    ["count", "by our count"],
  ] as const)("that is spent, by the %s", (spent_by, says) => {
    const next_probe_at = new Date(NOW + 3_600_000)
    expect(
      quota({ used: 100, spent_at: now, spent_by, next_probe_at })
    ).toMatchObject({
      level: "failure",
      says: expect.stringContaining(`(100 asked, ${says})`),
      mend: "wait: Bakong is asked again at 20:00 (Phnom Penh); the National Bank grants larger limits (then raise bakong.dailyRequestLimit)",
    })
  })

  it("that is spent without a limit has none to raise", () => {
    const { mend } = quota({ used: 100, spent_at: now, spent_by: "bank" }, null)
    expect(mend).toMatch(/the National Bank grants larger limits$/)
  })

  it("that was spent by a lower limit is not spent any more", () => {
    expect(quota({ used: 10, spent_at: now, spent_by: "count" })).toMatchObject(
      { level: "ok", says: "90 of 100 calls left today" }
    )
  })

  it.each([
    [
      100,
      "30 of 36 calls left today (36 was learned from a refusal, bakong.dailyRequestLimit says 100)",
    ],
    [
      null,
      "30 of 36 calls left today (36 was learned from a refusal, no limit is set)",
    ],
    [20, "14 of 20 calls left today"],
  ])("that was learned, with the option %s", (limit, says) => {
    expect(quota({ used: 6, learned_limit: 36 }, limit).says).toBe(says)
  })

  it("is not judged without a limit", () => {
    expect(quota({ used: 7 }, null)).toMatchObject({
      level: "ok",
      says: "no limit is set; 7 asked today",
    })
  })

  it("of a gateway is the gateway's", () => {
    const { mend } = checkQuota(
      { ...freshQuota(now), used: 95 },
      100,
      "the gateway",
      now
    )
    expect(mend).toContain("raise gateway.dailyRequestLimit")
    expect(mend).not.toContain("National Bank")
  })
})

describe("links into a bank's app", () => {
  const linkTo = (deeplink: object) =>
    checkDeepLink(
      parseOptions({
        merchant: { accountId: "lucky@aclb", name: "Lucky" },
        bakong: { token: "token" },
        deeplink,
      })
    )

  it.each([
    [{}, "ok", "nothing leads the payer back"],
    [{ hosts: ["bakong.page.link"] }, "warning", "dead since August 2025"],
    [{ hosts: ["nbc.gov.kh", "com.kh"] }, "warning", "below com.kh"],
    [{ hosts: [] }, "warning", "no link into a bank's app"],
    [
      {
        appName: "Lucky",
        appIconUrl: "https://lucky.shop/icon.png",
        callbackUrl: "https://lucky.shop/paid",
      },
      "ok",
      "the payer comes back to lucky.shop",
    ],
  ])("%j: %s", (deeplink, level, says) => {
    expect(linkTo(deeplink)).toMatchObject({
      level,
      says: expect.stringContaining(says),
    })
  })
})
