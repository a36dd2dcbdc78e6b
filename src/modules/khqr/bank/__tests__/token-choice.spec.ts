import fc from "fast-check"

import {
  byPreference,
  daysLeft,
  isExpired,
  lapsedToken,
  tokensToForget,
  tokenToRenew,
  usableTokens,
  warningFor,
  type KnownToken,
} from "../token-choice"

const DAY = 86_400_000
const NOW = Date.parse("2026-11-21T03:00:00Z")

const days = (count: number) => new Date(NOW + count * DAY)

const token = (changes: Partial<KnownToken> = {}): KnownToken => ({
  fingerprint: "a",
  is_option: false,
  is_readable: true,
  issued_at: days(-1),
  expires_at: days(89),
  created_at: days(-1),
  answered_at: null,
  refused_at: null,
  ...changes,
})

const moment = fc.option(fc.integer({ min: -20, max: 20 }).map(days))

/** Any set of tokens, at most one of them the option's. */
const tokens = fc
  .uniqueArray(
    fc.record({
      fingerprint: fc.string({ minLength: 1 }),
      is_option: fc.constant(false),
      is_readable: fc.boolean(),
      issued_at: moment,
      expires_at: moment,
      created_at: fc.integer({ min: -20, max: 0 }).map(days),
      answered_at: fc.constant(null),
      refused_at: fc.option(fc.constant(days(-1))),
    }),
    { selector: (one) => one.fingerprint, maxLength: 6 }
  )
  .chain((all) =>
    fc
      .integer({ min: 0, max: all.length })
      .map((option) =>
        all.map((one, i) =>
          i === option ? { ...one, is_option: true, is_readable: true } : one
        )
      )
  )

describe("the token to use", () => {
  it("is never refused, expired or unreadable", () => {
    fc.assert(
      fc.property(tokens, (all) => {
        const usable = usableTokens(all, NOW)
        for (const one of all) {
          const isGood =
            one.refused_at === null &&
            one.is_readable &&
            (one.expires_at === null || one.expires_at.getTime() > NOW)
          expect(usable.includes(one)).toBe(isGood)
        }
      })
    )
  })

  it("is the latest issued, whatever the order in which they are known", () => {
    fc.assert(
      fc.property(
        tokens.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray(all, { minLength: all.length })
          )
        ),
        ([all, shuffled]) => {
          const ranked = usableTokens(all, NOW)
          expect(usableTokens(shuffled, NOW)).toEqual(ranked)
          const [best, ...others] = ranked
          for (const other of others) {
            if (best.issued_at && other.issued_at) {
              expect(best.issued_at >= other.issued_at).toBe(true)
            }
          }
        }
      )
    )
  })

  it("is the option's among equals, and where one does not say when it was issued", () => {
    const option = token({ fingerprint: "option", is_option: true })
    const silent = token({ fingerprint: "silent", issued_at: null })
    expect(
      byPreference([token(), option, silent]).map((one) => one.fingerprint)
    ).toEqual(["option", "a", "silent"])
    expect(
      byPreference([
        token({ issued_at: days(0) }),
        { ...option, issued_at: null },
      ])[0].fingerprint
    ).toBe("option")
  })

  it("is the one that was stored last, where nothing else tells", () => {
    const first = token({ fingerprint: "first", created_at: days(-3) })
    const second = token({ fingerprint: "second", created_at: days(-2) })
    expect(byPreference([first, second])[0]).toBe(second)
  })

  it("makes those below it superfluous", () => {
    fc.assert(
      fc.property(tokens, (all) => {
        const ranked = byPreference(all)
        ranked.forEach((one, i) => {
          expect(tokensToForget(all, one)).toEqual(ranked.slice(i + 1))
        })
      })
    )
  })
})

describe("a renewal", () => {
  it.each([
    [7.01, false],
    [7, true],
    [0.5, true],
    [0, true],
    [-30, true],
  ])("with %p days left: %p", (left, isDue) => {
    const one = token({ expires_at: days(left) })
    expect(tokenToRenew([one], NOW)).toBe(isDue ? one : null)
  })

  it("is not due while another token outlasts the week, or may", () => {
    const ending = token({ expires_at: days(2) })
    const older = token({ fingerprint: "b", issued_at: days(-9) })
    expect(tokenToRenew([ending, older], NOW)).toBeNull()
    expect(
      tokenToRenew([ending, { ...older, expires_at: null }], NOW)
    ).toBeNull()
    expect(
      tokenToRenew([ending, { ...older, refused_at: days(-1) }], NOW)
    ).toBe(ending)
  })

  it("is never due for a refused token before its end, nor in place of one", () => {
    fc.assert(
      fc.property(tokens, (all) => {
        const due = tokenToRenew(all, NOW)
        expect(due?.refused_at && !isExpired(due, NOW)).toBeFalsy()
      })
    )
    const refused = token({ refused_at: days(-1) })
    const lapsed = token({
      fingerprint: "b",
      issued_at: days(-99),
      expires_at: days(-9),
    })
    expect(tokenToRenew([refused, lapsed], NOW)).toBeNull()
  })

  it("after the end is due only where no other token is left", () => {
    const lapsed = token({ expires_at: days(-1) })
    expect(lapsedToken([lapsed], NOW)).toBe(lapsed)
    const refused = { ...lapsed, refused_at: days(-2) }
    expect(lapsedToken([refused], NOW)).toBe(refused)
    expect(lapsedToken([lapsed, token()], NOW)).toBeNull()
    expect(
      lapsedToken(
        [lapsed, token({ fingerprint: "b", is_readable: false })],
        NOW
      )
    ).toBeNull()
    expect(lapsedToken([], NOW)).toBeNull()
  })
})

describe("a warning", () => {
  it.each([
    [14.01, null],
    [14, 14],
    [7.01, 14],
    [7, 7],
    [3, 3],
    [1.01, 3],
    [1, 1],
    [0.01, 1],
    [0, 0],
    [-5, 0],
  ])("with %p days left: %p", (left, threshold) => {
    expect(warningFor(days(left), NOW)).toBe(threshold)
  })

  it("never becomes milder as time passes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30 * DAY }),
        fc.integer({ min: 0, max: 30 * DAY }),
        (a, b) => {
          const [early, late] = [Math.min(a, b), Math.max(a, b)]
          const at = (passed: number) =>
            warningFor(days(20), NOW + passed) ?? Infinity
          expect(at(late)).toBeLessThanOrEqual(at(early))
        }
      )
    )
  })

  it("counts begun days", () => {
    expect(daysLeft(days(6.2), NOW)).toBe(7)
    expect(daysLeft(days(-2), NOW)).toBe(0)
  })
})
