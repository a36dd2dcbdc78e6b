/**
 * npm test [-- LAYER... [-- WORDS FOR JEST...]]
 *
 * Without a layer, all of them run. The last line is always "N passed, M failed".
 */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { ensureBrowser } from "./browser.mjs"
import { databaseEnvironment } from "./database.mjs"
import { endChildren, onInterrupt, run } from "./processes.mjs"
import { ensureDependencies, root } from "./setup.mjs"
import { stopChildren } from "./shop/children.mjs"
import { startFreeDatabase } from "./shop/database.mjs"
import { startMigratedDatabase } from "./shop/migrated.mjs"

const LONGEST_LAYER = 30 * 60_000
const reports = join(root, ".cache", "reports")

const layers = {
  lint: () => check("eslint/bin/eslint.js", "."),
  typecheck: () => checkTypes(),
  unit: () => jest("unit"),
  modules: async () => jest("modules", await databaseVariables(), ONE_EACH),
  http: async () => jest("http", await shopVariables(), ONE_EACH),
  e2e: async () =>
    jest(
      "e2e",
      { ...(await shopVariables()), CHROMIUM_PATH: await ensureBrowser() },
      // A shop and a browser at a time: two of them starve each other on two cores.
      ["--runInBand", "--forceExit"]
    ),
  package: async () => jest("package", await databaseVariables(), ONE_EACH),
  // It stops and starts a database of its own.
  crash: () => jest("crash", {}, ["--runInBand", "--forceExit"]),
  chaos: () => chaos(),
}

/** A suite boots a whole Medusa, of up to 1 GB, which keeps timers after its tests. */
const ONE_EACH = [
  `--maxWorkers=${Math.min(2, availableParallelism())}`,
  "--forceExit",
]

const { chosen, jestWords } = readArguments(process.argv.slice(2))
const started = new Map()
let interrupted

onInterrupt((cause) => {
  interrupted = cause
  void endChildren()
  void stopChildren()
})

process.chdir(root)
process.exitCode = await main()

async function main() {
  const results = []
  try {
    await ensureDependencies()
    mkdirSync(reports, { recursive: true })
    for (const layer of chosen) {
      results.push(await runLayer(layer))
      if (interrupted) {
        break
      }
    }
  } catch (error) {
    console.error(error.message)
    results.push({ layer: "set-up", passed: 0, failed: 1, seconds: 0 })
  } finally {
    await Promise.all([...started.values()].map((database) => database.stop()))
  }
  if (interrupted) {
    console.error(`\nInterrupted by ${interrupted}`)
    return 130
  }
  return conclude(results)
}

async function runLayer(layer) {
  console.log(`\n== ${layer}`)
  const start = performance.now()
  const result = await layers[layer]().catch((error) => {
    console.error(error)
    return { passed: 0, failed: 1 }
  })
  const seconds = (performance.now() - start) / 1000
  return { layer, seconds, ...result }
}

async function check(program, ...args) {
  const code = await run(process.execPath, [
    join(root, "node_modules", program),
    ...args,
  ])
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

/** The server, the payment element and the demo's shop front each have their own library and module kind. */
async function checkTypes() {
  const results = []
  for (const project of [
    "tsconfig.check.json",
    "src/storefront",
    "src/storefront/__tests__",
    "demo/storefront",
  ]) {
    results.push(
      await check(
        "typescript/bin/tsc",
        ...["-p", project, "--noEmit", "--emitDeclarationOnly", "false"]
      )
    )
  }
  return {
    passed: sum(results, "passed"),
    failed: sum(results, "failed"),
  }
}

async function jest(layer, variables = {}, options = []) {
  const draft = join(reports, `${layer}.${process.pid}.json`)
  const code = await run(
    process.execPath,
    [
      "--experimental-vm-modules",
      join(root, "node_modules/jest/bin/jest.js"),
      "--ci",
      "--json",
      `--outputFile=${draft}`,
      ...options,
      ...jestWords,
    ],
    {
      env: {
        NODE_ENV: "test",
        TEST_TYPE: layer,
        MEDUSA_DISABLE_TELEMETRY: "true",
        ...variables,
      },
      timeout: LONGEST_LAYER,
    }
  )
  return readReport(layer, draft, code)
}

/** Each thing that must hold afterwards counts as a test. */
async function chaos() {
  const file = join(reports, "chaos.json")
  rmSync(file, { force: true })
  await run(
    process.execPath,
    [
      join(root, "scripts", "chaos.mjs"),
      ...["--purchases", "80", "--kill-every", "12", "--report", file],
    ],
    { timeout: LONGEST_LAYER }
  )
  if (!existsSync(file)) {
    console.error("chaos left no report")
    return { passed: 0, failed: 1 }
  }
  const { checks } = JSON.parse(readFileSync(file, "utf8"))
  const failed = checks.filter(({ faults }) => faults.length > 0).length
  return { passed: checks.length - failed, failed }
}

/** A suite that does not load, a layer without tests and any other fault count as one. */
function readReport(layer, draft, code) {
  const kept = join(reports, `${layer}.json`)
  rmSync(kept, { force: true })
  if (!existsSync(draft)) {
    console.error(`jest left no report (exit code ${code})`)
    return { passed: 0, failed: 1 }
  }
  renameSync(draft, kept)
  const report = JSON.parse(readFileSync(kept, "utf8"))
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites
  const fault = code !== 0 || report.numTotalTests === 0
  return {
    passed: report.numPassedTests,
    failed: failed || Number(fault),
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

function databaseVariables() {
  return variablesOf("test", startFreeDatabase)
}

/** Of one where each new database is a migrated shop's. */
function shopVariables() {
  return variablesOf("test-shop", startMigratedDatabase)
}

/** A database starts with the first layer that needs it. Each run has its own. */
async function variablesOf(name, start) {
  if (!started.has(name)) {
    started.set(name, await start(name))
  }
  return {
    ...databaseEnvironment(started.get(name)),
    DB_TEMP_NAME: `khqr-test-${process.pid}`,
  }
}

function conclude(results) {
  const passed = sum(results, "passed")
  const failed = sum(results, "failed")
  console.log(`\n${"layer".padEnd(12)}  passed  failed  seconds`)
  for (const result of results) {
    console.log(
      [
        result.layer.padEnd(12),
        String(result.passed).padStart(6),
        String(result.failed).padStart(6),
        result.seconds.toFixed(1).padStart(7),
        ...(result.skipped ? [`(${result.skipped} skipped)`] : []),
      ].join("  ")
    )
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed > 0 ? 0 : 1
}

function sum(results, key) {
  return results.reduce((total, result) => total + result[key], 0)
}

function readArguments(words) {
  const end = words.indexOf("--")
  const names = end === -1 ? words : words.slice(0, end)
  const unknown = names.filter((name) => !Object.hasOwn(layers, name))
  if (unknown.length > 0) {
    console.error(
      `Unknown layer ${unknown.join(", ")}. There are ${Object.keys(layers).join(", ")}; words for jest come after a second --`
    )
    process.exit(2)
  }
  return {
    chosen: Object.keys(layers).filter(
      (layer) => names.length === 0 || names.includes(layer)
    ),
    jestWords: end === -1 ? [] : words.slice(end + 1),
  }
}
