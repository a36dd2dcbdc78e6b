import { existsSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, extname, join, resolve } from "node:path"
import { getConfigFile, loadEnv } from "@medusajs/framework/utils"

/** In the order in which Medusa finds them. */
const NAMES = ["medusa-config.js", "medusa-config.ts"]

/** A shop's `medusa-config`, or why it could not be read. */
export type LoadedConfig =
  { file: string; config: unknown } | { file: string; error: Error }

/**
 * Where the configuration is.
 *
 * @param place the shop's folder or the file itself
 * @returns `null` when there is none
 */
export function findConfigFile(place: string): string | null {
  const path = resolve(place)
  if (!existsSync(path)) {
    return null
  }
  if (!statSync(path).isDirectory()) {
    return path
  }
  const name = NAMES.find((candidate) => existsSync(join(path, candidate)))
  return name === undefined ? null : join(path, name)
}

/**
 * Loads a configuration as Medusa's own command line does, and nothing besides:
 * a shop that does not boot can be looked at all the same. Makes the shop's folder
 * the working directory, from which `defineConfig` resolves modules.
 */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const folder = dirname(file)
  process.chdir(folder)
  loadEnv(process.env.NODE_ENV ?? "development", folder)
  try {
    if (extname(file) === ".ts") {
      understandTypeScript(folder)
    }
    const { configModule, error } = await getConfigFile<unknown>(
      folder,
      basename(file)
    )
    return error
      ? { file, error: asError(error) }
      : { file, config: configModule }
  } catch (error) {
    return { file, error: asError(error) }
  }
}

/** With the shop's own ts-node, as Medusa does; types are for its build to check. */
function understandTypeScript(folder: string): void {
  if (Object.hasOwn(require.extensions, ".ts")) {
    return
  }
  const shop = createRequire(join(folder, "package.json"))
  let tsNode: { register(options: object): unknown }
  try {
    tsNode = shop("ts-node")
  } catch {
    throw new Error(
      "ts-node is not installed, with which Medusa reads medusa-config.ts (npm install --save-dev ts-node); a built shop is looked at in .medusa/server"
    )
  }
  tsNode.register({ transpileOnly: true, cwd: folder })
  try {
    shop("tsconfig-paths").register({ cwd: folder })
  } catch {
    // Only a shop with path aliases has it.
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
