import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../modules/khqr"
import type KhqrModuleService from "../../../../modules/khqr/service"
import { storeTokenWorkflow } from "../../../../workflows/store-token"
import type { AdminKhqrPasteToken } from "./validators"
import { presentToken, type AdminToken } from "./view"

/** Which token is used, until when, and what is wrong with it. Never the token itself. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ token: AdminToken }>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  res.json({ token: presentToken(await khqr.tokenState()) })
}

/** Keeps a pasted token, encrypted. 400 names what is wrong with it. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrPasteToken>,
  res: MedusaResponse<{ token: AdminToken }>
): Promise<void> {
  const { result } = await storeTokenWorkflow(req.scope).run({
    input: req.validatedBody,
  })
  res.json({ token: presentToken(result) })
}
