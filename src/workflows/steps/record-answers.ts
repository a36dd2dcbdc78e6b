import { partitionArray } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { CheckResult } from "../../gateways"
import { stopsAsking } from "../../gateways/waves"
import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { ChargeAnnouncement } from "../../modules/khqr/types"
import type { ClaimedCharge } from "./claim-checks"

/** Charges that were claimed and not asked about, because the bank had enough, wait this long. */
const NOT_ASKED_PAUSE_MS = 5_000

/** And those that a gateway left out without a word. */
const LEFT_OUT_PAUSE_MS = 1_000

/** Commits what the bank said. Never undone: evidence is not taken back because a later step failed. */
export const recordAnswersStep = createStep(
  "khqr-record-answers",
  async (
    { charges, results }: { charges: ClaimedCharge[]; results: CheckResult[] },
    { container }
  ) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    const [short, due] = partitionArray(charges, ({ is_short }) => is_short)
    const asked = new Set(results.map((result) => result.charge_id))
    const announcements = [
      ...(await khqr.recordAnswers(results)),
      ...(await khqr.recordShortage(idsOf(short))),
    ]
    const notAsked = due.filter(({ id }) => !asked.has(id))
    const [riders, others] = partitionArray(notAsked, ({ question }) =>
      Boolean(question.rides)
    )
    await khqr.releaseRiders(idsOf(riders))
    // A list that is closed now takes no charge's turn: the next pass asks about each alone.
    if (isServing(results) && !(await khqr.asksInLists())) {
      await khqr.releaseRiders(idsOf(others))
    } else {
      await khqr.releaseChecks(
        idsOf(others),
        isServing(results) ? LEFT_OUT_PAUSE_MS : NOT_ASKED_PAUSE_MS
      )
    }
    return new StepResponse<ChargeAnnouncement[]>(announcements)
  }
)

function isServing(results: CheckResult[]): boolean {
  return (
    results.some(({ outcome }) => outcome.type !== "unknown") &&
    !results.some(stopsAsking)
  )
}

function idsOf(charges: ClaimedCharge[]): string[] {
  return charges.map(({ id }) => id)
}
