/**
 * npm run bench             measures, prints tables and writes benchmarks/results/*.json
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { stopChildren } from "./shop/children.mjs"
import { endChildren, onInterrupt } from "./processes.mjs"
import { ensureDependencies, root } from "./setup.mjs"

const DEFAULT_ROUNDS = { khqr: 15, sessions: 80, orders: 16 }

const TITLES = {
  khqr: "KHQR strings per second (ratio: ours / theirs, more is better)",
  sessions:
    "Creating a payment session over HTTP (ratio of medians: KHQR / manual, 1 is a session for nothing)",
  orders:
    "From the payment to the order (ratio of medians until the shopper sees it: ours / naive, less is better)",
}

const HELP = `Usage: npm run bench [-- options]

Measures on this machine, prints tables and writes benchmarks/results/<name>.json. Each
comparison is made within one run, its sides taking turns; numbers of two runs say nothing
about each other.

Options:
  --only <name>   khqr      strings built and read, beside two public SDKs    10 s
                  sessions  payment sessions, beside Medusa's manual provider  4 min
                  orders    from payment to order, beside a naive storefront   8 min
  --rounds <n>    how often each comparison is repeated
                  (default: ${Object.entries(DEFAULT_ROUNDS)
                    .map(([name, rounds]) => `${name} ${rounds}`)
                    .join(", ")})
  --help`

const options = readOptions()
let interrupted

onInterrupt((cause) => {
  interrupted = cause
  void endChildren()
  void stopChildren()
})

process.chdir(root)
process.exitCode = await main()
// Medusa's and the bank's connections may be kept alive by others.
process.exit()

async function main() {
  try {
    await ensureDependencies()
    await bench()
    return 0
  } catch (error) {
    if (interrupted) {
      console.error(`Interrupted by ${interrupted}`)
      return 130
    }
    console.error(error.expected ? error.message : error)
    return 1
  }
}

async function bench() {
  const { load, withShop } = await import("../benchmarks/shop.mjs")
  if (options.names.includes("khqr")) {
    const { benchKhqr } = await load("benchmarks", "khqr.ts")
    report("khqr", await benchKhqr(roundsOf("khqr")))
  }
  const names = options.names.filter((name) => name !== "khqr")
  if (names.length === 0) {
    return
  }
  console.log("Starting a shop")
  await withShop(async (shop) => {
    const { benchSessions } = await import("../benchmarks/sessions.mjs")
    const { benchOrders } = await import("../benchmarks/orders.mjs")
    const measure = { sessions: benchSessions, orders: benchOrders }
    for (const name of names) {
      console.log(`Measuring ${name}`)
      const rounds = roundsOf(name)
      report(name, await measure[name](shop, { rounds }))
    }
  })
}

function roundsOf(name) {
  return options.rounds ?? DEFAULT_ROUNDS[name]
}

function report(name, rows) {
  console.log(`\n${TITLES[name]}`)
  console.table(rows)
  const folder = join(root, "benchmarks", "results")
  mkdirSync(folder, { recursive: true })
  const result = {
    title: TITLES[name],
    machine: machine(),
    rounds: roundsOf(name),
    rows,
  }
  writeFileSync(
    join(folder, `${name}.json`),
    `${JSON.stringify(result, null, 2)}\n`
  )
}

function machine() {
  const [{ model }] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} x ${model}, ${memory} GB, ${process.platform}, Node ${process.version}`
}

function readOptions() {
  const names = Object.keys(DEFAULT_ROUNDS)
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string" },
        rounds: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    })
    if (values.help) {
      console.log(HELP)
      process.exit(0)
    }
    const { only, rounds } = values
    if (only !== undefined && !names.includes(only)) {
      throw new Error(`--only must be ${names.join(", ")}, not "${only}"`)
    }
    if (rounds !== undefined && !/^[1-9]\d{0,4}$/.test(rounds)) {
      throw new Error(`--rounds must be a whole number from 1, not "${rounds}"`)
    }
    return {
      names: only ? [only] : names,
      rounds: rounds && Number(rounds),
    }
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`)
    process.exit(2)
  }
}
