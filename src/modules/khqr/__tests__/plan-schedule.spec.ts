import fc from "fast-check"

import { PaymentTimes } from "../plan-payments"
import { Grid, Schedule, type Belief } from "../plan-schedule"

const timesOf = (seconds: number[]) =>
  new PaymentTimes(
    seconds.map((each) => ({ seconds: each, silent: false, watched: null }))
  )

const anyPayments = fc
  .array(fc.integer({ min: 3, max: 400 }), { maxLength: 40 })
  .map(timesOf)
const anyBelief = fc.record({
  pays: fc.double({ min: 0.1, max: 0.98, noNaN: true }),
  silent: fc.double({ min: 0.01, max: 0.95, noNaN: true }),
})
const anyPrice = fc.double({ min: 0.5, max: 4_000, noNaN: true })

/** Ages up to the closing, in seconds. */
const LIFE = 720

/** Those at which the schedule asks one charge. */
function questionsOf(schedule: Schedule, life: number): number[] {
  const ages: number[] = []
  for (let age = 0; age < life;) {
    const next = schedule.nextAfter(age)
    expect(next).toBeGreaterThan(age)
    ages.push(next)
    age = next
  }
  return ages
}

/**
 * What one charge costs, counted apart: questions and waiting of those who pay without
 * a signal, slice by slice of the time at which they pay.
 */
function costsOf(
  ages: number[],
  { ages: all, paid }: Grid,
  { pays, silent }: Belief
): { questions: number; waiting: number } {
  const paidAt = (age: number) => paid[all.indexOf(age)]
  // Who never pays, or not before the closing, is asked about each time.
  let questions = ages.length * (1 - pays * paidAt(all[all.length - 1]))
  let waiting = 0
  for (let slice = 1; slice < all.length; slice++) {
    const [from, to] = [all[slice - 1], all[slice]]
    const share = pays * (paid[slice] - paid[slice - 1])
    const asked = ages.filter((age) => age <= from).length
    // Until the money comes there is no signal for anybody.
    questions += share * asked
    // Then one question finds it, unless a signal does.
    questions += share * silent
    // Within the slice all moments are as likely.
    const found = ages.find((age) => age >= to)!
    waiting += share * silent * (found - (from + to) / 2)
  }
  return { questions, waiting }
}

/** Each way to ask before the closing. */
function* allSchedules({ ages }: Grid): Generator<number[]> {
  const inner = [...ages].slice(1, -1)
  const closing = ages[ages.length - 1]
  for (let set = 0; set < 2 ** inner.length; set++) {
    yield [...inner.filter((_, at) => set & (1 << at)), closing]
  }
}

