import type {
  BakongTransaction,
  FailedReason,
  Outcome,
  Unknown,
} from "../../bakong"
import { sameAmount } from "../../khqr"
import type { ChargeMode } from "./types"

export const CHARGE_STATUSES = [
  "pending",
  "paid",
  "completed",
  "expired",
  "failed",
] as const

/** `pending -> paid -> completed`, `pending -> failed -> expired`; a paid answer may follow `failed` and `expired`. */
export type ChargeStatus = (typeof CHARGE_STATUSES)[number]

export const REVIEW_REASONS = [
  /** The transfer came after the KHQR's time and could not be, or must not be, honoured. */
  "paid_late",
  "amount_mismatch",
  "currency_mismatch",
  "wrong_account",
  /** The order was paid by another charge already. */
  "duplicate",
  /** Medusa's payment session is gone: there is nothing to settle into. */
  "orphaned",
  /** The cart cannot become an order. */
  "order_failed",
  /** For a day the bank has said nothing that counts. */
  "unverifiable",
  /** The bank took the transfer and gave it back. */
  "returned",
  /** The transfer that the bank shows for this KHQR pays another charge already, by a receipt. */
  "hash_used",
  /** The transfer is older than the charge: a KHQR of the storefront's that was somebody else's before. */
  "paid_early",
] as const

/** Why a person has to look at a charge. */
export type ReviewReason = (typeof REVIEW_REASONS)[number]

export const EVIDENCES = [
  /** The bank tied the transfer to this very KHQR. */
  "khqr",
  /** The bank knows a transfer with the hash on the payer's receipt; nothing but amount, time and receiver ties it to this KHQR. */
  "receipt",
  /** A person of the shop said so. Stays, even when the bank confirms it later. */
  "staff",
] as const

/** How we know that a charge is paid. */
export type Evidence = (typeof EVIDENCES)[number]

export const RESOLUTIONS = [
  /** The transfer is taken as it is: the cart becomes an order. */
  "settle",
  /** The transfer pays an order that exists. */
  "attach",
  /** The money was sent back. */
  "refund",
  /** Nothing is to be done. */
  "dismiss",
  /** It was a mistake to take it as paid: no such money came for it. */
  "withdraw",
] as const

/** What a person decided about a charge in review. */
export type Resolution = (typeof RESOLUTIONS)[number]

/** What the rules need to know of a charge. Everything else of the row is along for the ride. */
export type ChargeState = {
  status: ChargeStatus
  review_reason: ReviewReason | null
  evidence: Evidence | null
  resolution: Resolution | null
  resolved_at: Date | null
  resolved_by: string | null
  amount: string
  mode: ChargeMode
  currency_code: string
  khqr_amount: string
  account_id: string
  issued_at: Date
  expires_at: Date
  superseded_at: Date | null
  cart_id: string | null
  order_id: string | null
  bank_hash: string | null
  second_hash: string | null
  payer_account: string | null
  paid_amount: string | null
  paid_currency: string | null
  paid_to: string | null
  paid_at: Date | null
  found_at: Date | null
  settled_at: Date | null
  next_settle_at: Date | null
  last_checked_at: Date | null
  last_outcome: string | null
  checks: number
  unknowns: number
  unknown_since: Date | null
  settle_attempts: number
  lasting_settle_failures: number
}

export type ChargeEvent =
  /** The bank answered a question that left at `askedAt`. */
  | { type: "answered"; outcome: Outcome; askedAt: Date }
  /** The question was due and could not be put: no quota, no token, the bank away. */
  | { type: "not_asked"; outcome: Unknown }
  /** The bank shows this charge's transfer, which was taken on a receipt, for another KHQR. */
  | { type: "contested"; by: string }
  /** The bank's answer names a transfer that already pays charge `usedBy`. */
  | { type: "hash_used"; usedBy: string; askedAt: Date }
  /** A transfer that was found by the hash on a receipt; see `receiptFault`. */
  | { type: "receipt"; transaction: BakongTransaction; anyAmount?: boolean }
  /** A person saw the money; `paidAt` as they say. */
  | { type: "confirmed"; paidAt: Date }
  /** A person decided, see `resolutionsOf`. `orderId`: the order of an `attach`. */
  | {
      type: "resolved"
      resolution: Resolution
      by: string
      reason: string
      orderId?: string
    }
  /** Another KHQR is shown instead, or the payment session was deleted. */
  | { type: "superseded" }
  | SettlementEvent

