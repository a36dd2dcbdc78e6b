import { createHash } from "node:crypto"
import { filesBelow, fingerprintOf, Stamp } from "./memory.mjs"

const MIGRATIONS = "src/modules/khqr/migrations"
const OTHERS = ["package-lock.json", "src/links"]

/** What the demo's database was last brought up to, with a whole shop in it. */
export class Schema {
  constructor() {
    this.stamp = new Stamp("database")
  }

  /**
   * Why there is no use in the data we have, if so. A first start that was interrupted leaves
   * nothing of worth. Migrations that have run and were rewritten since, as happens before a
   * release, do not run again.
   *
   * @returns {"none" | "rewritten" | undefined}
   */
  get fault() {
    if (!this.stamp.exists) {
      return "none"
    }
    const now = migrations()
    const { migrations: run } = JSON.parse(this.stamp.read())
    const kept = Object.keys(run).every((path) => run[path] === now[path])
    return kept ? undefined : "rewritten"
  }

  isCurrent(database) {
    return this.stamp.matches(describe(database))
  }

  /** The database is what the sources want. */
  remember(database) {
    this.stamp.write(describe(database))
  }

  forget() {
    this.stamp.remove()
  }
}

function describe({ password }) {
  return JSON.stringify({
    // It tells one database from another.
    database: createHash("sha256").update(password).digest("hex"),
    others: fingerprintOf(OTHERS),
    migrations: migrations(),
  })
}

function migrations() {
  return Object.fromEntries(
    filesBelow(MIGRATIONS)
      .filter((path) => path.endsWith(".ts"))
      .map((path) => [path, fingerprintOf([path])])
  )
}
