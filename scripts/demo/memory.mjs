/** What the demo keeps between runs, beside its database: under `.cache/demo`. */
import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { root } from "../setup.mjs"
import { randomSecrets } from "../shop/secrets.mjs"

export const memory = join(root, ".cache", "demo")

/** Random for each clone and the same at each start: logins and the bank's tokens outlive a restart. */
export function keptSecrets() {
  const file = join(memory, "secrets.json")
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}
  // A demo of an earlier version knew fewer.
  const secrets = { ...randomSecrets(), ...kept }
  mkdirSync(memory, { recursive: true })
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
  return secrets
}

/** Remembers of a step what it was done with, so that it is done again only when that changed. */
export class Stamp {
  constructor(name) {
    this.file = join(memory, `${name}.stamp`)
  }

  get exists() {
    return existsSync(this.file)
  }

  read() {
    return this.exists ? readFileSync(this.file, "utf8") : undefined
  }

  matches(fingerprint) {
    return this.read() === fingerprint
  }

  write(fingerprint) {
    mkdirSync(memory, { recursive: true })
    writeFileSync(this.file, fingerprint)
  }

  remove() {
    rmSync(this.file, { force: true })
  }
}

/** @param {string[]} paths files and folders below the root */
export function fingerprintOf(paths) {
  const hash = createHash("sha256")
  for (const path of paths.flatMap((path) => filesBelow(path))) {
    hash.update(`${path}\0`).update(readFileSync(join(root, path)))
  }
  return hash.digest("hex")
}

const NO_SOURCES = ["node_modules", "dist", "__tests__"]

/** @returns {string[]} paths below the root, none when there is nothing */
export function filesBelow(path) {
  const full = join(root, path)
  if (!existsSync(full)) {
    return []
  }
  if (statSync(full).isFile()) {
    return [path]
  }
  return readdirSync(full)
    .filter((name) => !NO_SOURCES.includes(name))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
}
