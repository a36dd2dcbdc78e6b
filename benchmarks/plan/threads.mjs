/**
 * The benchmark of the plan, a setting at a time in each of as many threads as there are
 * processors. The clock is virtual, so that nothing measured depends on who runs beside; and
 * while the threads work, Ctrl-C is heard here.
 */
import { once } from "node:events"
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { load } from "../load.mjs"

/**
 * @param options of `planOptions`
 * @param {AbortSignal} signal ends all threads at once
 */
export async function benchPlan(options, signal) {
  const { tasksOf, tell } = await load("benchmarks", "plan", "index.ts")
  const tasks = tasksOf(options)
  const settings = []
  // What takes longest begins first, so that no thread is alone with it at the end.
  const left = [...tasks.keys()].sort(
    (a, b) => sizeOf(tasks[b]) - sizeOf(tasks[a])
  )
  const work = async (worker) => {
    for (let i = left.shift(); i !== undefined; i = left.shift()) {
      const answer = once(worker, "message", { signal })
      worker.postMessage(tasks[i])
      const [{ setting, seconds }] = await answer
      settings[i] = setting
      console.log(`${nameOf(tasks[i])}: ${seconds.toFixed(1)} s`)
    }
  }
  const workers = Array.from(
    { length: Math.min(availableParallelism(), tasks.length) },
    () => new Worker(new URL("./worker.mjs", import.meta.url))
  )
  try {
    await Promise.all(workers.map(work))
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  return tell(settings)
}

/** Sessions altogether; where there is no quota, nothing is searched for and nothing weighed. */
function sizeOf({ world: { sessions, days }, limit }) {
  const mean = sessions.reduce((sum, count) => sum + count, 0) / sessions.length
  return limit === null ? 0 : mean * days
}

function nameOf({ name, limit, lists }) {
  return `${name}, quota ${limit ?? "none"}, lists ${lists ? "on" : "off"}`
}