/** How bringing Medusa in line went, and for what the charge then was. */
export type SettlementEvent = { decidedFor: ChargeStatus } & (
  | /** Medusa has what it should have: the order of a paid charge, the canceled session of an unpaid one. */
    { type: "settled"; orderId: string | null }
    /** Medusa could not be brought in line now; `lasting` says that trying again alone will hardly help. */
  | { type: "settle_failed"; lasting: boolean; message: string }
  /** Medusa can never be brought in line by us. */
  | { type: "settle_refused"; reason: ReviewReason; message: string }
)

/** What follows from a transition outside the ledger. */
export type Announcement =
  "issued" | "paid" | "completed" | "expired" | "failed" | "review" | "resolved"

export type Transition<T extends ChargeState> = {
  charge: T
  announcements: Announcement[]
  /** One plain sentence for the history, or `null` when there is nothing to tell. */
  note: string | null
}

/** A "not found" counts as expiry only this long after `expires_at`: transfers confirmed in the last second take a while to appear. */
export const EXPIRY_GRACE_MS = 120_000

/** A payment this long after `expires_at` is still on time: the bank's clock and ours differ. */
export const CLOCK_SKEW_MS = 60_000

/** After this long past `expires_at` of asking with no answer that counts, a person is asked to look. */
export const UNVERIFIABLE_AFTER_MS = 24 * 3_600_000

/** After so many in a row that speak of the cart itself, some four minutes, a person is asked. */
export const MAX_LASTING_SETTLE_FAILURES = 8

/** A receipt's transfer may be this much older than its KHQR: the bank's clock and ours differ. */
export const RECEIPT_SKEW_MS = 5 * 60_000

/** Others (a database away, a tax service down) are tried for about a day. */
export const MAX_SETTLE_FAILURES = 300

const RETURNED: FailedReason[] = ["refunded_by_receiver", "failed_at_ach"]

/**
 * The life of a charge: pure, total, and the only writer of `status`.
 *
 * Only evidence moves money. `paid` needs the bank's word and an agreeing
 * receiver, currency and amount; `expired` needs the bank's "not found" to a
 * question asked at or after `expires_at` + 120 s. An unknown outcome moves
 * nothing. An event that does not apply returns the charge as it is.
 */
export function transition<T extends ChargeState>(
  charge: T,
  event: ChargeEvent,
  now: Date
): Transition<T> {
  switch (event.type) {
    case "answered":
      return answered(charge, event.outcome, event.askedAt, now)
    case "not_asked":
      return hasMoney(charge)
        ? unchanged(charge)
        : unknown(
            {
              ...charge,
              last_outcome: describeOutcome(event.outcome),
              unknowns: charge.unknowns + 1,
              unknown_since: charge.unknown_since ?? now,
            },
            now
          )
    case "hash_used":
      return hashUsed(charge, event.usedBy, event.askedAt)
    case "contested":
      return charge.evidence === "receipt" &&
        hasMoney(charge) &&
        charge.bank_hash !== null
        ? contradicted(
            charge,
            "hash_used",
            null,
            `The bank shows this charge's transfer for the KHQR of charge ${event.by}`
          )
        : unchanged(charge)
    case "receipt":
      return hasMoney(charge) ||
        receiptFault(charge, event.transaction, now, event.anyAmount)
        ? unchanged(charge)
        : paid(charge, event.transaction, "receipt", now, now)
    case "confirmed":
      return confirmed(charge, event.paidAt, now)
    case "resolved":
      return resolved(charge, event, now)
    case "superseded":
      return superseded(charge, now)
    case "settled":
    case "settle_failed":
    case "settle_refused":
      // A late payment may have come since: what was done is then not what is due.
      return event.decidedFor === charge.status
        ? settlement(charge, event, now)
        : unchanged(charge)
  }
}

