import type { ExecArgs } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import { examine, hasFailure, presentReport } from "../doctor"

/**
 * `khqr doctor` inside a booted Medusa, for where only `medusa exec` runs:
 * `npx medusa exec ./node_modules/medusa-payment-khqr/.medusa/server/src/scripts/doctor.js [json] [no-questions]`
 */
export default async function doctor({ container, args = [] }: ExecArgs) {
  const wishes = args.map((word) => word.replace(/^--/, ""))
  const report = await examine({
    config: container.resolve(ContainerRegistrationKeys.CONFIG_MODULE),
    knex: container.resolve(ContainerRegistrationKeys.PG_CONNECTION),
    ask: !wishes.includes("no-questions"),
    logger: container.resolve(ContainerRegistrationKeys.LOGGER),
  })
  console.log(
    wishes.includes("json")
      ? JSON.stringify(report, null, 2)
      : presentReport(report, { width: 100, colours: false })
  )
  process.exitCode = hasFailure(report.findings) ? 1 : 0
}
