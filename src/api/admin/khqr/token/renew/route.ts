import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { renewTokenWorkflow } from "../../../../../workflows/renew-token"
import { presentToken, type AdminToken } from "../view"

/** Renews the token now, also where it is not due or a renewal has failed. */
export async function POST(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ token: AdminToken }>
): Promise<void> {
  const { result } = await renewTokenWorkflow(req.scope).run()
  res.json({ token: presentToken(result) })
}