function settlement<T extends ChargeState>(
  charge: T,
  event: SettlementEvent,
  now: Date
): Transition<T> {
  switch (event.type) {
    case "settled":
      return settled(charge, event.orderId, now)
    case "settle_failed":
      return settleFailed(charge, event.lasting, event.message, now)
    case "settle_refused":
      return settleRefused(charge, event.reason, event.message)
  }
}

function answered<T extends ChargeState>(
  before: T,
  outcome: Outcome,
  askedAt: Date,
  now: Date
): Transition<T> {
  const silent = outcome.type === "unknown"
  // Any answer that counts ends the doubt whether there will ever be one; what a person decided about it stays.
  const doubtEnds =
    !silent &&
    !hasMoney(before) &&
    before.review_reason === "unverifiable" &&
    before.resolved_at === null
  const charge: T = {
    ...before,
    checks: before.checks + 1,
    last_checked_at: latest(before.last_checked_at, askedAt),
    last_outcome: describeOutcome(outcome),
    unknowns: silent ? before.unknowns + 1 : 0,
    unknown_since: silent ? (before.unknown_since ?? askedAt) : null,
    review_reason: doubtEnds ? null : before.review_reason,
  }

  // Money that is on record stays as it was recorded.
  if (hasMoney(before)) {
    if (
      before.resolution === "withdraw" &&
      outcome.type === "paid" &&
      before.bank_hash === null
    ) {
      return foundAfterAll(charge, outcome.transaction, askedAt, now)
    }
    return isUnproven(before)
      ? proven(charge, outcome)
      : paidAgain(charge, outcome)
  }

  switch (outcome.type) {
    case "paid":
      return wasReturned(before, outcome.transaction)
        ? unchanged(charge)
        : paid(charge, outcome.transaction, "khqr", askedAt, now)
    case "not_found":
      return notFound(charge, askedAt, now)
    case "failed":
      return failed(charge, before, outcome, now)
    case "unknown":
      return unknown(charge, now)
  }
}

function paid<T extends ChargeState>(
  before: T,
  transaction: BakongTransaction,
  evidence: Evidence,
  askedAt: Date,
  now: Date
): Transition<T> {
  // Older answers bear no time: the transfer was there when we asked.
  const paidAt =
    transaction.createdAt ?? transaction.acknowledgedAt ?? askedAt.getTime()
  const mismatch =
    disagreement(before, transaction) ?? paidBefore(before, transaction)
  const charge: T = {
    ...before,
    ...NOTHING_DECIDED,
    ...toldBy(transaction),
    status: "paid",
    review_reason: mismatch,
    evidence,
    paid_at: new Date(paidAt),
    found_at: now,
    next_settle_at: mismatch ? null : now,
    settle_attempts: 0,
    lasting_settle_failures: 0,
  }
  return {
    charge,
    announcements: mismatch ? ["paid", "review"] : ["paid"],
    note: `${transaction.amount} ${transaction.currency} from ${transaction.fromAccountId ?? "an account that is not told"}`,
  }
}

const NOTHING_DECIDED = {
  resolution: null,
  resolved_at: null,
  resolved_by: null,
}

/** What the bank tells of a transfer, as a charge keeps it. */
function toldBy(transaction: BakongTransaction) {
  return {
    bank_hash: transaction.hash,
    payer_account: transaction.fromAccountId,
    paid_amount: transaction.amount,
    paid_currency: transaction.currency,
    paid_to: transaction.toAccountId,
  }
}

/** The bank confirms, or contradicts, what a person confirmed before it. */
function proven<T extends ChargeState>(
  charge: T,
  outcome: Outcome
): Transition<T> {
  if (outcome.type === "failed" && RETURNED.includes(outcome.reason)) {
    // Another may come for the same KHQR, or be the one that the person saw: it stays to be proven.
    return charge.review_reason === "returned"
      ? unchanged(charge)
      : contradicted(
          charge,
          "returned",
          null,
          `Bakong: ${outcome.reason.replaceAll("_", " ")}, and a person had confirmed it`
        )
  }
  if (outcome.type !== "paid") {
    return unchanged(charge)
  }
  const { transaction } = outcome
  const mismatch = disagreement(charge, transaction)
  return mismatch
    ? contradicted(
        charge,
        mismatch,
        transaction,
        `The bank shows ${transaction.amount} ${transaction.currency} to ${transaction.toAccountId}, and a person had confirmed ${charge.khqr_amount} ${charge.currency_code.toUpperCase()}`
      )
    : {
        charge: { ...charge, ...toldBy(transaction) },
        announcements: [],
        note: "The bank confirms what a person had confirmed",
      }
}

