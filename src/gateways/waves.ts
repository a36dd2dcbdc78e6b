import type { Outcome, UnknownReason } from "../bakong"

/** As many questions are under way at once. */
export const WAVE = 5

/** Reasons that would meet the next question too: asking on would only cost. */
const STOPS_ASKING: UnknownReason[] = [
  "unauthorized",
  "forbidden",
  "quota_spent",
  "rate_limited",
  "unavailable",
]

export const stopsAsking = ({ outcome }: { outcome: Outcome }): boolean =>
  outcome.type === "unknown" && STOPS_ASKING.includes(outcome.reason)

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
