/**
 * npm run bench             measures, prints tables and writes benchmarks/results/*.json
 * npm run bench -- <flags>  measures something else, and writes to .cache/reports
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { join, relative } from "node:path"
import { isDeepStrictEqual, parseArgs } from "node:util"
import {
  PLAN_FLAGS,
  PLAN_HELP,
  planOptions,
} from "../benchmarks/plan/flags.mjs"
import { endChildren, onInterrupt } from "./processes.mjs"
import { ensureDependencies, root } from "./setup.mjs"

/**
 * In the order in which they run: first what needs no shop, last what starts Medusa anew.
 * `measure` gets the stage of benchmarks/shop.mjs and the options, and returns its rows, or
 * `{ rows, wanted }` where there is something to reach. `made`: the options it heeds.
 */
const BENCHES = {
  khqr: {
    title: "KHQR strings per second (ratio: ours / theirs, more is better)",
    about: "strings built and read, beside two public SDKs",
    takes: "10 s",
    rounds: { whole: 15, quick: 3 },
    made: ["rounds"],
    measure: async (_stage, { rounds, signal }) => {
      const { load } = await import("../benchmarks/load.mjs")
      return (await load("benchmarks", "khqr.ts")).benchKhqr(rounds, signal)
    },
  },
  plan: {
    title:
      "Calls per paid order and seconds from the payment to its answer (ratios: this row / ours, more is better for us)",
    about: "the plan beside other schedules, on a virtual clock",
    takes: "6 min",
    made: ["plan"],
    measure: async (_stage, { plan, signal }) => {
      const { benchPlan } = await import("../benchmarks/plan/threads.mjs")
      return benchPlan(plan, signal)
    },
  },
  tick: {
    title:
      "One look of the clock (ratio of medians: with old charges / without, 1 is best)",
    about: "the clock's look and the plan, beside many old charges",
    takes: "90 s",
    rounds: { whole: 40, quick: 8 },
    made: ["rounds", "old", "charges"],
    measure: async (stage, options) => {
      const { benchTick } = await import("../benchmarks/tick.mjs")
      return benchTick(await stage.database(), options)
    },
  },
  sessions: {
    title:
      "Creating a payment session over HTTP (ratio of medians: KHQR / manual, 1 is a session for nothing)",
    about: "payment sessions, beside Medusa's manual provider",
    takes: "80 s",
    rounds: { whole: 24, quick: 4 },
    made: ["rounds"],
    measure: async (stage, options) => {
      const { benchSessions } = await import("../benchmarks/sessions.mjs")
      return benchSessions(await stage.shop(), options)
    },
  },
  latency: {
    title:
      "From the bank's record to the order and to the page, no quota (ratio: calls of ours / of naive's, less is better)",
    about: "from the bank's record to the order and to the page",
    takes: "5 min",
    rounds: { whole: 30, quick: 4 },
    made: ["rounds", "open"],
    measure: async (stage, options) => {
      const { benchLatency } = await import("../benchmarks/latency.mjs")
      return benchLatency(await stage.shop(), options)
    },
  },
  settle: {
    title:
      "Orders per minute (ratio: this way / Medusa's own cart completion, more is better)",
    about: "orders per minute, beside Medusa's own cart completion",
    takes: "3 min",
    rounds: { whole: 2, quick: 1 },
    made: ["rounds"],
    measure: async (stage, options) => {
      const { benchSettle } = await import("../benchmarks/settle.mjs")
      return benchSettle(await stage.shop(), options)
    },
  },
  push: {
    title:
      "News to open pages (ratio: processor time per page and second, streams / polling, less is better)",
    about: "open streams beside pages that poll",
    takes: "4 min",
    rounds: { whole: 8, quick: 3 },
    made: ["rounds", "streams"],
    measure: async (stage, options) => {
      const { benchPush } = await import("../benchmarks/push.mjs")
      return benchPush(await stage.shop({ fresh: true }), options)
    },
  },
}

const HELP = `Usage: npm run bench [-- options]

Measures on this machine, prints tables and writes benchmarks/results/<name>.json; with any
flag but --only, .cache/reports/bench-<name>.json. Each comparison is made within one run, its
sides taking turns; numbers of two runs say nothing about each other. What is explained in
docs/benchmarks.md.

Options:
  --only <names>   some of these, with commas between them; default all
${Object.entries(BENCHES)
  .map(
    ([name, { about, takes }]) =>
      `                     ${name.padEnd(9)} ${about.padEnd(56)} ${takes}`
  )
  .join("\n")}
  --quick          few rounds and small numbers: whether it works, not what it measures
  --rounds <n>     how often each comparison is repeated
                   (default: ${Object.entries(BENCHES)
                     .filter(([, { rounds }]) => rounds)
                     .map(([name, { rounds }]) => `${name} ${rounds.whole}`)
                     .join(", ")})
  --open <n>       latency: sessions that are open beside (default 200)
  --old <n>        tick: charges that are over (default 100000)
  --charges <list> tick: open charges (default 10,1000,10000)
  --streams <list> push: open streams (default 1,100,1000,5000)
${PLAN_HELP}
  --help`

