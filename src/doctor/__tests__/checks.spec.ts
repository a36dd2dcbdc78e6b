import { BakongError, type BakongCall } from "../../bakong"
import { freshQuota } from "../../modules/khqr/quota"
import type { TokenState } from "../../modules/khqr/bank/tokens"
import { parseOptions } from "../../modules/khqr/options"
import { checkAccount } from "../checks/account"
import { checkBank } from "../checks/bank"
import { checkClock } from "../checks/clock"
import { checkDeepLink } from "../checks/deep-link"
import { checkQuota } from "../checks/quota"
import { checkToken } from "../checks/token"
import { readPing } from "../inquiry"

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

describe("a bank that gives no answer", () => {
  const server = {
    host: "bank.test",
    timeoutMs: 1_000,
    optionOfUrl: "bakong.baseUrl",
  }

  it.each([
    ["The server could not be asked: ENOTFOUND", "is not found (DNS)"],
    ["The server could not be asked: ECONNREFUSED", "reached (ECONNREFUSED)"],
    ["The server could not be asked: CERT_HAS_EXPIRED", "is not trusted"],
    ["The server could not be asked: no answer", "reached (no answer)"],
    ["The proxy refused to connect", "The proxy refused to connect"],
    ["No answer within 1000 ms", "did not answer within 1000 ms"],
  ])("%s: %s", (message, says) => {
    const reply = readPing(call({ httpStatus: null, message }))
    const [bank, place] = checkBank(reply, server)
    expect(bank).toMatchObject({
      level: "failure",
      says: expect.stringContaining(says),
    })
    expect(place.level).toBe("skipped")
  })
})

describe("the receiver", () => {
  const refused = (said: Partial<BakongCall>) =>
    checkAccount("lucky@aclb", {
      error: new BakongError("rejected", "no", call(said)),
    })

  it("whose id Bakong does not take is a failure", () => {
    expect(refused({ errorCode: 12 })).toMatchObject({
      level: "failure",
      mend: expect.stringContaining("merchant.accountId"),
    })
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
  ])("%j is %s", (known, level, mend) => {
    const finding = checkToken(state(known), true)
    expect(finding.level).toBe(level)
    expect(finding.mend ?? "").toContain(mend ?? "")
    expect(finding.mend === undefined).toBe(mend === undefined)
  })
})

describe("the quota", () => {
  const now = new Date(NOW)

  it.each([
    [79, "ok", "21 of 100 calls left today"],
    [80, "warning", "20 of 100 calls left today: they are kept"],
    [100, "warning", "0 of 100 calls left today: orders wait"],
  ])("after %d calls is %s", (used, level, says) => {
    expect(checkQuota({ ...freshQuota(now), used }, 100, now)).toMatchObject({
      level,
      says: expect.stringContaining(says),
    })
  })

  it.each(["bank", "count"] as const)("that is spent, by the %s", (by) => {
    const spent_at = now
    const state = { ...freshQuota(now), used: 100, spent_at, spent_by: by }
    expect(checkQuota(state, 100, now)).toMatchObject({
      level: "failure",
      says: expect.stringContaining("(100 asked, by "),
    })
  })

  it("is not judged without a limit", () => {
    expect(
      checkQuota({ ...freshQuota(now), used: 7 }, null, now)
    ).toMatchObject({ level: "ok", says: "no limit is set; 7 asked today" })
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
