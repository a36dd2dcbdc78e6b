import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { CheckResult, Question } from "../../gateways"
import { KHQR_MODULE } from "../../modules/khqr"
import type { RefundChange } from "../../modules/khqr/refunds"
import type KhqrModuleService from "../../modules/khqr/service"

/** Refunds that were claimed and not asked about, because the bank had enough, wait this long. */
const NOT_ASKED_PAUSE_MS = 5_000

/** Commits what the bank said. Never undone: money that went back does not come again because a later step failed. */
export const recordRefundAnswersStep = createStep(
  "khqr-record-refund-answers",
  async (
    { questions, results }: { questions: Question[]; results: CheckResult[] },
    { container }
  ) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const asked = new Set(results.map((result) => result.charge_id))
    const news = await khqr.recordRefundAnswers(results)
    await khqr.releaseRefundChecks(
      questions
        .map(({ charge_id }) => charge_id)
        .filter((id) => !asked.has(id)),
      NOT_ASKED_PAUSE_MS
    )
    return new StepResponse<Omit<RefundChange, "refund">>(news)
  }
)
