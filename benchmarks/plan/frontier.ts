/**
 * The best that fixed times can do: the same signals, closing questions and quota as ours,
 * and fallback questions at ages that a search chose for these very arrivals, which no
 * shop could know. What the plan is held against.
 */
import { claim, freshQuota } from "../../src/modules/khqr/quota"
import { SIGNAL_COOLDOWN_MS } from "../../src/modules/khqr/pace"
import { dayOf, nextReset } from "./bank"
import { figuresOf, type Figures, type Run } from "./measure"
import { LATENCY_MS, type Rules } from "./ours"
import { Queue } from "./queue"
import { between, branch, type Random } from "./random"
import { BEGIN, CLOSES_MS, DAY, HOUR, SECOND, type Visit } from "./world"

export type Schedule = {
  /** Seconds since the issue, rising. */
  fallbacks: number[]
  /** Of a day's calls, what fallback questions leave for signals and closings. */
  kept: number
  /** And what closings leave for signals: where the day's calls do not reach, those are worth more. */
  keptForSignals: number
  /** With lists, all in seconds: a signal waits so long for company, ... */
  window: number
  /** ... what is over waits so long, ... */
  closingWindow: number
  /** ... and while any is open all are asked about so long after the last call. */
  period: number
}

const AT_ONCE: Schedule = {
  fallbacks: [],
  kept: 0,
  keptForSignals: 0,
  window: 0,
  closingWindow: 0,
  period: Infinity,
}

/** What a schedule is to be best at. */
export type Goal = "p95" | "mean"

/** As ours: a day begins when it has begun at the bank too. */
const CLOCK_SKEW_MS = 5 * SECOND

/**
 * Calls at a period may leave none for the closings, each day anew: a schedule that has
 * not ended by then never ends, and counts as refused without end.
 */
const ENDS_WITHIN_MS = 60 * DAY

// A search reads these millions of times, and each look at an import is a call.
const COOLDOWN_MS = SIGNAL_COOLDOWN_MS
const LOOKS_AFTER_MS = LATENCY_MS / 2
const ANSWERS_AFTER_MS = LATENCY_MS

type Purpose = "fallback" | "signal" | "closing"

/** The day's calls as the gate grants them, without its machinery: a search asks millions of times. */
export class Counter {
  calls = 0
  held = 0
  protected readonly most_: Record<Purpose, number>
  protected readonly isDeferring_: boolean
  /** Since midnight in Phnom Penh and since midnight UTC. */
  protected days_ = [NaN, NaN]
  protected used_ = [0, 0]

  constructor(
    limit: number | null,
    { kept, keptForSignals }: Pick<Schedule, "kept" | "keptForSignals">
  ) {
    const forChecks = granted(limit, "check")
    this.isDeferring_ = keptForSignals > 0
    this.most_ = {
      fallback: forChecks - kept,
      signal: forChecks,
      closing: granted(limit, "closing") - keptForSignals,
    }
  }

  grants(at: number, purpose: Purpose): boolean {
    const phnomPenh = dayOf(at - CLOCK_SKEW_MS, "phnom-penh")
    const utc = dayOf(at - CLOCK_SKEW_MS, "utc")
    if (phnomPenh !== this.days_[0]) {
      this.used_[0] = 0
    }
    if (utc !== this.days_[1]) {
      this.used_[1] = 0
    }
    this.days_ = [phnomPenh, utc]
    if (Math.max(this.used_[0], this.used_[1]) >= this.most_[purpose]) {
      // A fallback for which no call is left is left out, and so is a closing by purpose.
      const isMeant =
        purpose === "fallback" || (purpose === "closing" && this.isDeferring_)
      this.held += isMeant ? 0 : 1
      return false
    }
    this.used_[0]++
    this.used_[1]++
    this.calls++
    return true
  }
}

const grantedBefore = new Map<string, number>()

/** How many calls of this purpose the gate grants on a day without others. */
function granted(limit: number | null, purpose: "check" | "closing"): number {
  if (limit === null) {
    return Infinity
  }
  const key = `${limit} ${purpose}`
  const known = grantedBefore.get(key) ?? countGranted(limit, purpose)
  grantedBefore.set(key, known)
  return known
}

function countGranted(limit: number, purpose: "check" | "closing"): number {
  const now = new Date(BEGIN + HOUR)
  let state = freshQuota(now)
  for (let calls = 0; ; calls++) {
    const leave = claim(state, limit, purpose, now)
    if (!leave.granted || leave.ticket.probe) {
      return calls
    }
    state = leave.state
  }
}

