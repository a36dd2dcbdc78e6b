import { isSilenced } from "./pace"
import { after, earliest, HOUR_MS, latest, secondsBetween } from "./moment"
import type {
  Budget,
  CheckReason,
  OpenCharge,
  PlannedLook,
  ShopHistory,
} from "./plan"
import { beliefOf, PRICES } from "./plan-belief"
import { caseOf, isTooLate, lateLookAt, type Case } from "./plan-case"
import { termsFor, type Terms } from "./plan-terms"

/** The plan looks again after this long at the latest: prices change with the day. */
const LOOK_AGAIN_MS = 600_000

/** After an answer that said nothing; doubled with each one more. */
const BACKOFF_MS = 10_000
const LONGEST_BACKOFF_MS = 600_000

/** Of the calls that are left, those that may be spent on finding out whether the bank speaks again. */
const BACKOFF_SHARE = 1 / 5

/** In a list a charge has to be this old to ride along: hardly anybody pays sooner. */
const RIDES_FROM_MS = 8_000

/** Calls that nothing but a signal or a closing may take. */
const KEPT = 6

/** After so many signals in vain a charge is asked about by its schedule only. */
const MOST_IN_VAIN = 4

/** What a signal's question saves at the most, in seconds: nobody waits longer at a page. */
const MOST_SAVED_S = 600

/** A closing that finds money as often as this comes before those that do not. */
const LIKELY_CHANCE = 0.2

/** Signals that are true as often as this are served at any price. */
const SERVED_CHANCE = 0.4

/** Who watches and says nothing waits so much longer for a list, once nearly all have paid who pay. */
const QUIET = 0.6

/** Less likely ones wait longer for a list. */
const DOUBT = 3
/** What is over waits so much longer for a list to ride in. */
const CLOSING_PATIENCE = 6
const LONGEST_CLOSING_PATIENCE_MS = HOUR_MS

type Wish = PlannedLook & { of: Case }

/** Who is asked now, and when each of the others, if the day has so many calls and no more. */
export function ration(
  charges: OpenCharge[],
  underWay: number,
  { windows, lists, shop, now }: RationInput
): { looks: PlannedLook[]; price: number } {
  const belief = beliefOf(shop, now)
  const cases = charges.map((charge) => caseOf(charge, belief, now)).sort(byUse)
  const budget = windows.map(({ left, endsAt }) => ({
    left: left - underWay,
    endsAt,
  }))
  const terms = termsFor(cases, budget, lists, belief, now)
  const silence = silenceOf(cases, terms, now)
  const wishes = cases
    .filter((of) => of.hasSignal || of.stage !== "late" || !isTooLate(of, now))
    .map((of) => wishOf(of, terms, silence, now))
  const looks = grant(wishes, terms, lists, now)
  return {
    // Calls under way may be counted already: what they leave is known when they are back.
    looks: underWay > 0 ? looks.map(withoutShort) : looks,
    price: PRICES[terms.price],
  }
}

export type RationInput = {
  windows: Budget["windows"]
  lists: boolean
  shop: ShopHistory
  now: Date
}

function wishOf(
  of: Case,
  terms: Terms,
  silence: Silence | null,
  now: Date
): Wish {
  const planned = unsignalled(of, terms, silence)
  if (!of.hasSignal || isSilenced(of.charge)) {
    return planned
  }
  const price = PRICES[terms.price]
  const saved = Math.min(
    Math.max(0, secondsBetween(now, planned.at)),
    MOST_SAVED_S
  )
  const isWorthIt =
    of.chance >= SERVED_CHANCE ||
    (!terms.isShort &&
      of.charge.signals_in_vain < MOST_IN_VAIN &&
      of.chance * (price + saved) >= price)
  const patience = terms.patience * (of.chance < SERVED_CHANCE ? DOUBT : 1)
  const at = latest(
    inCompany(of.charge.last_signal_at!, patience * 1_000, terms),
    of.soonest
  )
  // What is due anyway is due as a signal, which has the first call.
  return isWorthIt && at <= latest(planned.at, now)
    ? { id: of.charge.id, at, reason: "signal", of }
    : planned
}

