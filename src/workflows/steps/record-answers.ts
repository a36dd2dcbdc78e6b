import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { CheckResult } from "../../gateways"
import { stopsAsking } from "../../gateways/waves"
import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { ChargeAnnouncement } from "../../modules/khqr/types"
import type { ClaimedCharge } from "./claim-checks"

/** Charges that were claimed and not asked about, because the bank had enough, wait this long. */
const NOT_ASKED_PAUSE_MS = 5_000

/** Where it was only the list that is closed, the plan looks at them again, as at single questions. */
const LIST_CLOSED_PAUSE_MS = 1_000

/** Commits what the bank said. Never undone: evidence is not taken back because a later step failed. */
export const recordAnswersStep = createStep(
  "khqr-record-answers",
  async (
    { charges, results }: { charges: ClaimedCharge[]; results: CheckResult[] },
    { container }
  ) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const asked = new Set(results.map((result) => result.charge_id))
    const announcements = await khqr.recordAnswers(results)
    const notAsked = charges.filter(({ id }) => !asked.has(id))
    const idsOf = (rides: boolean) =>
      notAsked
        .filter(({ question }) => Boolean(question.rides) === rides)
        .map(({ id }) => id)
    await khqr.releaseChecks(
      idsOf(false),
      isServing(results) ? LIST_CLOSED_PAUSE_MS : NOT_ASKED_PAUSE_MS
    )
    await khqr.releaseRiders(idsOf(true))
    return new StepResponse<ChargeAnnouncement[]>(announcements)
  }
)

function isServing(results: CheckResult[]): boolean {
  return (
    results.some(({ outcome }) => outcome.type !== "unknown") &&
    !results.some(stopsAsking)
  )
}
