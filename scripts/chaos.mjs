/**
 * npm run chaos             1,000 purchases amid faults, the server killed every few seconds
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"
import { onInterrupt } from "./processes.mjs"
import { ensureDependencies, root } from "./setup.mjs"
import { stopChildren } from "./shop/children.mjs"

const DEFAULTS = { purchases: 1_000, seed: 1, "kill-every": 20, parallel: 12 }

/** From here on a run is worth remembering. */
const WHOLE_RUN = 1_000

const HELP = `Usage: npm run chaos [-- options]

Shoppers buy at a real shop that is paid through a simulated bank: some pay late, twice, an old
KHQR, a wrong amount or not at all. The bank answers with faults, on and off, and the server is
killed with SIGKILL every few seconds. Then all is left to calm down, and the books of bank,
ledger and Medusa are compared. Ends with 0 when all of it holds.

Options:
  --purchases <n>    how many shoppers come (default ${DEFAULTS.purchases})
  --seed <n>         whose stories and whose faults (default ${DEFAULTS.seed})
  --kill-every <n>   seconds of work between two kills, more or less (default ${DEFAULTS["kill-every"]})
  --parallel <n>     shoppers at once (default ${DEFAULTS.parallel})
  --report <file>    where the result goes as JSON (default .cache/reports/chaos.json, and
                     benchmarks/results/chaos.json from ${WHOLE_RUN} purchases on)
  --hold             after a fault leave shop and database running until Ctrl-C
  --help`

const options = readOptions()
let interrupted
const interruption = new Promise((resolve) => {
  onInterrupt((cause) => {
    interrupted = cause
    resolve(cause)
  })
})

process.chdir(root)
process.exitCode = await main()
// The bank's and the database's connections may be kept alive by others.
process.exit()

async function main() {
  const start = performance.now()
  const tell = (line) =>
    console.log(
      `${((performance.now() - start) / 1_000).toFixed(0).padStart(5)} s  ${line}`
    )
  try {
    await ensureDependencies()
    const { storm } = await import("./chaos/storm.mjs")
    const { report } = await import("./chaos/report.mjs")
    const { stage, histories, ...result } = await Promise.race([
      storm({ ...options, name: "chaos", tell }),
      interruption.then((cause) => {
        throw new Error(`Interrupted by ${cause}`)
      }),
    ])
    const holds = result.checks.every(({ faults }) => faults.length === 0)
    report(result)
    if (!holds) {
      result.histories = await histories()
    }
    write({ machine: machine(), ...result })
    if (!holds && options.hold) {
      console.log(`\nDATABASE_URL=${stage.database.url}\nCtrl-C ends it`)
      await interruption
    }
    await stage.close()
    return holds ? 0 : 1
  } catch (error) {
    if (interrupted) {
      console.error(`Interrupted by ${interrupted}`)
      await stopChildren()
      return 130
    }
    console.error(error.expected ? error.message : error)
    return 1
  }
}

function write(result) {
  const files = options.report
    ? [options.report]
    : [
        join(root, ".cache", "reports", "chaos.json"),
        ...(options.purchases >= WHOLE_RUN
          ? [join(root, "benchmarks", "results", "chaos.json")]
          : []),
      ]
  for (const file of files) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
  }
}

function machine() {
  const [{ model }] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} x ${model}, ${memory} GB, ${process.platform}, Node ${process.version}`
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        purchases: { type: "string" },
        seed: { type: "string" },
        "kill-every": { type: "string" },
        parallel: { type: "string" },
        report: { type: "string" },
        hold: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    })
    if (values.help) {
      console.log(HELP)
      process.exit(0)
    }
    const number = (name) => {
      const text = values[name] ?? String(DEFAULTS[name])
      if (!/^[1-9]\d{0,5}$/.test(text)) {
        throw new Error(
          `--${name} must be a whole number from 1, not "${text}"`
        )
      }
      return Number(text)
    }
    return {
      purchases: number("purchases"),
      seed: number("seed"),
      killEvery: number("kill-every"),
      parallel: number("parallel"),
      report: values.report,
      hold: values.hold,
    }
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`)
    process.exit(2)
  }
}