function unsignalled(of: Case, terms: Terms, silence: Silence | null): Wish {
  const { charge, stage, kind, life, schedules, asked } = of
  const is = (reason: CheckReason, at: Date): Wish => ({
    id: charge.id,
    at: latest(at, of.soonest),
    reason,
    of,
  })
  const closing = of.closesAt
  switch (stage) {
    case "silenced":
      return is(
        "backoff",
        silence?.prober === charge.id ? silence.until : silence!.others
      )
    case "late":
      return is(
        "late",
        charge.status === "expired"
          ? latest(
              charge.next_check_at ?? charge.expires_at,
              lateLookAt(charge)
            )
          : (charge.next_check_at ?? charge.expires_at)
      )
    case "open": {
      const age = schedules.at(terms.price).nextAfter(asked)
      const quiet =
        terms.patience > 0 && kind !== "away" && asked === 0
          ? schedules.mostPaidBy() + terms.patience * QUIET
          : Infinity
      const next = Math.min(age, quiet)
      if (next < life) {
        return is("fallback", after(charge.issued_at, next * 1_000))
      }
      break
    }
  }
  const patience = Math.min(
    terms.patience * 1_000 * CLOSING_PATIENCE,
    LONGEST_CLOSING_PATIENCE_MS
  )
  return is("closing", inCompany(closing, patience, terms))
}

/** So much later, that others may share the list, but on the same day. */
function inCompany(due: Date, patienceMs: number, { dayEnds }: Terms): Date {
  const at = after(due, patienceMs)
  return at > dayEnds ? latest(due, dayEnds) : at
}

/** The bank says nothing: one charge finds out for all whether it speaks again. */
type Silence = {
  prober: string
  until: Date
  /** When the others are looked at again. */
  others: Date
}

function silenceOf(cases: Case[], terms: Terms, now: Date): Silence | null {
  const silenced = cases
    .filter(({ stage }) => stage === "silenced")
    .sort((a, b) => turnOf(a, b) || byUse(a, b))
  if (silenced.length === 0) {
    return null
  }
  const asked = silenced
    .map(({ charge }) => charge.last_checked_at ?? charge.issued_at)
    .reduce(latest)
  const pause = pauseAfter(
    silenced.map(({ charge }) => charge.unknowns),
    terms,
    now
  )
  // The earliest is the one that asked last, whoever asks next; where nobody could be asked there is no other.
  const due = silenced
    .map(({ charge }) => charge.next_check_at ?? charge.issued_at)
    .reduce(earliest)
  const until = latest(after(asked, pause), due)
  return {
    prober: silenced[0].charge.id,
    until,
    // Where nobody could be asked, the pause may be long over.
    others: nextOf(LOOK_AGAIN_MS, latest(until, now)),
  }
}

/** Who was asked about in vain the least often goes first, and then who waited the longest: it may be one charge alone that the bank says nothing about. */
function turnOf({ charge: a }: Case, { charge: b }: Case): number {
  return (
    a.unknowns - b.unknowns ||
    (a.last_checked_at ?? a.issued_at).getTime() -
      (b.last_checked_at ?? b.issued_at).getTime()
  )
}

/**
 * Doubled with each question in vain, whoever asked it; but the one charge that stands
 * out says nothing of the bank. What lasts may take a part of the day's calls.
 * @param unknowns of each silenced charge
 * @returns ms
 */
function pauseAfter(unknowns: number[], { left, dayEnds }: Terms, now: Date) {
  const [most, second = most] = [...unknowns].sort((a, b) => b - a)
  const steps = unknowns.reduce(
    (sum, count) => sum + Math.max(0, Math.min(count, second) - 2),
    Math.min(second, 2)
  )
  const pause = BACKOFF_MS * 2 ** Math.min(steps - 1, 16)
  if (pause <= LONGEST_BACKOFF_MS) {
    return pause
  }
  const rest = dayEnds.getTime() - now.getTime()
  const rationed = rest / (Math.max(1, left) * BACKOFF_SHARE)
  return Math.min(Math.max(LONGEST_BACKOFF_MS, rationed), HOUR_MS)
}

/**
 * From what each charge would have to what they may have together, the most useful first. Where the day's
 * calls do not reach, those that are most likely paid come first and the others wait
 * for the next day: nothing is given up.
 */
