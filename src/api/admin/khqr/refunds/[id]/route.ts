import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import type { RefundView } from "../../../../../modules/khqr/refund-view"
import { readRefund, resolveKhqr } from "../helpers"

/** As the ledger has it; asks the bank nothing. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{ refund: RefundView }>
): Promise<void> {
  res.json({ refund: await readRefund(req.params.id, resolveKhqr(req)) })
}
