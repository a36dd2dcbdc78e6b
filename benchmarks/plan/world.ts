/**
 * The shoppers: when they come, whether, how and when they pay, and what their
 * page tells of it. All shares are guesses, in one place, and most are flags.
 */
import { EXPIRY_GRACE_MS } from "../../src/modules/khqr/state"
import {
  between,
  branch,
  exponential,
  lognormal,
  poisson,
  type Random,
} from "./random"

export const SECOND = 1_000
export const HOUR = 3_600 * SECOND
export const DAY = 24 * HOUR

/** Midnight in Phnom Penh of the first day, a Monday. */
export const BEGIN = Date.parse("2026-11-22T17:00:00Z")

/** A KHQR is shown for so long, ... */
export const LIVES_MS = 600 * SECOND

/** ... and "not found" counts as its end from this age on. */
export const CLOSES_MS = LIVES_MS + EXPIRY_GRACE_MS

export type World = {
  /** Payment sessions a day, on average; day n of the simulation gets entry n modulo the length. */
  sessions: number[]
  days: number
  seed: number
  /** Of all sessions, those that are paid. */
  payers: number
  /** From the KHQR to the payer's confirmation in the bank's app: lognormal, in seconds. */
  median: number
  sigma: number
  /** Of all shoppers, those who would pay on the device that shows the page. */
  sameDevice: number
  /** Of payers who see no answer, those who tap "I have paid". */
  taps: number
  /** Of payments, those that the shop's own systems announce within `announcedWithin`. 0: no such system. */
  announced: number
  /** Relative number of sessions in each hour of the day, from midnight. */
  hours: number[]
}

/**
 * What a Cambodian web shop's day may look like: nobody before seven, a peak at
 * lunch (11 to 14) and a higher one in the evening (18 to 22).
 */
const SHOP_HOURS = [
  0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6, 8, 6, 4, 4, 4, 5, 7, 9, 10, 8, 5, 2,
]

export const DEFAULT_WORLD: World = {
  sessions: [50],
  days: 30,
  seed: 1,
  payers: 0.7,
  median: 40,
  sigma: 0.6,
  sameDevice: 0.75,
  taps: 0.6,
  announced: 0,
  hours: SHOP_HOURS,
}

/** What else is guessed. Times in seconds. */
export const HABITS = {
  /** The page's stream is open this long after the KHQR was made. */
  pageOpens: 0.4,
  /** The bank records a payment this long after the payer's confirmation. */
  recorded: [1, 2],
  /** Who paid on the device of the page is back this long after. */
  back: [1.5, 6],
  /** Of these, who look at the page once more before they pay. */
  backBeforePaying: 0.15,
  /** Back and nothing to see: who taps does so after this long. */
  patience: 8,
  /** Who paid with a phone in front of a screen and taps does so this long after. */
  tapAfter: [3, 15],
  /** Of those who do not pay, on the device of the page: who go to their bank's app and come back. */
  backWithoutPaying: 0.5,
  backWithoutPayingMedian: 40,
  backWithoutPayingSigma: 0.8,
  /** Who does not pay closes the page after this long, on average. */
  leaves: 120,
  /** Of those who do not pay, who tap "I have paid" all the same. */
  falseTaps: 0.05,
  /** A forwarder of the bank's notices is this slow at most. */
  announcedWithin: 3,
} as const

/** What a page, or one of the shop's own systems, does at a moment. */
export type Deed =
  "opens" | "hides" | "closes" | "returned" | "claims_paid" | "announced"

export type Visit = {
  issuedAt: number
  /** When the payer confirmed; `Infinity` for who does not pay. */
  paidAt: number
  /** From when on the bank shows it. */
  recordedAt: number
  /** In order. What comes after the payment was found does not happen. */
  deeds: { at: number; deed: Deed }[]
}

/** All visits, in order; times in epoch ms. */
export function visitsOf(world: World): Visit[] {
  const visits: Visit[] = []
  for (let day = 0; day < world.days; day++) {
    const random = branch(world.seed, day)
    const count = poisson(random, world.sessions[day % world.sessions.length])
    for (let i = 0; i < count; i++) {
      const issuedAt =
        BEGIN + day * DAY + Math.round(HOUR * hourOf(random, world.hours))
      visits.push(visit(random, world, issuedAt))
    }
  }
  return visits.sort((a, b) => a.issuedAt - b.issuedAt)
}

/** `count` shoppers who come within `withinMs`. */
export function rushOf(world: World, count: number, withinMs: number): Visit[] {
  const random = branch(world.seed, 0)
  return Array.from({ length: count }, () =>
    visit(
      random,
      world,
      Math.round(BEGIN + 12 * HOUR + between(random, 0, withinMs))
    )
  ).sort((a, b) => a.issuedAt - b.issuedAt)
}