/** Signals of a visit, in order. Computed once for a search. */
export type Prepared = {
  visits: Visit[]
  signals: number[][]
}

export function prepare(visits: Visit[]): Prepared {
  return {
    visits,
    signals: visits.map(({ deeds }) =>
      deeds
        .filter(({ deed }) =>
          ["returned", "claims_paid", "announced"].includes(deed)
        )
        .map(({ at }) => at)
    ),
  }
}

export function runSchedule(
  prepared: Prepared,
  rules: Rules,
  schedule: Schedule
): Run {
  return rules.lists
    ? runBatches(prepared, rules, schedule)
    : runSingles(prepared, rules, schedule)
}

type Watched = {
  visit: number
  closesAt: number
  askedAt: number
  signal: number
  fallback: number
}

/** One call, one charge. */
function runSingles(
  { visits, signals }: Prepared,
  rules: Rules,
  schedule: Schedule
): Run {
  const counter = new Counter(rules.limit, schedule)
  const foundAt = new Float64Array(visits.length).fill(Infinity)
  const queue = new Queue<Watched>()
  const ages = schedule.fallbacks.map((age) => age * SECOND)

  /** The next moment that is worth a question. */
  const next = (watched: Watched): number => {
    const { issuedAt } = visits[watched.visit]
    const own = signals[watched.visit]
    const soonest = watched.askedAt + COOLDOWN_MS
    passSignals(watched, own)
    while (
      watched.fallback < ages.length &&
      issuedAt + ages[watched.fallback] < soonest
    ) {
      watched.fallback++
    }
    const signalled =
      watched.signal < own.length
        ? Math.max(own[watched.signal], soonest)
        : Infinity
    const planned =
      watched.fallback < ages.length
        ? issuedAt + ages[watched.fallback]
        : Infinity
    return Math.min(signalled, planned, watched.closesAt)
  }

  let arrivals = 0
  for (;;) {
    const issuedAt = visits[arrivals]?.issuedAt ?? Infinity
    if (issuedAt <= queue.nextAt) {
      if (issuedAt === Infinity) {
        break
      }
      const watched = watch(arrivals++, issuedAt)
      queue.push(next(watched), watched)
      continue
    }
    const { at, what: watched } = queue.pop()!
    const isClosing = at >= watched.closesAt
    const own = signals[watched.visit]
    const isSignal = watched.signal < own.length && own[watched.signal] <= at
    const isGranted = counter.grants(
      at,
      isClosing ? "closing" : isSignal ? "signal" : "fallback"
    )
    watched.askedAt = at
    if (isGranted && visits[watched.visit].recordedAt <= at + LOOKS_AFTER_MS) {
      foundAt[watched.visit] = at + ANSWERS_AFTER_MS
    } else if (!isClosing) {
      queue.push(next(watched), watched)
    } else if (!isGranted) {
      watched.closesAt = nextMidnight(at)
      queue.push(watched.closesAt, watched)
    }
  }
  return runOf(counter, foundAt)
}

