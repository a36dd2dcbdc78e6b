import fc from "fast-check"

import {
  GATHER_MS,
  nextTurn,
  QUICK_TURN_MS,
  TURN_MS,
  type Taken,
  type Turn,
  type Waiting,
} from "../hub-turns"

const NONE: Waiting = { rung: null, note: null, look: null }
const LONG_AGO = -10_000

/** The two turns before: one at that moment, and one long before it. */
const after = (at: number, turn: Turn = "rung"): [Taken, Taken] => [
  { turn, at },
  { turn: "rung", at: at - 10_000 },
]

describe("The hub's turns", () => {
  it("are none when nothing is to be done", () => {
    expect(nextTurn(NONE, after(0))).toBeNull()
  })

  it("wait a moment for rings that come together", () => {
    expect(nextTurn({ ...NONE, rung: 1_000 }, after(LONG_AGO))).toEqual({
      turn: "rung",
      at: 1_000 + GATHER_MS,
    })
  })

  it("leave a pause after the one before", () => {
    expect(nextTurn({ ...NONE, rung: 1_000 }, after(1_000))).toEqual({
      turn: "rung",
      at: 1_000 + TURN_MS,
    })
    expect(nextTurn({ ...NONE, look: 900 }, after(1_000))).toEqual({
      turn: "look",
      at: 1_000 + TURN_MS,
    })
  })

  it("serve rings before notes, and notes before the slow look", () => {
    const waiting = { rung: 1_000, note: 1_000, look: 1_000 }
    expect(nextTurn(waiting, after(1_000))?.turn).toBe("rung")
    expect(nextTurn({ ...waiting, rung: null }, after(1_000))?.turn).toBe(
      "note"
    )
  })

  it("do not wait for work that comes later", () => {
    expect(nextTurn({ ...NONE, note: 1_000, look: 9_000 }, after(0))).toEqual({
      turn: "note",
      at: 1_000 + GATHER_MS,
    })
  })

  it("come sooner to rings that another turn kept waiting", () => {
    const waiting = { rung: 1_000, note: 0, look: 0 }
    for (const turn of ["note", "look"] as const) {
      expect(nextTurn(waiting, after(1_000, turn))).toEqual({
        turn: "rung",
        at: 1_000 + QUICK_TURN_MS,
      })
    }
  })

  it("come to everything under any load, and in any second twice at the most", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 400 }),
        (rungEachMs, noteEachMs) => {
          const waiting: Waiting = { rung: 0, note: 0, look: 0 }
          const each = { rung: rungEachMs, note: noteEachMs, look: 10_000 }
          const turns: (Taken & { waited: number })[] = []
          let taken = after(LONG_AGO)
          while (taken[0].at < 60_000) {
            const { turn, at } = nextTurn(waiting, taken)!
            turns.push({ turn, at, waited: at - waiting[turn]! })
            taken = [{ turn, at }, taken[0]]
            waiting[turn] = at + each[turn]
          }
          turns.slice(2).forEach(({ at }, index) => {
            expect(at - turns[index].at).toBeGreaterThanOrEqual(1_000)
          })
          const longest = (turn: Turn) =>
            Math.max(
              ...turns
                .filter((one) => one.turn === turn)
                .map(({ waited }) => waited)
            )
          expect(longest("rung")).toBeLessThanOrEqual(1_000)
          expect(longest("note")).toBeLessThan(4_000)
          expect(longest("look")).toBeLessThan(8_000)
        }
      )
    )
  })
})
