import { defineConfig, loadEnv } from "@medusajs/framework/utils"

import type { KhqrPluginOptions } from "./src/modules/khqr/options"

loadEnv(process.env.NODE_ENV ?? "development", process.cwd())

/**
 * The plugin's own root as a shop: for development, the demo and the tests. A
 * merchant's shop lists the package under `plugins` instead, see README.md.
 */
const khqrOptions: Partial<KhqrPluginOptions> = {
  merchant: {
    // A hosted gateway knows whom it pays.
    accountId:
      process.env.KHQR_ACCOUNT_ID ??
      (process.env.KHQR_HOSTED_URL ? undefined : "khqr_demo@devb"),
    name: process.env.KHQR_MERCHANT_NAME ?? "Phsar Toul Demo",
    nameKm: process.env.KHQR_MERCHANT_NAME_KM,
  },
  bakong: {
    token: process.env.BAKONG_TOKEN,
    email: process.env.BAKONG_EMAIL,
    encryptionKey: process.env.KHQR_ENCRYPTION_KEY,
    baseUrl: process.env.BAKONG_BASE_URL,
    timeoutMs: numberOf(process.env.BAKONG_TIMEOUT_MS),
    // The simulator has no limit; a token of the National Bank's may have 100.
    dailyRequestLimit: numberOf(process.env.BAKONG_DAILY_REQUEST_LIMIT) ?? null,
  },
  gateway: process.env.KHQR_HOSTED_URL
    ? {
        type: "hosted",
        baseUrl: process.env.KHQR_HOSTED_URL,
        merchantId: process.env.KHQR_HOSTED_MERCHANT_ID ?? "",
        key: process.env.KHQR_HOSTED_KEY ?? "",
      }
    : undefined,
  mode: env<KhqrPluginOptions["mode"]>("KHQR_MODE"),
  receivers: jsonOf(process.env.KHQR_RECEIVERS),
  limits: jsonOf(process.env.KHQR_LIMITS),
  khrRounding: jsonOf(process.env.KHQR_KHR_ROUNDING),
  latePayments: env<KhqrPluginOptions["latePayments"]>("KHQR_LATE_PAYMENTS"),
  manualConfirmation: jsonOf(process.env.KHQR_MANUAL_CONFIRMATION),
}

/** A word that the plugin itself looks at. */
function env<Word extends string | undefined>(name: string): Word {
  return (process.env[name] || undefined) as Word
}

/** As in `KHQR_LIMITS={"usd":{"min":1}}`, `KHQR_KHR_ROUNDING="refuse"`, `KHQR_MANUAL_CONFIRMATION=false`. */
function jsonOf(text: string | undefined) {
  return text ? JSON.parse(text) : undefined
}

function numberOf(text: string | undefined): number | undefined {
  return text ? Number(text) : undefined
}

module.exports = defineConfig({
  admin: {
    disable: process.env.MEDUSA_ADMIN_DISABLED === "true",
    backendUrl: process.env.MEDUSA_BACKEND_URL,
  },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { ssl: false, connection: { ssl: false } },
    http: {
      storeCors: process.env.STORE_CORS ?? "http://localhost:8000",
      adminCors: process.env.ADMIN_CORS ?? "http://localhost:9000",
      authCors: process.env.AUTH_CORS ?? "http://localhost:9000",
      jwtSecret: process.env.JWT_SECRET ?? "development-only",
      cookieSecret: process.env.COOKIE_SECRET ?? "development-only",
    },
    cookieOptions: { secure: false },
  },
  modules: [
    { resolve: "./src/modules/khqr", options: khqrOptions },
    {
      resolve: "@medusajs/medusa/payment",
      dependencies: ["khqr"],
      options: {
        providers: [{ resolve: "./src/providers/khqr", id: "bakong" }],
      },
    },
  ],
})
