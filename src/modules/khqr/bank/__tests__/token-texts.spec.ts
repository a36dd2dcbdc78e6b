import { BakongError } from "../../../../bakong"
import * as texts from "../token-texts"

const NOW = Date.parse("2026-11-21T03:00:00Z")
const PRODUCTION = "https://api-bakong.nbc.gov.kh"

const means = (changes: Partial<texts.TokenMeans> = {}): texts.TokenMeans => ({
  baseUrl: PRODUCTION,
  canStore: true,
  hasEmail: true,
  ...changes,
})

const token = {
  expires_at: new Date("2026-12-24T00:00:00Z"),
  refused_at: null,
  renewal_error: null,
}

it.each([
  [PRODUCTION, "production"],
  ["https://api-bakong.nbc.org.kh", "production"],
  ["https://sit-api-bakong.nbc.gov.kh", "test"],
  ["http://127.0.0.1:4100", null],
  ["https://api-bakong.nbc.gov.kh.example.com", null],
])("%s is %p", (baseUrl, environment) => {
  expect(texts.environmentOf(baseUrl)).toBe(environment)
})

describe("what the merchant reads", () => {
  it("names the options that are missing for a renewal", () => {
    expect(texts.cannotRenewBecause(means())).toBeNull()
    expect(texts.cannotRenewBecause(means({ hasEmail: false }))).toMatch(
      /^bakong.email is not set/
    )
    expect(
      texts.cannotRenewBecause(means({ hasEmail: false, canStore: false }))
    ).toMatch(/^bakong.email and bakong.encryptionKey are not set/)
  })

  it("of a refused token that has not expired names the other environment", () => {
    const at = (baseUrl: string) =>
      texts.refused(token, means({ baseUrl }), NOW, false)
    expect(at(PRODUCTION)).toMatch(/valid until 2026-12-24.*sit-api-bakong/)
    expect(at("https://sit-api-bakong.nbc.gov.kh")).toMatch(/production/)
    expect(at("http://localhost:4100")).toMatch(/another server/)
  })

  it("of a refused token that has expired says that and no more", () => {
    const text = texts.refused(
      { ...token, expires_at: new Date("2026-11-20T00:00:00Z") },
      means(),
      NOW,
      false
    )
    expect(text).toMatch(/which expired on 2026-11-20/)
    expect(text).not.toMatch(/sit-api/)
  })

  it("of a refused token names the ways back to it", () => {
    const at = (changes: Partial<texts.TokenMeans>) =>
      texts.refused(token, means(changes), NOW, false)
    expect(at({})).toMatch(
      /Renew it \(POST \/admin\/khqr\/token\/renew\), paste a new one \(POST \/admin\/khqr\/token\), or set one as bakong\.token and restart\. When Bakong takes the same token again, paste it once more; by itself it is tried again once a day$/
    )
    expect(at({ hasEmail: false })).toMatch(
      /Paste a new token \(POST \/admin\/khqr\/token\), or set it as bakong\.token and restart\. When/
    )
    expect(at({ canStore: false })).toMatch(
      /Set a new token as bakong\.token and restart\. When .* paste it once more \(POST \/admin\/khqr\/token\); by itself/
    )
    expect(texts.refused(token, means(), NOW, true)).not.toMatch(/once a day/)
  })

  it("of a failed renewal has the bank's words without their dot, and no word of ours for its kind", () => {
    const call = { errorCode: 10 } as BakongError["call"]
    expect(
      texts.renewalError(
        new BakongError("rejected", "Code 10: Not registered yet. ", call)
      )
    ).toBe(
      "Code 10: Not registered yet; set bakong.email to the address that the token is registered with"
    )
    expect(texts.renewalError(new Error("No luck."))).toBe("No luck")
  })

  it.each([
    [null, null, false, "another one is used: it came later"],
    [1, 2, false, "another one is used because it was issued later"],
    [1, 1, true, "bakong.token is used: both were issued at the same moment"],
    [1, 1, false, "another one is used: it came later"],
  ])(
    "of a token of %p that is kept beside one of %p says what is true",
    (kept, used, is_option, says) => {
      const at = (time: number | null) => ({
        issued_at: time === null ? null : new Date(time),
      })
      expect(texts.keptUnused(at(kept), { ...at(used), is_option })).toContain(
        says
      )
    }
  )

  it("of an expired token promises another attempt where one is made", () => {
    const failed = { ...token, renewal_error: "no answer" }
    expect(texts.expired(failed, means())).toMatch(
      /Renewing it failed: no answer\. It is tried again by itself/
    )
    expect(texts.expired(failed, means({ hasEmail: false }))).not.toMatch(
      /tried again/
    )
  })

  it("before the end names the day and the mend", () => {
    expect(texts.expiring(token, means(), NOW)).toBe(
      "The token expires in 33 days, on 2026-12-24. It is renewed by itself in its last week"
    )
    expect(
      texts.expiring(token, means({ canStore: false, hasEmail: false }), NOW)
    ).toMatch(
      /Set bakong.encryptionKey and bakong.email.*Set a new token as bakong.token and restart$/
    )
  })

  it("after a renewal that failed is urgent in the last week only", () => {
    const failed = { ...token, renewal_error: "no answer" }
    expect(texts.expiring(failed, means(), NOW)).toBe(
      "Renewing the token failed: no answer. The one in use is valid until 2026-12-24, and it is renewed by itself in its last week"
    )
    expect(
      texts.expiring(
        failed,
        means(),
        failed.expires_at.getTime() - 5 * 86_400_000
      )
    ).toMatch(/Renewing it failed: no answer\..*Renew it \(POST/)
  })
})
