import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { claimWhenFree } from "./claim.mjs"
import { run } from "./processes.mjs"

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const OLDEST_NODE = 20
const stamp = join(root, "node_modules", ".khqr-install")

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
  const release = await claimWhenFree(
    join(root, ".cache", "install"),
    (owner) =>
      console.log(
        `Waiting for process ${owner.pid} to install the dependencies`
      )
  )
  try {
    if (!isInstalled()) {
      await install()
    }
  } finally {
    release()
  }
}

async function install() {
  console.log(
    existsSync(join(root, "node_modules"))
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
  // The first may meet an npm that a killed run has left behind, or a hiccup of the network.
  if ((await run(command, args)) !== 0 && (await run(command, args)) !== 0) {
    throw new Error("npm ci failed twice: see its messages above")
  }
  writeStamp()
}

function npmCommand() {
  const running = process.env.npm_execpath
  return running?.endsWith("npm-cli.js") ? [process.execPath, running] : ["npm"]
}

function isInstalled() {
  if (readIfThere(stamp) === lockHash()) {
    return true
  }
  if (!matchesNpmsRecord()) {
    return false
  }
  writeStamp()
  return true
}

/** Only saves the longer look next time, so that a read-only node_modules is no fault. */
function writeStamp() {
  try {
    writeFileSync(stamp, lockHash())
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) {
      throw error
    }
  }
}

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex")
}

/**
 * npm notes at the end of each installation what it put into `node_modules`. An installation
 * made by hand that fits needs no second one.
 */
function matchesNpmsRecord() {
  const record = readIfThere(join(root, "node_modules", ".package-lock.json"))
  if (!record) {
    return false
  }
  const installed = JSON.parse(record).packages
  const wanted = JSON.parse(
    readFileSync(join(root, "package-lock.json"), "utf8")
  ).packages
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === "") {
      return true
    }
    const found = installed[path]
    return found ? found.version === version : Boolean(optional)
  })
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined
}
