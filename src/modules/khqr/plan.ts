import { isAskable, type PacedCharge } from "./pace"
import type { SignalKind } from "./types"

/** A charge as the plan needs it. */
export type OpenCharge = PacedCharge & {
  id: string
  /** When the plan is to look at it again, by the pace of `planNextCheck`; a pause after an unknown answer among it. */
  next_check_at: Date | null
  last_signal_at: Date | null
  last_signal: SignalKind | null
  /** Signals whose question was answered with "not found". */
  signals_in_vain: number
  watched_since: Date | null
  unwatched_at: Date | null
  /** Somebody is asking about it now. */
  is_leased: boolean
}

/** What may be asked; `budgetOf` in `quota.ts` makes it. */
export type Budget = {
  /** Calls left until each midnight at which the bank's day may begin; empty where there is no limit. */
  windows: { left: number; endsAt: Date }[]
  /** Until then nothing may be asked; `null`: now. */
  closedUntil: Date | null
  /** What is asked first then finds out whether more may be asked: one call. */
  isProbe: boolean
}

/** What the shop's past tells, as far as it goes; `history-of-shop` reads it. */
export type ShopHistory = {
  /** Of the last paid charges, newest first. */
  payments: {
    /** From issue to payment, by the bank's clock. */
    seconds: number
    /** The money was found without a signal of the shopper's. */
    silent: boolean
  }[]
  /** Charges issued in the same time as `payments`, and how many of them were paid. */
  issued: number
  paid: number
  /** How many charges were issued in an hour, oldest first; hours without any are left out. `hour`: epoch ms / 3,600,000. */
  arrivals: { hour: number; charges: number }[]
  /** What became of the questions after signals. */
  signals: Record<SignalKind, { asked: number; found: number }>
}

export type PlanInput = {
  /** Those that are not over, and those whose late look is due; in any order. */
  charges: OpenCharge[]
  budget: Budget
  /** Whether many charges can be asked about in one call. */
  lists: boolean
  shop: ShopHistory
  now: Date
}

/** Why a charge is asked about when it is: for the history and for a person who wonders. */
export type CheckReason =
  /** Somebody looks at it, or it is young, and questions cost nothing. */
  | "watched"
  | "unwatched"
  | "aging"
  | "superseded"
  /** A signal says that a payment is likely. */
  | "signal"
  /** A moment at which a question saves the most waiting. */
  | "fallback"
  /** "Not found" now ends the charge. */
  | "closing"
  /** After its time. */
  | "late"
  /** The bank said nothing that counts the last time. */
  | "backoff"
  /** Whether the bank may be asked again. */
  | "probe"
  /** In a list with others, where it costs nothing. */
  | "along"

export type PlannedLook = {
  id: string
  /** At or before `now`: it is asked about now. Later: the plan looks at it again then. */
  at: Date
  reason: CheckReason
}

export type Plan = {
  /** Each charge that may still be asked about; those to ask now come first, the most useful first. */
  looks: PlannedLook[]
  /** The earliest `at` that is still to come; `null`: nothing is open. */
  wakeAt: Date | null
  /** What a question costs today, in seconds of waiting that it must save; 0 without a limit. */
  price: number
}

/**
 * Whom to ask now, and why, and when to look again. Pure; the gate, which counts
 * what leaves, has the last word.
 */
export function plan({ charges, now }: PlanInput): Plan {
  const looks = charges
    .filter(isAskable)
    .map(({ id, next_check_at, ...charge }): PlannedLook => ({
      id,
      at: next_check_at ?? now,
      reason: charge.unknowns > 0 ? "backoff" : "watched",
    }))
    .sort((a, b) => a.at.getTime() - b.at.getTime())
  const wakeAt = looks.find(({ at }) => at > now)?.at ?? null
  return { looks, wakeAt, price: 0 }
}
