import { planSignalledCheck } from "./pace"
import type { Actor, Charge, SignalKind } from "./types"

/** A signal as its charge hears it. */
export type Signal = {
  kind: SignalKind
  actor: Actor
  /** For the history. */
  message: string
  /** Sooner after another one it is not heard. */
  eachMs: number
}

/** The likelier the payment, the later. */
const BY_STRENGTH: SignalKind[] = ["returned", "claims_paid", "announced"]

/** The kind to remember: a weaker signal does not hide a stronger one that no question has answered yet. */
export function signalToKeep(
  {
    last_signal,
    last_signal_at,
    last_checked_at,
  }: Pick<Charge, "last_signal" | "last_signal_at" | "last_checked_at">,
  kind: SignalKind
): SignalKind {
  const isUnanswered =
    last_signal_at !== null &&
    (last_checked_at === null || last_checked_at < last_signal_at)
  const before = BY_STRENGTH.find((known) => known === last_signal)
  return isUnanswered &&
    before !== undefined &&
    BY_STRENGTH.indexOf(before) > BY_STRENGTH.indexOf(kind)
    ? before
    : kind
}

/** When its question may be asked, also where another one is due sooner; `null` when none follows from it. */
export function soonestAfterSignal(charge: Charge, now: Date): Date | null {
  return planSignalledCheck({ ...charge, next_check_at: null }, now)
}

/**
 * Whether the next question answers it, whenever that is. Of an expired charge most
 * signals lead to none, and would claim calls for the look that is due hours later.
 */
export function isSignalKept(charge: Charge, now: Date): boolean {
  return (
    charge.status !== "expired" ||
    // While the bank answers nothing, questions are put off; they follow.
    soonestAfterSignal({ ...charge, unknowns: 0 }, now) !== null
  )
}
