import type { Outcome } from "../bakong"
import { stopsAsking } from "./open-api"

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
