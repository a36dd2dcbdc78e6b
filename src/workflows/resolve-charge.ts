import {
  createWorkflow,
  transform,
  when,
  WorkflowResponse,
} from "@medusajs/framework/workflows-sdk"

import { recordRefundWorkflow } from "./record-refund"
import { settleChargeWorkflow } from "./settle-charge"
import { announceStep } from "./steps/announce"
import {
  checkDecisionStep,
  resolveChargeStep,
  type ResolveInput,
} from "./steps/resolve-charge"

/**
 * A person's decision about a charge in review, and what follows from it at once. Once it
 * is written down, the clock carries it out where this was interrupted. A `refund` is owed
 * from now on; the charge leaves review when its money is sent.
 */
export const resolveChargeWorkflow = createWorkflow(
  "khqr-resolve-charge",
  (input: ResolveInput) => {
    checkDecisionStep(input)
    when({ input }, ({ input }) => input.decision.resolution === "refund").then(
      () => {
        recordRefundWorkflow.runAsStep({
          input: transform({ input }, ({ input }) => ({
            charge_id: input.charge_id,
            note: input.decision.reason,
            actor: input.actor,
          })),
        })
      }
    )
    when({ input }, ({ input }) => input.decision.resolution !== "refund").then(
      () => {
        announceStep(resolveChargeStep(input))
      }
    )
    when({ input }, ({ input }) =>
      ["settle", "attach"].includes(input.decision.resolution)
    ).then(() => {
      settleChargeWorkflow.runAsStep({ input: { charge_id: input.charge_id } })
    })
    return new WorkflowResponse(input.charge_id)
  }
)
