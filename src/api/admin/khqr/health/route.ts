import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../modules/khqr"
import type { Health } from "../../../../modules/khqr/bank/health"
import type KhqrModuleService from "../../../../modules/khqr/service"

/** Token, quota, circuit and list endpoint, as they are now. Asks the bank nothing. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ health: Health }>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  res.json({ health: await khqr.health() })
}