/** One call for all that are open. */
function runBatches(
  { visits, signals }: Prepared,
  rules: Rules,
  schedule: Schedule
): Run {
  const counter = new Counter(rules.limit, schedule)
  const foundAt = new Float64Array(visits.length).fill(Infinity)
  const ages = schedule.fallbacks.map((age) => age * SECOND)
  const window = schedule.window * SECOND
  const closingWindow = schedule.closingWindow * SECOND
  const period = schedule.period * SECOND
  let open: Watched[] = []
  /** Of those that are open, the first that is due: only a call or an arrival changes it. */
  let earliest = Infinity
  let arrivals = 0
  let calledAt = -Infinity
  const endsAt = (visits.at(-1)?.issuedAt ?? 0) + ENDS_WITHIN_MS

  const dueAt = (watched: Watched): number => {
    const { issuedAt } = visits[watched.visit]
    const own = signals[watched.visit]
    const { askedAt } = watched
    passSignals(watched, own)
    while (
      watched.fallback < ages.length &&
      issuedAt + ages[watched.fallback] <= askedAt
    ) {
      watched.fallback++
    }
    return Math.min(
      Math.max(
        watched.signal < own.length ? own[watched.signal] + window : Infinity,
        askedAt + COOLDOWN_MS
      ),
      watched.fallback < ages.length
        ? issuedAt + ages[watched.fallback]
        : Infinity,
      watched.closesAt + closingWindow
    )
  }

  for (;;) {
    let at = open.length > 0 ? Math.min(calledAt + period, earliest) : Infinity
    const issuedAt = visits[arrivals]?.issuedAt ?? Infinity
    // After a pause of arrivals the period begins anew.
    at = Math.max(at, open.length > 0 ? visits[open[0].visit].issuedAt : 0)
    if (issuedAt <= at) {
      if (issuedAt === Infinity) {
        break
      }
      const watched = watch(arrivals++, issuedAt)
      open.push(watched)
      earliest = Math.min(earliest, dueAt(watched))
      calledAt = open.length === 1 ? Math.max(calledAt, issuedAt) : calledAt
      continue
    }
    if (at > endsAt) {
      counter.held = Infinity
      break
    }
    const isClosing = open.some(({ closesAt }) => closesAt <= at)
    const isSignal = open.some(
      ({ visit, signal }) => signals[visit][signal] <= at
    )
    calledAt = at
    const isGranted = counter.grants(
      at,
      isClosing ? "closing" : isSignal ? "signal" : "fallback"
    )
    open.forEach((watched) => (watched.askedAt = at))
    if (isGranted) {
      open = open.filter(({ visit, closesAt }) => {
        if (visits[visit].recordedAt <= at + LOOKS_AFTER_MS) {
          foundAt[visit] = at + ANSWERS_AFTER_MS
          return false
        }
        return closesAt > at
      })
    } else if (isClosing) {
      const reset = nextMidnight(at)
      for (const watched of open) {
        if (watched.closesAt <= at) {
          watched.closesAt = reset
        }
      }
    }
    earliest = open.reduce(
      (first, watched) => Math.min(first, dueAt(watched)),
      Infinity
    )
  }
  return runOf(counter, foundAt)
}

function watch(visit: number, issuedAt: number): Watched {
  return {
    visit,
    closesAt: issuedAt + CLOSES_MS,
    askedAt: -Infinity,
    signal: 0,
    fallback: 0,
  }
}

/** A question answers all signals that came before it. */
function passSignals(watched: Watched, signals: number[]): void {
  while (
    watched.signal < signals.length &&
    signals[watched.signal] <= watched.askedAt
  ) {
    watched.signal++
  }
}

/** The nearer of the two at which there may be calls again. */
function nextMidnight(at: number): number {
  const since = at - CLOCK_SKEW_MS
  return (
    Math.min(nextReset(since, "phnom-penh"), nextReset(since, "utc")) +
    CLOCK_SKEW_MS
  )
}

function runOf({ calls, held }: Counter, foundAt: Float64Array): Run {
  return { foundAt, calls, refused: 0, held, falseExpiries: 0 }
}

export type Found = { schedule: Schedule; figures: Figures; tried: number }

const MOST_FALLBACKS = 8
const OLDEST_S = CLOSES_MS / SECOND - 4
const RESTARTS = 3

/**
 * Coordinate descent: one more fallback at the best place, then each moved in ever smaller
 * steps, for every number of fallbacks; and the same from some random beginnings. First
 * as many orders as possible are to be found the same day, then no call is to be refused,
 * then the goal is to be least.
 */
export function searchSchedule(
  prepared: Prepared,
  rules: Rules,
  goal: Goal,
  seed: number
): Found {
  const random = branch(seed, 77)
  const search = new Search(prepared, rules, goal)
  let best = search.descend(search.try(AT_ONCE))
  if (rules.lists) {
    for (const window of [5, 15, 30, 60, 120, 200, 300, 400, 550]) {
      for (const period of [Infinity, 600, 300]) {
        best = search.better(
          best,
          search.try({ ...AT_ONCE, window, closingWindow: window, period })
        )
      }
    }
    best = search.descend(best)
  }
  let latest = best
  for (let count = 1; count <= MOST_FALLBACKS; count++) {
    const more = search.descend(search.withOneMore(latest))
    // Two that bring nothing: more will not either.
    const gains = search.isBetter(more, best)
    if (!gains && latest !== best) {
      break
    }
    best = gains ? more : best
    latest = more
  }
  for (let restart = 0; restart < RESTARTS; restart++) {
    const count = Math.max(1, best.schedule.fallbacks.length)
    const begun = search.try({
      ...best.schedule,
      fallbacks: randomAges(random, count),
    })
    best = search.better(best, search.descend(begun))
  }
  return { ...best, tried: search.tried }
}

