import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"
import { zodValidator } from "@medusajs/framework"

import type { RefundView } from "../../../../modules/khqr/refund-view"
import { resolveKhqr, viewOf } from "./helpers"
import { AdminKhqrListRefunds } from "./validators"

/** Newest first; `status`, `review_reason`, `review=open` and `charge_id` narrow it. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{
    refunds: RefundView[]
    count: number
    limit: number
    offset: number
  }>
): Promise<void> {
  const khqr = resolveKhqr(req)
  const { limit, offset, review, ...filters } = (await zodValidator(
    AdminKhqrListRefunds,
    req.query
  )) as AdminKhqrListRefunds
  const [refunds, count] = await khqr.listAndCountKhqrRefunds(
    {
      ...filters,
      ...(review
        ? {
            review_reason: filters.review_reason ?? { $ne: null },
            resolved_at: null,
          }
        : {}),
    },
    {
      take: limit,
      skip: offset,
      order: { created_at: "DESC", id: "DESC" },
    }
  )
  res.json({
    refunds: refunds.map((refund) => viewOf(refund, khqr)),
    count,
    limit,
    offset,
  })
}
