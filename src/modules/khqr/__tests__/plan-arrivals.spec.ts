import fc from "fast-check"

import { Arrivals } from "../plan-arrivals"
import { arrivalsOf } from "./plan-world"
import { DAY, HOUR, later, MINUTE } from "./world"

/** Six in the morning in Phnom Penh. */
const DAWN = new Date("2026-11-20T23:00:00Z")
const TOMORROW = later(DAWN, DAY)
const NOON = later(DAWN, 6 * HOUR)

/** Open from two to six in the afternoon, in Phnom Penh, and sells so many an hour. */
const afternoons = (perHour: number, days: number) =>
  arrivalsOf((hour) => (hour >= 14 && hour < 18 ? perHour : 0), days, DAWN)

const hourOf = (now: Date) => Math.floor(now.getTime() / HOUR)

describe("A shop without a past", () => {
  const guess = new Arrivals([], DAWN)

  it("is thought to sell some, most of them by day", () => {
    const day = guess.until(later(DAWN, 2 * HOUR), later(DAWN, 15 * HOUR))
    const night = guess.until(later(DAWN, 18 * HOUR), TOMORROW)
    expect(day).toBeGreaterThan(3 * night)
    expect(night).toBeGreaterThan(0)
  })

  it("believes its first day soon", () => {
    const busy = [{ hour: hourOf(NOON) - 1, charges: 40 }]
    const first = new Arrivals(busy, NOON)
    expect(first.until(NOON, TOMORROW)).toBeGreaterThan(
      1.5 * new Arrivals([], NOON).until(NOON, TOMORROW)
    )
  })
})

describe("What a shop is thought to sell", () => {
  it.each([1, 10, 40])("is learned within days, here %i an hour", (perHour) => {
    const arrivals = new Arrivals(afternoons(perHour, 6), DAWN)
    const sold = 4 * perHour
    // More may well come than come as a rule, and the guess has not quite gone.
    const expected = arrivals.until(DAWN, TOMORROW)
    expect(expected).toBeGreaterThan(sold * 0.9)
    expect(expected).toBeLessThan(sold * 1.3 + 12)
  })

  it.each([1, 3, 6])(
    "is not what a script or a flash sale brought in one hour, %i days ago",
    (daysAgo) => {
      const usual = afternoons(5, 8)
      const at = hourOf(DAWN) - 24 * daysAgo + 9
      const burst = usual.map(({ hour, charges }) => ({
        hour,
        charges: hour === at ? 1_000 : charges,
      }))
      expect(burst.some(({ charges }) => charges === 1_000)).toBe(true)
      const expected = (arrivals: typeof usual, from: Date) =>
        new Arrivals(arrivals, from).until(from, TOMORROW)
      expect(expected(burst, DAWN)).toBeLessThan(1.5 * expected(usual, DAWN))
    }
  )

  it("is not what one hour of today brought", () => {
    const now = later(DAWN, 10 * HOUR)
    const usual = [
      ...afternoons(5, 8),
      { hour: hourOf(now) - 2, charges: 5 },
      { hour: hourOf(now) - 1, charges: 5 },
    ]
    const burst = [
      ...usual.slice(0, -1),
      { hour: hourOf(now) - 1, charges: 1_000 },
    ]
    const rest = (arrivals: typeof usual) =>
      new Arrivals(arrivals, now).until(now, TOMORROW)
    expect(rest(burst)).toBeLessThan(2.5 * rest(usual))
  })

  it("has the shop's own hours, as they are in Phnom Penh", () => {
    const arrivals = new Arrivals(afternoons(20, 6), DAWN)
    // Two in the afternoon there is seven in the morning UTC.
    const opens = new Date("2026-11-21T07:00:00Z")
    const closes = later(opens, 4 * HOUR)
    const during = arrivals.until(opens, closes)
    expect(during).toBeGreaterThan(
      8 * arrivals.until(later(opens, -4 * HOUR), opens)
    )
    expect(during).toBeGreaterThan(
      8 * arrivals.until(closes, later(closes, 4 * HOUR))
    )
    const half = arrivals.until(opens, later(opens, 2 * HOUR))
    expect(half / during).toBeGreaterThan(0.45)
    expect(half / during).toBeLessThan(0.65)
  })

  it("follows the last week rather than the weeks before", () => {
    const grown = arrivalsOf((_, daysAgo) => (daysAgo <= 7 ? 9 : 1), 28, DAWN)
    const shrunk = arrivalsOf((_, daysAgo) => (daysAgo <= 7 ? 1 : 9), 28, DAWN)
    const expected = (past: typeof grown) =>
      new Arrivals(past, DAWN).until(DAWN, TOMORROW)
    expect(expected(grown)).toBeGreaterThan(5 * 24)
    expect(expected(shrunk)).toBeLessThan(5 * 24)
  })

  it("is more for the rest of a busy day, and less for that of a quiet one", () => {
    const past = arrivalsOf(() => 5, 10, NOON).filter(
      ({ hour }) => hour < hourOf(DAWN)
    )
    const restOf = (perHour: number) => {
      const today = Array.from({ length: 6 }, (_, at) => ({
        hour: hourOf(DAWN) + at,
        charges: perHour,
      })).filter(({ charges }) => charges > 0)
      return new Arrivals([...past, ...today], NOON).until(NOON, TOMORROW)
    }
    expect(restOf(15)).toBeGreaterThan(1.5 * restOf(5))
    expect(restOf(0)).toBeLessThan(0.6 * restOf(5))
    expect(restOf(0)).toBeGreaterThan(0)
  })

  it("grows with the time it is for, whatever was seen", () => {
    const anyPast = fc.array(
      fc.record({
        hour: fc.integer({
          min: hourOf(DAWN) - 28 * 24,
          max: hourOf(DAWN) + 5,
        }),
        charges: fc.integer({ min: 1, max: 500 }),
      }),
      { maxLength: 40 }
    )
    fc.assert(
      fc.property(
        anyPast,
        fc.nat(60 * 24),
        fc.nat(60 * 24),
        (past, minutes, more) => {
          const sorted = [...past].sort((a, b) => a.hour - b.hour)
          const arrivals = new Arrivals(sorted, DAWN)
          const soon = later(DAWN, minutes * MINUTE)
          const late = later(soon, more * MINUTE)
          const expected = arrivals.until(DAWN, soon)
          expect(Number.isFinite(expected)).toBe(true)
          expect(expected).toBeGreaterThanOrEqual(0)
          expect(arrivals.until(DAWN, late)).toBeGreaterThanOrEqual(
            expected - 1e-9
          )
        }
      )
    )
  })
})

describe("Calls that wait for each other", () => {
  const arrivals = new Arrivals(afternoons(20, 6), DAWN)
  const calls = (patience: number, perCharge = 1) =>
    arrivals.callsUntil(DAWN, TOMORROW, perCharge, patience)

  it("are the fewer the longer they wait", () => {
    fc.assert(
      fc.property(fc.nat(14_400), fc.nat(3_600), (patience, longer) => {
        expect(calls(patience + longer)).toBeLessThanOrEqual(calls(patience))
      })
    )
    expect(calls(3_600)).toBeLessThan(calls(0) / 4)
  })

  it("are one for each that happens where nobody waits", () => {
    expect(calls(0, 2)).toBeCloseTo(2 * calls(0), 9)
  })

  it("are never more than one in the time that they wait", () => {
    expect(
      arrivals.callsUntil(DAWN, later(DAWN, 6 * HOUR), 100, 600)
    ).toBeLessThanOrEqual(36)
  })
})
