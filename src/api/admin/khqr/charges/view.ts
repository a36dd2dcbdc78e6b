import { describeReview } from "../../../../modules/khqr/review"
import {
  needsPerson,
  resolutionsOf,
  type Resolution,
} from "../../../../modules/khqr/state"
import type { Charge, ChargeHistoryEntry } from "../../../../modules/khqr/types"

/** Named one by one: what a charge may hold one day does not leave by itself, and its adoption key never. */
const SHOWN = [
  "id",
  "reference",
  "status",
  "review_reason",
  "resolution",
  "resolved_at",
  "resolved_by",
  "accepted_total",
  "evidence",
  "confirmation_reference",
  "mode",
  "amount",
  "currency_code",
  "khqr_amount",
  "account_id",
  "paid_amount",
  "paid_currency",
  "paid_to",
  "payer_account",
  "paid_at",
  "bank_hash",
  "md5",
  "qr",
  "gateway_ref",
  "deeplink",
  "order_id",
  "cart_id",
  "payment_collection_id",
  "payment_session_id",
  "moved_from",
  "issued_at",
  "expires_at",
  "superseded_at",
  "found_at",
  "settled_at",
  "next_check_at",
  "next_settle_at",
  "last_checked_at",
  "last_signal_at",
  "last_outcome",
  "checks",
  "unknowns",
  "settle_attempts",
] as const satisfies readonly (keyof Charge)[]

/** A charge as staff see it. */
export type AdminCharge = Pick<Charge, (typeof SHOWN)[number]> & {
  /** Why it waits for a person, in one plain sentence; `null` when it does not. */
  explanation: string | null
  /** What a person may decide about it now. */
  resolutions: Resolution[]
}

export function presentAdminCharge(charge: Charge): AdminCharge {
  const shown = Object.fromEntries(
    SHOWN.map((key) => [key, charge[key]])
  ) as Pick<Charge, (typeof SHOWN)[number]>
  return {
    ...shown,
    explanation: needsPerson(charge) ? describeReview(charge) : null,
    resolutions: resolutionsOf(charge),
  }
}

/** One line of a charge's history; `request_id` leads to the call to the bank that brought the news. */
export type AdminHistoryEntry = Pick<
  ChargeHistoryEntry,
  | "id"
  | "kind"
  | "actor"
  | "status"
  | "review_reason"
  | "message"
  | "request_id"
  | "created_at"
>

export function presentHistoryEntry(
  entry: ChargeHistoryEntry
): AdminHistoryEntry {
  const { id, kind, actor, status, review_reason } = entry
  const { message, request_id, created_at } = entry
  return {
    id,
    kind,
    actor,
    status,
    review_reason,
    message,
    request_id,
    created_at,
  }
}

/** Of the file that a spreadsheet opens. */
export const CSV_COLUMNS = [
  "id",
  "reference",
  "status",
  "review_reason",
  "resolution",
  "resolved_at",
  "resolved_by",
  "evidence",
  "mode",
  "amount",
  "currency_code",
  "khqr_amount",
  "paid_amount",
  "paid_currency",
  "payer_account",
  "paid_to",
  "bank_hash",
  "md5",
  "order_id",
  "cart_id",
  "payment_session_id",
  "issued_at",
  "expires_at",
  "paid_at",
  "found_at",
  "settled_at",
] as const satisfies readonly (typeof SHOWN)[number][]
