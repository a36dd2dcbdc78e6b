import { join } from "node:path"
import { root } from "../scripts/setup.mjs"

/** A module of ours that is written in TypeScript. */
export async function load(...path) {
  const { require: requireTypeScript } = await import("tsx/cjs/api")
  return requireTypeScript(join(root, ...path), import.meta.url)
}
