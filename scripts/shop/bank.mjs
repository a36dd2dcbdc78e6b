import { join } from "node:path"
import { root } from "../setup.mjs"

/**
 * Starts the simulated Bakong within this process: it cannot be left behind.
 *
 * @param {object} options
 * @param {number} options.port
 * @param {string} options.tokenSecret
 * @param {number | null} [options.quota] calls a day, `null` for no limit
 */
export async function startBank({ port, tokenSecret, quota = null }) {
  const { require: requireTypeScript } = await import("tsx/cjs/api")
  const { startSimulator } = requireTypeScript(
    join(root, "src", "simulator", "index.ts"),
    import.meta.url
  )
  return startSimulator({ port, tokenSecret, dailyRequestLimit: quota })
}
