import {
  isSilenced,
  LATE_SIGNAL_COOLDOWN_MS,
  SIGNAL_COOLDOWN_MS,
  wasClosed,
} from "./pace"
import type {
  Budget,
  CheckReason,
  OpenCharge,
  PlannedLook,
  ShopHistory,
} from "./plan"
import { Arrivals } from "./plan-arrivals"
import { PaymentTimes } from "./plan-payments"
import { Grid, Schedule, type Belief } from "./plan-schedule"
import { closesAt, isUnproven } from "./state"
import type { SignalKind } from "./types"

/** The plan looks again after this long at the latest: prices change with the day. */
const LOOK_AGAIN_MS = 600_000

const HOUR_MS = 3_600_000

/** After an answer that said nothing; doubled with each one more. */
const BACKOFF_MS = 10_000
const LONGEST_BACKOFF_MS = 600_000

/** In a list a charge has to be this old to ride along: hardly anybody pays sooner. */
const RIDES_FROM_MS = 8_000

/** Some banks' apps do not enforce the expiry; later payments are found by signals, receipts and people. */
const LATE_LOOK_MS = HOUR_MS

/** Lives of KHQRs that differ by less have one schedule. */
const LIFE_STEP_S = 10

/** A late look that found no call by then is not made up for. */
const LATE_UNTIL_MS = 30 * HOUR_MS

/** From issue to closing, in seconds, where nothing is open that tells. */
const USUAL_LIFE = 720

/** Prices that are tried, in seconds of waiting: from one second, below which questions buy nothing anybody notices, to hours. */
const PRICES = Array.from({ length: 74 }, (_, step) => 1.12 ** step)
const NO_PRICE = PRICES.length - 1

/** Guesses, until the shop's own charges outweigh them. */
const GUESSED_PAYS = { share: 0.7, weight: 12 }
/** Who watches all the time pays with another device and has no reason to come back; who is away does. */
const GUESSED_SILENT: Record<WatchKind | "any", Guess> = {
  any: { share: 0.15, weight: 20 },
  unseen: { share: 0.15, weight: 20 },
  watched: { share: 0.4, weight: 12 },
  away: { share: 0.06, weight: 12 },
}
const GUESSED_IN_VAIN = { share: 0.2, weight: 20 }
const GUESSED_CHANCE: Record<SignalKind, number> = {
  returned: 0.7,
  claims_paid: 0.85,
  announced: 0.9,
}
const GUESSED_CHANCE_WEIGHT = 12

const MOST_SILENT = 0.95

/** Of new charges, those whose shopper stays at the page. */
const WATCHED_SHARE = 0.5

/** Each signal in vain makes the next one of that charge so much less likely to be true. */
const IN_VAIN = 0.7

/** Who stays this long at an unpaid KHQR has probably paid it. */
const STAYED_MS = 240_000

/** Chances that the bank's own answers will correct. */
const CHANCE_OF_SUPERSEDED = 0.01
const CHANCE_OF_LATE = 0.005

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

/** Lists that are kept for the end of the day. */
const LIST_MARGIN = 2

/** And so long before it they leave: an answer takes its time, and clocks differ. */
const BEFORE_MIDNIGHT_MS = 30_000

/** Less likely ones wait longer for a list. */
const DOUBT = 3
/** What is over waits so much longer for a list to ride in. */
const CLOSING_PATIENCE = 6
const LONGEST_CLOSING_PATIENCE_MS = HOUR_MS
const LONGEST_PATIENCE_S = 4 * 3_600

/** What a shop's past says, worked out once. */
export class ShopBelief {
  readonly pays: number
  readonly silent: number
  /** Signals in vain per charge. */
  readonly inVain: number
  readonly arrivals: Arrivals
  protected readonly silentOf_: Record<WatchKind, number>
  protected readonly times_: PaymentTimes
  protected readonly grids_ = new Map<number, Grid>()
  protected readonly schedules_ = new Map<string, Schedule>()

