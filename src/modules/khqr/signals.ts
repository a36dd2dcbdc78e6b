import type { Actor, Charge, SignalKind } from "./types"

/** A signal as its charge hears it. */
export type Signal = {
  kind: SignalKind
  actor: Actor
  /** For the history. */
  message: string
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
