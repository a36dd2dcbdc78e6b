/** A thread of benchmarks/plan/threads.mjs: measures the settings that it is sent. */
import { parentPort } from "node:worker_threads"
import { load } from "../load.mjs"

const { measure } = await load("benchmarks", "plan", "index.ts")

parentPort.on("message", (task) => {
  const start = performance.now()
  const setting = measure(task)
  parentPort.postMessage({
    setting,
    seconds: (performance.now() - start) / 1_000,
  })
})
