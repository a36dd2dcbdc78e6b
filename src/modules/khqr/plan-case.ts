import {
  isSilenced,
  LATE_SIGNAL_COOLDOWN_MS,
  SIGNAL_COOLDOWN_MS,
  wasClosed,
} from "./pace"
import { after, HOUR_MS, latest, secondsBetween } from "./moment"
import type { OpenCharge, ShopHistory } from "./plan"
import {
  beliefOf,
  NO_PRICE,
  type Schedules,
  type ShopBelief,
  type WatchKind,
} from "./plan-belief"
import { closesAt, isUnproven } from "./state"

/** Some banks' apps do not enforce the expiry; later payments are found by signals, receipts and people. */
const LATE_LOOK_MS = HOUR_MS

/** Lives of KHQRs that differ by less have one schedule. */
const LIFE_STEP_S = 10

/** A late look that found no call by then is not made up for. */
const LATE_UNTIL_MS = 30 * HOUR_MS

/** Each signal in vain makes the next one of that charge so much less likely to be true. */
const IN_VAIN = 0.7

/** Who stays this long at an unpaid KHQR has probably paid it. */
const STAYED_MS = 240_000

/** A signal that found no call for so long waits for what those of now leave. */
const STALE_MS = 900_000

/** Chances that the bank's own answers will correct. */
const CHANCE_OF_SUPERSEDED = 0.01

const CHANCE_OF_LATE = 0.005

/** A charge as far as rationing is concerned. */
export type Case = {
  charge: OpenCharge
  kind: WatchKind
  stage: "open" | "superseded" | "over" | "late" | "silenced"
  /** Seconds from issue to closing. */
  life: number
  /** For what is left of them. */
  schedules: Schedules
  /** Age at the last question, in seconds; 0 before the first. */
  asked: number
  hasSignal: boolean
  /** Nobody waits at the page any more for what it told. */
  isStale: boolean
  /** Those that are over come last. */
  rank: 0 | 1
  /** Epoch ms. */
  issuedAt: number
  closesAt: Date
  /** Its closing has come. */
  isOver: boolean
  /** That it is paid and we do not know. */
  chance: number
  /** Cool-downs forbid more. */
  soonest: Date
}

export function caseOf(
  charge: OpenCharge,
  belief: ShopBelief,
  now: Date
): Case {
  const { issued_at, last_checked_at, last_signal_at } = charge
  const kind = kindOf(charge)
  const closing = closesAt(charge)
  const life =
    LIFE_STEP_S * Math.round(secondsBetween(issued_at, closing) / LIFE_STEP_S)
  const schedules = belief.schedules(kind, life)
  const isAnswered = last_checked_at !== null && !isDoubted(charge)
  const asked = isAnswered ? secondsBetween(issued_at, last_checked_at) : 0
  const isOver = closing.getTime() <= now.getTime()
  const stage = stageOf(charge, isOver)
  const hasSignal =
    last_signal_at !== null &&
    (last_checked_at === null || last_signal_at > last_checked_at)
  const cooldown =
    stage === "late" ? LATE_SIGNAL_COOLDOWN_MS : SIGNAL_COOLDOWN_MS
  const unsignalled =
    stage === "late"
      ? CHANCE_OF_LATE
      : charge.superseded_at !== null
        ? CHANCE_OF_SUPERSEDED
        : (stayed(charge, now) ? belief.schedules("watched", life) : schedules)
            .at(NO_PRICE)
            .chance(asked, secondsBetween(issued_at, now))
  const signalled = hasSignal
    ? belief.chance(charge.last_signal ?? "returned") *
      IN_VAIN ** charge.signals_in_vain
    : 0
  return {
    charge,
    kind,
    stage,
    life,
    schedules,
    asked,
    hasSignal,
    isStale: hasSignal && now.getTime() - last_signal_at.getTime() > STALE_MS,
    rank: stage === "late" ? 1 : 0,
    issuedAt: issued_at.getTime(),
    closesAt: closing,
    isOver,
    chance: Math.max(unsignalled, signalled),
    soonest: latest(
      last_checked_at ? after(last_checked_at, cooldown) : issued_at,
      // A pause after an answer that said nothing, or which our own gate has named.
      charge.unknowns > 0 && stage !== "silenced"
        ? (charge.next_check_at ?? issued_at)
        : issued_at
    ),
  }
}

/** The chance that a charge is paid and nobody knows: for whoever has but one question. */
export function chanceOf(
  charge: OpenCharge,
  shop: ShopHistory,
  now: Date
): number {
  return caseOf(charge, beliefOf(shop, now), now).chance
}

function stageOf(charge: OpenCharge, isOver: boolean): Case["stage"] {
  const isLate =
    charge.status === "expired" ||
    isUnproven(charge) ||
    (charge.status === "failed" && wasClosed(charge))
  // An answer that said nothing gives a late look no claim to the calls of those that are open.
  if (isLate) {
    return "late"
  }
  if (isSilenced(charge)) {
    return "silenced"
  }
  if (isOver) {
    return "over"
  }
  return charge.superseded_at !== null || charge.status === "failed"
    ? "superseded"
    : "open"
}

/** The last question brought no answer that counts; that none could be put takes back no answer. */
function isDoubted({
  last_checked_at,
  unknown_since,
  last_outcome,
}: OpenCharge): boolean {
  return unknown_since === null
    ? Boolean(last_outcome?.startsWith("unknown"))
    : last_checked_at !== null && last_checked_at >= unknown_since
}

/** One late look is enough where calls are few; and for none there were calls to spare, after so long. */
export function isTooLate({ charge }: Case, now: Date): boolean {
  const { status, expires_at, last_checked_at } = charge
  const looked =
    last_checked_at !== null && last_checked_at >= lateLookAt(charge)
  return (
    (status === "expired" && looked) ||
    now.getTime() - expires_at.getTime() > LATE_UNTIL_MS
  )
}

export function lateLookAt({ expires_at }: OpenCharge): Date {
  return after(expires_at, LATE_LOOK_MS)
}

function kindOf({ watched_since, unwatched_at }: OpenCharge): WatchKind {
  if (watched_since === null) {
    return "unseen"
  }
  return unwatched_at === null ? "watched" : "away"
}

function stayed(charge: OpenCharge, now: Date): boolean {
  const { watched_since, unwatched_at, issued_at } = charge
  const until = unwatched_at ?? now
  return (
    watched_since !== null && until.getTime() - issued_at.getTime() >= STAYED_MS
  )
}
