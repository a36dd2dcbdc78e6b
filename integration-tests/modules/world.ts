import { join } from "node:path"

import { moduleIntegrationTestRunner } from "@medusajs/test-utils"

import { KHQR_MODULE } from "../../src/modules/khqr"
import KhqrAttempt from "../../src/modules/khqr/models/attempt"
import KhqrCharge from "../../src/modules/khqr/models/charge"
import KhqrEvent from "../../src/modules/khqr/models/event"
import KhqrQuota from "../../src/modules/khqr/models/quota"
import KhqrRefund from "../../src/modules/khqr/models/refund"
import KhqrRefundBooking from "../../src/modules/khqr/models/refund-booking"
import KhqrSetting from "../../src/modules/khqr/models/setting"
import KhqrToken from "../../src/modules/khqr/models/token"
import type KhqrModuleService from "../../src/modules/khqr/service"

export const ACCOUNT = "lucky_shop@devb"

/** The one who is paid, and a bank that nobody reaches, however often it is asked. */
const OPTIONS = {
  merchant: { accountId: ACCOUNT, name: "Lucky Shop" },
  bakong: {
    token: "none",
    baseUrl: "http://127.0.0.1:9",
    dailyRequestLimit: null,
  },
}

type Runner = Parameters<
  typeof moduleIntegrationTestRunner<KhqrModuleService>
>[0]

/** Runs a suite on the plugin's module and a PostgreSQL of its own. */
export function onKhqrModule(
  testSuite: Runner["testSuite"],
  options: Record<string, unknown> = {}
): void {
  moduleIntegrationTestRunner<KhqrModuleService>({
    moduleName: KHQR_MODULE,
    resolve: "./src/modules/khqr",
    pathToMigrations: join(process.cwd(), "src/modules/khqr/migrations"),
    moduleModels: [
      KhqrAttempt,
      KhqrCharge,
      KhqrEvent,
      KhqrQuota,
      KhqrRefund,
      KhqrRefundBooking,
      KhqrSetting,
      KhqrToken,
    ],
    moduleOptions: { ...OPTIONS, ...options },
    testSuite: (world) =>
      describe("", () => {
        // The runner never tells a module to end that shares its connection.
        afterEach(() => world.service.__hooks.onApplicationShutdown())
        describe("", () => testSuite(world))
      }),
  })
}
