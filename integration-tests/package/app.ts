import { execFile, fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"
import { promisify } from "node:util"

import type { SeededShop } from "../../demo/seed"

const run = promisify(execFile)
const root = process.cwd()
const medusaCli = join(root, "node_modules/@medusajs/cli/cli.js")

const PACKAGE = "medusa-payment-khqr"

/** As the README has it. */
const CONFIG = `
const { defineConfig } = require("@medusajs/framework/utils")

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { ssl: false, connection: { ssl: false } },
    http: {
      storeCors: "http://localhost",
      adminCors: "http://localhost",
      authCors: "http://localhost",
      jwtSecret: "test",
      cookieSecret: "test",
    },
  },
  plugins: [
    {
      resolve: "${PACKAGE}",
      options: {
        merchant: { accountId: "lucky_shop@aclb", name: "Lucky Shop" },
        bakong: {
          token: process.env.BAKONG_TOKEN,
          baseUrl: process.env.BAKONG_BASE_URL,
        },
      },
    },
  ],
  modules: [
    {
      resolve: "@medusajs/medusa/payment",
      dependencies: ["khqr"],
      options: {
        providers: [{ resolve: "${PACKAGE}/providers/khqr", id: "bakong" }],
      },
    },
  ],
})
`

/**
 * Builds the package and packs it as npm would publish it.
 *
 * @param environment what whoever builds it happens to have set besides
 * @returns the tarball's path
 */
export async function buildAndPack(
  into: string,
  environment: Record<string, string>
): Promise<{
  tarball: string
  buildOutput: string
  files: string[]
}> {
  const env = { ...process.env, ...environment }
  const built = await run(process.execPath, [medusaCli, "plugin:build"], {
    env,
  })
  await run(process.execPath, [join(root, "scripts/build-storefront.mjs")], {
    env,
  })
  mkdirSync(into, { recursive: true })
  const { stdout } = await run(
    "npm",
    ["pack", "--ignore-scripts", "--json", "--pack-destination", into],
    { env }
  )
  const [{ filename, files }] = JSON.parse(stdout)
  return {
    tarball: join(into, filename),
    buildOutput: built.stdout + built.stderr,
    files: files.map(({ path }: { path: string }) => path),
  }
}

/** Somebody else's shop, with the tarball unpacked where npm would have put it. */
export async function createApp(
  folder: string,
  tarball: string
): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const modules = join(folder, "node_modules")
  const plugin = join(modules, PACKAGE)
  mkdirSync(plugin, { recursive: true })
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!name.startsWith(".")) {
      symlinkSync(join(root, "node_modules", name), join(modules, name))
    }
  }
  await run("tar", ["-xzf", tarball, "-C", plugin, "--strip-components=1"])
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({
      name: "a-shop",
      version: "1.0.0",
      dependencies: { "@medusajs/medusa": "*", [PACKAGE]: "*" },
    })
  )
  writeFileSync(join(folder, "medusa-config.js"), CONFIG)
}

export type RunningApp = {
  url: string
  shop: SeededShop
  stop: () => Promise<void>
}

/** Migrates, starts and seeds the shop. */
export async function startApp(
  folder: string,
  environment: Record<string, string>
): Promise<RunningApp> {
  const port = await freePort()
  const env = {
    ...process.env,
    NODE_ENV: "production",
    MEDUSA_DISABLE_TELEMETRY: "true",
    TS_NODE_TRANSPILE_ONLY: "true",
    TS_NODE_PROJECT: join(root, "tsconfig.json"),
    DEMO_ADMIN_EMAIL: "admin@example.com",
    DEMO_ADMIN_PASSWORD: "khqr-test",
    HOST: "127.0.0.1",
    PORT: String(port),
    ...environment,
  }
  await run(
    process.execPath,
    [medusaCli, "db:migrate", "--skip-scripts", "--execute-safe-links"],
    { cwd: folder, env, maxBuffer: 1e8 }
  )
  const child = fork(join(root, "demo/server.ts"), [], {
    cwd: folder,
    env,
    execArgv: ["--require", "ts-node/register/transpile-only"],
    silent: true,
  })
  let log = ""
  child.stdout?.on("data", (data) => (log += data))
  child.stderr?.on("data", (data) => (log += data))
  const [message] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => {
      throw new Error(`The shop ended with exit code ${code}:\n${log}`)
    }),
  ])
  return {
    url: `http://127.0.0.1:${port}`,
    shop: (message as { shop: SeededShop }).shop,
    stop: () => stop(child),
  }
}

export function exportsOf(folder: string): {
  exports: Record<string, string | { types: string; default: string }>
  bin: Record<string, string>
} {
  return JSON.parse(
    readFileSync(join(folder, "node_modules", PACKAGE, "package.json"), "utf8")
  )
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) {
    child.kill("SIGTERM")
    await once(child, "exit")
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
