import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import type { TokenState } from "../../../../../modules/khqr/bank/tokens"
import { renewTokenWorkflow } from "../../../../../workflows/renew-token"

/** Renews the token now, also where it is not due or a renewal has failed. */
export async function POST(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ token: TokenState }>
): Promise<void> {
  const { result } = await renewTokenWorkflow(req.scope).run()
  res.json({ token: result })
}