/** A person had taken their word back, and the bank shows the transfer: it is paid as any other. */
function foundAfterAll<T extends ChargeState>(
  charge: T,
  transaction: BakongTransaction,
  askedAt: Date,
  now: Date
): Transition<T> {
  const mismatch = disagreement(charge, transaction)
  const note = `The bank shows ${transaction.amount} ${transaction.currency} after all, and a person had withdrawn the payment`
  if (charge.status !== "paid" || mismatch !== null) {
    return contradicted(charge, mismatch ?? "orphaned", transaction, note)
  }
  return charge.evidence === "staff"
    ? {
        charge: {
          ...charge,
          ...NOTHING_DECIDED,
          ...toldBy(transaction),
          review_reason: null,
          next_settle_at: now,
        },
        announcements: ["paid"],
        note,
      }
    : paid(charge, transaction, "khqr", askedAt, now)
}

/**
 * A receipt was taken while the question was under way, or one question overtook
 * another: what the bank shows now is money beside the money on record. Nothing is asked any
 * more, so that it is told of no transfer over and over.
 */
function paidAgain<T extends ChargeState>(
  charge: T,
  outcome: Outcome
): Transition<T> {
  if (
    outcome.type !== "paid" ||
    outcome.transaction.hash === charge.bank_hash ||
    outcome.transaction.hash === charge.second_hash
  ) {
    return unchanged(charge)
  }
  const { hash, amount, currency, fromAccountId } = outcome.transaction
  return contradicted(
    { ...charge, second_hash: hash },
    "duplicate",
    null,
    `The bank shows another transfer for this KHQR: ${amount} ${currency} from ${fromAccountId ?? "an account that is not told"}, hash ${hash}`
  )
}

/** What a person confirmed is not what the bank knows: a person looks again, also when there is an order by now. */
function contradicted<T extends ChargeState>(
  charge: T,
  reason: ReviewReason,
  transaction: BakongTransaction | null,
  note: string
): Transition<T> {
  return {
    charge: {
      ...charge,
      ...NOTHING_DECIDED,
      ...(transaction ? toldBy(transaction) : {}),
      review_reason: reason,
      next_settle_at: null,
    },
    announcements: ["review"],
    note,
  }
}

function confirmed<T extends ChargeState>(
  charge: T,
  paidAt: Date,
  now: Date
): Transition<T> {
  if (hasMoney(charge)) {
    return unchanged(charge)
  }
  return {
    charge: {
      ...charge,
      ...NOTHING_DECIDED,
      status: "paid",
      review_reason: null,
      evidence: "staff",
      bank_hash: null,
      payer_account: null,
      paid_amount: charge.khqr_amount,
      paid_currency: charge.currency_code.toUpperCase(),
      paid_to: charge.account_id,
      paid_at: paidAt,
      found_at: now,
      next_settle_at: now,
      settle_attempts: 0,
      lasting_settle_failures: 0,
    },
    announcements: ["paid"],
    note: "Confirmed by a person; the bank did not",
  }
}

function resolved<T extends ChargeState>(
  charge: T,
  event: Extract<ChargeEvent, { type: "resolved" }>,
  now: Date
): Transition<T> {
  const { resolution, by, reason, orderId } = event
  if (!resolutionsOf(charge).includes(resolution)) {
    return unchanged(charge)
  }
  const decided = { resolution, resolved_at: now, resolved_by: by }
  if (resolution === "withdraw") {
    return withdrawn(charge, decided, reason)
  }
  const isAccepted = resolution === "settle" || resolution === "attach"
  return {
    charge: isAccepted
      ? {
          ...charge,
          ...decided,
          review_reason: null,
          order_id: orderId ?? charge.order_id,
          next_settle_at: now,
          settle_attempts: 0,
          lasting_settle_failures: 0,
        }
      : { ...charge, ...decided, next_settle_at: null },
    announcements: ["resolved"],
    note: `${resolution}: ${reason}`,
  }
}

