import { isAskable, type PacedCharge } from "./pace"
import { chanceOf } from "./plan-case"
import { ration } from "./plan-ration"
import { closesAt } from "./state"
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
  /** When the first question left that brought no answer that counts, of those since the last that did. */
  unknown_since: Date | null
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
    /** No signal came between the payment and its discovery. */
    silent: boolean
    /** The page was open and in sight when the payment was made; `null`: nothing told. */
    watched: boolean | null
  }[]
  /** Charges issued in the same time as `payments`, but for those that another took the place of unpaid, and how many of them were paid. */
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
  /** Questions cost nothing: somebody looks at it, or nobody does, or another took its place. */
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
  /** The day's calls do not reach for it: nobody is asked, and its page tells. */
  | "short"

export type PlannedLook = {
  id: string
  /** At or before `now`: it is asked about now. Later: the plan looks at it again then. */
  at: Date
  reason: CheckReason
  /** It is due and the day's calls do not reach for it. */
  isShort?: true
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
 *
 * Without a limit each charge is asked about at its own pace. With one, a question
 * has a price, in seconds of a paid shopper's waiting: as low as the day's calls allow,
 * for what is open and for what is still to come. Each charge is then asked about
 * where that is worth it: at once after a signal, at a few ages where an unseen
 * payment is likely, and when its time is over.
 */
export function plan(input: PlanInput): Plan {
  const { budget, now } = input
  const charges = input.charges.filter(
    (charge) => isAskable(charge) && !charge.is_leased
  )
  if (budget.closedUntil !== null && budget.closedUntil > now) {
    return planned(waiting(charges, budget.closedUntil), 0, now)
  }
  if (budget.isProbe) {
    return planned(probing(charges, input), 0, now)
  }
  if (budget.windows.length === 0) {
    return planned(
      charges.map((charge) => atItsPace(charge, now)),
      0,
      now
    )
  }
  const underWay = input.charges.filter(({ is_leased }) => is_leased).length
  const { looks, price } = ration(charges, underWay, {
    ...input,
    windows: budget.windows,
  })
  return planned(looks, price, now)
}

/** A probe is answered by then, or lost. */
const PROBE_TAKES_MS = 75_000

function planned(looks: PlannedLook[], price: number, now: Date): Plan {
  const wakeAt = looks.reduce<Date | null>(
    (first, { at }) =>
      at > now && (first === null || at < first) ? at : first,
    null
  )
  return { looks, wakeAt, price }
}

function atItsPace(charge: OpenCharge, now: Date): PlannedLook {
  return {
    id: charge.id,
    at: charge.next_check_at ?? now,
    reason: reasonOf(charge, now),
  }
}

function reasonOf(charge: OpenCharge, now: Date): CheckReason {
  const { last_signal_at, last_checked_at } = charge
  if (
    last_signal_at !== null &&
    (last_checked_at === null || last_signal_at > last_checked_at)
  ) {
    return "signal"
  }
  if (charge.unknowns > 0) {
    return "backoff"
  }
  if (charge.status !== "pending" && charge.status !== "failed") {
    return "late"
  }
  if (closesAt(charge) <= now) {
    return "closing"
  }
  if (charge.superseded_at !== null) {
    return "superseded"
  }
  return charge.watched_since !== null && charge.unwatched_at === null
    ? "watched"
    : "unwatched"
}

/** Nobody is asked until then. */
function waiting(charges: OpenCharge[], until: Date): PlannedLook[] {
  return charges.map(({ id, next_check_at }) => ({
    id,
    at: next_check_at !== null && next_check_at > until ? next_check_at : until,
    reason: "probe",
  }))
}

/**
 * One single question, about the charge that is most likely paid of those whose moment
 * has come: a list that is closed to the token would find nothing out.
 */
function probing(
  charges: OpenCharge[],
  { shop, now }: PlanInput
): PlannedLook[] {
  const again = new Date(now.getTime() + PROBE_TAKES_MS)
  const isDue = ({ next_check_at }: OpenCharge) =>
    next_check_at !== null && next_check_at <= now
  const [first, ...others] = charges
    .filter(isDue)
    .map((charge) => ({ charge, chance: chanceOf(charge, shop, now) }))
    .sort((a, b) => b.chance - a.chance || (a.charge.id < b.charge.id ? -1 : 1))
    .map(({ charge }) => charge)
  const look = ({ id }: OpenCharge, at: Date): PlannedLook => ({
    id,
    at,
    reason: "probe",
  })
  return [
    ...(first ? [look(first, now)] : []),
    ...others.map((charge) => look(charge, again)),
    ...charges
      .filter((charge) => !isDue(charge))
      .map((charge) => look(charge, charge.next_check_at ?? again)),
  ]
}