describe("The schedule of one charge", () => {
  it("costs the least of all there are", () => {
    fc.assert(
      fc.property(
        anyPayments,
        anyBelief,
        fc.double({ min: 0.05, max: 100, noNaN: true }),
        fc.integer({ min: 4, max: 22 }),
        (times, belief, price, life) => {
          const grid = new Grid(times, life)
          const cost = (ages: number[]) => {
            const { questions, waiting } = costsOf(ages, grid, belief)
            return price * questions + waiting
          }
          const schedule = new Schedule(grid, belief, price)
          const least = Math.min(...[...allSchedules(grid)].map(cost))
          expect(cost(questionsOf(schedule, life))).toBeCloseTo(least, 8)
        }
      )
    )
  })

  it("says itself how many questions it takes", () => {
    fc.assert(
      fc.property(anyPayments, anyBelief, anyPrice, (times, belief, price) => {
        const grid = new Grid(times, LIFE)
        const schedule = new Schedule(grid, belief, price)
        const { questions } = costsOf(questionsOf(schedule, LIFE), grid, belief)
        expect(schedule.questionsAfter(0)).toBeCloseTo(questions, 6)
      })
    )
  })

  it("asks no more when a question costs more, whenever it was asked last", () => {
    fc.assert(
      fc.property(
        anyPayments,
        anyBelief,
        anyPrice,
        fc.double({ min: 1.01, max: 10, noNaN: true }),
        fc.double({ min: 0, max: LIFE, noNaN: true }),
        (times, belief, price, dearer, asked) => {
          const grid = new Grid(times, LIFE)
          const few = new Schedule(grid, belief, price * dearer)
          const many = new Schedule(grid, belief, price)
          expect(few.questionsAfter(asked)).toBeLessThanOrEqual(
            many.questionsAfter(asked) + 1e-9
          )
        }
      )
    )
  })

  it("asks after it asked, and at the closing at the latest", () => {
    fc.assert(
      fc.property(
        anyPayments,
        anyBelief,
        anyPrice,
        fc.double({ min: 61, max: 1_020, noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (times, belief, price, life, share) => {
          const schedule = new Schedule(new Grid(times, life), belief, price)
          const asked = life * share
          expect(schedule.nextAfter(asked)).toBeGreaterThan(asked)
          expect(schedule.nextAfter(asked)).toBeLessThanOrEqual(life)
          expect(schedule.nextAfter(life + 1)).toBe(life)
        }
      )
    )
  })

  it("asks only at the closing when a question costs more than any waiting", () => {
    const schedule = new Schedule(
      new Grid(timesOf([]), LIFE),
      { pays: 0.7, silent: 0.15 },
      LIFE
    )
    expect(schedule.nextAfter(0)).toBe(LIFE)
  })

  it("asks where payments lie", () => {
    const belief = { pays: 0.7, silent: 0.5 }
    const firstFor = (median: number) =>
      new Schedule(
        new Grid(timesOf(Array<number>(200).fill(median)), LIFE),
        belief,
        30
      ).nextAfter(0)
    expect(firstFor(20)).toBeGreaterThanOrEqual(20)
    expect(firstFor(20)).toBeLessThan(60)
    expect(firstFor(150)).toBeGreaterThanOrEqual(150)
    expect(firstFor(150)).toBeLessThan(250)
  })
})

describe("The chance that a charge is paid although nothing tells so", () => {
  it("is a chance, grows with age, and falls when it was asked about", () => {
    const anyAge = fc.double({ min: 0, max: LIFE + 100, noNaN: true })
    fc.assert(
      fc.property(
        anyPayments,
        anyBelief,
        fc.tuple(anyAge, anyAge, anyAge),
        (times, belief, ages) => {
          const schedule = new Schedule(new Grid(times, LIFE), belief, 10)
          const [first, second, third] = [...ages].sort((a, b) => a - b)
          const chance = schedule.chance(first, second)
          expect(chance).toBeGreaterThanOrEqual(-1e-6)
          expect(chance).toBeLessThanOrEqual(1)
          const older = schedule.chance(first, third)
          expect(older).toBeGreaterThanOrEqual(chance - 1e-6)
          expect(schedule.chance(second, third)).toBeLessThanOrEqual(
            older + 1e-6
          )
          expect(schedule.chance(second, second)).toBe(0)
        }
      )
    )
  })
})

describe("The ages at which a charge may be asked about", () => {
  it("rise from the issue to the closing", () => {
    fc.assert(
      fc.property(fc.double({ min: 2, max: 2_000, noNaN: true }), (life) => {
        const { ages } = new Grid(timesOf([]), life)
        expect(ages[0]).toBe(0)
        expect(ages[ages.length - 1]).toBe(life)
        for (let at = 1; at < ages.length; at++) {
          expect(ages[at]).toBeGreaterThan(ages[at - 1])
        }
      })
    )
  })

  it("are found by what is not after them", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 900, noNaN: true }), (age) => {
        const grid = new Grid(timesOf([]), LIFE)
        const at = grid.indexOf(age)
        expect(grid.ages[at]).toBeLessThanOrEqual(age)
        expect(grid.ages[at + 1] ?? Infinity).toBeGreaterThan(age)
      })
    )
  })
})
