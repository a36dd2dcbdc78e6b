/**
 * How many questions a paid order costs and how long a payment waits to be found, beside
 * other ways of asking, on the same seeded arrivals and a virtual clock
 * (`npm run bench -- --only plan`). Ours is the real plan with the real rules of the gateway;
 * the others are our restatement of their schedules. docs/benchmarks.md explains each part.
 */
import type { BankDay } from "./bank"
import { prepare, searchSchedule, type Found } from "./frontier"
import { figuresOf, type Figures, type Run } from "./measure"
import { runOurs, type Rules } from "./ours"
import { POLLERS, runPoller } from "./pollers"
import { TARGETS, type Wanted } from "./targets"
import {
  DEFAULT_WORLD,
  rushOf,
  SECOND,
  TRACES,
  visitsOf,
  type Visit,
  type World,
} from "./world"

export type PlanOptions = Pick<
  World,
  | "sessions"
  | "days"
  | "seed"
  | "payers"
  | "median"
  | "sigma"
  | "sameDevice"
  | "taps"
  | "announced"
> & {
  quota: number | null | "both"
  lists: boolean | "both"
  bankDay: BankDay | "worse"
  parts: ("loads" | "traces")[]
}

export type Row = {
  world: string
  quota: string
  lists: string
  row: string
  "calls/order": Shown
  "calls ratio": Shown
  p50: Shown
  p95: Shown
  p99: Shown
  mean: Shown
  "p95 ratio": Shown
  "same day %": Shown
  refused: number
  "false expiries": number
}

/** What never ends, or cannot be divided, is told by a word: JSON knows no infinity. */
type Shown = number | "never" | "-"

/** One world under one set of rules, and what each way of asking made of it. */
export type Setting = {
  world: string
  sessions: number
  rules: Rules
  ours: Figures
  /** Of the first three days, before the shop has a past. */
  early: Figures
  announced: Figures | null
  pollers: { name: string; figures: Figures }[]
  byP95: Found | null
  byMean: Found | null
  rows: Row[]
}

/** Where questions cost nothing nothing is learned either, and there are very many. */
const UNLIMITED_DAYS = 4
/** A shop whose sessions are more than its calls falls further behind each day; this many show it. */
const OVERLOADED_DAYS = 5
const EARLY_DAYS = 3
const RUSH = 200
const RUSH_WITHIN_MS = 20 * SECOND

/** One setting that is still to be measured, as plain data: it is done in a thread of its own. */
export type Task = {
  name: string
  world: World
  limit: number | null
  lists: boolean
  bankDay: PlanOptions["bankDay"]
  /** Of the row that has a forwarder; `null`: all come at once, and there is no such row. */
  announced: number | null
}

/** What is to be measured, in the order of the table. */
export function tasksOf(options: PlanOptions): Task[] {
  const { parts } = options
  return [
    ...(parts.includes("loads") ? loadsOf(options) : []),
    ...(parts.includes("loads") ? rushesOf(options) : []),
    ...(parts.includes("traces") ? tracesOf(options) : []),
  ]
}

export function measure(task: Task): Setting {
  return task.announced === null ? atOnce(task) : dayByDay(task, task.announced)
}

export function tell(settings: Setting[]): { rows: Row[]; wanted: Wanted[] } {
  return {
    rows: settings.flatMap(({ rows }) => rows),
    wanted: TARGETS.flatMap((target) => target(settings)),
  }
}

function loadsOf(options: PlanOptions): Task[] {
  const { quota, bankDay, announced } = options
  const quotas = quota === "both" ? [100, null] : [quota]
  return quotas.flatMap((limit) =>
    listsOf(options).flatMap((lists) =>
      options.sessions.map((sessions) => ({
        name: `${sessions} a day`,
        world: {
          ...worldOf(options),
          sessions: [sessions],
          days: Math.min(options.days, mostDays(sessions, limit, lists)),
        },
        limit,
        lists,
        bankDay,
        announced,
      }))
    )
  )
}

function mostDays(
  sessions: number,
  limit: number | null,
  lists: boolean
): number {
  if (limit === null) {
    return UNLIMITED_DAYS
  }
  return !lists && sessions > limit ? OVERLOADED_DAYS : Infinity
}

/** Without a quota: as many open at once as the issue names. */
function rushesOf(options: PlanOptions): Task[] {
  if (options.quota !== "both" && options.quota !== null) {
    return []
  }
  return listsOf(options).map((lists) => ({
    name: `${RUSH} at once`,
    world: { ...worldOf(options), sessions: [RUSH] },
    limit: null,
    lists,
    bankDay: "utc",
    announced: null,
  }))
}

function tracesOf(options: PlanOptions): Task[] {
  const { bankDay, announced } = options
  return TRACES.map(({ name, changes }) => ({
    name,
    world: { ...worldOf(options), ...changes },
    limit: 100,
    lists: false,
    bankDay,
    announced,
  }))
}

function listsOf({ lists }: PlanOptions): boolean[] {
  return lists === "both" ? [false, true] : [lists]
}

function worldOf(options: PlanOptions): World {
  const { days, seed, payers, median, sigma, sameDevice, taps } = options
  return {
    ...DEFAULT_WORLD,
    days,
    seed,
    payers,
    median,
    sigma,
    sameDevice,
    taps,
  }
}

