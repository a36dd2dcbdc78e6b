import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { claimWhenFree } from "./claim.mjs"
import { run } from "./processes.mjs"
import { root } from "./setup.mjs"

const COMMANDS = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
]

/**
 * A Chromium that starts: the one of `CHROMIUM_PATH`, or one of this machine, or else one
 * that is installed now.
 *
 * @returns {Promise<string>} its path
 */
export async function ensureBrowser() {
  const given = process.env.CHROMIUM_PATH
  if (given) {
    if (!starts(given)) {
      throw new Error(
        `CHROMIUM_PATH is ${given}, and no Chromium starts from there`
      )
    }
    return given
  }
  const found = await findBrowser()
  if (found) {
    return found
  }
  const release = await claimWhenFree(
    join(root, ".cache", "browser"),
    (owner) =>
      console.log(`Waiting for process ${owner.pid} to install Chromium`)
  )
  try {
    return (await findBrowser()) ?? (await installBrowser())
  } finally {
    release()
  }
}

async function findBrowser() {
  const candidates = [
    ...COMMANDS.map(locate),
    await playwrightsBrowser(),
  ].filter(Boolean)
  return candidates.find(starts)
}

async function installBrowser() {
  if (process.getuid?.() === 0 && locate("apt-get")) {
    console.log("No Chromium found: installing it with apt-get")
    await installDebianPackages()
    const found = await findBrowser()
    if (found) {
      return found
    }
  }
  console.log("No Chromium found: installing Playwright's into its own cache")
  await run(process.execPath, [
    join(root, "node_modules", "playwright-core", "cli.js"),
    "install",
    "chromium",
  ])
  const found = await findBrowser()
  if (found) {
    return found
  }
  throw new Error(
    "No Chromium starts on this machine, and none could be installed. Install the package chromium (Debian: apt-get install chromium fonts-noto-core) or Google Chrome, or set CHROMIUM_PATH"
  )
}

/** Noto's core package holds Noto Sans Khmer: without it Khmer texts are boxes. */
async function installDebianPackages() {
  const env = { DEBIAN_FRONTEND: "noninteractive" }
  // An outdated list may still do, and then the installation says what is wrong.
  await run("apt-get", ["update", "-q"], { env })
  await run(
    "apt-get",
    [
      ...["-o", "DPkg::Lock::Timeout=300"],
      ...["install", "-y", "-q", "--no-install-recommends"],
      ...["chromium", "fonts-noto-core"],
    ],
    { env }
  )
}

async function playwrightsBrowser() {
  if (!existsSync(join(root, "node_modules", "playwright-core"))) {
    return undefined
  }
  const { chromium } = await import("playwright-core")
  const path = chromium.executablePath()
  return existsSync(path) ? path : undefined
}

function locate(command) {
  const { stdout, status } = spawnSync(
    "/bin/sh",
    ["-c", 'command -v "$1"', "sh", command],
    { encoding: "utf8" }
  )
  return status === 0 ? stdout.trim() : undefined
}

/** Ubuntu's chromium-browser, for one, may only be a hint to install a snap. */
function starts(path) {
  const { stdout, status } = spawnSync(path, ["--version"], {
    encoding: "utf8",
    timeout: 30_000,
  })
  return status === 0 && /chrom/i.test(stdout)
}
