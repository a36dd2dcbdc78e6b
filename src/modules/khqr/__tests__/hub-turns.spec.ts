import fc from "fast-check"

import { GATHER_MS, nextTurn, TURN_MS, type Waiting } from "../hub-turns"

const NONE: Waiting = { rung: null, note: null, look: null }
const LONG_AGO = -10_000

describe("The hub's turns", () => {
  it("are none when nothing is to be done", () => {
    expect(nextTurn(NONE, 0)).toBeNull()
  })

  it("wait a moment for rings that come together", () => {
    expect(nextTurn({ ...NONE, rung: 1_000 }, LONG_AGO)).toEqual({
      turn: "rung",
      at: 1_000 + GATHER_MS,
    })
  })

  it("leave a pause after the one before", () => {
    expect(nextTurn({ ...NONE, rung: 1_000 }, 1_000)).toEqual({
      turn: "rung",
      at: 1_000 + TURN_MS,
    })
    expect(nextTurn({ ...NONE, look: 900 }, 1_000)).toEqual({
      turn: "look",
      at: 1_000 + TURN_MS,
    })
  })

  it("serve rings before notes, and notes before the slow look", () => {
    const waiting = { rung: 1_000, note: 1_000, look: 1_000 }
    expect(nextTurn(waiting, 1_000)?.turn).toBe("rung")
    expect(nextTurn({ ...waiting, rung: null }, 1_000)?.turn).toBe("note")
  })

  it("do not wait for work that comes later", () => {
    expect(nextTurn({ ...NONE, note: 1_000, look: 9_000 }, 0)).toEqual({
      turn: "note",
      at: 1_000 + GATHER_MS,
    })
  })

  it("come to everything under any load, less than twice a second", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 400 }),
        (rungEachMs, noteEachMs) => {
          const waiting: Waiting = { rung: 0, note: 0, look: 0 }
          const each = { rung: rungEachMs, note: noteEachMs, look: 10_000 }
          const taken: { turn: keyof Waiting; at: number; waited: number }[] =
            []
          let lastAt = LONG_AGO
          while (lastAt < 60_000) {
            const { turn, at } = nextTurn(waiting, lastAt)!
            taken.push({ turn, at, waited: at - waiting[turn]! })
            lastAt = at
            waiting[turn] = at + each[turn]
          }
          expect(TURN_MS).toBeGreaterThan(500)
          taken.slice(1).forEach(({ at }, index) => {
            expect(at - taken[index].at).toBeGreaterThanOrEqual(TURN_MS)
          })
          const longest = (turn: keyof Waiting) =>
            Math.max(
              ...taken
                .filter((one) => one.turn === turn)
                .map(({ waited }) => waited)
            )
          expect(longest("rung")).toBeLessThanOrEqual(3 * TURN_MS)
          expect(longest("note")).toBeLessThan(4_000)
          expect(longest("look")).toBeLessThan(8_000)
        }
      )
    )
  })
})