/** An hour of the day with its fraction. */
function hourOf(random: Random, hours: number[]): number {
  const all = hours.reduce((sum, weight) => sum + weight, 0)
  let at = random() * all
  const hour = hours.findIndex((weight) => (at -= weight) < 0)
  return hour + random()
}

function visit(random: Random, world: World, issuedAt: number): Visit {
  const isSameDevice = random() < world.sameDevice
  const isPayer = random() < world.payers
  const told = isPayer
    ? payer(random, world, isSameDevice)
    : nonPayer(random, isSameDevice)
  const at = (seconds: number) => issuedAt + Math.round(seconds * SECOND)
  return {
    issuedAt,
    paidAt: at(told.paid),
    recordedAt: at(told.recorded),
    deeds: told.deeds
      .map(([seconds, deed]) => ({ at: at(seconds), deed }))
      .sort((a, b) => a.at - b.at),
  }
}

type Told = { paid: number; recorded: number; deeds: [number, Deed][] }

function payer(random: Random, world: World, isSameDevice: boolean): Told {
  const paid = payingTime(random, world)
  const recorded = paid + between(random, ...HABITS.recorded)
  const deeds: [number, Deed][] = [[HABITS.pageOpens, "opens"]]
  const taps = random() < world.taps
  if (isSameDevice) {
    const away = between(random, 0, paid)
    deeds.push([away, "hides"])
    if (random() < HABITS.backBeforePaying) {
      const back = between(random, away, paid)
      deeds.push([back, "returned"], [between(random, back, paid), "hides"])
    }
    const back = paid + between(random, ...HABITS.back)
    deeds.push([back, "returned"])
    if (taps) {
      deeds.push([back + HABITS.patience, "claims_paid"])
    }
  } else if (taps) {
    deeds.push([paid + between(random, ...HABITS.tapAfter), "claims_paid"])
  }
  // Drawn in any case, so that the same shoppers come with and without a forwarder.
  const isAnnounced = random() < world.announced
  const announced = recorded + between(random, 0, HABITS.announcedWithin)
  if (isAnnounced) {
    deeds.push([announced, "announced"])
  }
  return { paid, recorded, deeds }
}

/** The bank's app takes no KHQR whose time is over: who is too slow would be another shopper. */
function payingTime(random: Random, { median, sigma }: World): number {
  for (;;) {
    const seconds = lognormal(random, median, sigma)
    if (seconds < LIVES_MS / SECOND) {
      return seconds
    }
  }
}

function nonPayer(random: Random, isSameDevice: boolean): Told {
  const deeds: [number, Deed][] = [[HABITS.pageOpens, "opens"]]
  let looksFrom: number = HABITS.pageOpens
  if (isSameDevice && random() < HABITS.backWithoutPaying) {
    const back = lognormal(
      random,
      HABITS.backWithoutPayingMedian,
      HABITS.backWithoutPayingSigma
    )
    deeds.push([between(random, 0, back), "hides"], [back, "returned"])
    looksFrom = back
  }
  const leaves = looksFrom + exponential(random, HABITS.leaves)
  deeds.push([leaves, "closes"])
  if (random() < HABITS.falseTaps) {
    deeds.push([between(random, looksFrom, leaves), "claims_paid"])
  }
  return { paid: Infinity, recorded: Infinity, deeds }
}

/** Worlds that the plan has not seen when it was made. */
export const TRACES: { name: string; changes: Partial<World> }[] = [
  {
    name: "50 a day, fast payers (25 s, 0.4)",
    changes: { sessions: [50], median: 25, sigma: 0.4 },
  },
  {
    name: "50 a day, slow payers (90 s, 0.9)",
    changes: { sessions: [50], median: 90, sigma: 0.9 },
  },
  {
    name: "50 a day, few signals (same device 0.3, taps 0.3)",
    changes: { sessions: [50], sameDevice: 0.3, taps: 0.3 },
  },
  {
    name: "50 a day, rush (60 % from 19 to 21)",
    changes: { sessions: [50], hours: rushHours(19, 2, 0.6) },
  },
  { name: "100 and 15 a day in turn", changes: { sessions: [100, 15] } },
]

/** The shop's day with `share` of all sessions in `count` hours. */
function rushHours(from: number, count: number, share: number): number[] {
  const isRush = (hour: number) => hour >= from && hour < from + count
  const others = SHOP_HOURS.reduce(
    (sum, weight, hour) => sum + (isRush(hour) ? 0 : weight),
    0
  )
  return SHOP_HOURS.map((weight, hour) =>
    isRush(hour) ? share / count : ((1 - share) * weight) / others
  )
}
