import { model } from "@medusajs/framework/utils"

import {
  REFUND_METHODS,
  REFUND_REVIEW_REASONS,
  REFUND_STATUSES,
} from "../refund-state"

/**
 * Money that the merchant sends back for a charge, by hand or by paying a KHQR
 * of the payer's. Rows are never deleted: a KHQR that was shown may be paid.
 */
const KhqrRefund = model
  .define("khqr_refund", {
    id: model.id({ prefix: "khqrref" }).primaryKey(),
    charge_id: model.text(),
    /** Exact decimal, as KHQR writes it. */
    amount: model.text(),
    /** Lower case; the charge's. */
    currency_code: model.text(),
    status: model.enum([...REFUND_STATUSES]).default("due"),
    review_reason: model.enum([...REFUND_REVIEW_REASONS]).nullable(),
    /** When a person closed the review, and who (an admin's id); the words are in the charge's history. */
    resolved_at: model.dateTime().nullable(),
    resolved_by: model.text().nullable(),
    /** `null` while it is only due. */
    method: model.enum([...REFUND_METHODS]).nullable(),
    /** To whom; `null` where the bank did not name the payer. */
    payer_account: model.text().nullable(),
    /** Why, in the words of who wanted it. */
    note: model.text().nullable(),
    /** An admin's id. */
    created_by: model.text(),
    /** Of a transfer that was sent by hand: as the bank's app names it. Of a reverse KHQR: its bill number. */
    reference: model.text().nullable(),
    /** One transfer is one refund. */
    bank_hash: model.text().unique().nullable(),
    sent_at: model.dateTime().nullable(),
    /** An admin's id, or `clock` when our own check found it. */
    sent_by: model.text().nullable(),
    /** When the bank confirmed the transfer; `null`: a person's word. */
    verified_at: model.dateTime().nullable(),
    /** The reverse KHQR. */
    qr: model.text().nullable(),
    md5: model.text().unique().nullable(),
    issued_at: model.dateTime().nullable(),
    expires_at: model.dateTime().nullable(),
    next_check_at: model.dateTime().nullable(),
    leased_until: model.dateTime().nullable(),
    last_checked_at: model.dateTime().nullable(),
    last_outcome: model.text().nullable(),
    checks: model.number().default(0),
    unknowns: model.number().default(0),
    /** When the first of them in a row was asked for. */
    unknown_since: model.dateTime().nullable(),
    /** When Medusa is to hear of it; `null` when it has, or need not. */
    next_book_at: model.dateTime().nullable(),
    book_attempts: model.number().default(0),
    booking_error: model.text().nullable(),
    booked_at: model.dateTime().nullable(),
  })
  .indexes([
    { on: ["charge_id"] },
    {
      name: "IDX_khqr_refund_review",
      on: ["created_at"],
      where: "review_reason IS NOT NULL AND resolved_at IS NULL",
    },
    { on: ["next_check_at"], where: "next_check_at IS NOT NULL" },
    { on: ["next_book_at"], where: "next_book_at IS NOT NULL" },
  ])

export default KhqrRefund