/** An order that was made stays, and Medusa may let go of what never came. */
function withdrawn<T extends ChargeState>(
  charge: T,
  decided: Pick<ChargeState, "resolution" | "resolved_at" | "resolved_by">,
  reason: string
): Transition<T> {
  const { bank_hash } = charge
  // The transfer is whose the bank says it is: that charge may be asked about again.
  const isOthers = charge.evidence === "receipt"
  return {
    charge: {
      ...charge,
      ...decided,
      review_reason: charge.review_reason ?? "unverifiable",
      ...(isOthers ? { bank_hash: null } : {}),
      next_settle_at: null,
    },
    announcements: ["resolved"],
    note: `withdraw: ${reason}${isOthers ? ` (transfer ${bank_hash})` : ""}`,
  }
}

/** Taken on a weaker word than the bank's, and not borne out by it. */
function mayBeWithdrawn(
  charge: Pick<
    ChargeState,
    "status" | "review_reason" | "evidence" | "bank_hash" | "resolution"
  >
): boolean {
  if (!hasMoney(charge) || charge.resolution === "withdraw") {
    return false
  }
  return charge.evidence === "receipt"
    ? charge.review_reason === "hash_used"
    : charge.evidence === "staff" &&
        (isUnproven(charge) || charge.review_reason !== null)
}

/** What a person may decide about a charge now. */
export function resolutionsOf(
  charge: Pick<
    ChargeState,
    | "status"
    | "review_reason"
    | "resolved_at"
    | "evidence"
    | "bank_hash"
    | "resolution"
    | "cart_id"
  >
): Resolution[] {
  const withdraw: Resolution[] = mayBeWithdrawn(charge) ? ["withdraw"] : []
  if (!needsPerson(charge)) {
    return withdraw
  }
  if (charge.status !== "paid") {
    return ["dismiss", ...withdraw]
  }
  if (charge.review_reason === "orphaned" && charge.cart_id === null) {
    // Nobody knows a cart to settle it into.
    return ["attach", "refund", "dismiss", ...withdraw]
  }
  // A cart is paid in its own currency and once; an order of the other currency may be there to attach to.
  // Of a receipt's transfer and the KHQR's own, one is for the cart all the same.
  return charge.review_reason === "currency_mismatch" ||
    (charge.review_reason === "duplicate" && charge.evidence !== "receipt")
    ? ["attach", "refund", "dismiss", ...withdraw]
    : ["settle", "attach", "refund", "dismiss", ...withdraw]
}

/**
 * Why a transfer that was found by the hash on a receipt does not pay this
 * charge, in one plain sentence, or `null` when it may. Nothing but receiver,
 * amount and time ties it to the charge, so each of them has to agree. With
 * `anyAmount` a person says that it is for this charge although it is over other
 * money: it goes to review.
 */
export function receiptFault(
  charge: Pick<
    ChargeState,
    | "account_id"
    | "currency_code"
    | "khqr_amount"
    | "issued_at"
    | "review_reason"
    | "bank_hash"
  >,
  transaction: BakongTransaction,
  now: Date,
  anyAmount = false
): string | null {
  if (wasReturned(charge, transaction)) {
    return "The bank gave this transfer back"
  }
  const asked = `${charge.khqr_amount} ${charge.currency_code.toUpperCase()}`
  const difference = disagreement(charge, transaction)
  switch (difference) {
    case "wrong_account":
      return `This transfer did not go to ${charge.account_id}`
    case "currency_mismatch":
    case "amount_mismatch":
      if (anyAmount) {
        break
      }
      return `This transfer is over ${transaction.amount} ${transaction.currency}, and ${asked} is to be paid`
  }
  if (transaction.toAccountId === null) {
    return "The bank does not say to whom this transfer went"
  }
  const at = transaction.createdAt ?? transaction.acknowledgedAt
  if (at === null) {
    return "The bank does not say when this transfer was made"
  }
  if (at < charge.issued_at.getTime() - RECEIPT_SKEW_MS) {
    return "This transfer is older than the KHQR"
  }
  return at > now.getTime() + RECEIPT_SKEW_MS
    ? "This transfer lies in the future"
    : null
}

