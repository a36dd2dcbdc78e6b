import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import type { TokenState } from "../../../../../modules/khqr/bank/tokens"
import { registerTokenWorkflow } from "../../../../../workflows/register-token"
import type { AdminKhqrRegisterToken } from "../validators"

/** Has Bakong mail a code. 400 where the server does not offer it any more: paste a token then. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrRegisterToken>,
  res: MedusaResponse<{ token: TokenState }>
): Promise<void> {
  const { result } = await registerTokenWorkflow(req.scope).run({
    input: req.validatedBody,
  })
  res.json({ token: result })
}
