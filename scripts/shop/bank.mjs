import { join } from "node:path"
import { root } from "../setup.mjs"

/** Starts the simulated Bakong within this process: it cannot be left behind. */
export async function startBank({ port, tokenSecret }) {
  const { require: requireTypeScript } = await import("tsx/cjs/api")
  const { startSimulator } = requireTypeScript(
    join(root, "src", "simulator", "index.ts"),
    import.meta.url
  )
  return startSimulator({ port, tokenSecret })
}
