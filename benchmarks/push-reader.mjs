/**
 * The pages of benchmarks/push.mjs, in a process of their own: so that the reader's work delays
 * neither the server's clock nor the measuring one. Its parent says what to do and gets what
 * was seen, several at a time.
 */
import { Agent, get } from "node:http"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { now, openStream } from "./stream.mjs"

const OPENING_AT_ONCE = 20
const REPORT_EACH_MS = 50

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

const streams = []
let seen = []

setInterval(() => {
  if (seen.length > 0) {
    process.send({ seen })
    seen = []
  }
}, REPORT_EACH_MS)

const TASKS = { open, close, poll }

process.on("message", async ({ task, ...input }) => {
  try {
    process.send({ done: (await TASKS[task](input)) ?? {} })
  } catch (error) {
    process.send({ failed: error.message })
  }
})

/** @param {{ url: string, key: string, pages: { sessionId: string, from: string }[] }} input */
async function open({ url, key, pages }) {
  const left = [...pages]
  await Promise.all(
    Array.from({ length: OPENING_AT_ONCE }, async () => {
      for (let page = left.pop(); page; page = left.pop()) {
        const { sessionId } = page
        const onCharge = (charge, at) => seen.push([sessionId, charge.bank, at])
        streams.push(await openStream({ url, key, ...page, onCharge }))
      }
    })
  )
}

async function close() {
  streams.splice(0).forEach((stream) => stream.close())
  const loopDelayP99Ms = delay.percentile(99) / 1e6
  delay.reset()
  return { loopDelayP99Ms }
}

/**
 * Each page asks each `everyMs`, whether or not it has its last answer: as those of many
 * people would.
 */
async function poll({ url, key, pages, everyMs, forMs }) {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  const start = now()
  const took = []
  const asking = []
  let failed = 0
  const ask = async (sessionId) => {
    const asked = now()
    try {
      const { charge } = await askOnce({ url, key, sessionId, agent })
      const at = now()
      took.push(at - asked)
      seen.push([sessionId, charge.bank, at])
    } catch {
      failed++
    }
  }
  const timers = []
  await Promise.all(
    pages.map(async ({ sessionId }, i) => {
      await new Promise((resolve) =>
        setTimeout(resolve, (i / pages.length) * everyMs)
      )
      asking.push(ask(sessionId))
      timers.push(setInterval(() => asking.push(ask(sessionId)), everyMs))
    })
  )
  await new Promise((resolve) =>
    setTimeout(resolve, Math.max(0, start + forMs - now()))
  )
  timers.forEach(clearInterval)
  const answered = took.length
  await Promise.all(asking)
  agent.destroy()
  return { took, failed, answered, ms: forMs, asked: asking.length }
}

function askOnce({ url, key, sessionId, agent }) {
  return new Promise((resolve, reject) => {
    get(
      `${url}/store/khqr/payment-sessions/${sessionId}`,
      {
        agent,
        headers: { "x-publishable-api-key": key },
        signal: AbortSignal.timeout(10_000),
      },
      (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", (part) => (text += part))
        response.on("error", reject)
        response.on("end", () =>
          response.statusCode === 200
            ? resolve(JSON.parse(text))
            : reject(new Error(`HTTP ${response.statusCode}`))
        )
      }
    ).on("error", reject)
  })
}
