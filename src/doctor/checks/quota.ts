import { phnomPenhTime } from "../../modules/khqr/moment"
import {
  dailyLimit,
  remaining,
  reserve,
  usedToday,
  type QuotaState,
} from "../../modules/khqr/quota"
import { about, type Finding } from "../finding"
import type { Server } from "../server"

const { ok, warning, failure } = about("quota")

/** What the shop may still ask today, after the doctor's own questions. */
export function checkQuota(
  state: QuotaState,
  limit: number | null,
  whose: Server["name"],
  now: Date
): Finding {
  const used = usedToday(state)
  const left = remaining(state, limit, now)
  const more = howToHaveMore(limit, whose)
  if (state.spent_at !== null && left === 0) {
    return failure(
      `the day's calls are used up (${used} asked, by ${state.spent_by === "bank" ? `the word of ${whose}` : "our count"}): orders wait, nothing expires`,
      `wait: ${whose} is asked again at ${timeOf(state.next_probe_at, now)}; ${more}`
    )
  }
  if (left === null) {
    return ok(`no limit is set; ${used} asked today`)
  }
  const whole = dailyLimit(state, limit)
  const says = `${left} of ${whole} calls left today${originOf(state, limit, whose)}`
  return left <= reserve(whole)
    ? warning(
        left === 0
          ? `${says}: orders wait from now on, nothing expires`
          : `${says}: they are kept for open charges`,
        `nothing has to be done today; ${more}`
      )
    : ok(says)
}

/** Where the limit is not the option's. */
function originOf(
  { learned_limit }: QuotaState,
  limit: number | null,
  whose: Server["name"]
): string {
  if (learned_limit === null || learned_limit >= (limit ?? Infinity)) {
    return ""
  }
  const option =
    limit === null ? "no limit is set" : `${optionOf(whose)} says ${limit}`
  return ` (${learned_limit} was learned from a refusal, ${option})`
}

function howToHaveMore(limit: number | null, whose: Server["name"]): string {
  const grants =
    whose === "Bakong"
      ? "the National Bank grants larger limits"
      : "ask whoever runs the gateway for more"
  return limit === null ? grants : `${grants} (then raise ${optionOf(whose)})`
}

const optionOf = (whose: Server["name"]): string =>
  whose === "Bakong" ? "bakong.dailyRequestLimit" : "gateway.dailyRequestLimit"

const timeOf = (at: Date | null, now: Date): string =>
  at === null ? "the next check" : phnomPenhTime(at, now)
