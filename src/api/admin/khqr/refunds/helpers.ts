import type { MedusaRequest } from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../modules/khqr"
import {
  presentRefund,
  type RefundView,
} from "../../../../modules/khqr/refund-view"
import type KhqrModuleService from "../../../../modules/khqr/service"
import type { Refund } from "../../../../modules/khqr/types"

export function resolveKhqr(req: MedusaRequest): KhqrModuleService {
  return req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
}

export function viewOf(refund: Refund, khqr: KhqrModuleService): RefundView {
  return presentRefund(refund, khqr.reverseKhqrFault(refund), new Date())
}

/** As it is after a workflow has changed it. */
export async function readRefund(
  id: string,
  khqr: KhqrModuleService
): Promise<RefundView> {
  return viewOf(await khqr.retrieveKhqrRefund(id), khqr)
}
