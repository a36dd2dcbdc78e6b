import fc from "fast-check"

import { PaymentTimes } from "../plan-payments"

const paidAfter = (...seconds: number[]) =>
  new PaymentTimes(
    seconds.map((each) => ({ seconds: each, silent: false, watched: null }))
  )

/** Payments that spread around a median, the same ones each time. */
const around = (median: number, count: number) =>
  Array.from(
    { length: count },
    (_, n) => median * Math.exp(0.5 * Math.sin(n * 2.4))
  )

/** By bisection. */
function medianOf(times: PaymentTimes): number {
  let [low, high] = [0, 3_600]
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2
    if (times.paidBy(middle) < 0.5) {
      low = middle
    } else {
      high = middle
    }
  }
  return low
}

const anySeconds = fc.oneof(
  fc.double({ min: 0, max: 1_800, noNaN: true }),
  fc.constantFrom(0, -5, 1e-9, 1e9, Infinity, -Infinity)
)
const anyAges = fc.array(
  fc.oneof(
    fc.double({ min: -10, max: 2_000, noNaN: true }),
    fc.constantFrom(0, 1e-9, 1e9, Infinity)
  ),
  { minLength: 2, maxLength: 20 }
)

describe("When shoppers pay", () => {
  it("is a distribution function, whatever was seen", () => {
    fc.assert(
      fc.property(
        fc.array(anySeconds, { maxLength: 80 }),
        anyAges,
        (seconds, ages) => {
          const times = paidAfter(...seconds)
          const shares = [...ages]
            .sort((a, b) => a - b)
            .map((age) => times.paidBy(age))
          for (const [at, share] of shares.entries()) {
            expect(share).toBeGreaterThanOrEqual(0)
            expect(share).toBeLessThanOrEqual(1)
            // The error of the approximation.
            expect(share).toBeGreaterThanOrEqual((shares[at - 1] ?? 0) - 1e-6)
          }
        }
      )
    )
  })

  it("is nobody at the issue, and everybody in the end", () => {
    for (const times of [paidAfter(), paidAfter(...around(40, 500))]) {
      expect(times.paidBy(0)).toBe(0)
      expect(times.paidBy(24 * 3_600)).toBeCloseTo(1, 3)
    }
  })

  it.each([12, 90, 240])(
    "is what 500 payments say, here half by %i s, whatever was guessed",
    (median) => {
      const learned = medianOf(paidAfter(...around(median, 500)))
      expect(learned).toBeGreaterThan(median * 0.85)
      expect(learned).toBeLessThan(median * 1.15)
    }
  )

  it("gives way to a few payments a little", () => {
    const guess = medianOf(paidAfter())
    const after = (count: number) =>
      medianOf(paidAfter(...around(guess * 4, count)))
    const learned = [0, 3, 12, 50, 200].map(after)
    expect(learned).toEqual([...learned].sort((a, b) => a - b))
    expect(learned[1]).toBeLessThan(guess * 2)
    expect(learned[4]).toBeGreaterThan(guess * 3)
  })

  it("is not led astray by a night's sleep, or by a clock that is wrong", () => {
    const usual = around(40, 100)
    const astray = medianOf(paidAfter(...usual, -60, 0, 1e9, Infinity))
    expect(astray / medianOf(paidAfter(...usual))).toBeCloseTo(1, 1)
  })

  it("is smooth where all payments took the same time", () => {
    const times = paidAfter(...Array<number>(300).fill(40))
    const before = times.paidBy(35)
    const after = times.paidBy(46)
    expect(before).toBeGreaterThan(0)
    expect(after - before).toBeGreaterThan(0.5)
    expect(after).toBeLessThan(1)
  })
})
