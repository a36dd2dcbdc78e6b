import { randomUUID } from "node:crypto"
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { identify, isRunning } from "./processes.mjs"

const PREFIX = "owner."

/** Another running process has claimed the folder. */
export class InUseError extends Error {
  constructor(folder, owner) {
    super(`${folder} is in use by process ${owner.pid}`)
    this.name = "InUseError"
    this.owner = owner
  }
}

/**
 * Claims a folder for this process until it ends or releases the claim, however it ends.
 *
 * A claim is a numbered file that names its owner. The highest number counts, and numbers
 * only grow: a claim that looked free a moment ago cannot be taken twice.
 *
 * @returns {() => void} releases the claim
 * @throws {InUseError}
 */
export function claim(folder) {
  mkdirSync(folder, { recursive: true })
  for (;;) {
    const last = lastClaim(folder)
    if (last.owner && isRunning(last.owner)) {
      throw new InUseError(folder, last.owner)
    }
    const number = last.number + 1
    if (!writeClaim(folder, number)) {
      continue
    }
    const file = join(folder, PREFIX + number)
    if (lastClaim(folder).number !== number) {
      rmSync(file, { force: true })
      continue
    }
    for (const older of claims(folder).filter((other) => other < number)) {
      rmSync(join(folder, PREFIX + older), { force: true })
    }
    // An empty claim has no owner and keeps the number.
    return () => writeFileSync(file, "")
  }
}

/** As `claim`, but waits for another owner to finish. `onWait` hears of it once. */
export async function claimWhenFree(folder, onWait) {
  let told = false
  for (;;) {
    try {
      return claim(folder)
    } catch (error) {
      if (!(error instanceof InUseError)) {
        throw error
      }
      if (!told) {
        onWait(error.owner)
        told = true
      }
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

function claims(folder) {
  return readdirSync(folder)
    .filter((name) => /^owner\.\d+$/.test(name))
    .map((name) => Number(name.slice(PREFIX.length)))
}

function lastClaim(folder) {
  const number = Math.max(0, ...claims(folder))
  try {
    const text = readFileSync(join(folder, PREFIX + number), "utf8")
    return { number, owner: text ? JSON.parse(text) : undefined }
  } catch (error) {
    if (error.code === "ENOENT") {
      return { number }
    }
    throw error
  }
}

/** A link appears with its whole content or not at all, and never replaces another. */
function writeClaim(folder, number) {
  const draft = join(folder, `draft.${randomUUID()}`)
  writeFileSync(draft, JSON.stringify(identify(process.pid)))
  try {
    linkSync(draft, join(folder, PREFIX + number))
    return true
  } catch (error) {
    if (error.code === "EEXIST") {
      return false
    }
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}