function grant(
  wishes: Wish[],
  terms: Terms,
  lists: boolean,
  now: Date
): PlannedLook[] {
  const calls = new Calls(terms, wishes)
  const asked: Wish[] = []
  const others: Wish[] = []
  for (const wish of wishes) {
    // A list is one call, however many ride in it.
    const isFree = lists && asked.length > 0 && wish.of.stage !== "late"
    const isAsked = wish.at <= now && (isFree || calls.grants(wish))
    ;(isAsked ? asked : others).push(wish)
  }
  // Of those that the bank is silent about, one asks for all.
  const rides = ({ of }: Wish) =>
    lists &&
    asked.length > 0 &&
    of.stage !== "silenced" &&
    of.soonest <= now &&
    of.issuedAt + RIDES_FROM_MS <= now.getTime()
  return [
    ...asked.map(({ id, reason }) => ({ id, at: now, reason })),
    ...others
      .filter(rides)
      .map(({ id }) => ({ id, at: now, reason: "along" as const })),
    ...others
      .filter((wish) => !rides(wish))
      .map((wish) => waitingLook(wish, now)),
  ]
}

/** The most useful first. */
function byUse(a: Case, b: Case): number {
  return (
    a.rank - b.rank ||
    b.chance - a.chance ||
    // Somebody may still wait for the newest.
    b.issuedAt - a.issuedAt ||
    (a.charge.id < b.charge.id ? -1 : 1)
  )
}

/** When somebody is looked at again who is not asked about now. */
function waitingLook(wish: Wish, now: Date): PlannedLook {
  const { id, at, reason } = wish
  if (wish.of.stage === "late") {
    return { id, at: at <= now ? nextOf(HOUR_MS, now) : at, reason }
  }
  const again = nextOf(LOOK_AGAIN_MS, now)
  return at > now
    ? { id, at: earliest(at, again), reason }
    : { ...putOff(wish, again, now), ...(isOwed(wish) ? SHORT : {}) }
}

/** What found no call now is looked at again in a while, and not after its closing. */
function putOff({ id, reason, of }: Wish, again: Date, now: Date): PlannedLook {
  const closing = of.closesAt
  return closing > now && closing <= again
    ? { id, at: closing, reason: "closing" }
    : { id, at: again, reason }
}

const SHORT = { isShort: true } as const

function withoutShort({ id, at, reason }: PlannedLook): PlannedLook {
  return { id, at, reason }
}

/** Somebody waits for this question, or nothing ends without it. */
function isOwed({ reason, of }: Wish): boolean {
  return (
    reason === "closing" ||
    reason === "signal" ||
    (reason === "backoff" && isAwaited(of))
  )
}

/** Of one that the bank was silent about: it would have a signal's question by now, or its closing. */
function isAwaited({ hasSignal, isOver }: Case): boolean {
  return hasSignal || isOver
}

/** What is left of the day while some of it is being given away. */
class Calls {
  protected left_: number
  protected spare_: number
  protected forClosings_: number
  protected readonly mostLeft_: number
  protected readonly closings_: number
  protected readonly likely_: number

  constructor(terms: Terms, wishes: Wish[]) {
    this.left_ = terms.left
    this.mostLeft_ = terms.mostLeft
    this.spare_ = terms.spare
    this.forClosings_ = terms.forClosings
    const open = wishes.filter(({ of }) => of.stage !== "late")
    this.closings_ = open.length
    this.likely_ = terms.likelyClosings
  }

  grants({ reason, of }: Wish): boolean {
    const kept = this.isSafe_(reason) ? 0 : 1
    if (this.left_ <= kept || !this.isAffordable_(reason, of)) {
      return false
    }
    this.left_ -= 1
    this.spare_ -= 1
    this.forClosings_ -= reason === "closing" || of.isStale ? 1 : 0
    return true
  }

  /**
   * The last call is not spent: a spent quota has to be probed. Where one calendar's day
   * has only begun, that probe is due at once, and tells which of the two is the bank's.
   */
  protected isSafe_(reason: CheckReason): boolean {
    return reason === "signal" && this.mostLeft_ > KEPT
  }

  protected isAffordable_(reason: CheckReason, of: Case): boolean {
    switch (reason) {
      case "late":
        return this.spare_ > KEPT
      case "closing":
        return (
          this.forClosings_ >=
          1 + (of.chance < LIKELY_CHANCE ? this.likely_ : 0)
        )
      case "fallback":
        return this.left_ > this.closings_ + KEPT
      case "signal":
        return !of.isStale || this.forClosings_ >= 1
      case "backoff":
        return isAwaited(of) || this.left_ > KEPT
      default:
        return true
    }
  }
}

/** What can wait waits together. */
function nextOf(eachMs: number, now: Date): Date {
  return new Date((Math.floor(now.getTime() / eachMs) + 1) * eachMs)
}
