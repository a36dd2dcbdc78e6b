import { after, latest } from "./moment"
import { isAskable, refundClosesAt, type RefundState } from "./refund-state"

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** The first questions: the merchant scans it as soon as it is shown. */
const SHORTEST_PAUSE_MS = 5 * SECOND

/** Later ones come as rarely as the KHQR is old, so that one refund costs some twenty questions at most. */
const PAUSE_OF_AGE = 4
const LONGEST_PAUSE_MS = MINUTE

/** Some banks' apps do not enforce the expiry: payments are looked for this long after it. */
const LATE_CHECKS_MS = [10 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 24 * HOUR]

/** A late check that would be sooner than this is left to the next one. */
const NOT_BEFORE_MS = MINUTE

type PlannedRefund = Pick<
  RefundState,
  | "status"
  | "md5"
  | "issued_at"
  | "expires_at"
  | "last_checked_at"
  | "last_outcome"
  | "unknowns"
>

/**
 * When the bank is to be asked about a reverse KHQR next, or `null` when never
 * again. Pure. `retryAfterMs` is the bank's own wish, if it stated one.
 */
export function planRefundCheck(
  refund: PlannedRefund,
  now: Date,
  retryAfterMs = 0
): Date | null {
  const closes = refundClosesAt(refund)
  const { issued_at, last_checked_at } = refund
  if (!isAskable(refund) || closes === null || issued_at === null) {
    return null
  }
  const isOpen = refund.status === "pending"
  if (refund.unknowns > 0) {
    return backoff(refund, closes, isOpen, now, retryAfterMs)
  }
  const wasClosed = last_checked_at !== null && last_checked_at >= closes
  if (!isOpen || wasClosed) {
    return lateCheck(refund, now)
  }
  const age = now.getTime() - issued_at.getTime()
  const pause = Math.min(
    Math.max(SHORTEST_PAUSE_MS, age / PAUSE_OF_AGE),
    LONGEST_PAUSE_MS
  )
  const regular = after(now, pause)
  // The last regular check gives way to the closing one, so that no question is asked twice.
  return after(regular, SHORTEST_PAUSE_MS) <= closes
    ? regular
    : latest(closes, after(now, SHORTEST_PAUSE_MS))
}

function lateCheck({ expires_at }: PlannedRefund, now: Date): Date | null {
  const next = LATE_CHECKS_MS.map((ms) => after(expires_at!, ms)).find(
    (at) => at >= after(now, NOT_BEFORE_MS)
  )
  return next ?? null
}

/** One that is open, or was called off because nothing was heard, is asked about until an answer counts; for the others nobody waits. */
function backoff(
  { status, unknowns, expires_at }: PlannedRefund,
  closes: Date,
  isOpen: boolean,
  now: Date,
  retryAfterMs: number
): Date | null {
  const age = now.getTime() - expires_at!.getTime()
  if (!isOpen && status !== "canceled" && age > LATE_CHECKS_MS.at(-1)!) {
    return null
  }
  const longest = !isOpen || age > HOUR ? HOUR : MINUTE
  const pause = Math.min(1_500 * 2 ** Math.min(unknowns, 16), longest)
  const at = after(now, Math.max(pause, retryAfterMs))
  // The day's last calls are kept for the closing checks: that moment is not slept through.
  return isOpen && now < closes && at > closes ? closes : at
}
