/** What the hub asks the database for. */
export type Turn =
  /** The pages that were rung for. */
  | "rung"
  /** Who looks at what. */
  | "note"
  /** All pages, in case that a ring was not heard. */
  | "look"

/** Less than two statements a second, however many pages are open. */
export const TURN_MS = 600

/** Rings that come close together are answered together. */
export const GATHER_MS = 250

/** Notes give way to rings for so long, and looks for so much longer. */
const PATIENCE_MS = { note: 2_000, look: 5_000 }

/** Since when, epoch ms, each kind of work is there; `null`: there is none. */
export type Waiting = Record<Turn, number | null>

/**
 * Whose turn comes next, and when. Pure.
 * @param lastAt when the turn before began, epoch ms
 */
export function nextTurn(
  waiting: Waiting,
  lastAt: number
): { turn: Turn; at: number } | null {
  const ready = (["rung", "note", "look"] as const).flatMap((turn) => {
    const since = waiting[turn]
    const gather = turn === "look" ? 0 : GATHER_MS
    return since === null ? [] : [{ turn, since: since + gather }]
  })
  if (ready.length === 0) {
    return null
  }
  const earliest = Math.min(...ready.map(({ since }) => since))
  const at = Math.max(earliest, lastAt + TURN_MS)
  const open = ready.filter(({ since }) => since <= at)
  const late = open.find(
    ({ turn, since }) => turn !== "rung" && since + PATIENCE_MS[turn] <= at
  )
  return { turn: (late ?? open[0]).turn, at }
}
