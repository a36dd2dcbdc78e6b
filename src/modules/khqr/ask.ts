import type { BakongClient, Outcome, UnknownReason } from "../../bakong"
import type { CheckResult } from "./types"

export type Question = { charge_id: string; md5: string }

const LIST_LIMIT = 50
const SINGLES_AT_ONCE = 5

/** A list that is refused stays refused; one that could not be read may be whole again soon. */
const LIST_FORBIDDEN_FOR_MS = 6 * 3_600_000
const LIST_UNREADABLE_FOR_MS = 600_000

/** Reasons that would meet the next question too: asking on would only cost. */
const STOPS_ASKING: UnknownReason[] = [
  "unauthorized",
  "forbidden",
  "quota_spent",
  "rate_limited",
  "unavailable",
]

/** Answers to a whole list that may mean: this token may not use the list. */
const MAY_BE_LIST_ONLY: UnknownReason[] = [
  "forbidden",
  "unrecognized",
  "unreadable",
  "configuration",
]

/**
 * Asks Bakong about many charges: in lists of up to 50, one by one where the
 * list endpoint is closed to the token, and no further once the bank's answer
 * says that the next question would fare no better.
 */
export class Inquiry {
  protected listClosedUntil_ = 0

  constructor(
    protected readonly client_: Pick<
      BakongClient,
      "checkTransactionByMd5" | "checkTransactionByMd5List"
    >
  ) {}

  /** Charges that are missing in the result were not asked about. */
  async ask(questions: Question[], now: Date): Promise<CheckResult[]> {
    const results: CheckResult[] = []
    for (let at = 0; at < questions.length; at += LIST_LIMIT) {
      const some = await this.askSome_(
        questions.slice(at, at + LIST_LIMIT),
        now
      )
      results.push(...some)
      if (some.some(stopsAsking) || some.every(saysNothing)) {
        return results
      }
    }
    return results
  }

  protected async askSome_(
    questions: Question[],
    now: Date
  ): Promise<CheckResult[]> {
    if (questions.length === 1 || now.getTime() < this.listClosedUntil_) {
      return this.askEach_(questions)
    }
    const answer = await this.client_.checkTransactionByMd5List(
      questions.map(({ md5 }) => md5)
    )
    const results = questions.map((question) => ({
      charge_id: question.charge_id,
      outcome: answer.outcomes.get(question.md5) ?? unread(),
      call: answer.call,
    }))
    if (!results.every(mayBeListOnly)) {
      return results
    }
    // The list said nothing about any of them. One single question tells whether it is the list or the bank.
    const [first, ...others] = questions
    const [probe] = await this.askEach_([first])
    if (stopsAsking(probe) || reasonOf(probe) === reasonOf(results[0])) {
      return results.map((r) => (r.charge_id === first.charge_id ? probe : r))
    }
    const forbidden = reasonOf(results[0]) === "forbidden"
    this.listClosedUntil_ =
      now.getTime() +
      (forbidden ? LIST_FORBIDDEN_FOR_MS : LIST_UNREADABLE_FOR_MS)
    return [probe, ...(await this.askEach_(others))]
  }

  protected async askEach_(questions: Question[]): Promise<CheckResult[]> {
    const results: CheckResult[] = []
    for (let at = 0; at < questions.length; at += SINGLES_AT_ONCE) {
      const wave = await Promise.all(
        questions.slice(at, at + SINGLES_AT_ONCE).map(async (question) => {
          const { outcome, call } = await this.client_.checkTransactionByMd5(
            question.md5
          )
          return { charge_id: question.charge_id, outcome, call }
        })
      )
      results.push(...wave)
      if (wave.some(stopsAsking)) {
        return results
      }
    }
    return results
  }
}

function stopsAsking({ outcome }: { outcome: Outcome }): boolean {
  return outcome.type === "unknown" && STOPS_ASKING.includes(outcome.reason)
}

function saysNothing({ outcome }: { outcome: Outcome }): boolean {
  return outcome.type === "unknown"
}

function reasonOf({ outcome }: { outcome: Outcome }): UnknownReason | null {
  return outcome.type === "unknown" ? outcome.reason : null
}

function mayBeListOnly({ outcome }: { outcome: Outcome }): boolean {
  return outcome.type === "unknown" && MAY_BE_LIST_ONLY.includes(outcome.reason)
}

function unread(): Outcome {
  return {
    type: "unknown",
    reason: "unreadable",
    message: "The list did not mention this KHQR",
  }
}
