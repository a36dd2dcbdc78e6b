import type { MedusaRequest } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"

import { KHQR_MODULE } from "../../../modules/khqr"
import type KhqrModuleService from "../../../modules/khqr/service"
import type { ChargeView } from "../../../modules/khqr/view"

export function resolveKhqr(req: MedusaRequest): KhqrModuleService {
  return req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
}

/** Unknown, another provider's, not yours: all the same 404. */
export function requireCharge(view: ChargeView | null): ChargeView {
  if (!view) {
    throw new MedusaError(
      MedusaError.Types.NOT_FOUND,
      "There is no KHQR for this payment session."
    )
  }
  return view
}
