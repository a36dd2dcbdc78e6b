import {
  createWorkflow,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { announceStep } from "./steps/announce"
import { carryOutSettlementStep } from "./steps/carry-out-settlement"
import { decideSettlementStep } from "./steps/decide-settlement"
import { recordSettlementStep } from "./steps/record-settlement"

/**
 * Brings Medusa in line with one charge: a paid one becomes an order, an expired
 * one a canceled session. May run any number of times; what is done is found done.
 */
export const settleChargeWorkflow = createWorkflow(
  "khqr-settle-charge",
  (input: { charge_id: string }) => {
    const decision = decideSettlementStep(input)
    const settlement = carryOutSettlementStep(decision)
    const announcements = recordSettlementStep(settlement)
    announceStep(announcements)
    return new WorkflowResponse(settlement)
  }
)