  constructor(
    protected readonly shop_: ShopHistory,
    now: Date
  ) {
    const { payments, issued, paid, signals } = shop_
    this.pays = clamp(blend(paid, issued, GUESSED_PAYS), 0.1, 0.98)
    const silent = (
      kind: keyof typeof GUESSED_SILENT,
      of: ShopHistory["payments"]
    ) => {
      const told = of.filter((payment) => payment.silent).length
      return Math.min(MOST_SILENT, blend(told, of.length, GUESSED_SILENT[kind]))
    }
    const ofKind = (watched: boolean | null) =>
      payments.filter((payment) => payment.watched === watched)
    this.silent = silent("any", payments)
    this.silentOf_ = {
      unseen: silent("unseen", ofKind(null)),
      watched: silent("watched", ofKind(true)),
      away: silent("away", ofKind(false)),
    }
    const vain = Object.values(signals).reduce(
      (sum, { asked, found }) => sum + asked - found,
      0
    )
    this.inVain = blend(vain, issued, GUESSED_IN_VAIN)
    this.times_ = new PaymentTimes(payments)
    this.arrivals = new Arrivals(shop_.arrivals, now)
  }

  /** The chance that a signal of this kind is true. */
  chance(kind: SignalKind): number {
    const { asked, found } = this.shop_.signals[kind]
    return blend(found, asked, {
      share: GUESSED_CHANCE[kind],
      weight: GUESSED_CHANCE_WEIGHT,
    })
  }

  /** @param life from issue to closing, in seconds @param price index into PRICES */
  schedule(kind: WatchKind, life: number, price: number): Schedule {
    const name = `${kind} ${life} ${price}`
    const known = this.schedules_.get(name)
    if (known) {
      return known
    }
    const made = new Schedule(
      this.grid_(life),
      this.belief_(kind),
      PRICES[price]
    )
    this.schedules_.set(name, made)
    return made
  }

  /** The age by which nine in ten have paid of those who pay. */
  mostPaidBy(life: number): number {
    const { ages, paid } = this.grid_(life)
    return ages[
      Math.max(
        0,
        paid.findIndex((share) => share >= 0.9)
      )
    ]
  }

  /** Calls that a charge of this kind costs after a question at the age `asked`, its last one among them. */
  callsAfter(
    kind: WatchKind,
    life: number,
    asked: number,
    price: number
  ): number {
    const { silent } = this.belief_(kind)
    const grid = this.grid_(life)
    const toCome = 1 - grid.paid[grid.indexOf(asked)]
    const signalled = this.pays * (1 - silent) * toCome
    return (
      this.schedule(kind, life, price).questionsAfter(asked) +
      signalled / (1 - this.pays + this.pays * toCome)
    )
  }

  protected grid_(life: number): Grid {
    const known = this.grids_.get(life)
    const grid = known ?? new Grid(this.times_, life)
    this.grids_.set(life, grid)
    return grid
  }

  protected belief_(kind: WatchKind): Belief {
    return { pays: this.pays, silent: this.silentOf_[kind] }
  }
}

/** `unseen`: no page of this shop's tells whether it is looked at. */
type WatchKind = "watched" | "away" | "unseen"

/** A charge as far as rationing is concerned. */
type Case = {
  charge: OpenCharge
  kind: WatchKind
  stage: "open" | "superseded" | "over" | "late" | "silenced"
  /** Seconds from issue to closing. */
  life: number
  /** Age at the last question, in seconds; 0 before the first. */
  asked: number
  hasSignal: boolean
  /** That it is paid and we do not know. */
  chance: number
  /** Cool-downs forbid more. */
  soonest: Date
}

type Terms = {
  /** Index into PRICES. */
  price: number
  /** The day's calls do not reach even at the highest price. */
  isShort: boolean
  /** How long a signal waits for others to share its list, in seconds. */
  patience: number
  /** What waits for others is asked about by then: calls that are left over are worth nothing after it. */
  dayEnds: Date
  /** Calls that may be spent now. */
  left: number
  /** Of those, what nobody will need. */
  spare: number
  /** Of those, what is left for closings; more than there are, unless the day's calls do not reach. */
  forClosings: number
  /** And how many closings are still to come that will probably find money. */
  likelyClosings: number
}

type Wish = PlannedLook & { of: Case }

/** Who is asked now, and when each of the others, if the day has so many calls and no more. */
export function ration(
  charges: OpenCharge[],
  underWay: number,
  { windows, lists, shop, now }: RationInput
): { looks: PlannedLook[]; price: number } {
  const belief = beliefOf(shop, now)
  const cases = charges.map((charge) => caseOf(charge, belief, now))
  const budget = windows.map(({ left, endsAt }) => ({
    left: left - underWay,
    endsAt,
  }))
  const terms = termsFor(cases, budget, lists, belief, now)
  const silence = silenceOf(cases)
  const wishes = cases
    .filter((of) => of.hasSignal || of.stage !== "late" || !isTooLate(of, now))
    .map((of) => wishOf(of, terms, silence, belief, now))
  return {
    looks: grant(wishes, terms, belief, lists, now),
    price: PRICES[terms.price],
  }
}

