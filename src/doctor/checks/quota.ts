import {
  dailyLimit,
  remaining,
  reserve,
  usedToday,
  type QuotaState,
} from "../../modules/khqr/quota"
import { about, type Finding } from "../finding"

const { ok, warning, failure } = about("quota")

/** What the shop may still ask today, after the doctor's own questions. */
export function checkQuota(
  state: QuotaState,
  limit: number | null,
  now: Date
): Finding {
  const whole = dailyLimit(state, limit)
  const used = usedToday(state)
  if (state.spent_at !== null) {
    return failure(
      `the day's calls are used up (${used} asked, by ${state.spent_by === "bank" ? "the bank's word" : "our count"}): orders wait, nothing expires`,
      `wait: the bank is asked again at ${timeOf(state.next_probe_at)}; the National Bank grants larger limits (then raise bakong.dailyRequestLimit)`
    )
  }
  const left = remaining(state, limit, now)
  if (left === null) {
    return ok(`no limit is set; ${used} asked today`)
  }
  const says = `${left} of ${whole} calls left today`
  return left <= reserve(whole)
    ? warning(
        left === 0
          ? `${says}: orders wait from now on, nothing expires`
          : `${says}: they are kept for closing checks`,
        "nothing has to be done today; the National Bank grants larger limits (then raise bakong.dailyRequestLimit)"
      )
    : ok(says)
}

const timeOf = (at: Date | null): string =>
  at === null ? "the next check" : `${at.toISOString().slice(0, 16)}Z`
