import { existsSync } from "node:fs"
import { join } from "node:path"
import { root } from "../setup.mjs"
import { startChild } from "../shop/children.mjs"
import { fingerprintOf, Stamp } from "./memory.mjs"

const SOURCES = [
  "demo/storefront",
  "src/storefront",
  "src/khqr",
  "package-lock.json",
]
const folder = join(root, "demo", "storefront")
const dist = join(folder, "dist")

/** Builds the storefront when its sources have changed. Returns the folder with the pages. */
export async function buildStorefront() {
  const stamp = new Stamp("storefront")
  const fingerprint = fingerprintOf(SOURCES)
  if (stamp.matches(fingerprint) && existsSync(join(dist, "index.html"))) {
    return dist
  }
  stamp.remove()
  await startChild({
    name: "The build of the storefront",
    log: "demo-storefront",
    args: [
      join(root, "node_modules/vite/bin/vite.js"),
      "build",
      ...["--config", join(folder, "vite.config.mts")],
    ],
  }).succeeded()
  stamp.write(fingerprint)
  return dist
}
