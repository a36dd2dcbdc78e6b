import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../../../modules/khqr"
import type { Diagnosis } from "../../../../../../modules/khqr/bank/diagnose"
import type KhqrModuleService from "../../../../../../modules/khqr/service"
import type { AdminKhqrDiagnose } from "../../../validators"

/** What the bank says of a charge, asked in every way there is, beside what the ledger believes. Costs up to 3 questions. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrDiagnose>,
  res: MedusaResponse<{ diagnosis: Diagnosis }>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  res.json({
    diagnosis: await khqr.diagnoseCharge(req.params.id, req.validatedBody.hash),
  })
}