/** Nobody knows whether both paid: a person looks at the receipt, and nothing is asked any more. */
function hashUsed<T extends ChargeState>(
  before: T,
  usedBy: string,
  askedAt: Date
): Transition<T> {
  const charge: T = {
    ...before,
    checks: before.checks + 1,
    last_checked_at: latest(before.last_checked_at, askedAt),
    last_outcome: "hash_used",
    unknowns: 0,
    unknown_since: null,
  }
  const note = `The bank shows the transfer that already pays charge ${usedBy}`
  if (before.review_reason === "hash_used") {
    return unchanged(charge)
  }
  // Whoever took the money after the first such answer knew of it.
  if (isUnproven(before) && before.last_outcome !== "hash_used") {
    return contradicted(charge, "hash_used", null, note)
  }
  if (hasMoney(before)) {
    return unchanged(charge)
  }
  return {
    charge: { ...charge, ...NOTHING_DECIDED, review_reason: "hash_used" },
    announcements: ["review"],
    note,
  }
}

/**
 * Only a KHQR that the storefront made may have been shown, and paid, before it
 * was ours: at another till, by another shopper.
 */
function paidBefore(
  charge: Pick<ChargeState, "mode" | "issued_at">,
  { createdAt, acknowledgedAt }: BakongTransaction
): ReviewReason | null {
  const at = createdAt ?? acknowledgedAt
  return charge.mode === "client" &&
    at !== null &&
    at < charge.issued_at.getTime() - CLOCK_SKEW_MS
    ? "paid_early"
    : null
}

/** The first point in which a transfer is not the one that was asked for. */
function disagreement(
  charge: Pick<ChargeState, "account_id" | "currency_code" | "khqr_amount">,
  transaction: BakongTransaction
): ReviewReason | null {
  const { toAccountId } = transaction
  if (
    toAccountId !== null &&
    normalized(toAccountId) !== normalized(charge.account_id)
  ) {
    return "wrong_account"
  }
  if (normalized(transaction.currency) !== normalized(charge.currency_code)) {
    return "currency_mismatch"
  }
  if (!sameAmount(transaction.amount, charge.khqr_amount)) {
    return "amount_mismatch"
  }
  return null
}

function notFound<T extends ChargeState>(
  charge: T,
  askedAt: Date,
  now: Date
): Transition<T> {
  if (charge.status === "expired" || askedAt < closesAt(charge)) {
    return unchanged(charge)
  }
  return {
    charge: {
      ...charge,
      status: "expired",
      next_settle_at: now,
      settle_attempts: 0,
      lasting_settle_failures: 0,
    },
    announcements: ["expired"],
    note: "Bakong found no transfer after the KHQR's time",
  }
}

function failed<T extends ChargeState>(
  charge: T,
  before: ChargeState,
  { reason, transaction }: Extract<Outcome, { type: "failed" }>,
  now: Date
): Transition<T> {
  if (RETURNED.includes(reason)) {
    return returned(charge, reason, transaction)
  }
  if (charge.status === "expired") {
    return unchanged(charge)
  }
  return {
    charge: {
      ...charge,
      status: "failed",
      // The first such answer to the closing check: nobody waits for this session any more.
      next_settle_at: isFirstAtClosing(charge, before)
        ? now
        : charge.next_settle_at,
    },
    announcements: charge.status === "pending" ? ["failed"] : [],
    note:
      charge.status === "pending" ? "Bakong: the attempt to pay failed" : null,
  }
}

