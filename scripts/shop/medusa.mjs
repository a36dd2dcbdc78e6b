import { join } from "node:path"
import { root } from "../setup.mjs"
import { startChild } from "./children.mjs"

/** Of the dashboard. No secret: it listens on this machine only. */
export const ADMIN = { email: "admin@example.com", password: "khqr-demo" }

const MODULES = join(root, "node_modules")

/** Brings the database up to what the installed Medusa and the plugin's migrations want. */
export async function migrate(run) {
  await startChild({
    name: "The migration",
    log: `${run.name}-migrate`,
    args: [
      join(MODULES, "@medusajs/cli/cli.js"),
      "db:migrate",
      // Never asks.
      "--execute-safe-links",
      // They convert older data.
      ...(run.fresh ? ["--skip-scripts"] : []),
    ],
    env: environment(run),
  }).succeeded()
}

/**
 * Starts Medusa and waits until its shop can be used. After a `kill` it may be started again.
 *
 * @returns {Promise<{
 *   shop: import("../../demo/seed").SeededShop
 *   failed: () => Promise<never>
 *   kill: () => Promise<void>
 *   exited: () => Promise<string>
 * }>}
 */
export async function startMedusa(run) {
  const child = startChild({
    name: "Medusa",
    log: `${run.name}-medusa`,
    args: [
      ...["--require", "ts-node/register/transpile-only"],
      join(root, "demo", "server.ts"),
    ],
    env: environment(run),
  })
  const { shop } = await Promise.race([child.message(), child.failed()])
  const { failed, kill, exited } = child
  return { shop, failed, kill, exited }
}

/**
 * @param {object} run
 * @param {string} run.name
 * @param {boolean} run.dashboard
 * @param {string} run.databaseUrl
 * @param {boolean} [run.fresh] the database is empty
 * @param {{ url: string, token: string }} run.bank
 * @param {{ jwt: string, cookie: string, tokens: string }} run.secrets
 * @param {number} run.port Medusa's
 * @param {number} [run.storefrontPort]
 * @param {number | null} [run.quota] the bank's calls a day, as the shop knows them
 * @param {Record<string, string>} [run.env] what differs from the demo's
 */
function environment(run) {
  const own = origins(run.port)
  const storefront = run.storefrontPort ? origins(run.storefrontPort) : []
  return {
    // Then Vite serves the dashboard, and nothing has to be built.
    NODE_ENV: "development",
    MEDUSA_DISABLE_TELEMETRY: "true",
    MEDUSA_WORKER_MODE: "shared",
    MEDUSA_ADMIN_DISABLED: String(!run.dashboard),
    MEDUSA_BACKEND_URL: "/",
    HMR_BIND_HOST: "127.0.0.1",
    TS_NODE_TRANSPILE_ONLY: "true",
    DATABASE_URL: run.databaseUrl,
    HOST: "127.0.0.1",
    PORT: String(run.port),
    STORE_CORS: [...storefront, ...own].join(","),
    ADMIN_CORS: own.join(","),
    AUTH_CORS: [...storefront, ...own].join(","),
    JWT_SECRET: run.secrets.jwt,
    COOKIE_SECRET: run.secrets.cookie,
    BAKONG_BASE_URL: run.bank.url,
    BAKONG_TOKEN: run.bank.token,
    BAKONG_EMAIL: "owner@phsar-toul.test",
    ...(run.quota ? { BAKONG_DAILY_REQUEST_LIMIT: String(run.quota) } : {}),
    KHQR_ENCRYPTION_KEY: run.secrets.tokens,
    KHQR_ACCOUNT_ID: "phsar_toul@devb",
    KHQR_MERCHANT_NAME: "Phsar Toul Demo",
    KHQR_MERCHANT_NAME_KM: "ផ្សារទួល",
    DEMO_ADMIN_EMAIL: ADMIN.email,
    DEMO_ADMIN_PASSWORD: ADMIN.password,
    // Pictures in the dashboard.
    DEMO_STOREFRONT_URL: storefront[0] ?? "",
    ...run.env,
  }
}

function origins(port) {
  return [`http://localhost:${port}`, `http://127.0.0.1:${port}`]
}