export type RationInput = {
  windows: Budget["windows"]
  lists: boolean
  shop: ShopHistory
  now: Date
}

/** The same reading of the shop's past serves until it is read again. */
const BELIEFS = new WeakMap<ShopHistory, ShopBelief>()

export function beliefOf(shop: ShopHistory, now: Date): ShopBelief {
  const belief = BELIEFS.get(shop) ?? new ShopBelief(shop, now)
  BELIEFS.set(shop, belief)
  return belief
}

function caseOf(charge: OpenCharge, belief: ShopBelief, now: Date): Case {
  const { issued_at, last_checked_at, last_signal_at } = charge
  const kind = kindOf(charge)
  const life =
    LIFE_STEP_S *
    Math.round(secondsBetween(issued_at, closesAt(charge)) / LIFE_STEP_S)
  const isAnswered =
    last_checked_at !== null && !charge.last_outcome?.startsWith("unknown")
  const asked = isAnswered ? secondsBetween(issued_at, last_checked_at) : 0
  const stage = stageOf(charge, now)
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
        : belief
            .schedule(stayed(charge, now) ? "watched" : kind, life, NO_PRICE)
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
    asked,
    hasSignal,
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

function stageOf(charge: OpenCharge, now: Date): Case["stage"] {
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
  if (closesAt(charge) <= now) {
    return "over"
  }
  return charge.superseded_at !== null || charge.status === "failed"
    ? "superseded"
    : "open"
}

/** One late look is enough where calls are few; and for none there were calls to spare, after so long. */
function isTooLate({ charge }: Case, now: Date): boolean {
  const { status, expires_at, last_checked_at } = charge
  const looked =
    last_checked_at !== null && last_checked_at >= lateLookAt(charge)
  return (
    (status === "expired" && looked) ||
    now.getTime() - expires_at.getTime() > LATE_UNTIL_MS
  )
}

function lateLookAt({ expires_at }: OpenCharge): Date {
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

/** The lowest price at which the day's calls reach, by both calendars. */
function termsFor(
  cases: Case[],
  windows: Budget["windows"],
  lists: boolean,
  belief: ShopBelief,
  now: Date
): Terms {
  const left = Math.min(...windows.map((window) => window.left))
  const fits = (price: number, patience = 0) =>
    windows.every(
      (window) =>
        need(cases, window.endsAt, price, patience, lists, belief, now) <=
        window.left
    )
  const price = firstThat(PRICES.length, (at) => fits(at))
  const patience =
    lists && price === null
      ? firstThat(LONGEST_PATIENCE_S / 5, (at) => fits(NO_PRICE, at * 5))
      : 0
  const spare = Math.min(
    ...windows.map(
      ({ left, endsAt }) => left - need(cases, endsAt, 0, 0, lists, belief, now)
    )
  )
  return {
    price: price ?? NO_PRICE,
    isShort: price === null,
    patience: patience === null ? LONGEST_PATIENCE_S : patience * 5,
    dayEnds: after(
      windows.map(({ endsAt }) => endsAt).reduce(earliest),
      -BEFORE_MIDNIGHT_MS
    ),
    left,
    spare: Math.floor(spare),
    likelyClosings:
      price === null && !lists ? likelyUntil(cases, windows, belief, now) : 0,
    forClosings:
      price === null && !lists
        ? Math.min(
            ...windows.map(
              ({ left, endsAt }) =>
                left - signalsUntil(cases, endsAt, belief, now)
            )
          )
        : left,
  }
}

/** Calls until then: for what is open, and for what is still to come. */
function need(
  cases: Case[],
  until: Date,
  price: number,
  patience: number,
  lists: boolean,
  belief: ShopBelief,
  now: Date
): number {
  const open = cases.reduce((sum, of) => sum + callsFor(of, belief, price), 0)
  const life = cases.length === 0 ? USUAL_LIFE : longestOf(cases)
  if (patience > 0) {
    const perCharge = belief.pays + belief.inVain
    const calls = belief.arrivals.callsUntil(now, until, perCharge, patience)
    return Math.min(open, 1) + calls + LIST_MARGIN + Math.sqrt(calls) / 4
  }
  const seen = cases.some(({ kind }) => kind !== "unseen")
  const perCharge =
    belief.inVain +
    (seen
      ? WATCHED_SHARE * belief.callsAfter("watched", life, 0, price) +
        (1 - WATCHED_SHARE) * belief.callsAfter("away", life, 0, price)
      : belief.callsAfter("unseen", life, 0, price))
  return open + belief.arrivals.until(now, until) * perCharge
}

function longestOf(cases: Case[]): number {
  return cases.reduce((longest, { life }) => Math.max(longest, life), 0)
}

function callsFor(of: Case, belief: ShopBelief, price: number): number {
  switch (of.stage) {
    case "late":
      return 0
    case "open":
      return belief.callsAfter(of.kind, of.life, of.asked, price)
    default:
      return 1
  }
}

/**
 * Closings until both calendars have begun anew of those who stay and say nothing; and a
 * margin, since a call that is spent on an unlikely one in the morning is missing at night.
 */
function likelyUntil(
  cases: Case[],
  windows: Budget["windows"],
  { pays, silent, arrivals }: ShopBelief,
  now: Date
): number {
  const ends = windows.map(({ endsAt }) => endsAt).reduce(latest)
  const open = cases.filter(({ stage }) => stage === "open").length
  const toCome = open + arrivals.until(now, ends)
  return toCome * pays * silent + 2 * Math.sqrt(toCome)
}

/** What signals will cost until then, those that wait now among them. */
function signalsUntil(
  cases: Case[],
  until: Date,
  belief: ShopBelief,
  now: Date
): number {
  const { pays, silent, inVain, arrivals } = belief
  const waiting = cases.filter(({ hasSignal }) => hasSignal).length
  const open = cases.filter(
    ({ stage, hasSignal }) => stage === "open" && !hasSignal
  ).length
  const each = pays * (1 - silent) + inVain
  const toCome = (open + arrivals.until(now, until)) * each
  return waiting + toCome + Math.sqrt(toCome)
}

function wishOf(
  of: Case,
  terms: Terms,
  silence: Silence | null,
  belief: ShopBelief,
  now: Date
): Wish {
  const planned = unsignalled(of, terms, silence, belief)
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

function unsignalled(
  of: Case,
  terms: Terms,
  silence: Silence | null,
  belief: ShopBelief
): Wish {
  const { charge, stage, kind, life, asked } = of
  const is = (reason: CheckReason, at: Date): Wish => ({
    id: charge.id,
    at: latest(at, of.soonest),
    reason,
    of,
  })
  const closing = closesAt(charge)
  switch (stage) {
    case "silenced":
      return is(
        "backoff",
        silence?.prober === charge.id
          ? silence.until
          : after(silence!.until, LOOK_AGAIN_MS)
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
      const age = belief.schedule(kind, life, terms.price).nextAfter(asked)
      const quiet =
        terms.patience > 0 && kind !== "away" && asked === 0
          ? belief.mostPaidBy(life) + terms.patience * QUIET
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
type Silence = { prober: string; until: Date }

function silenceOf(cases: Case[]): Silence | null {
  const silenced = cases
    .filter(({ stage }) => stage === "silenced")
    .sort((a, b) => b.chance - a.chance || (a.charge.id < b.charge.id ? -1 : 1))
  if (silenced.length === 0) {
    return null
  }
  const asked = silenced
    .map(({ charge }) => charge.last_checked_at ?? charge.issued_at)
    .reduce(latest)
  const unknowns = Math.max(...silenced.map(({ charge }) => charge.unknowns))
  const pause = BACKOFF_MS * 2 ** Math.min(unknowns - 1, 16)
  // Who asked last has a moment of its own; where nobody could be asked there is no other.
  const due = silenced
    .filter(({ charge }) => charge.unknowns === unknowns)
    .map(({ charge }) => charge.next_check_at ?? charge.issued_at)
    .reduce(earliest)
  return {
    prober: silenced[0].charge.id,
    until: latest(after(asked, Math.min(pause, LONGEST_BACKOFF_MS)), due),
  }
}

/**
 * From what each charge would have to what they may have together. Where the day's
 * calls do not reach, those that are most likely paid come first and the others wait
 * for the next day: nothing is given up.
 */
function grant(
  wishes: Wish[],
  terms: Terms,
  belief: ShopBelief,
  lists: boolean,
  now: Date
): PlannedLook[] {
  const byChance = [...wishes].sort(
    (a, b) =>
      Number(a.of.stage === "late") - Number(b.of.stage === "late") ||
      b.of.chance - a.of.chance ||
      // Somebody may still wait for the newest.
      b.of.charge.issued_at.getTime() - a.of.charge.issued_at.getTime() ||
      (a.id < b.id ? -1 : 1)
  )
  const calls = new Calls(terms, byChance)
  const asked = new Set<string>()
  for (const wish of byChance) {
    // A list is one call, however many ride in it.
    const isFree = lists && asked.size > 0 && wish.of.stage !== "late"
    if (wish.at <= now && (isFree || calls.grants(wish))) {
      asked.add(wish.id)
    }
  }
  const rides = ({ of }: Wish) =>
    lists &&
    asked.size > 0 &&
    of.soonest <= now &&
    after(of.charge.issued_at, RIDES_FROM_MS) <= now
  const again = after(now, LOOK_AGAIN_MS)
  return byChance
    .map((wish): PlannedLook => {
      const { id, at, reason } = wish
      if (asked.has(id)) {
        return { id, at: now, reason }
      }
      if (rides(wish)) {
        return { id, at: now, reason: "along" }
      }
      if (wish.of.stage === "late") {
        return { id, at: at <= now ? nextHour(now) : at, reason }
      }
      return at > now
        ? { id, at: earliest(at, again), reason }
        : { ...putOff(wish, again, now), ...(isOwed(reason) ? SHORT : {}) }
    })
    .sort((a, b) => Number(a.at > now) - Number(b.at > now))
}

/** What found no call now is looked at again in a while, and not after its closing. */
function putOff({ id, reason, of }: Wish, again: Date, now: Date): PlannedLook {
  const closing = closesAt(of.charge)
  return closing > now && closing <= again
    ? { id, at: closing, reason: "closing" }
    : { id, at: again, reason }
}

const SHORT = { isShort: true } as const

/** Somebody waits for this question, or nothing ends without it. */
function isOwed(reason: CheckReason): boolean {
  return reason === "closing" || reason === "signal"
}

/** What is left of the day while some of it is being given away. */
class Calls {
  protected left_: number
  protected spare_: number
  protected forClosings_: number
  protected readonly closings_: number
  protected readonly likely_: number

  constructor(terms: Terms, wishes: Wish[]) {
    this.left_ = terms.left
    this.spare_ = terms.spare
    this.forClosings_ = terms.forClosings
    const open = wishes.filter(({ of }) => of.stage !== "late")
    this.closings_ = open.length
    this.likely_ = terms.likelyClosings
  }

  grants({ reason, of }: Wish): boolean {
    // The last one is not spent: a spent quota has to be probed.
    if (this.left_ <= 1 || !this.isAffordable_(reason, of)) {
      return false
    }
    this.left_ -= 1
    this.spare_ -= 1
    this.forClosings_ -= reason === "closing" ? 1 : 0
    return true
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
      case "backoff":
        return this.left_ > KEPT
      default:
        return true
    }
  }
}

/** `weight`: as many charges of the shop's own weigh as much. */
type Guess = { share: number; weight: number }

function blend(part: number, whole: number, guess: Guess): number {
  return (part + guess.share * guess.weight) / (whole + guess.weight)
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

/** The first index below `count` that fits, if what is after one that fits does too. */
function firstThat(
  count: number,
  fits: (index: number) => boolean
): number | null {
  let [low, high] = [0, Math.floor(count) - 1]
  if (!fits(high)) {
    return null
  }
  while (low < high) {
    const middle = (low + high) >> 1
    if (fits(middle)) {
      high = middle
    } else {
      low = middle + 1
    }
  }
  return low
}

/** What can wait waits together. */
function nextHour(now: Date): Date {
  return new Date((Math.floor(now.getTime() / HOUR_MS) + 1) * HOUR_MS)
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1_000
}

function after(moment: Date, ms: number): Date {
  return new Date(moment.getTime() + ms)
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b
}

function earliest(a: Date, b: Date): Date {
  return a < b ? a : b
}
