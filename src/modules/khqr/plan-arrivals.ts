import type { ShopHistory } from "./plan"

const HOUR_MS = 3_600_000
const PHNOM_PENH_HOURS = 7

/** How many charges a shop without a past is thought to issue a day, and by what hour (in Phnom Penh). */
const GUESS_PER_DAY = 60
const GUESS_PROFILE = [
  1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, 4, 5, 5.5, 6, 6, 5, 5, 5, 5.5, 6, 6.5, 7.5,
  7.5, 6.5, 5, 3,
]
const GUESS_RATES = GUESS_PROFILE.map(
  (share) =>
    (share / GUESS_PROFILE.reduce((sum, other) => sum + other, 0)) *
    GUESS_PER_DAY
)
/** The guess counts as much as this part of a day. */
const GUESS_DAYS = 0.25

/** What is a week old counts half. */
const HALF_LIFE_DAYS = 7

/** By how much today may differ from the other days before it is believed: as many charges. */
const DOUBT_OF_TODAY = 8
/** A shop that is not a day old believes what it sees sooner. */
const DOUBT_OF_FIRST_DAY = 1
/** The shop's day begins while nobody buys. */
const DAY_BEGINS = 4

/** An hour that is so many times the usual one, and more than so many charges above it, is a burst. */
const BURST = 3
const BURST_AND = 5

/** How many more than expected are planned for, in standard deviations. */
const CAUTION = 0.9
/** Where few are expected, a few more come easily. */
const FEW = 4
/** Days differ by more than chance. */
const OVERDISPERSION = 0.05

/** How many charges are still to come, by the shop's own hours and by how busy today is. */
export class Arrivals {
  /** By the hour of the day in Phnom Penh. */
  protected readonly rates_: number[]
  protected readonly today_: number
  /** By what share it may well be off. */
  protected readonly doubt_: number

  /** @param now When `arrivals` was read, or later. */
  constructor(arrivals: ShopHistory["arrivals"], now: Date) {
    const thisHour = Math.floor(now.getTime() / HOUR_MS)
    const known = withoutBursts(
      arrivals.filter(({ hour }) => hour <= thisHour),
      thisHour
    )
    this.rates_ = ratesOf(known, thisHour)
    const begin = thisHour - ((hourOfDay(thisHour) - DAY_BEGINS + 24) % 24)
    const today = known.filter(({ hour }) => hour >= begin)
    const seen = today.reduce((sum, { charges }) => sum + charges, 0)
    const expected = this.usual_(new Date(begin * HOUR_MS), now)
    const isFirst = !known.some(({ hour }) => hour <= thisHour - 24)
    const doubt = isFirst ? DOUBT_OF_FIRST_DAY : DOUBT_OF_TODAY
    this.today_ = (doubt + seen) / (doubt + expected)
    this.doubt_ = isFirst ? 1 / Math.sqrt(doubt + seen) : 0
  }

  /** As many as may well come, nine days of ten. */
  until(from: Date, to: Date): number {
    const mean = this.usual_(from, to) * this.today_
    const more = (OVERDISPERSION + this.doubt_) * mean
    return mean + CAUTION * Math.sqrt(mean + FEW + more ** 2)
  }

  /**
   * How many calls those cost that come as rarely as this: after each call nothing is
   * asked until something new happens, and then for another `patience` seconds, so that
   * what happens meanwhile shares the call.
   * @param perCharge what happens to a charge that would be worth a call
   */
  callsUntil(
    from: Date,
    to: Date,
    perCharge: number,
    patience: number
  ): number {
    return this.sum_(from, to, (perHour) => {
      const happens =
        perHour * this.today_ * (1 + CAUTION * this.doubt_) * perCharge
      return happens / (1 + (happens * patience) / 3_600)
    })
  }

  protected usual_(from: Date, to: Date): number {
    return this.sum_(from, to, (perHour) => perHour)
  }

  protected sum_(
    from: Date,
    to: Date,
    of: (perHour: number) => number
  ): number {
    let sum = 0
    let at = from.getTime()
    while (at < to.getTime()) {
      const hour = Math.floor(at / HOUR_MS)
      const end = Math.min((hour + 1) * HOUR_MS, to.getTime())
      sum += (of(this.rates_[hourOfDay(hour)]) * (end - at)) / HOUR_MS
      at = end
    }
    return sum
  }
}

/** Of each hour, no more than is plausible beside the same hour of the other days: a flash sale or a script is no habit. */
function withoutBursts(
  arrivals: ShopHistory["arrivals"],
  thisHour: number
): ShopHistory["arrivals"] {
  const days = Math.ceil((thisHour - (arrivals[0]?.hour ?? thisHour) + 1) / 24)
  const sums = GUESS_RATES.map(() => 0)
  for (const { hour, charges } of arrivals) {
    sums[hourOfDay(hour)] += charges
  }
  return arrivals.map(({ hour, charges }) => {
    const others = (sums[hourOfDay(hour)] - charges) / Math.max(1, days - 1)
    const usual = Math.max(others, GUESS_RATES[hourOfDay(hour)])
    return { hour, charges: Math.min(charges, BURST * usual + BURST_AND) }
  })
}

function ratesOf(
  arrivals: ShopHistory["arrivals"],
  thisHour: number
): number[] {
  const counts = GUESS_RATES.map((rate) => rate * GUESS_DAYS)
  const days = GUESS_PROFILE.map(() => GUESS_DAYS)
  const first = arrivals[0]?.hour ?? thisHour
  // This hour is not over.
  for (let hour = first; hour < thisHour; hour++) {
    days[hourOfDay(hour)] += weightOf(hour, thisHour)
  }
  for (const { hour, charges } of arrivals) {
    if (hour < thisHour) {
      counts[hourOfDay(hour)] += charges * weightOf(hour, thisHour)
    }
  }
  return counts.map((count, hour) => count / days[hour])
}

function weightOf(hour: number, thisHour: number): number {
  return 0.5 ** ((thisHour - hour) / 24 / HALF_LIFE_DAYS)
}

function hourOfDay(hour: number): number {
  return (hour + PHNOM_PENH_HOURS) % 24
}
