import { spawn } from "node:child_process"
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { waitUntil } from "../processes.mjs"
import { root } from "../setup.mjs"
import { ShopError } from "./faults.mjs"

const LOG_LINES = 30
const logs = join(root, ".cache", "logs")
const endWithParent = join(root, "scripts", "shop", "end-with-parent.cjs")

const children = new Set()
let ending = false

/**
 * Starts a Node program whose output goes to a log. It ends when we do, however we end.
 *
 * @param {object} options
 * @param {string} options.name for people: "Medusa"
 * @param {string} options.log name of the file under `.cache/logs`, without `.log`
 * @param {string[]} options.args
 * @param {Record<string, string>} [options.env]
 */
export function startChild({ name, log, args, env = {} }) {
  if (ending) {
    throw new ShopError(`${name} was not started, since we are to end`)
  }
  mkdirSync(logs, { recursive: true })
  const path = join(logs, `${log}.log`)
  const file = openSync(path, "w")
  const child = spawn(process.execPath, ["--require", endWithParent, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...env },
    stdio: ["ignore", file, file, "ipc"],
    // Ctrl-C in a terminal is for us: we end the shop before its database.
    detached: true,
  })
  closeSync(file)
  const running = { pid: child.pid, ended: false }
  children.add(running)
  const exited = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message))
    child.once("exit", (code, killer) =>
      resolve(killer ? `signal ${killer}` : `exit code ${code}`)
    )
  }).then((outcome) => {
    running.ended = true
    children.delete(running)
    return outcome
  })
  const failure = (outcome) =>
    new ShopError(
      `${name} ended with ${outcome}. The end of ${path}:\n\n${lastLines(path)}`
    )
  return {
    /** Resolves when it ended well, rejects with the end of its log when not. */
    succeeded: async () => {
      const outcome = await exited
      if (outcome !== "exit code 0") {
        throw failure(outcome)
      }
    },
    /** Rejects when it ends: it is to go on until we stop it. */
    failed: async () => {
      throw failure(await exited)
    },
    /** The first message it sends us. */
    message: () => new Promise((resolve) => child.once("message", resolve)),
    /** Ends it as a power cut would: it can do nothing about it. Resolves when it is gone. */
    kill: async () => {
      sendToGroup(running.pid, "SIGKILL")
      await exited
    },
    /** Resolves with how it ended: "signal SIGKILL", "exit code 1". */
    exited: () => exited,
  }
}

/** Ends all children, and lets no more start. */
export async function stopChildren() {
  ending = true
  await Promise.all([...children].map(stop))
}

async function stop(running) {
  sendToGroup(running.pid, "SIGTERM")
  if (!(await waitUntil(() => running.ended, 8_000))) {
    sendToGroup(running.pid, "SIGKILL")
    await waitUntil(() => running.ended, 5_000)
  }
}

function sendToGroup(pid, name) {
  try {
    process.kill(-pid, name)
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error
    }
  }
}

function lastLines(path) {
  return stripVTControlCharacters(readFileSync(path, "utf8"))
    .trimEnd()
    .split("\n")
    .slice(-LOG_LINES)
    .join("\n")
}
