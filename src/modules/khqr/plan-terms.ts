import { after, earliest, latest } from "./moment"
import type { Budget } from "./plan"
import {
  NO_PRICE,
  PRICES,
  type Schedules,
  type ShopBelief,
  type WatchKind,
} from "./plan-belief"
import type { Case } from "./plan-case"

/** From issue to closing, in seconds, where nothing is open that tells. */
const USUAL_LIFE = 720

/** Of new charges, those whose shopper stays at the page. */
const WATCHED_SHARE = 0.5

/** Lists that are kept for the end of the day. */
const LIST_MARGIN = 2

/** And so long before it they leave: an answer takes its time, and clocks differ. */
const BEFORE_MIDNIGHT_MS = 30_000

const LONGEST_PATIENCE_S = 4 * 3_600

/** On what terms a day's calls are given away. */
export type Terms = {
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
  /** And if the bank's day is the one that leaves more. */
  mostLeft: number
  /** Of those, what nobody will need. */
  spare: number
  /** Of those, what is left for closings; more than there are, unless the day's calls do not reach. */
  forClosings: number
  /** And how many closings are still to come that will probably find money. */
  likelyClosings: number
}

/** The lowest price at which the day's calls reach, by both calendars. */
export function termsFor(
  cases: Case[],
  windows: Budget["windows"],
  lists: boolean,
  belief: ShopBelief,
  now: Date
): Terms {
  const left = Math.min(...windows.map((window) => window.left))
  const open = new OpenCalls(cases)
  const fits = (price: number, patience = 0) =>
    windows.every(
      (window) =>
        need(open, window.endsAt, price, patience, belief, now) <= window.left
    )
  const price = firstThat(PRICES.length, (at) => fits(at))
  const patience =
    lists && price === null
      ? firstThat(LONGEST_PATIENCE_S / 5, (at) => fits(NO_PRICE, at * 5))
      : 0
  const spare = Math.min(
    ...windows.map(
      ({ left, endsAt }) => left - need(open, endsAt, 0, 0, belief, now)
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
    mostLeft: Math.max(...windows.map((window) => window.left)),
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
  open: OpenCalls,
  until: Date,
  price: number,
  patience: number,
  belief: ShopBelief,
  now: Date
): number {
  if (patience > 0) {
    const perCharge = belief.pays + belief.inVain
    const calls = belief.arrivals.callsUntil(now, until, perCharge, patience)
    return (
      Math.min(open.at(price), 1) + calls + LIST_MARGIN + Math.sqrt(calls) / 4
    )
  }
  const costs = (kind: WatchKind) =>
    belief.schedules(kind, open.life).callsAfter(0, price)
  const perCharge =
    belief.inVain +
    (belief.isSeen || open.isSeen
      ? WATCHED_SHARE * costs("watched") + (1 - WATCHED_SHARE) * costs("away")
      : costs("unseen"))
  return open.at(price) + belief.arrivals.until(now, until) * perCharge
}

/** How many were last asked about at an age between the same two steps. By the step. */
type Alike = Map<number, { asked: number; count: number }>

/** What the open charges will cost, by price. Those that are alike cost the same, and are worked out once. */
class OpenCalls {
  /** From issue to closing, in seconds, of the one that lives the longest. */
  readonly life: number
  /** There is a page that tells whether it is looked at. */
  readonly isSeen: boolean
  protected readonly alike_ = new Map<Schedules, Alike>()
  /** Those with a single question to come. */
  protected single_ = 0
  protected readonly known_ = new Map<number, number>()

  constructor(cases: Case[]) {
    this.life = cases.reduce((longest, { life }) => Math.max(longest, life), 0)
    this.life ||= USUAL_LIFE
    this.isSeen = cases.some(({ kind }) => kind !== "unseen")
    for (const of of cases) {
      if (of.stage === "open") {
        this.count_(of)
      } else {
        this.single_ += of.stage === "late" ? 0 : 1
      }
    }
  }

  /** @param price index into PRICES */
  at(price: number): number {
    const known = this.known_.get(price)
    if (known !== undefined) {
      return known
    }
    let calls = this.single_
    for (const [schedules, alike] of this.alike_) {
      for (const { asked, count } of alike.values()) {
        calls += count * schedules.callsAfter(asked, price)
      }
    }
    this.known_.set(price, calls)
    return calls
  }

  protected count_({ schedules, asked }: Case): void {
    const alike: Alike = this.alike_.get(schedules) ?? new Map()
    const step = schedules.stepOf(asked)
    const known = alike.get(step)
    alike.set(step, { asked, count: (known?.count ?? 0) + 1 })
    this.alike_.set(schedules, alike)
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
  const waiting = cases.filter(
    ({ hasSignal, isStale }) => hasSignal && !isStale
  ).length
  const open = cases.filter(
    ({ stage, hasSignal }) => stage === "open" && !hasSignal
  ).length
  const each = pays * (1 - silent) + inVain
  const toCome = (open + arrivals.until(now, until)) * each
  return waiting + toCome + Math.sqrt(toCome)
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
