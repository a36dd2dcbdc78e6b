import { createHash } from "node:crypto"

import type { Ring } from "./bell"
import { chargeToShow } from "./session-charges"
import type { Charge } from "./types"
import { presentCharge, type ChargeView } from "./view"

type Merchant = Parameters<typeof presentCharge>[1]

/** Names what a page shows: the same for the same view, whenever it is taken. */
export function etagOf({ server_time: _, ...view }: ChargeView): string {
  return createHash("sha256")
    .update(JSON.stringify(view))
    .digest("base64url")
    .slice(0, 22)
}

/** What a page is to show, and what the hub has to know of it. */
export type Page = {
  view: ChargeView
  etag: string
  /** When it changes by time alone, epoch ms; `null`: it does not. */
  turnsAt: number | null
  /** Somebody who looks at it waits for a payment. */
  isAwaited: boolean
  /** The order is there: nothing more will come. */
  isFinal: boolean
}

/** @param charges of the session, and those that another session took over from it; not none */
export function turnPage(
  charges: Charge[],
  merchant: Merchant,
  now: Date
): Page {
  return pageOf(presentCharge(chargeToShow(charges)!, merchant, now))
}

export function pageOf(view: ChargeView): Page {
  return {
    view,
    etag: etagOf(view),
    turnsAt: view.qr === null ? null : Date.parse(view.expires_at),
    isAwaited: ["pending", "failed", "expired"].includes(view.status),
    isFinal: view.status === "completed",
  }
}

/** Whom a change of a charge concerns at once: the pages that show it, and the clock. */
export function ringsFor(
  before: Charge,
  after: Charge,
  merchant: Merchant,
  now: Date
): Ring[] {
  const pages =
    looksOf(before, merchant, now) === looksOf(after, merchant, now)
      ? []
      : [after.payment_session_id, after.moved_from]
  const rings = pages
    .filter((page) => page !== null)
    .map((payment_session_id): Ring => ({
      type: "changed",
      payment_session_id,
    }))
  return isDueNow(before, after, now) ? [...rings, { type: "due" }] : rings
}

/** The review's reason is not shown, but decides which of a session's charges is. */
function looksOf(charge: Charge, merchant: Merchant, now: Date): string {
  const view = presentCharge(charge, merchant, now)
  return JSON.stringify([view, charge.review_reason])
}

function isDueNow(before: Charge, after: Charge, now: Date): boolean {
  return (
    after.next_settle_at !== null &&
    after.next_settle_at <= now &&
    after.next_settle_at.getTime() !== before.next_settle_at?.getTime()
  )
}