function atOnce({ name, world, lists }: Task): Setting {
  const rules: Rules = { limit: null, lists, bankDay: "utc" }
  const visits = rushOf(world, RUSH, RUSH_WITHIN_MS)
  return told(name, RUSH, rules, visits, {
    ours: runOurs(visits, rules),
    announced: null,
    isSearched: false,
    seed: world.seed,
  })
}

function dayByDay(
  { name, world, limit, lists, bankDay }: Task,
  share: number
): Setting {
  const visits = visitsOf(world)
  const { rules, run } = worst(visits, { limit, lists }, bankDay)
  const announced = visitsOf({ ...world, announced: share })
  return told(name, world.sessions[0], rules, visits, {
    ours: run,
    announced: {
      visits: announced,
      run: runOurs(announced, rules),
    },
    isSearched: limit !== null,
    seed: world.seed,
  })
}

/** Under the calendar that is worse for us, if nobody has said which. */
function worst(
  visits: Visit[],
  rest: Omit<Rules, "bankDay">,
  bankDay: PlanOptions["bankDay"]
): { rules: Rules; run: Run } {
  const days: BankDay[] =
    bankDay !== "worse"
      ? [bankDay]
      : rest.limit === null
        ? ["utc"]
        : ["utc", "phnom-penh"]
  const tried = days.map((day) => {
    const rules = { ...rest, bankDay: day }
    const run = runOurs(visits, rules)
    return { rules, run, figures: figuresOf(visits, run, day) }
  })
  return tried.reduce((worse, other) =>
    other.figures.sameDay < worse.figures.sameDay ||
    (other.figures.sameDay === worse.figures.sameDay &&
      other.figures.p95 > worse.figures.p95)
      ? other
      : worse
  )
}

type Runs = {
  ours: Run
  announced: { visits: Visit[]; run: Run } | null
  isSearched: boolean
  seed: number
}

function told(
  world: string,
  sessions: number,
  rules: Rules,
  visits: Visit[],
  runs: Runs
): Setting {
  const { bankDay, limit, lists } = rules
  const figures = (run: Run) => figuresOf(visits, run, bankDay)
  const ours = figures(runs.ours)
  const early = figuresOf(visits, runs.ours, bankDay, [0, EARLY_DAYS])
  const announced =
    runs.announced &&
    figuresOf(runs.announced.visits, runs.announced.run, bankDay)
  const pollers = POLLERS.map((poller) => ({
    name: poller.name,
    figures: figures(runPoller(visits, rules, poller)),
  }))
  // It ends where it has found its order, and so needs fewer than one that is refused.
  const free =
    limit === null
      ? null
      : figures(runPoller(visits, { ...rules, limit: null }, POLLERS[0]))
  const prepared = prepare(visits)
  const search = (goal: "p95" | "mean") =>
    runs.isSearched ? searchSchedule(prepared, rules, goal, runs.seed) : null
  const byP95 = search("p95")
  const byMean = search("mean")
  const row = (name: string, figures: Figures, hasCalls = true): Row => ({
    world,
    quota:
      limit === null
        ? "none"
        : `${limit}${bankDay === "utc" ? " (day from 07:00)" : " (day from 00:00)"}`,
    lists: lists ? "on" : "off",
    row: name,
    "calls/order": hasCalls ? shown(figures.callsPerOrder) : "-",
    "calls ratio": hasCalls
      ? shown(figures.callsPerOrder / ours.callsPerOrder)
      : "-",
    p50: shown(figures.p50),
    p95: shown(figures.p95),
    p99: shown(figures.p99),
    mean: shown(figures.mean),
    "p95 ratio": shown(figures.p95 / ours.p95),
    "same day %": shown(100 * figures.sameDay),
    refused: figures.refused + figures.held,
    "false expiries": figures.falseExpiries,
  })
  const rows = [
    row("ours", ours),
    row(`ours, first ${EARLY_DAYS} days`, early, false),
    ...(announced ? [row("ours, with announced", announced)] : []),
    ...pollers.map(({ name, figures }) => row(`${name} (restated)`, figures)),
    ...(free ? [row(`${POLLERS[0].name}, no quota (restated)`, free)] : []),
    ...(byP95 ? [row(`${scheduleName(byP95)}, by p95`, byP95.figures)] : []),
    ...(byMean
      ? [row(`${scheduleName(byMean)}, by mean`, byMean.figures)]
      : []),
  ]
  return {
    world,
    sessions,
    rules,
    ours,
    early,
    announced,
    pollers,
    byP95,
    byMean,
    rows,
  }
}

function scheduleName({ schedule }: Found): string {
  const { fallbacks, window, closingWindow, period, kept, keptForSignals } =
    schedule
  const parts = [
    ...(fallbacks.length > 0
      ? [`at ${fallbacks.map(Math.round).join(", ")} s`]
      : []),
    ...(kept > 0 ? [`keeps ${kept}`] : []),
    ...(keptForSignals > 0 ? [`keeps ${keptForSignals} for signals`] : []),
    ...(window > 0 ? [`lists after ${Math.round(window)} s`] : []),
    ...(closingWindow > 0
      ? [`closing after ${Math.round(closingWindow)} s`]
      : []),
    ...(period < Infinity ? [`each ${Math.round(period)} s`] : []),
  ]
  return `search: signals${parts.length > 0 ? `, ${parts.join(", ")}` : " alone"}`
}

function shown(value: number): Shown {
  if (value === Infinity) {
    return "never"
  }
  return Number.isFinite(value) ? Number(value.toFixed(2)) : "-"
}
