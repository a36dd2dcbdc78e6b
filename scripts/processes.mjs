import { spawn, spawnSync } from "node:child_process"
import { readFileSync, readlinkSync } from "node:fs"
import { basename } from "node:path"

/**
 * Names one process for good: a pid alone may be that of another by tomorrow.
 *
 * @returns {{ pid: number, start: string | undefined }}
 */
export function identify(pid) {
  return { pid, start: startOf(pid) }
}

/** Whether the process of `identify` is still there, and not only its zombie. */
export function isRunning({ pid, start }) {
  return start !== undefined && startOf(pid) === start
}

function startOf(pid) {
  if (process.platform === "linux") {
    let stat
    try {
      stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    } catch {
      return undefined
    }
    // The second field, the command, may hold spaces and brackets: count from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return "ZX".includes(fields[0]) ? undefined : fields[19]
  }
  const line = ps(pid, "stat=,lstart=")
  return line && !line.startsWith("Z") ? line.replace(/^\S+\s+/, "") : undefined
}

/** Whether the process is a PostgreSQL server on this data folder. */
export function isPostgresOn(pid, dataFolder) {
  if (process.platform !== "linux") {
    return (
      basename(ps(pid, "comm=") ?? "") === "postgres" &&
      (ps(pid, "command=") ?? "").includes(` ${dataFolder} `)
    )
  }
  try {
    const [program, ...args] = readFileSync(
      `/proc/${pid}/cmdline`,
      "utf8"
    ).split("\0")
    if (basename(program) !== "postgres") {
      return false
    }
    // The working folder tells when the project was moved while its database was running.
    return (
      args.includes(dataFolder) ||
      readlinkSync(`/proc/${pid}/cwd`) === dataFolder
    )
  } catch {
    return false
  }
}

function ps(pid, columns) {
  const { stdout, status } = spawnSync(
    "ps",
    ["-ww", "-o", columns, "-p", pid],
    { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } }
  )
  return status === 0 ? stdout.trim() : undefined
}

/** Waits until the condition holds. Returns whether it did within the time. */
export async function waitUntil(condition, milliseconds) {
  const end = Date.now() + milliseconds
  while (!condition()) {
    if (Date.now() > end) {
      return false
    }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return true
}

const children = new Set()
let ending = false

/**
 * Runs a program to its end with our output. It leads a process group of its own, so that
 * `endChildren` reaches what it started, too.
 *
 * @param {(pid: number) => void} [options.onStart]
 * @returns {Promise<number>} the exit code; 128 or more when a signal ended it
 */
export async function run(command, args, { env = {}, timeout, onStart } = {}) {
  if (ending) {
    throw new Error(`Not started, since we are to end: ${command}`)
  }
  const child = spawn(command, args, {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
    detached: process.platform !== "win32",
  })
  children.add(child)
  if (child.pid !== undefined) {
    onStart?.(child.pid)
  }
  return new Promise((resolve, reject) => {
    const timer =
      timeout &&
      setTimeout(() => {
        console.error(
          `Not finished after ${timeout / 60_000} minutes: stopping it`
        )
        void end(child)
      }, timeout)
    const finish = () => {
      children.delete(child)
      clearTimeout(timer)
    }
    child.once("error", (error) => {
      finish()
      reject(error)
    })
    child.once("exit", (code) => {
      finish()
      resolve(code ?? 128)
    })
  })
}

/** Ends what `run` has started, and lets it start nothing more. */
export async function endChildren() {
  ending = true
  await Promise.all([...children].map(end))
}

async function end(child) {
  signalGroup(child, "SIGTERM")
  await waitUntil(() => !children.has(child), 5_000)
  signalGroup(child, "SIGKILL")
}

function signalGroup(child, signal) {
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, signal)
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error
    }
  }
}

/**
 * Calls back when we are to end: Ctrl-C, a signal, or the end of the npm that runs us, which
 * passes a signal on only to the shell between us.
 */
export function onInterrupt(callback) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => callback(signal))
  }
  if (process.env.npm_lifecycle_event) {
    const parent = process.ppid
    const timer = setInterval(() => {
      if (process.ppid !== parent) {
        clearInterval(timer)
        callback("the end of npm")
      }
    }, 500)
    timer.unref()
  }
}
