import { after } from "./moment"
import { closesAt, hasMoney, isUnproven, type ChargeState } from "./state"

import type { CheckReason } from "./plan"
import type { ChargeMode } from "./types"

export type PlannedCheck = {
  at: Date
  reason: Extract<
    CheckReason,
    | "watched"
    | "unwatched"
    | "aging"
    | "superseded"
    | "closing"
    | "late"
    | "backoff"
  >
}

export type PacedCharge = Pick<
  ChargeState,
  | "status"
  | "expires_at"
  | "superseded_at"
  | "last_checked_at"
  | "unknowns"
  | "last_outcome"
  | "review_reason"
  | "resolution"
  | "evidence"
  | "bank_hash"
> & {
  issued_at: Date
  mode: ChargeMode
  /** Since when a page with it is open; `null`: none ever was. */
  watched_since: Date | null
  /** When the last of them was closed or hidden; `null` while one is open. */
  unwatched_at: Date | null
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Questions about a charge that somebody looks at, where they cost nothing. */
export const WATCHED_EACH_MS = 2 * SECOND

/** So long the shopper is taken to look: from the issue where no page tells, else from when they left. */
const TAKEN_TO_LOOK_MS = 2 * MINUTE

/** A shopper's signal is served at once, but one charge is asked about at most this often. */
export const SIGNAL_COOLDOWN_MS = 2 * SECOND

/** Signals on an expired charge are rarer and so are its questions. */
export const LATE_SIGNAL_COOLDOWN_MS = 60 * SECOND

/** Signals are heard for this long after `expires_at`. */
export const SIGNALS_UNTIL_MS = 24 * HOUR

/** So many signals on one expired charge are answered with a question: who sends them may be anybody. */
export const MOST_LATE_SIGNALS = 10

/** What our gate answers while there is no quota, and takes back without a word. */
const REFUSED_BY_US = "unknown:quota_spent"

/** Some banks' apps do not enforce the expiry: payments are looked for this long after it. */
const LATE_CHECKS_MS = [10 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 24 * HOUR]

/**
 * When a charge is to be asked about next if questions cost nothing, or `null` when
 * never again. Pure. `retryAfterMs` is the bank's own wish, if it stated one.
 */
export function planNextCheck(
  charge: PacedCharge,
  now: Date,
  retryAfterMs = 0
): PlannedCheck | null {
  if (!isAskable(charge)) {
    return null
  }
  if (isUnproven(charge)) {
    return lateCheck(charge, now)
  }
  if (charge.unknowns > 0) {
    return backoff(charge, now, retryAfterMs)
  }
  if (charge.status === "expired") {
    return lateCheck(charge, now)
  }
  const closing = closingCheck(charge, now)
  if (charge.status === "failed") {
    return wasClosed(charge) ? lateCheck(charge, now) : closing
  }
  const regular = regularCheck(charge, now)
  // The last regular check gives way to the closing one, so that no question is asked twice.
  const early = after(regular.at, SIGNAL_COOLDOWN_MS) <= closing.at
  return early ? regular : closing
}

/**
 * When a signal's question may be asked, or `null` when it changes nothing:
 * the charge is done, or a check is due earlier anyway.
 */
export function planSignalledCheck(
  charge: PacedCharge & { next_check_at: Date | null; late_signals: number },
  now: Date
): Date | null {
  const over = charge.expires_at.getTime() + SIGNALS_UNTIL_MS
  if (hasMoney(charge) || !isAskable(charge) || now.getTime() > over) {
    return null
  }
  const isLate = charge.status === "expired"
  if (isLate && charge.late_signals >= MOST_LATE_SIGNALS) {
    return null
  }
  const cooldown = isLate ? LATE_SIGNAL_COOLDOWN_MS : SIGNAL_COOLDOWN_MS
  const lastAsked = charge.last_checked_at?.getTime() ?? 0
  // While the bank answers nothing, signals do not break the pause. What our own gate refuses costs nobody anything.
  if (isSilenced(charge)) {
    return null
  }
  const at = new Date(Math.max(now.getTime(), lastAsked + cooldown))
  const earlier = charge.next_check_at !== null && charge.next_check_at <= at
  return earlier ? null : at
}

/** The bank itself said nothing that counts the last time. What our own gate refuses is no answer. */
export function isSilenced({ unknowns, last_outcome }: PacedCharge): boolean {
  return unknowns > 0 && last_outcome !== REFUSED_BY_US
}

/** Whether the bank can add anything to what is known. */
export function isAskable(
  charge: Omit<PacedCharge, "issued_at" | "watched_since" | "unwatched_at">
): boolean {
  return (
    charge.mode !== "static" &&
    charge.review_reason !== "hash_used" &&
    !isDismissed(charge) &&
    (!hasMoney(charge) || isUnproven(charge))
  )
}

/** A KHQR whose transfer was given back may be paid again, whatever a person thinks of the first. */
function isDismissed({
  review_reason,
  resolution,
}: Pick<PacedCharge, "review_reason" | "resolution">): boolean {
  return (
    resolution === "dismiss" &&
    review_reason !== null &&
    review_reason !== "returned"
  )
}

/** The question whose "not found" ends the charge; soon, when its moment passed while another was under way. */
function closingCheck(charge: PacedCharge, now: Date): PlannedCheck {
  const closing = closesAt(charge)
  const soonest = after(now, SIGNAL_COOLDOWN_MS)
  return {
    at:
      closing > soonest || charge.last_checked_at === null ? closing : soonest,
    reason: "closing",
  }
}

export function wasClosed(charge: PacedCharge): boolean {
  return (
    charge.last_checked_at !== null &&
    charge.last_checked_at >= closesAt(charge)
  )
}

function regularCheck(charge: PacedCharge, now: Date): PlannedCheck {
  if (charge.superseded_at !== null) {
    return { at: after(now, 30 * SECOND), reason: "superseded" }
  }
  const age = now.getTime() - charge.issued_at.getTime()
  if (isLookedAt(charge, now)) {
    return { at: after(now, WATCHED_EACH_MS), reason: "watched" }
  }
  return age < 5 * MINUTE
    ? { at: after(now, 5 * SECOND), reason: "unwatched" }
    : { at: after(now, 10 * SECOND), reason: "aging" }
}

/** Who has just left the page is probably in their bank's app. */
function isLookedAt(
  { issued_at, watched_since, unwatched_at }: PacedCharge,
  now: Date
): boolean {
  const left = watched_since === null ? issued_at : unwatched_at
  return left === null || now.getTime() - left.getTime() < TAKEN_TO_LOOK_MS
}

function lateCheck(charge: PacedCharge, now: Date): PlannedCheck | null {
  const expired = charge.expires_at.getTime()
  const next = LATE_CHECKS_MS.map((ms) => expired + ms).find(
    (at) => at >= now.getTime() + LATE_SIGNAL_COOLDOWN_MS
  )
  return next === undefined ? null : { at: new Date(next), reason: "late" }
}

function backoff(
  charge: PacedCharge,
  now: Date,
  retryAfterMs: number
): PlannedCheck | null {
  const age = now.getTime() - charge.expires_at.getTime()
  if (age > SIGNALS_UNTIL_MS && charge.status === "expired") {
    return null
  }
  const pause = Math.min(
    1_500 * 2 ** Math.min(charge.unknowns, 16),
    longestBackoff(charge, age)
  )
  const at = after(now, Math.max(pause, retryAfterMs))
  const isOpen = charge.status !== "expired" && closesAt(charge) > now
  // The day's last calls are kept for the closing checks: that moment is not slept through.
  const closing = closingCheck(charge, now)
  return isOpen && at > closing.at ? closing : { at, reason: "backoff" }
}

/** Nobody waits at a screen for an old charge. `age` is counted from `expires_at`. */
function longestBackoff(charge: PacedCharge, age: number): number {
  if (charge.status === "expired" || age > SIGNALS_UNTIL_MS) {
    return HOUR
  }
  return age > HOUR ? 10 * MINUTE : MINUTE
}
