import type { ShopHistory } from "./plan"
import { Arrivals } from "./plan-arrivals"
import { PaymentTimes } from "./plan-payments"
import { Grid, Schedule, type Belief } from "./plan-schedule"
import type { SignalKind } from "./types"

/** Prices that are tried, in seconds of waiting: from one second, below which questions buy nothing anybody notices, to hours. */
export const PRICES = Array.from({ length: 74 }, (_, step) => 1.12 ** step)
export const NO_PRICE = PRICES.length - 1

/** Guesses, until the shop's own charges outweigh them. */
const GUESSED_PAYS = { share: 0.7, weight: 12 }

/**
 * Who watches all the time pays with another device and has no reason to come back; who is
 * away does. A page that does not tell whether it is looked at may tell nothing at all.
 */
const GUESSED_SILENT: Record<WatchKind | "any", Guess> = {
  any: { share: 0.15, weight: 20 },
  unseen: { share: 0.5, weight: 20 },
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

/** `unseen`: no page of this shop's tells whether it is looked at. */
export type WatchKind = "watched" | "away" | "unseen"

/** What a shop's past says, worked out once. */
export class ShopBelief {
  readonly pays: number
  readonly silent: number
  /** Signals in vain per charge. */
  readonly inVain: number
  /** Pages of this shop's tell whether they are looked at. */
  readonly isSeen: boolean
  readonly arrivals: Arrivals
  protected readonly silentOf_: Record<WatchKind, number>
  protected readonly times_: PaymentTimes
  /** By the life. */
  protected readonly grids_ = new Map<number, Grid>()
  protected readonly schedules_: Record<WatchKind, Map<number, Schedules>> = {
    unseen: new Map(),
    watched: new Map(),
    away: new Map(),
  }

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
    this.isSeen = payments.some(({ watched }) => watched !== null)
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

  /** @param life from issue to closing, in seconds */
  schedules(kind: WatchKind, life: number): Schedules {
    const ofKind = this.schedules_[kind]
    const known = ofKind.get(life)
    if (known) {
      return known
    }
    const belief = { pays: this.pays, silent: this.silentOf_[kind] }
    const made = new Schedules(this.grid_(life), belief)
    ofKind.set(life, made)
    return made
  }

  protected grid_(life: number): Grid {
    const known = this.grids_.get(life)
    const grid = known ?? new Grid(this.times_, life)
    this.grids_.set(life, grid)
    return grid
  }
}

/** When to ask about charges of one kind and one life, at each price. */
export class Schedules {
  /** By the price. */
  protected readonly made_: (Schedule | undefined)[] = []

  constructor(
    protected readonly grid_: Grid,
    protected readonly belief_: Belief
  ) {}

  /** @param price index into PRICES */
  at(price: number): Schedule {
    return (this.made_[price] ??= new Schedule(
      this.grid_,
      this.belief_,
      PRICES[price]
    ))
  }

  /** Ages between the same two steps have the same schedule. */
  stepOf(age: number): number {
    return this.grid_.indexOf(age)
  }

  /** The age by which nine in ten have paid of those who pay. */
  mostPaidBy(): number {
    const { ages, paid } = this.grid_
    return ages[
      Math.max(
        0,
        paid.findIndex((share) => share >= 0.9)
      )
    ]
  }

  /** Calls that a charge costs after a question at the age `asked`, its last one among them. */
  callsAfter(asked: number, price: number): number {
    const { pays, silent } = this.belief_
    const toCome = 1 - this.grid_.paid[this.stepOf(asked)]
    const signalled = pays * (1 - silent) * toCome
    return (
      this.at(price).questionsAfter(asked) +
      signalled / (1 - pays + pays * toCome)
    )
  }
}

/** The same reading of the shop's past serves until it is read again. */
const BELIEFS = new WeakMap<ShopHistory, ShopBelief>()

export function beliefOf(shop: ShopHistory, now: Date): ShopBelief {
  const belief = BELIEFS.get(shop) ?? new ShopBelief(shop, now)
  BELIEFS.set(shop, belief)
  return belief
}

/** `weight`: as many charges of the shop's own weigh as much. */
type Guess = { share: number; weight: number }

function blend(part: number, whole: number, guess: Guess): number {
  return (part + guess.share * guess.weight) / (whole + guess.weight)
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
