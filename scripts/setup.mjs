import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { claimWhenFree } from "./claim.mjs"
import { identify, isRunning, run, waitUntil } from "./processes.mjs"

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const OLDEST_NODE = 20
const modules = join(root, "node_modules")
const stamp = join(modules, ".khqr-install")
const lock = join(root, "package-lock.json")
const claimed = join(root, ".cache", "install")

/**
 * Makes sure that `node_modules` is what `package-lock.json` asks for, by `npm ci` when it is
 * not. Works on a fresh clone; two at once wait for each other.
 */
export async function ensureDependencies() {
  const major = Number(process.versions.node.split(".")[0])
  if (major < OLDEST_NODE) {
    throw new Error(
      `Node ${OLDEST_NODE} or newer is needed; this is Node ${process.versions.node} (${process.execPath})`
    )
  }
  if (isInstalled()) {
    return
  }
  const release = await claimWhenFree(claimed, (owner) =>
    console.log(`Waiting for process ${owner.pid} to install the dependencies`)
  )
  try {
    await endOfLeftNpm()
    if (!isInstalled()) {
      await install()
    }
  } finally {
    release()
  }
}

async function install() {
  console.log(
    existsSync(modules)
      ? "node_modules does not match package-lock.json: running npm ci"
      : "node_modules is missing: running npm ci (about a minute, 750 MB)"
  )
  const [command, ...npm] = npmCommand()
  // Started by `npm --silent` or with NODE_ENV=production, npm would hide errors or leave out tools.
  const args = [
    ...npm,
    "ci",
    "--prefix",
    root,
    "--include=dev",
    "--include=optional",
    "--loglevel=notice",
  ]
  const code = await run(command, args, { onStart: noteNpm })
  if (code !== 0) {
    throw new Error(
      `npm ci failed with exit code ${code}: see its messages above`
    )
  }
  writeFileSync(stamp, lockHash())
}

/** Should we be killed, npm goes on, and a second one beside it would spoil node_modules. */
function noteNpm(pid) {
  writeFileSync(join(claimed, "npm.json"), JSON.stringify(identify(pid)))
}

async function endOfLeftNpm() {
  const npm = readJson(join(claimed, "npm.json"))
  const isLeft = () => npm !== undefined && isRunning(npm)
  if (isLeft()) {
    console.log(`Waiting for the npm ci of an earlier run (process ${npm.pid})`)
    await waitUntil(() => !isLeft(), 10 * 60_000)
  }
}

function npmCommand() {
  const running = process.env.npm_execpath
  return running?.endsWith("npm-cli.js") ? [process.execPath, running] : ["npm"]
}

function isInstalled() {
  const stamped = existsSync(stamp) && readFileSync(stamp, "utf8")
  return stamped === lockHash() || matchesNpmsRecord()
}

function lockHash() {
  return createHash("sha256").update(readFileSync(lock)).digest("hex")
}

/**
 * npm notes at the end of each installation what it put into `node_modules`: an installation
 * made by hand that fits needs no second one.
 */
function matchesNpmsRecord() {
  const installed = readJson(join(modules, ".package-lock.json"))?.packages
  return (
    installed !== undefined &&
    Object.entries(readJson(lock).packages)
      // npm ci leaves out what the lock file calls extraneous.
      .filter(([path, { extraneous }]) => path !== "" && !extraneous)
      .every(([path, { version, optional }]) =>
        installed[path]
          ? installed[path].version === version &&
            existsSync(join(root, path, "package.json"))
          : Boolean(optional)
      )
  )
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined
}