type Tried = { schedule: Schedule; figures: Figures }

class Search {
  tried = 0
  /** A descent comes back to where it has been. */
  protected readonly known_ = new Map<string, Tried>()

  constructor(
    protected readonly prepared_: Prepared,
    protected readonly rules_: Rules,
    protected readonly goal_: Goal
  ) {}

  try(schedule: Schedule): Tried {
    this.tried++
    const key = keyOf(schedule)
    const known = this.known_.get(key)
    if (known) {
      return known
    }
    const run = runSchedule(this.prepared_, this.rules_, schedule)
    const tried = {
      schedule,
      figures: figuresOf(this.prepared_.visits, run, this.rules_.bankDay),
    }
    this.known_.set(key, tried)
    return tried
  }

  isBetter(a: Tried, b: Tried): boolean {
    const missed = ({ figures }: Tried) =>
      (1 - figures.sameDay) * figures.orders + figures.held / 1_000
    const [missedA, missedB] = [missed(a), missed(b)]
    // A hundredth of a second is no gain.
    return (
      missedA < missedB ||
      (missedA === missedB &&
        a.figures[this.goal_] < b.figures[this.goal_] - 0.01)
    )
  }

  better(a: Tried, b: Tried): Tried {
    return this.isBetter(b, a) ? b : a
  }

  withOneMore({ schedule }: Tried): Tried {
    let best: Tried | null = null
    for (let age = 5; age < OLDEST_S; age *= 1.2) {
      const tried = this.try({
        ...schedule,
        fallbacks: sorted([...schedule.fallbacks, Math.round(age)]),
      })
      best = best === null ? tried : this.better(best, tried)
    }
    return best!
  }

  descend(from: Tried): Tried {
    let best = from
    for (const step of [1.5, 1.2, 1.07, 1.02]) {
      for (let rounds = 0; rounds < 6; rounds++) {
        const before = best
        for (const moved of this.moves_(best.schedule, step)) {
          best = this.better(best, this.try(moved))
        }
        if (best === before) {
          break
        }
      }
    }
    return best
  }

  protected moves_(schedule: Schedule, step: number): Schedule[] {
    const { fallbacks, kept, keptForSignals } = schedule
    const moves: Schedule[] = [kept - 5, kept + 5]
      .filter((to) => this.rules_.limit !== null && to >= 0 && to <= 60)
      .map((to) => ({ ...schedule, kept: to }))
    moves.push(
      ...[keptForSignals - 5, keptForSignals + 5, keptForSignals + 30]
        .filter((to) => this.rules_.limit !== null && to >= 0 && to <= 90)
        .map((to) => ({ ...schedule, keptForSignals: to }))
    )
    const shifted = fallbacks.flatMap((age, i) =>
      [age * step, age / step]
        .filter((moved) => moved >= 3 && moved <= OLDEST_S)
        .map((moved) => ({
          ...schedule,
          fallbacks: sorted(
            fallbacks.map((old, at) => (at === i ? moved : old))
          ),
        }))
    )
    moves.push(...shifted)
    if (!this.rules_.lists) {
      return moves
    }
    const { window, closingWindow, period } = schedule
    return [
      ...moves,
      ...moved(window, step, 3_600).map((to) => ({ ...schedule, window: to })),
      ...moved(closingWindow, step, 7_200).map((to) => ({
        ...schedule,
        closingWindow: to,
      })),
      ...moved(period, step, 7_200).map((to) => ({ ...schedule, period: to })),
    ]
  }
}

function keyOf(schedule: Schedule): string {
  const { fallbacks, kept, keptForSignals, window, closingWindow, period } =
    schedule
  return [
    kept,
    keptForSignals,
    window,
    closingWindow,
    period,
    ...fallbacks,
  ].join()
}

function moved(value: number, step: number, most: number): number[] {
  return value === Infinity
    ? [most]
    : [Math.min(most, value * step + 1), value / step]
}

function sorted(ages: number[]): number[] {
  return [...ages].sort((a, b) => a - b)
}

function randomAges(random: Random, count: number): number[] {
  return sorted(
    Array.from({ length: count }, () =>
      Math.exp(between(random, Math.log(5), Math.log(OLDEST_S)))
    )
  )
}
