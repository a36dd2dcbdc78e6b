import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { registerTokenWorkflow } from "../../../../../workflows/register-token"
import type { AdminKhqrRegisterToken } from "../validators"
import { presentToken, type AdminToken } from "../view"

/** Has Bakong mail a code; `message` is what to do with it. 400 where the server does not offer it any more: paste a token then. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrRegisterToken>,
  res: MedusaResponse<{ token: AdminToken; message: string }>
): Promise<void> {
  const { result } = await registerTokenWorkflow(req.scope).run({
    input: req.validatedBody,
  })
  const { token, message } = result
  res.json({ token: presentToken(token), message })
}
