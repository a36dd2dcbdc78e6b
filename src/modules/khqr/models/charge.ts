import { model } from "@medusajs/framework/utils"

import {
  CHARGE_STATUSES,
  EVIDENCES,
  RESOLUTIONS,
  REVIEW_REASONS,
} from "../state"

export const CHARGE_MODES = [
  /** A KHQR of our own, for one amount and a few minutes. */
  "dynamic",
  /** The shop's one KHQR without an amount: the bank cannot be asked about it by md5. */
  "static",
  /** As dynamic, made by the storefront and sent as `data.qr`. */
  "client",
] as const

/**
 * One KHQR issued for one payment session. Rows are never deleted: a KHQR that
 * was ever shown may still be paid.
 */
const KhqrCharge = model
  .define("khqr_charge", {
    id: model.id({ prefix: "khqr" }).primaryKey(),
    /** Ours, in tag 62.01 of the string; what shopper and shop call the charge. */
    reference: model.text().unique(),
    /** Unique but for the static ones, which are all the same KHQR. */
    md5: model.text(),
    qr: model.text(),
    mode: model.enum([...CHARGE_MODES]).default("dynamic"),
    payment_session_id: model.text(),
    /** The session it was issued for, when another one has taken it over: a page that shows it still asks by this. */
    moved_from: model.text().nullable(),
    payment_collection_id: model.text().nullable(),
    cart_id: model.text().nullable(),
    order_id: model.text().nullable(),
    /** What the session asks for, an exact decimal in Medusa's units. */
    amount: model.text(),
    /** Lower case, as Medusa has it. */
    currency_code: model.text(),
    /** What the string asks for: whole riel, or dollars with cents. */
    khqr_amount: model.text(),
    /** The Bakong account that is to receive the money. */
    account_id: model.text(),
    /** What a gateway that makes the KHQR itself knows it by. */
    gateway_ref: model.text().nullable(),
    /** Opens the payer's app with this KHQR; asked for once. */
    deeplink: model.text().nullable(),
    deeplink_asked_at: model.dateTime().nullable(),
    status: model.enum([...CHARGE_STATUSES]).default("pending"),
    review_reason: model.enum([...REVIEW_REASONS]).nullable(),
    /** What a person decided, who it was (an admin's id) and when; the words are in the history. */
    resolution: model.enum([...RESOLUTIONS]).nullable(),
    resolved_at: model.dateTime().nullable(),
    resolved_by: model.text().nullable(),
    /** How we know of the money. */
    evidence: model.enum([...EVIDENCES]).nullable(),
    /** By which a person named the transfer that they vouch for: trimmed, lower case. One reference confirms one charge. */
    confirmation_reference: model.text().nullable(),
    /** What its cart cost when a person took the transfer: they took it for that. */
    accepted_total: model.text().nullable(),
    /** What its session asks for, where a person took another amount than `amount` and the session was set to it. */
    session_amount: model.text().nullable(),
    /** By which a new payment session, of our own making, takes the charge over; of no other use to anybody. */
    adoption_key: model.text().nullable(),
    issued_at: model.dateTime(),
    expires_at: model.dateTime(),
    /** No longer shown, still watched. */
    superseded_at: model.dateTime().nullable(),
    /** The bank's transaction hash: one transfer pays one charge. */
    bank_hash: model.text().unique().nullable(),
    /** Of a second transfer that the bank showed for this KHQR, beside the money on record. */
    second_hash: model.text().nullable(),
    payer_account: model.text().nullable(),
    /** What really arrived, in the bank's words; differs only in review. */
    paid_amount: model.text().nullable(),
    paid_currency: model.text().nullable(),
    paid_to: model.text().nullable(),
    /** When the payer paid, by the bank's clock. */
    paid_at: model.dateTime().nullable(),
    /** When we learned of it. */
    found_at: model.dateTime().nullable(),
    settled_at: model.dateTime().nullable(),
    next_check_at: model.dateTime().nullable(),
    /** When Medusa is to be brought in line with this charge. */
    next_settle_at: model.dateTime().nullable(),
    /** A process is at work on this charge until then. */
    leased_until: model.dateTime().nullable(),
    last_checked_at: model.dateTime().nullable(),
    last_signal_at: model.dateTime().nullable(),
    /** `returned`, `claims_paid` or `announced`. */
    last_signal: model.text().nullable(),
    /** Signals whose question was answered with "not found". */
    signals_in_vain: model.number().default(0),
    /** A page with this KHQR has been open and in sight since then; `null` when none ever was. */
    watched_since: model.dateTime().nullable(),
    /** When the last of them was closed or hidden; `null` while one is open. */
    unwatched_at: model.dateTime().nullable(),
    /** Why the last question was asked when it was. */
    check_reason: model.text().nullable(),
    /** Signals after its time that were answered with a question. */
    late_signals: model.number().default(0),
    /** `paid`, `not_found`, `failed` or `unknown:<reason>`. */
    last_outcome: model.text().nullable(),
    checks: model.number().default(0),
    /** Answers in a row that said nothing. */
    unknowns: model.number().default(0),
    /** When the first of them was asked for. */
    unknown_since: model.dateTime().nullable(),
    settle_attempts: model.number().default(0),
    /** Failures in a row that speak of the cart itself. */
    lasting_settle_failures: model.number().default(0),
  })
  .indexes([
    { on: ["payment_session_id"] },
    { on: ["second_hash"], where: "second_hash IS NOT NULL" },
    { on: ["moved_from"], where: "moved_from IS NOT NULL" },
    {
      name: "IDX_khqr_charge_md5",
      on: ["md5"],
      unique: true,
      where: "mode <> 'static'",
    },
    {
      name: "IDX_khqr_charge_adoption_key",
      on: ["adoption_key"],
      unique: true,
      where: "adoption_key IS NOT NULL",
    },
    {
      name: "IDX_khqr_charge_confirmation_reference",
      on: ["confirmation_reference"],
      unique: true,
      where: "confirmation_reference IS NOT NULL",
    },
    // The list, newest first.
    { name: "IDX_khqr_charge_issued_at", on: ["issued_at", "id"] },
    // The review queue.
    {
      name: "IDX_khqr_charge_review",
      on: ["issued_at"],
      where: "review_reason IS NOT NULL AND resolved_at IS NULL",
    },
    // Open charges over the same amount: whose transfer a receipt may be.
    {
      name: "IDX_khqr_charge_open_amount",
      on: ["khqr_amount", "currency_code", "issued_at"],
      where: "status IN ('pending', 'failed', 'expired')",
    },
    // A person's word over the same money: whose transfer a receipt may be as well.
    {
      name: "IDX_khqr_charge_unproven_amount",
      on: ["khqr_amount", "currency_code", "issued_at"],
      where: "evidence = 'staff' AND bank_hash IS NULL",
    },
    { on: ["order_id"], where: "order_id IS NOT NULL" },
    // Learned at the first look: a charge that is being issued, and waited for, has neither.
    {
      on: ["payment_collection_id"],
      where: "payment_collection_id IS NOT NULL",
    },
    { on: ["cart_id"], where: "cart_id IS NOT NULL" },
    { on: ["next_check_at"], where: "next_check_at IS NOT NULL" },
    { on: ["next_settle_at"], where: "next_settle_at IS NOT NULL" },
    {
      name: "IDX_khqr_charge_one_shown",
      on: ["payment_session_id"],
      unique: true,
      where: "superseded_at IS NULL",
    },
    {
      name: "IDX_khqr_charge_one_completed",
      on: ["payment_session_id"],
      unique: true,
      where: "status = 'completed'",
    },
  ])

export default KhqrCharge