const options = readOptions()
const stopping = new AbortController()
let interrupted
let stage

onInterrupt((cause) => {
  interrupted = cause
  stopping.abort()
  void endChildren()
  void stage?.close()
})

process.chdir(root)
process.exitCode = await main()
// Medusa's and the bank's connections may be kept alive by others.
process.exit()

async function main() {
  try {
    await ensureDependencies()
    const isWhole = await bench()
    return interrupted ? 130 : isWhole ? 0 : 1
  } catch (error) {
    return tell(error)
  }
}

/** @returns whether all of them could be measured; what one of them lacks holds up no other */
async function bench() {
  const { openBench } = await import("../benchmarks/shop.mjs")
  stage = await openBench()
  let isWhole = true
  try {
    for (const name of options.names) {
      if (interrupted) {
        break
      }
      console.log(`\nMeasuring ${name}`)
      const own = { ...options.numbers, rounds: roundsOf(name) }
      const { quick } = options
      const { signal } = stopping
      const start = performance.now()
      try {
        const measured = await BENCHES[name].measure(stage, {
          ...own,
          quick,
          signal,
        })
        const seconds = Math.round((performance.now() - start) / 1_000)
        report(name, measured, { own, seconds })
      } catch (error) {
        isWhole = false
        tell(error)
      }
    }
  } finally {
    await stage.close()
  }
  return isWhole
}

function tell(error) {
  if (interrupted) {
    console.error(`Interrupted by ${interrupted}`)
    return 130
  }
  // That of a statement holds all of the statement.
  const text = error.expected ? error.message : (error.stack ?? String(error))
  console.error(text.slice(0, 3_000))
  return 1
}

/** `undefined` for what is not repeated. */
function roundsOf(name) {
  const { rounds } = BENCHES[name]
  const { quick, numbers } = options
  return rounds && (numbers.rounds ?? (quick ? rounds.quick : rounds.whole))
}

function report(name, measured, { own, seconds }) {
  const { title, made } = BENCHES[name]
  const { rows, wanted = [] } = Array.isArray(measured)
    ? { rows: measured }
    : measured
  console.log(`\n${title}`)
  ;[...alike(rows), wanted].forEach((table) => {
    if (table.length > 0) {
      console.table(table)
    }
  })
  const heeded = Object.fromEntries(made.map((option) => [option, own[option]]))
  const result = {
    title,
    machine: machine(),
    seconds,
    options: heeded,
    rows,
    wanted,
  }
  const file = fileOf(name)
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
  console.log(`After ${seconds} s, written to ${relative(root, file)}`)
}

/** What is published was measured with the numbers that the documentation names. */
function fileOf(name) {
  const folder = options.isWhole
    ? join(root, "benchmarks", "results")
    : join(root, ".cache", "reports")
  mkdirSync(folder, { recursive: true })
  return join(folder, `${options.isWhole ? "" : "bench-"}${name}.json`)
}

/** Rows with the same columns make one table. */
function alike(rows) {
  const tables = new Map()
  for (const row of rows) {
    const columns = Object.keys(row).join()
    tables.set(columns, [...(tables.get(columns) ?? []), row])
  }
  return [...tables.values()]
}

function machine() {
  const [{ model }] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} x ${model}, ${memory} GB, ${process.platform}, Node ${process.version}`
}

function readOptions() {
  const names = Object.keys(BENCHES)
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", default: names.join() },
        quick: { type: "boolean", default: false },
        rounds: { type: "string" },
        open: { type: "string" },
        old: { type: "string" },
        charges: { type: "string" },
        streams: { type: "string" },
        ...PLAN_FLAGS,
        help: { type: "boolean", short: "h", default: false },
      },
    })
    if (values.help) {
      console.log(HELP)
      process.exit(0)
    }
    const { quick } = values
    const only = values.only.split(",")
    const unknown = only.find((name) => !names.includes(name))
    if (unknown !== undefined) {
      throw new Error(`--only must be of ${names.join(", ")}, not "${unknown}"`)
    }
    const numbers = numbersOf(values, quick)
    return {
      quick,
      names: names.filter((name) => only.includes(name)),
      numbers,
      isWhole: !quick && isDeepStrictEqual(numbers, numbersOf({}, false)),
    }
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`)
    process.exit(2)
  }
}

/** How much is measured, and of what. */
function numbersOf(values, quick) {
  return {
    plan: planOptions(values, quick),
    rounds: values.rounds && whole("rounds", values.rounds),
    open: whole("open", values.open ?? (quick ? "20" : "200")),
    old: whole("old", values.old ?? (quick ? "5000" : "100000")),
    charges: wholes(
      "charges",
      values.charges ?? (quick ? "10,1000" : "10,1000,10000")
    ),
    streams: wholes(
      "streams",
      values.streams ?? (quick ? "1,100" : "1,100,1000,5000")
    ),
  }
}

function wholes(flag, text) {
  return text
    .split(",")
    .map((part) => whole(flag, part))
    .sort((a, b) => a - b)
}

function whole(flag, text) {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new Error(`--${flag} must be a whole number from 1, not "${text}"`)
  }
  return Number(text)
}
