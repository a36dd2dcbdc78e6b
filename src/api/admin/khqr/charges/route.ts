import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"
import { zodValidator } from "@medusajs/framework"

import { KHQR_MODULE } from "../../../../modules/khqr"
import { whereOf, type ChargeFilters } from "../../../../modules/khqr/desk-list"
import type KhqrModuleService from "../../../../modules/khqr/service"
import { AdminKhqrListCharges } from "./validators"
import { presentAdminCharge, type AdminCharge } from "./view"

/** Newest first. `?review=open` is the review queue; the filters are in `validators.ts`. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<{
    charges: AdminCharge[]
    count: number
    limit: number
    offset: number
  }>
): Promise<void> {
  const { limit, offset, ...filters } = (await zodValidator(
    AdminKhqrListCharges,
    req.query
  )) as ChargeFilters & { limit: number; offset: number }
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const [charges, count] = await khqr.listAndCountKhqrCharges(
    whereOf(filters),
    { take: limit, skip: offset, order: { issued_at: "DESC", id: "DESC" } }
  )
  res.json({ charges: charges.map(presentAdminCharge), count, limit, offset })
}
