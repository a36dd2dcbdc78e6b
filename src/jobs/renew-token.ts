import type { MedusaContainer } from "@medusajs/framework/types"

import { KHQR_MODULE } from "../modules/khqr"
import type KhqrModuleService from "../modules/khqr/service"

/** Renews the token in its last week and tells the merchant how long it has left. */
export default async function renewToken(
  container: MedusaContainer
): Promise<void> {
  await container.resolve<KhqrModuleService>(KHQR_MODULE).keepToken()
}

export const config = {
  name: "khqr-renew-token",
  // 03:40 in Phnom Penh.
  schedule: "40 20 * * *",
}
