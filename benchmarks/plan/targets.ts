import type { Setting } from "./index"

export type Wanted = {
  wanted: string
  measured: string | number
  reached: boolean
}

type Target = (settings: Setting[]) => Wanted[]

/** Of naive's calls, and of the best fixed schedule's figures. */
const MOST_OF_NAIVE = 1 / 30
const MOST_OF_NAIVE_AT_ONCE = 1 / 20
const WITHIN = 1.1

/** What the benchmark is to show, for the settings that were measured. */
export const TARGETS: Target[] = [
  at("50 a day", false, ({ ours }) => [
    exactly("all found the same day", 100 * ours.sameDay, 100, "%"),
    exactly("calls refused", ours.refused + ours.held, 0),
    atMost("p50", ours.p50, 7.5, "s"),
    atMost("p95", ours.p95, 40, "s"),
    atMost("calls per paid order", ours.callsPerOrder, 2.9),
  ]),
  at("20 a day", false, ({ ours }) => [
    atMost("p50", ours.p50, 7, "s"),
    atMost("p95", ours.p95, 16, "s"),
  ]),
  at("100 a day", false, ({ ours }) => [
    atLeast("found the same day", 100 * ours.sameDay, 95, "%"),
    exactly("false expiries", ours.falseExpiries, 0),
    exactly("never found", ours.lost, 0),
  ]),
  at("200 a day", true, ({ ours }) => [
    exactly("all found the same day", 100 * ours.sameDay, 100, "%"),
    exactly("calls refused", ours.refused + ours.held, 0),
    atMost("p95", ours.p95, 360, "s"),
  ]),
  (settings) => settings.flatMap(besideTheBest),
  (settings) =>
    settings
      .filter(({ rules, world }) => rules.limit === null && !isAtOnce(world))
      .flatMap((setting) => [
        named(
          setting,
          atMost(
            "bank's record to answer, p50",
            setting.ours.recordP50,
            1.6,
            "s"
          )
        ),
        named(
          setting,
          atMost(
            "bank's record to answer, p95",
            setting.ours.recordP95,
            2.8,
            "s"
          )
        ),
      ]),
  (settings) =>
    settings
      .filter(
        ({ rules, world }) =>
          rules.limit === null && rules.lists && isAtOnce(world)
      )
      .map((setting) =>
        named(
          setting,
          atMost(
            "calls / naive's",
            setting.ours.calls / setting.pollers[0].figures.calls,
            MOST_OF_NAIVE_AT_ONCE
          )
        )
      ),
]

/**
 * Where a schedule finds all the same day: no more than a tenth worse than the best by each
 * goal. Where none does, the day's calls do not reach, and what counts is how many are found.
 */
function besideTheBest(setting: Setting): Wanted[] {
  const { ours, byP95, byMean, pollers } = setting
  if (!byP95 || !byMean) {
    return []
  }
  const best = Math.max(byP95.figures.sameDay, byMean.figures.sameDay)
  const waits =
    best === 1
      ? [
          atMost(
            "p95 / the best schedule's",
            ours.p95 / byP95.figures.p95,
            WITHIN
          ),
          atMost(
            "mean / the best schedule's",
            ours.mean / byMean.figures.mean,
            WITHIN
          ),
        ]
      : []
  return [
    atLeast(
      "found the same day, of what the best schedule finds",
      (100 * ours.sameDay) / best,
      best === 1 ? 100 : 100 / WITHIN,
      "%"
    ),
    ...waits,
    atMost(
      "calls / naive's",
      ours.calls / pollers[0].figures.calls,
      MOST_OF_NAIVE
    ),
  ].map((wanted) => named(setting, wanted))
}

function at(
  world: string,
  lists: boolean,
  wanted: (setting: Setting) => Wanted[]
): Target {
  return (settings) =>
    settings
      .filter(
        (setting) =>
          setting.world === world &&
          setting.rules.limit === 100 &&
          setting.rules.lists === lists
      )
      .flatMap((setting) => wanted(setting).map((one) => named(setting, one)))
}

function named({ world, rules }: Setting, wanted: Wanted): Wanted {
  const where = `${world}, quota ${rules.limit ?? "none"}${rules.lists ? ", lists" : ""}`
  return { ...wanted, wanted: `${where}: ${wanted.wanted}` }
}

function isAtOnce(world: string): boolean {
  return world.endsWith("at once")
}

function atMost(what: string, value: number, most: number, unit = ""): Wanted {
  return {
    wanted: `${what} <= ${rounded(most)} ${unit}`.trim(),
    measured: rounded(value),
    reached: value <= most,
  }
}

function atLeast(
  what: string,
  value: number,
  least: number,
  unit = ""
): Wanted {
  return {
    wanted: `${what} >= ${rounded(least)} ${unit}`.trim(),
    measured: rounded(value),
    reached: value >= least,
  }
}

function exactly(
  what: string,
  value: number,
  wanted: number,
  unit = ""
): Wanted {
  return {
    wanted: `${what}: ${wanted} ${unit}`.trim(),
    measured: rounded(value),
    reached: value === wanted,
  }
}

function rounded(value: number): number | string {
  return value === Infinity ? "never" : Number(value.toFixed(3))
}
