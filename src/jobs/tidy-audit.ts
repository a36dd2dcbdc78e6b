import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import { KHQR_MODULE } from "../modules/khqr"
import type KhqrModuleService from "../modules/khqr/service"

/** Deletes old calls to the bank from the audit log, and old counts of tries; charges, their history and proofs of payment stay. */
export default async function tidyAudit(
  container: MedusaContainer
): Promise<void> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  await khqr.tidyAttempts()
  const deleted = await khqr.tidyAudit()
  if (deleted > 0) {
    container
      .resolve(ContainerRegistrationKeys.LOGGER)
      .info(`KHQR: ${deleted} old calls to the bank left the audit log`)
  }
}

export const config = {
  name: "khqr-tidy-audit",
  // 03:20 in Phnom Penh.
  schedule: "20 20 * * *",
}
