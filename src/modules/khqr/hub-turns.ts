/** What the hub asks the database for. */
export type Turn =
  /** The pages that were rung for. */
  | "rung"
  /** Who looks at what. */
  | "note"
  /** All pages, in case that a ring was not heard. */
  | "look"

/** From one turn to the next; two in a second at the most, however many pages are open. */
export const TURN_MS = 600

/** Rings that another turn kept waiting wait no longer than this for theirs. */
export const QUICK_TURN_MS = 300

const SECOND_MS = 1_000

/** Rings that come close together are answered together. */
export const GATHER_MS = 250

/** Notes give way to rings for so long, and looks for so much longer. */
const PATIENCE_MS = { note: 2_000, look: 5_000 }

/** Since when, epoch ms, each kind of work is there; `null`: there is none. */
export type Waiting = Record<Turn, number | null>

/** A turn that was taken, and when it began, epoch ms. */
export type Taken = { turn: Turn; at: number }

/**
 * Whose turn comes next, and when. Pure.
 * @param taken the two turns before, the last one first
 */
export function nextTurn(
  waiting: Waiting,
  taken: [last: Taken, before: Taken]
): Taken | null {
  const [last] = taken
  const ready = (["rung", "note", "look"] as const).flatMap((turn) => {
    const since = waiting[turn]
    const gather = turn === "look" ? 0 : GATHER_MS
    return since === null
      ? []
      : [{ turn, at: Math.max(since + gather, soonest(turn, taken)), since }]
  })
  if (ready.length === 0) {
    return null
  }
  const at = Math.min(...ready.map((one) => one.at))
  const open = ready.filter((one) => one.at <= at)
  const late = open.find(
    ({ turn, since }) =>
      turn !== "rung" && last.turn === "rung" && since + PATIENCE_MS[turn] <= at
  )
  return { turn: (late ?? open[0]).turn, at }
}

function soonest(turn: Turn, [last, before]: [Taken, Taken]): number {
  const pause =
    turn === "rung" && last.turn !== "rung" ? QUICK_TURN_MS : TURN_MS
  return Math.max(last.at + pause, before.at + SECOND_MS)
}