/** The shopper's app said yes, the shop has no money: a person must look. */
function returned<T extends ChargeState>(
  charge: T,
  reason: FailedReason,
  transaction: BakongTransaction | null
): Transition<T> {
  const told = transaction ? toldBy(transaction) : {}
  const known =
    transaction === null ||
    charge.bank_hash === null ||
    charge.bank_hash === transaction.hash
  if (charge.review_reason === "returned" && known) {
    return unchanged({ ...charge, ...told })
  }
  const open = charge.status !== "expired"
  return {
    charge: {
      ...charge,
      ...NOTHING_DECIDED,
      status: open ? "failed" : "expired",
      review_reason: "returned",
      ...told,
    },
    announcements: open ? ["failed", "review"] : ["review"],
    note: `Bakong: ${reason.replaceAll("_", " ")}`,
  }
}

/** A transfer that was given back does not come again under its own hash. */
function wasReturned(
  charge: Pick<ChargeState, "review_reason" | "bank_hash">,
  { hash }: BakongTransaction
): boolean {
  return charge.review_reason === "returned" && charge.bank_hash === hash
}

function isFirstAtClosing(charge: ChargeState, before: ChargeState): boolean {
  const closing = closesAt(charge)
  const asked = charge.last_checked_at
  const askedBefore = before.last_checked_at
  return (
    asked !== null &&
    asked >= closing &&
    (askedBefore === null || askedBefore < closing)
  )
}

function unknown<T extends ChargeState>(charge: T, now: Date): Transition<T> {
  const open = charge.status === "pending" || charge.status === "failed"
  if (!open || !isUnverifiable(charge, now) || charge.review_reason !== null) {
    return unchanged(charge)
  }
  return {
    charge: { ...charge, review_reason: "unverifiable" },
    announcements: ["review"],
    note:
      charge.last_outcome === "unknown:quota_spent"
        ? "For a day there was no call for a question about it"
        : "Bakong gave no answer that counts for a day",
  }
}

/** Nothing that counts is known of it for a day: from when we asked in vain, not from when we were away. */
export function isUnverifiable(
  {
    expires_at,
    unknown_since,
  }: Pick<ChargeState, "expires_at" | "unknown_since">,
  now: Date
): boolean {
  const since = Math.max(expires_at.getTime(), (unknown_since ?? now).getTime())
  return now.getTime() >= since + UNVERIFIABLE_AFTER_MS
}

function superseded<T extends ChargeState>(
  charge: T,
  now: Date
): Transition<T> {
  if (charge.superseded_at !== null) {
    return unchanged(charge)
  }
  return {
    charge: { ...charge, superseded_at: now },
    announcements: [],
    note: "No longer shown, still watched",
  }
}

function settled<T extends ChargeState>(
  charge: T,
  orderId: string | null,
  now: Date
): Transition<T> {
  if (charge.status === "paid" && charge.review_reason === null) {
    return {
      charge: {
        ...charge,
        status: "completed",
        order_id: orderId ?? charge.order_id,
        settled_at: now,
        next_settle_at: null,
      },
      announcements: ["completed"],
      note: orderId ? `Order ${orderId}` : "Payment recorded",
    }
  }
  return unchanged({ ...charge, next_settle_at: null })
}

function settleFailed<T extends ChargeState>(
  charge: T,
  lasting: boolean,
  message: string,
  now: Date
): Transition<T> {
  if (charge.next_settle_at === null) {
    return unchanged(charge)
  }
  const attempts = charge.settle_attempts + 1
  const lastingFailures = lasting ? charge.lasting_settle_failures + 1 : 0
  if (
    attempts >= MAX_SETTLE_FAILURES ||
    lastingFailures >= MAX_LASTING_SETTLE_FAILURES
  ) {
    return charge.status === "paid"
      ? settleRefused(charge, "order_failed", message)
      : unchanged({ ...charge, next_settle_at: null })
  }
  return {
    charge: {
      ...charge,
      settle_attempts: attempts,
      lasting_settle_failures: lastingFailures,
      next_settle_at: new Date(now.getTime() + settlePauseMs(attempts)),
    },
    announcements: [],
    note: message,
  }
}

