import { generateEntityId } from "@medusajs/framework/utils"

import { describeOutcome, type ChargeEvent, type Transition } from "./state"
import type { Actor, Charge } from "./types"

/** A poll that says the same as the last one is counted, not written down. */
export function isNews(before: Charge, after: Charge): boolean {
  return before.last_outcome !== after.last_outcome
}

/** The first line of a charge's history. */
export function issuedEntry(charge: Charge, actor: Actor) {
  return {
    id: generateEntityId(undefined, "khqrev"),
    charge_id: charge.id,
    kind: "issued",
    actor,
    status: charge.status,
    message: `${charge.khqr_amount} ${charge.currency_code.toUpperCase()}`,
  }
}

/** One line of a charge's history; `requestId` leads to the call that brought the news. */
export function historyEntry(
  { charge, announcements, note }: Transition<Charge>,
  event: ChargeEvent,
  actor: Actor,
  requestId?: string
) {
  return {
    charge_id: charge.id,
    kind: announcements.at(-1) ?? event.type,
    actor,
    status: charge.status,
    review_reason: charge.review_reason,
    message: clip(note ?? answerOf(event)),
    request_id: requestId ?? null,
  }
}

const LONGEST_MESSAGE = 500

/** Medusa's and the bank's own words may be of any length. */
function clip(message: string | null): string | null {
  return message !== null && message.length > LONGEST_MESSAGE
    ? `${message.slice(0, LONGEST_MESSAGE - 1)}…`
    : message
}

function answerOf(event: ChargeEvent): string | null {
  if (event.type !== "answered" && event.type !== "not_asked") {
    return null
  }
  const { outcome } = event
  return outcome.type === "unknown" && outcome.message
    ? `${describeOutcome(outcome)}: ${outcome.message}`
    : describeOutcome(outcome)
}
