/* eslint-disable @typescript-eslint/no-require-imports -- `--require` loads CommonJS only */
/**
 * Loaded into the Medusa that is measured: answers on a port of its own with what the process
 * has used. Counts its statements to PostgreSQL where they leave, so that nobody else's count.
 */
const { createServer } = require("node:http")
const Module = require("node:module")
const { monitorEventLoopDelay } = require("node:perf_hooks")
const { setFlagsFromString } = require("node:v8")
const { runInNewContext } = require("node:vm")

const port = Number(process.env.BENCH_PROBE_PORT)
// For this process alone: what it starts needs the port no less.
delete process.env.BENCH_PROBE_PORT

const statements = new Map()
const delay = monitorEventLoopDelay({ resolution: 10 })
const counted = new WeakSet()

const ANSWERS = {
  /** Bytes, after several collections. */
  memory: async () => {
    setFlagsFromString("--expose-gc")
    const collect = runInNewContext("gc")
    for (let i = 0; i < 4; i++) {
      collect()
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    return process.memoryUsage()
  },
  /** Since `reset`: statements, processor time in ms, delay of the event loop in ms. */
  usage: () => {
    const { user, system } = process.cpuUsage()
    const all = [...statements].sort(([, a], [, b]) => b - a)
    return {
      queries: all.reduce((sum, [, count]) => sum + count, 0),
      most: all.slice(0, 12).map(([text, count]) => `${count} x ${text}`),
      cpuMs: (user + system) / 1_000,
      loopDelayP99Ms: delay.percentile(99) / 1e6,
    }
  },
  reset: () => {
    statements.clear()
    delay.reset()
    return ANSWERS.usage()
  },
}

if (port) {
  countStatements()
  delay.enable()
  const server = createServer(async (request, response) => {
    const answer = ANSWERS[request.url.slice(1)]
    response.statusCode = answer ? 200 : 404
    response.end(JSON.stringify(answer ? await answer() : {}))
  })
  server.listen(port, "127.0.0.1")
  server.unref()
}

/** There may be several copies of the driver: each that is loaded is counted. */
function countStatements() {
  const load = Module._load
  Module._load = function (request, ...rest) {
    const loaded = load.call(this, request, ...rest)
    if (request === "pg" && !counted.has(loaded)) {
      counted.add(loaded)
      const { query } = loaded.Client.prototype
      loaded.Client.prototype.query = function (statement, ...values) {
        const text = String(statement?.text ?? statement).replace(/\s+/g, " ")
        const key = text.replace(/'[^']*'/g, "'…'").slice(0, 120)
        statements.set(key, (statements.get(key) ?? 0) + 1)
        return query.call(this, statement, ...values)
      }
    }
    return loaded
  }
}
