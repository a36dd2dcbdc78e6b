import type { CallPurpose, Outcome, UnknownReason } from "../bakong"
import type { Question } from "./gateway"

/** Reasons that would meet the next question too: asking on would only cost. */
const STOPS_ASKING: UnknownReason[] = [
  "unauthorized",
  "forbidden",
  "quota_spent",
  "rate_limited",
  "unavailable",
]

/** What the clock asks, and may spend of what is kept where it ends something. */
const PLANNED: CallPurpose[] = ["check", "refund"]

/** As many questions are under way at once. */
const WAVE = 5

/**
 * Asks one by one, some at once, and no further once an answer says that the next
 * would fare no better. Questions without a result were not asked.
 */
export const askInWaves = async <Q, R extends { outcome: Outcome }>(
  questions: Q[],
  ask: (question: Q) => Promise<R>
): Promise<R[]> => {
  const results: R[] = []
  for (let at = 0; at < questions.length; at += WAVE) {
    const wave = await Promise.all(questions.slice(at, at + WAVE).map(ask))
    results.push(...wave)
    if (wave.some(stopsAsking)) {
      return results
    }
  }
  return results
}

/** One charge that is to be closed is reason enough to spend of what is kept for that; one that only goes along is none. */
export function purposeOf(
  questions: Question[],
  purpose: CallPurpose
): CallPurpose {
  return PLANNED.includes(purpose) &&
    questions.some(({ closing, rides }) => closing && !rides)
    ? "closing"
    : purpose
}

/** Whether the next question would meet the same. */
export function stopsAsking({ outcome }: { outcome: Outcome }): boolean {
  return outcome.type === "unknown" && STOPS_ASKING.includes(outcome.reason)
}
