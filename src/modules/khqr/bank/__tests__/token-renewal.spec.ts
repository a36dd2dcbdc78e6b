import fc from "fast-check"

import {
  isFailureNews,
  isRenewalSpent,
  isRenewedInVain,
  lastTried,
  pauseAfterFailure,
  tokenToTryAgain,
  type RenewableToken,
} from "../token-renewal"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NOW = Date.parse("2026-11-21T03:00:00Z")

const ago = (ms: number) => new Date(NOW - ms)

const token = (changes: Partial<RenewableToken> = {}): RenewableToken => ({
  fingerprint: "a",
  source: "pasted",
  is_option: false,
  is_readable: true,
  issued_at: ago(9 * DAY),
  expires_at: ago(-80 * DAY),
  created_at: ago(9 * DAY),
  answered_at: null,
  refused_at: null,
  renewal_started_at: null,
  renewal_error: null,
  ...changes,
})

describe("the token that was tried to be renewed last", () => {
  const early = token({
    fingerprint: "early",
    renewal_started_at: ago(2 * HOUR),
    renewal_error: "no answer",
  })

  it("is the one whose renewal was begun last, whichever token is the latest", () => {
    const late = token({
      fingerprint: "late",
      issued_at: ago(20 * DAY),
      renewal_started_at: ago(HOUR),
    })
    expect(lastTried([early, late, token()])).toBe(late)
    expect(lastTried([token()])).toBeNull()
  })

  it("is the one that a renewal has brought in vain", () => {
    const renewed = token({
      fingerprint: "renewed",
      source: "renewed",
      refused_at: ago(HOUR),
      renewal_error: "refused as well",
    })
    expect(lastTried([early, renewed])).toBe(renewed)
  })
})

describe("the token to try again", () => {
  it.each<[string, Partial<RenewableToken>, boolean]>([
    ["refused a day ago", { refused_at: ago(DAY) }, true],
    ["refused 19 hours ago", { refused_at: ago(19 * HOUR) }, false],
    ["not refused", {}, false],
    [
      "over by its own word",
      { refused_at: ago(DAY), expires_at: ago(HOUR) },
      false,
    ],
    ["unreadable", { refused_at: ago(DAY), is_readable: false }, false],
  ])("%s", (_, changes, isTried) => {
    const one = token(changes)
    expect(tokenToTryAgain([one], NOW)).toBe(isTried ? one : null)
  })

  it("is none where another can be used, or was refused lately", () => {
    const refused = token({ refused_at: ago(3 * DAY) })
    expect(
      tokenToTryAgain([refused, token({ fingerprint: "b" })], NOW)
    ).toBeNull()
    expect(
      tokenToTryAgain(
        [refused, token({ fingerprint: "b", refused_at: ago(HOUR) })],
        NOW
      )
    ).toBeNull()
  })

  it("is one that the bank has known, else the latest", () => {
    const refused_at = ago(2 * DAY)
    const known = token({ refused_at, answered_at: ago(5 * DAY) })
    const later = token({ fingerprint: "b", refused_at, issued_at: ago(DAY) })
    expect(tokenToTryAgain([later, known], NOW)).toBe(known)
    const unknown = { ...known, answered_at: null }
    expect(tokenToTryAgain([unknown, later], NOW)).toBe(later)
  })
})

describe("after a refusal", () => {
  it.each<[string, Partial<RenewableToken>, boolean]>([
    ["never tried", {}, false],
    [
      "failed near the end of the token",
      { renewal_started_at: ago(MINUTE), renewal_error: "no answer" },
      false,
    ],
    [
      "spent on a refusal that was taken back",
      { renewal_started_at: ago(19 * HOUR) },
      true,
    ],
    ["spent yesterday", { renewal_started_at: ago(DAY) }, false],
  ])("a renewal that was %s", (_, changes, isSpent) => {
    const one = token(changes)
    expect(isRenewalSpent(one, [one], NOW)).toBe(isSpent)
  })

  it("a renewal that brought a token is spent for an hour", () => {
    const spent = (ms: number) => {
      const one = token({ renewal_started_at: ago(ms), renewal_error: "no" })
      const brought = token({
        fingerprint: "b",
        source: "renewed",
        created_at: ago(ms),
      })
      return isRenewalSpent(one, [one, brought], NOW)
    }
    expect([spent(59 * MINUTE), spent(61 * MINUTE)]).toEqual([true, false])
  })

  it.each<[string, Partial<RenewableToken>, boolean]>([
    ["pasted", { source: "pasted", created_at: ago(0) }, false],
    ["new and unknown", { created_at: ago(19 * HOUR) }, true],
    ["of yesterday and unknown", { created_at: ago(DAY) }, false],
    [
      "new and known",
      { created_at: ago(50 * MINUTE), answered_at: ago(0) },
      true,
    ],
    [
      "known for hours",
      { created_at: ago(2 * HOUR), answered_at: ago(HOUR) },
      false,
    ],
  ])("a renewed token that is %s", (_, changes, isInVain) => {
    expect(isRenewedInVain(token({ source: "renewed", ...changes }), NOW)).toBe(
      isInVain
    )
  })
})

describe("after a renewal that failed", () => {
  it("a living token waits for most of a day", () => {
    const renewal_started_at = ago(MINUTE)
    for (const expires_at of [ago(-MINUTE), null]) {
      expect(pauseAfterFailure({ expires_at, renewal_started_at }, NOW)).toBe(
        20 * HOUR
      )
    }
  })

  it.each([
    [-600, 5],
    [0, 5],
    [5, 10],
    [15, 20],
    [35, 30],
    [5_000, 30],
  ])(
    "one that was tried %p minutes after its end waits for %p",
    (minutes, pause) => {
      expect(
        pauseAfterFailure(
          {
            expires_at: ago(9 * DAY),
            renewal_started_at: ago(9 * DAY - minutes * MINUTE),
          },
          NOW
        )
      ).toBe(pause * MINUTE)
    }
  )

  it("the merchant hears of it, after the end once a day", () => {
    const expires_at = ago(2 * DAY + HOUR)
    const isNews = (changes: Partial<RenewableToken>) =>
      isFailureNews(token({ expires_at, ...changes }), NOW)
    const renewal_error = "no answer"
    expect(isNews({})).toBe(true)
    expect(isNews({ renewal_error, renewal_started_at: ago(HOUR) })).toBe(false)
    expect(isNews({ renewal_error, renewal_started_at: ago(2 * HOUR) })).toBe(
      true
    )
    expect(
      isNews({
        expires_at: ago(-DAY),
        renewal_error,
        renewal_started_at: ago(DAY),
      })
    ).toBe(true)
  })

  it("is tried at most every half hour and a few times more in the first day after the end", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 30 * MINUTE }), (tick) => {
        const expires_at = ago(0)
        let renewal_started_at: Date | null = null
        let tries = 0
        for (let at = NOW; at < NOW + DAY; at += tick) {
          const pause = pauseAfterFailure(
            { expires_at, renewal_started_at },
            at
          )
          if (
            !renewal_started_at ||
            renewal_started_at.getTime() + pause <= at
          ) {
            renewal_started_at = new Date(at)
            tries++
          }
        }
        expect(tries).toBeLessThanOrEqual(51)
      }),
      { numRuns: 20 }
    )
  })
})
