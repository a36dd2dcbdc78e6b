import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { verifyTokenWorkflow } from "../../../../../workflows/verify-token"
import type { AdminKhqrVerifyToken } from "../validators"
import { presentToken, type AdminToken } from "../view"

/** Fetches and keeps the token for the code that Bakong mailed; `message` is what it takes to renew itself. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrVerifyToken>,
  res: MedusaResponse<{ token: AdminToken; message: string }>
): Promise<void> {
  const { result } = await verifyTokenWorkflow(req.scope).run({
    input: req.validatedBody,
  })
  const { token, message } = result
  res.json({ token: presentToken(token), message })
}
