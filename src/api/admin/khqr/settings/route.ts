import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../modules/khqr"
import type KhqrModuleService from "../../../../modules/khqr/service"
import {
  shownOptions,
  type ShopOptions,
  type ShopSwitch,
} from "../../../../modules/khqr/settings"
import type { AdminKhqrSettings } from "./validators"

type Settings = { settings: ShopSwitch & ShopOptions }

/** Whether the shop takes KHQR payments, and how it is set up in medusa-config. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<Settings>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const shop = await khqr.shopSwitch()
  res.json({ settings: { ...shop, ...shownOptions(khqr.options) } })
}

/** Switches KHQR on or off, at once and without a restart; what was shown before is settled as ever. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrSettings>,
  res: MedusaResponse<Settings>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const { enabled, reason } = req.validatedBody
  const shop = await khqr.switchShop(
    { enabled, reason: reason ?? null },
    req.auth_context.actor_id
  )
  res.json({ settings: { ...shop, ...shownOptions(khqr.options) } })
}
