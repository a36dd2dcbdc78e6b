import type { BakongCall } from "../../bakong"
import { CLOCK_SKEW_MS } from "../../modules/khqr/state"
import { about, type Finding } from "../finding"

const { ok, warning, failure, skipped } = about("clock")

const WARN_MS = CLOCK_SKEW_MS / 2

/** An HTTP date leaves the fraction of its second out. */
const HALF_A_SECOND = 500

const MEND = "set the clock and keep it set (NTP)"

/** This machine's clock against the bank's: whether a payment was in time is told by both. */
export function checkClock(calls: BakongCall[]): Finding {
  const dated = calls.find(({ serverTime }) => serverTime !== null)
  if (!dated) {
    return skipped("no answer told the time")
  }
  const skew = skewOf(dated)
  const seconds = Math.round(Math.abs(skew) / 1_000)
  const text = `this machine's clock is ${describe(seconds)} ${skew > 0 ? "ahead of" : "behind"} the bank's`
  if (Math.abs(skew) > CLOCK_SKEW_MS) {
    return failure(
      `${text}: payments in time may count as late, and late ones as in time`,
      MEND
    )
  }
  if (Math.abs(skew) > WARN_MS) {
    return warning(text, MEND)
  }
  return ok(
    seconds <= 1
      ? "agrees with the bank's"
      : `${seconds} s ${skew > 0 ? "ahead of" : "behind"} the bank's`
  )
}

/** Ours less theirs, ms; the answer is taken to have been written half-way. */
export function skewOf(call: BakongCall): number {
  const ours = call.askedAt + call.durationMs / 2
  return Math.round(ours - (call.serverTime! + HALF_A_SECOND))
}

function describe(seconds: number): string {
  if (seconds < 120) {
    return `${seconds} s`
  }
  const minutes = Math.round(seconds / 60)
  return minutes < 120
    ? `${minutes} minutes`
    : `${Math.round(minutes / 60)} hours`
}
