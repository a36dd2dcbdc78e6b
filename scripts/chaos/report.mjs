import { inMoney } from "./books.mjs"

/** How many of the faults of one check are told here; the report has all. */
const TOLD = 5

export function report(result) {
  const { options, seconds, counts, sums, checks, stories, refused, http } =
    result
  heading(
    `${options.purchases} purchases, seed ${options.seed}, ${options.parallel} at once`
  )
  table({
    "storm and calm": `${seconds.storm.toFixed(0)} s and ${seconds.calm.toFixed(0)} s`,
    "orders per minute": result.ordersPerMinute.toFixed(1),
    "kills of the server": `${result.kills}, ${median(result.restartSeconds).toFixed(1)} s until it sells again`,
    "requests of shoppers": `${http.requests}, ${http.unanswered} without an answer`,
  })
  heading("Faults at the bank, and how often")
  table(result.faults)
  heading("What shoppers did")
  table(stories)
  heading("What became of it")
  table(counts)
  heading("Money")
  for (const { currency, bank, ledger, captured, review } of sums) {
    const money = (value) => inMoney(value, currency).padStart(18)
    console.log(
      `  bank ${money(bank)}   ledger ${money(ledger)}   Medusa ${money(captured)}   review ${money(review)}`
    )
  }
  if (refused.length > 0) {
    heading(`Refused: ${refused.length} shoppers`)
    table(countBy(refused.map(shorten)))
  }
  if (Object.keys(http.serverErrors).length > 0) {
    heading("HTTP 5xx")
    table(http.serverErrors)
  }
  heading("What must hold")
  for (const { name, faults } of checks) {
    console.log(`  ${faults.length === 0 ? "holds " : "FAILS "}  ${name}`)
    for (const fault of faults.slice(0, TOLD)) {
      console.log(`            ${fault}`)
    }
    if (faults.length > TOLD) {
      console.log(`            and ${faults.length - TOLD} more`)
    }
  }
}

function heading(text) {
  console.log(`\n${text}`)
}

function table(rows) {
  for (const [name, value] of Object.entries(rows)) {
    console.log(`  ${String(value).padStart(8)}  ${name}`)
  }
}

function countBy(names) {
  const counts = {}
  for (const name of names) {
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** Ids tell requests apart that are the same. */
function shorten(line) {
  return line.replaceAll(/\w+_01\w+/g, ":id").slice(0, 200)
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
}
