/**
 * npm run demo              a shop to try, until Ctrl-C
 * npm run demo -- --once    a purchase without a person
 * npm run demo -- --quota 100    the bank serves 100 calls a day
 */
import { parseArgs } from "node:util"
import { stopChildren } from "./shop/children.mjs"
import { buyOnce } from "./demo/once.mjs"
import { serveDemo } from "./demo/serve.mjs"
import { endChildren, onInterrupt } from "./processes.mjs"
import { ensureDependencies, root } from "./setup.mjs"

const HELP = `Usage: npm run demo [-- options]

Starts a Cambodian shop that is paid by KHQR, with its dashboard and a simulated bank, until
Ctrl-C. Its data stays for the next time.

Options:
  --reset             forget the orders of earlier runs
  --quota <calls>     the bank serves so many calls a day, 2 to 999999, and the shop plans
                      with them (default: no limit)
  --once              buy something without a person and without a browser, then end
  --currency <code>   with --once: only "usd" or only "khr" (default: first one, then the other)
  --help`

const CURRENCIES = ["usd", "khr"]

const start = performance.now()
const options = readOptions()
const ending = new AbortController()

onInterrupt((cause) => {
  ending.abort(cause)
  void endChildren()
  void stopChildren()
})
// Whoever read our output may be gone before us: a closed terminal, a pager.
process.stdout.on("error", () => {})
process.stderr.on("error", () => {})

process.chdir(root)
process.exitCode = await main()
// Medusa's and the bank's connections may be kept alive by others.
process.exit()

async function main() {
  try {
    await ensureDependencies()
    if (options.once) {
      await buyOnce(options)
    } else {
      await serveDemo({ ...options, start, signal: ending.signal })
    }
    return 0
  } catch (error) {
    if (ending.signal.aborted) {
      console.error(`Interrupted by ${ending.signal.reason}`)
      return 130
    }
    console.error(`\n${error.expected ? error.message : error.stack}`)
    return 1
  }
}

function readOptions() {
  let values
  try {
    values = parseArgs({
      options: {
        once: { type: "boolean", default: false },
        currency: { type: "string" },
        reset: { type: "boolean", default: false },
        quota: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values
    refuseNonsense(values)
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`)
    process.exit(2)
  }
  if (values.help) {
    console.log(HELP)
    process.exit(0)
  }
  const { once, reset, currency, quota } = values
  return {
    once,
    reset,
    currencies: currency ? [currency] : CURRENCIES,
    quota: quota === undefined ? null : Number(quota),
  }
}

function refuseNonsense({ once, currency, reset, quota }) {
  if (quota !== undefined && !/^([2-9]|[1-9]\d{1,5})$/.test(quota)) {
    throw new Error(
      `--quota must be a whole number of calls from 2 to 999999, not "${quota}"`
    )
  }
  if (currency !== undefined && !CURRENCIES.includes(currency)) {
    throw new Error(`--currency must be usd or khr, not "${currency}"`)
  }
  if (currency !== undefined && !once) {
    throw new Error("--currency goes with --once")
  }
  if (reset && once) {
    throw new Error(
      "--once always starts with an empty shop: leave --reset out"
    )
  }
}
