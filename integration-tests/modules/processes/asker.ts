/**
 * One of several processes that ask the same bank with the same token: asks as
 * often as it is told to, and tells what became of it.
 */
import { ModulesSdkUtils } from "@medusajs/framework/utils"

import { openBank } from "../../../src/modules/khqr/bank"
import { databaseOf } from "../../../src/modules/khqr/database"
import { parseOptions } from "../../../src/modules/khqr/options"

export type AskerOrder = { calls: number; atOnce: number }
export type AskerReport = { sent: number; outcomes: Record<string, number> }

const quiet = () => {}
const knex = ModulesSdkUtils.createPgConnection({
  clientUrl: process.env.DATABASE_URL,
  driverOptions: { ssl: false, connection: { ssl: false } },
} as never)
const bank = openBank({
  options: parseOptions(JSON.parse(process.env.KHQR_OPTIONS!)),
  database: databaseOf(knex as never),
  logger: { info: quiet, warn: quiet, error: console.error } as never,
  tell: ({ name }) => process.send?.({ told: name }),
})

process.on("message", async ({ calls, atOnce }: AskerOrder) => {
  const report: AskerReport = { sent: 0, outcomes: {} }
  let left = calls
  const ask = async () => {
    while (left-- > 0) {
      const answer = await bank.openApi!.client.checkTransactionByMd5(
        "d60f3db96913029a2af979a1662c1e72",
        { purpose: "closing" }
      )
      report.sent += Number(answer.call.sent)
      const word =
        answer.outcome.type === "unknown"
          ? answer.outcome.reason
          : answer.outcome.type
      report.outcomes[word] = (report.outcomes[word] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, ask))
  process.send?.({ report })
})

process.on("disconnect", async () => {
  bank.gateway.close()
  await knex.destroy()
})

process.send?.({ ready: true })
