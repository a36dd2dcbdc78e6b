import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import type { CheckResult, Question } from "../../../src/gateways"
import { openBank } from "../../../src/modules/khqr/bank"
import { databaseOf } from "../../../src/modules/khqr/database"
import { parseOptions } from "../../../src/modules/khqr/options"
import type { World } from "../world"

/**
 * Asks the bank as a process would that has just started: with the shop's
 * database, and nothing remembered of what this one went through.
 */
export async function askAfterRestart(
  world: World,
  questions: Question[],
  bakong: Record<string, unknown>
): Promise<CheckResult[]> {
  const { gateway } = openBank({
    options: parseOptions({
      merchant: { accountId: "khqr_demo@devb", name: "Phsar Toul Demo" },
      bakong: {
        token: process.env.BAKONG_TOKEN,
        encryptionKey: process.env.KHQR_ENCRYPTION_KEY,
        baseUrl: process.env.BAKONG_BASE_URL,
        dailyRequestLimit: null,
        ...bakong,
      },
    }),
    database: databaseOf(
      world.container.resolve(ContainerRegistrationKeys.PG_CONNECTION)
    ),
    logger: world.container.resolve(ContainerRegistrationKeys.LOGGER),
    tell: () => undefined,
  })
  try {
    return await gateway.check(questions, "check")
  } finally {
    gateway.close()
  }
}
