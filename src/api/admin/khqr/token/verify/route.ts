import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import type { TokenState } from "../../../../../modules/khqr/bank/tokens"
import { verifyTokenWorkflow } from "../../../../../workflows/verify-token"
import type { AdminKhqrVerifyToken } from "../validators"

/** Fetches and keeps the token for the code that Bakong mailed. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrVerifyToken>,
  res: MedusaResponse<{ token: TokenState }>
): Promise<void> {
  const { result } = await verifyTokenWorkflow(req.scope).run({
    input: req.validatedBody,
  })
  res.json({ token: result })
}
