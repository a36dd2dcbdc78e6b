import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../modules/khqr"
import type { Health } from "../../../../modules/khqr/bank/health"
import type KhqrModuleService from "../../../../modules/khqr/service"
import { presentToken, type AdminToken } from "../token/view"

type AdminHealth = Omit<Health, "token"> & { token: AdminToken | null }

/** Token, quota, circuit and list endpoint, as they are now. Asks the bank nothing. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ health: AdminHealth }>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const health = await khqr.health()
  res.json({
    health: { ...health, token: health.token && presentToken(health.token) },
  })
}