function settleRefused<T extends ChargeState>(
  charge: T,
  reason: ReviewReason,
  message: string
): Transition<T> {
  if (charge.status !== "paid" || charge.review_reason !== null) {
    return unchanged({ ...charge, next_settle_at: null })
  }
  return {
    charge: {
      ...charge,
      ...NOTHING_DECIDED,
      review_reason: reason,
      next_settle_at: null,
    },
    announcements: ["review"],
    note: message,
  }
}

function unchanged<T extends ChargeState>(charge: T): Transition<T> {
  return { charge, announcements: [], note: null }
}

/** From when on the bank's "not found" proves that the KHQR was not paid in time. */
export function closesAt(charge: Pick<ChargeState, "expires_at">): Date {
  return new Date(charge.expires_at.getTime() + EXPIRY_GRACE_MS)
}

export function hasMoney(charge: Pick<ChargeState, "status">): boolean {
  return charge.status === "paid" || charge.status === "completed"
}

/** A person has to look at it, and nobody has decided yet. */
export function needsPerson(
  charge: Pick<ChargeState, "review_reason" | "resolved_at">
): boolean {
  return charge.review_reason !== null && charge.resolved_at === null
}

/** A person takes the transfer as it is: late, of another amount, for another total. */
export function isAccepted(charge: Pick<ChargeState, "resolution">): boolean {
  return charge.resolution === "settle" || charge.resolution === "attach"
}

/** A person knows when it was paid. Whoever confirms a payment has not seen its cart. */
export function mayBeLate(
  charge: Pick<ChargeState, "resolution" | "evidence">
): boolean {
  return isAccepted(charge) || charge.evidence === "staff"
}

/** Money on record that is still for its session: booked, or neither sent back nor dismissed. */
export function bindsSession(
  charge: Pick<ChargeState, "status" | "resolution">
): boolean {
  return (
    charge.status === "completed" ||
    (charge.status === "paid" &&
      charge.resolution !== "refund" &&
      charge.resolution !== "dismiss" &&
      charge.resolution !== "withdraw")
  )
}

/** A person's word that the bank has not confirmed yet. */
export function isUnproven(
  charge: Pick<ChargeState, "status" | "evidence" | "bank_hash">
): boolean {
  return (
    hasMoney(charge) && charge.evidence === "staff" && charge.bank_hash === null
  )
}

/** What Medusa is to book, in its units: what was asked for, or what came where a person took that. */
export function amountToBook(
  charge: Pick<
    ChargeState,
    "amount" | "khqr_amount" | "paid_amount" | "currency_code" | "paid_currency"
  >
): { amount: string; currency_code: string } {
  const { paid_amount, paid_currency } = charge
  const asAsked =
    paid_amount === null ||
    paid_currency === null ||
    (normalized(paid_currency) === normalized(charge.currency_code) &&
      sameAmount(paid_amount, charge.khqr_amount))
  return asAsked
    ? { amount: charge.amount, currency_code: charge.currency_code }
    : { amount: paid_amount, currency_code: normalized(paid_currency) }
}

/** Paid, verified and wanted: what `authorizePayment` may book. */
export function isSettleable(
  charge: Pick<ChargeState, "status" | "review_reason">
): boolean {
  return hasMoney(charge) && charge.review_reason === null
}

/** By the bank's clock, against the KHQR's own expiry. */
export function isPaidLate(
  charge: Pick<ChargeState, "paid_at" | "expires_at">
): boolean {
  if (charge.paid_at === null) {
    return false
  }
  return charge.paid_at.getTime() > charge.expires_at.getTime() + CLOCK_SKEW_MS
}

/** `paid`, `not_found`, `failed` or `unknown:<reason>`. */
export function describeOutcome(outcome: Outcome): string {
  return outcome.type === "unknown" ? `unknown:${outcome.reason}` : outcome.type
}

/** 2, 4, 8, … seconds, at most 5 minutes. */
function settlePauseMs(attempts: number): number {
  return Math.min(1_000 * 2 ** Math.min(attempts, 16), 300_000)
}

/** Answers may overtake each other; the memory does not go back. */
function latest(known: Date | null, moment: Date): Date {
  return known !== null && known > moment ? known : moment
}

function normalized(text: string): string {
  return text.trim().toLowerCase()
}
