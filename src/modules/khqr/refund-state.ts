import type { BakongTransaction, Outcome, Unknown } from "../../bakong"
import { sameAmount } from "../../khqr"
import {
  describeOutcome,
  EXPIRY_GRACE_MS,
  UNVERIFIABLE_AFTER_MS,
} from "./state"

export const REFUND_STATUSES = [
  /** Owed; nobody has begun to send it. */
  "due",
  /** Its reverse KHQR is shown, or may still turn out paid. */
  "pending",
  "sent",
  /** The bank found no transfer after the reverse KHQR's time; one that is found later still counts. */
  "expired",
  /** A person called it off before anything was sent. */
  "canceled",
] as const

/** `due -> pending -> sent | expired`; a paid answer may follow `expired` and `canceled`. */
export type RefundStatus = (typeof REFUND_STATUSES)[number]

export const REFUND_METHODS = ["by_hand", "reverse_khqr"] as const

export type RefundMethod = (typeof REFUND_METHODS)[number]

export const REFUND_REVIEW_REASONS = [
  /** More went back than had come. */
  "excess",
  /** What the bank shows for the reverse KHQR is not what it asked for. */
  "mismatch",
  /** For a day after its KHQR's time the bank has said nothing that counts. */
  "unverifiable",
  /** The money went back, and Medusa could not be told. */
  "not_booked",
] as const

export type RefundReviewReason = (typeof REFUND_REVIEW_REASONS)[number]

/** What the rules need to know of a refund. Everything else of the row is along for the ride. */
export type RefundState = {
  status: RefundStatus
  review_reason: RefundReviewReason | null
  /** When a person closed the review, and who. */
  resolved_at: Date | null
  resolved_by: string | null
  method: RefundMethod | null
  amount: string
  currency_code: string
  payer_account: string | null
  reference: string | null
  bank_hash: string | null
  sent_at: Date | null
  sent_by: string | null
  verified_at: Date | null
  qr: string | null
  md5: string | null
  issued_at: Date | null
  expires_at: Date | null
  last_checked_at: Date | null
  last_outcome: string | null
  checks: number
  unknowns: number
  /** When the first of the answers in a row was asked for that said nothing. */
  unknown_since: Date | null
  next_book_at: Date | null
  book_attempts: number
  booking_error: string | null
  booked_at: Date | null
}

export type RefundEvent =
  /** A KHQR to the payer's own account is shown to the merchant. */
  | {
      type: "issued_khqr"
      qr: string
      md5: string
      reference: string
      expiresAt: Date
    }
  /**
   * The bank answered a question about the reverse KHQR that left at `askedAt`.
   * `usedBy`: what the transfer it names is on record for already. `exceeds`: with
   * this refund more would be on its way back than came.
   */
  | {
      type: "answered"
      outcome: Outcome
      askedAt: Date
      usedBy: string | null
      exceeds: boolean
    }
  /** The question was due and could not be put. */
  | { type: "not_asked"; outcome: Unknown }
  /** A person sent it. `verified`: the bank shows the transfer, and all of it agrees. */
  | {
      type: "sent"
      by: string
      sentAt: Date
      hash: string | null
      reference: string | null
      /** As the bank tells it. */
      receiver: string | null
      verified: boolean
      exceeds: boolean
      note: string | null
    }
  | { type: "canceled"; reason: string }
  /** A person has looked, and nothing more is to be done about its review. */
  | { type: "resolved"; by: string; reason: string }
  /** A person wants Medusa to be told once more. */
  | { type: "book_again" }
  /** Medusa knows of it; `message` says how. */
  | { type: "booked"; message: string }
  /** There is nothing in Medusa to book it on, and there will be nothing. */
  | { type: "not_to_book" }
  /** Medusa has no payment of the charge yet. */
  | { type: "booking_waits" }
  | { type: "booking_failed"; message: string }

/** What follows from a transition outside the ledger. */
export type RefundNews = "sent" | "expired" | "canceled" | "review"

export type RefundTransition<T extends RefundState> = {
  refund: T
  announcements: RefundNews[]
  /** A line for the charge's history, or `null` when there is nothing to tell. */
  entry: { kind: string; message: string } | null
}

/** Medusa's payment may be some minutes away, or, with a charge in review, days. */
export const BOOKING_WAITS_MS = 10 * 60_000

/** Some two hours of trying; after that a person is told. */
export const MAX_BOOKING_FAILURES = 20

const NOTHING_DECIDED = { resolved_at: null, resolved_by: null }

const NO_REVIEW = { review_reason: null, ...NOTHING_DECIDED }

/**
 * The life of a refund: pure, total, and the only writer of `status`.
 *
 * A reverse KHQR is `sent` when the bank shows a transfer of it whose receiver,
 * currency and amount agree, and `expired` when the bank says "not found" to a
 * question asked at or after `expires_at` + 120 s. An unknown outcome moves
 * nothing. An event that does not apply returns the refund as it is.
 */
export function moveRefund<T extends RefundState>(
  refund: T,
  event: RefundEvent,
  now: Date
): RefundTransition<T> {
  switch (event.type) {
    case "issued_khqr":
      return issued(refund, event, now)
    case "answered":
      return answered(refund, event, now)
    case "not_asked":
      return isAskable(refund)
        ? silent(
            {
              ...refund,
              last_outcome: describeOutcome(event.outcome),
              unknowns: refund.unknowns + 1,
              unknown_since: refund.unknown_since ?? now,
            },
            now
          )
        : unchanged(refund)
    case "sent":
      return sentByHand(refund, event, now)
    case "canceled":
      return canceled(refund, event.reason, now)
    case "resolved":
      return resolved(refund, event, now)
    case "book_again":
      return bookAgainFault(refund) === null
        ? unchanged({
            ...refund,
            ...(refund.review_reason === "not_booked" ? NO_REVIEW : {}),
            ...toBeBooked(now),
          })
        : unchanged(refund)
    case "booked":
    case "not_to_book":
    case "booking_waits":
    case "booking_failed":
      return refund.status === "sent"
        ? booking(refund, event, now)
        : unchanged(refund)
  }
}

/** A person has to look at it, and nobody has closed that yet. */
export function isInReview(
  refund: Pick<RefundState, "review_reason" | "resolved_at">
): boolean {
  return refund.review_reason !== null && refund.resolved_at === null
}

/** Whether the bank can add anything: once it shows a transfer of a KHQR, it shows no other. */
export function isAskable(
  refund: Pick<RefundState, "md5" | "last_outcome">
): boolean {
  return refund.md5 !== null && refund.last_outcome !== "paid"
}

/** From when on the bank's "not found" proves that the reverse KHQR was not paid in time; `null` without one. */
export function refundClosesAt(
  refund: Pick<RefundState, "expires_at">
): Date | null {
  return refund.expires_at
    ? new Date(refund.expires_at.getTime() + EXPIRY_GRACE_MS)
    : null
}

/** Money that this refund takes of what came: it went back, or may be on its way. */
export function isReserved({ status }: Pick<RefundState, "status">): boolean {
  return status === "due" || status === "pending" || status === "sent"
}

/** Why a person may not call a refund off now, in one plain sentence, or `null` when they may. */
export function cancelFault(refund: RefundState, now: Date): string | null {
  switch (refund.status) {
    case "due":
      return null
    case "pending":
      return mayStillBePaid(refund, now)
        ? "Its KHQR may still be paid, or be paid already: the refund ends by itself when the bank has found no payment after its time"
        : null
    case "sent":
      return "The money is on record as sent"
    case "expired":
      return "Its KHQR has run out unpaid, so there is nothing to call off"
    case "canceled":
      return "It is called off already"
  }
}

/** It went back, and Medusa hears of it by itself. */
export function isBeingBooked({
  status,
  next_book_at,
}: Pick<RefundState, "status" | "next_book_at">): boolean {
  return status === "sent" && next_book_at !== null
}

/** Why Medusa is not to be told of it once more, or `null` when it may be. */
export function bookAgainFault(
  refund: Pick<
    RefundState,
    "status" | "booked_at" | "next_book_at" | "booking_error"
  >
): string | null {
  if (refund.status !== "sent") {
    return "The money is not on record as sent, so there is nothing to book"
  }
  if (refund.booked_at !== null) {
    return "Medusa knows of it already"
  }
  if (refund.booking_error === null && refund.next_book_at === null) {
    return "There is nothing in Medusa to book it on"
  }
  return null
}

/** Why it cannot be put on record as sent by hand, or `null` when it can. */
export function sendFault(
  refund: Pick<RefundState, "status" | "verified_at" | "bank_hash">,
  hash: string | null
): string | null {
  if (refund.status === "canceled") {
    return "This refund was called off: open another one"
  }
  if (refund.status !== "sent") {
    return null
  }
  const mayBeVerified =
    hash !== null &&
    refund.verified_at === null &&
    (refund.bank_hash === null || refund.bank_hash === hash)
  return mayBeVerified ? null : "This refund is on record as sent already"
}

function issued<T extends RefundState>(
  refund: T,
  event: Extract<RefundEvent, { type: "issued_khqr" }>,
  now: Date
): RefundTransition<T> {
  if (refund.status !== "due" || refund.md5 !== null) {
    return unchanged(refund)
  }
  const { qr, md5, reference, expiresAt } = event
  return {
    refund: {
      ...refund,
      status: "pending",
      method: "reverse_khqr",
      qr,
      md5,
      reference,
      issued_at: now,
      expires_at: expiresAt,
    },
    announcements: [],
    entry: {
      kind: "issued",
      message: `A KHQR over ${money(refund)} to ${refund.payer_account}, bill ${reference}`,
    },
  }
}

function answered<T extends RefundState>(
  before: T,
  event: Extract<RefundEvent, { type: "answered" }>,
  now: Date
): RefundTransition<T> {
  if (!isAskable(before)) {
    return unchanged(before)
  }
  const { outcome, askedAt } = event
  const isSilent = outcome.type === "unknown"
  // Any answer that counts ends the doubt whether there will ever be one.
  const doubtEnds = !isSilent && before.review_reason === "unverifiable"
  const refund: T = {
    ...before,
    ...(doubtEnds ? NO_REVIEW : {}),
    checks: before.checks + 1,
    last_checked_at: latest(before.last_checked_at, askedAt),
    last_outcome: describeOutcome(outcome),
    unknowns: isSilent ? before.unknowns + 1 : 0,
    unknown_since: isSilent ? (before.unknown_since ?? askedAt) : null,
  }
  switch (outcome.type) {
    case "paid":
      return paid(refund, outcome.transaction, event, now)
    case "not_found":
      return notFound(refund, askedAt)
    case "failed":
      return unchanged(refund)
    case "unknown":
      return silent(refund, now)
  }
}

function paid<T extends RefundState>(
  refund: T,
  transaction: BakongTransaction,
  event: Extract<RefundEvent, { type: "answered" }>,
  now: Date
): RefundTransition<T> {
  const told = `${transaction.amount} ${transaction.currency} to ${transaction.toAccountId ?? "an account that is not told"}`
  if (event.usedBy !== null && transaction.hash !== refund.bank_hash) {
    return review(
      refund,
      "mismatch",
      `The transfer that the bank shows for this KHQR is on record for ${event.usedBy} already`
    )
  }
  if (!agrees(refund, transaction)) {
    return review(
      refund,
      "mismatch",
      `${told} came of the KHQR over ${money(refund)} to ${refund.payer_account}`
    )
  }
  if (refund.status === "sent") {
    return paidBeside(refund, transaction, now)
  }
  const at =
    transaction.createdAt ??
    transaction.acknowledgedAt ??
    event.askedAt.getTime()
  // While it was on its way its money was set aside; one that is given up and then paid may be too much.
  const exceeds = event.exceeds && !isReserved(refund)
  return {
    refund: {
      ...refund,
      status: "sent",
      method: "reverse_khqr",
      ...NO_REVIEW,
      review_reason: exceeds ? "excess" : null,
      bank_hash: transaction.hash,
      sent_at: new Date(at),
      sent_by: "clock",
      verified_at: now,
      ...toBeBooked(now),
    },
    announcements: exceeds ? ["sent", "review"] : ["sent"],
    entry: {
      kind: "sent",
      message: exceeds
        ? `${told}, by KHQR; with it more went back than came`
        : `${told}, by KHQR`,
    },
  }
}

/** The KHQR of a refund that a person has put on record as sent: the same transfer, or a second one. */
function paidBeside<T extends RefundState>(
  refund: T,
  { hash }: BakongTransaction,
  now: Date
): RefundTransition<T> {
  const isSame = refund.bank_hash === null || refund.bank_hash === hash
  if (!isSame) {
    return review(
      refund,
      "excess",
      `Its KHQR was paid as well, by another transfer (${hash.slice(0, 8)}): this money went back twice`
    )
  }
  return {
    refund: {
      ...refund,
      bank_hash: hash,
      verified_at: refund.verified_at ?? now,
    },
    announcements: [],
    entry:
      refund.verified_at === null
        ? {
            kind: "verified",
            message: "The bank confirms what a person had said",
          }
        : null,
  }
}

function notFound<T extends RefundState>(
  refund: T,
  askedAt: Date
): RefundTransition<T> {
  const closes = refundClosesAt(refund)
  if (refund.status !== "pending" || closes === null || askedAt < closes) {
    return unchanged(refund)
  }
  return {
    refund: { ...refund, status: "expired" },
    announcements: ["expired"],
    entry: {
      kind: "expired",
      message: `Bakong found no transfer of the KHQR over ${money(refund)} after its time`,
    },
  }
}

function silent<T extends RefundState>(
  refund: T,
  now: Date
): RefundTransition<T> {
  if (refund.status !== "pending" || refund.review_reason !== null) {
    return unchanged(refund)
  }
  return isSilentForADay(refund, now)
    ? review(
        refund,
        "unverifiable",
        `For a day the bank has not said whether the KHQR over ${money(refund)} was paid`
      )
    : unchanged(refund)
}

/** Counted from when we asked in vain, not from when we were away. */
function isSilentForADay(
  refund: Pick<RefundState, "expires_at" | "unknown_since">,
  now: Date
): boolean {
  const closes = refundClosesAt(refund)
  return (
    closes !== null &&
    refund.unknown_since !== null &&
    now.getTime() >=
      latest(refund.unknown_since, closes).getTime() + UNVERIFIABLE_AFTER_MS
  )
}

function sentByHand<T extends RefundState>(
  refund: T,
  event: Extract<RefundEvent, { type: "sent" }>,
  now: Date
): RefundTransition<T> {
  if (sendFault(refund, event.hash) !== null) {
    return unchanged(refund)
  }
  if (refund.status === "sent") {
    return event.verified
      ? {
          refund: { ...refund, bank_hash: event.hash, verified_at: now },
          announcements: [],
          entry: {
            kind: "verified",
            message: "The bank confirms what a person had said",
          },
        }
      : unchanged(refund)
  }
  const exceeds = event.exceeds && !isReserved(refund)
  return {
    refund: {
      ...refund,
      status: "sent",
      method: "by_hand",
      ...NO_REVIEW,
      review_reason: exceeds ? "excess" : null,
      bank_hash: event.hash,
      reference: event.reference ?? refund.reference,
      sent_at: event.sentAt,
      sent_by: event.by,
      verified_at: event.verified ? now : null,
      ...toBeBooked(now),
    },
    announcements: exceeds ? ["sent", "review"] : ["sent"],
    entry: {
      kind: "sent",
      message: [
        `${money(refund)} by hand${event.receiver ? ` to ${event.receiver}` : ""}, ${event.verified ? "confirmed by the bank" : "on a person's word"}`,
        event.reference && `reference ${event.reference}`,
        event.note,
      ]
        .filter(Boolean)
        .join("; "),
    },
  }
}

function canceled<T extends RefundState>(
  refund: T,
  reason: string,
  now: Date
): RefundTransition<T> {
  return cancelFault(refund, now) === null
    ? {
        refund: { ...refund, ...NO_REVIEW, status: "canceled" },
        announcements: ["canceled"],
        entry: { kind: "canceled", message: `${money(refund)}: ${reason}` },
      }
    : unchanged(refund)
}

function resolved<T extends RefundState>(
  refund: T,
  { by, reason }: Extract<RefundEvent, { type: "resolved" }>,
  now: Date
): RefundTransition<T> {
  return isInReview(refund)
    ? {
        refund: { ...refund, resolved_at: now, resolved_by: by },
        announcements: [],
        entry: {
          kind: "resolved",
          message: `${refund.review_reason}: ${reason}`,
        },
      }
    : unchanged(refund)
}

function booking<T extends RefundState>(
  refund: T,
  event: Extract<
    RefundEvent,
    {
      type: "booked" | "not_to_book" | "booking_waits" | "booking_failed"
    }
  >,
  now: Date
): RefundTransition<T> {
  switch (event.type) {
    case "booked":
      return refund.booked_at === null
        ? {
            refund: {
              ...refund,
              ...(refund.review_reason === "not_booked" ? NO_REVIEW : {}),
              booked_at: now,
              next_book_at: null,
              booking_error: null,
            },
            announcements: [],
            entry: { kind: "booked", message: event.message },
          }
        : unchanged(refund)
    case "not_to_book":
      return unchanged({ ...refund, next_book_at: null, booking_error: null })
    case "booking_waits":
      return unchanged({
        ...refund,
        next_book_at: new Date(now.getTime() + BOOKING_WAITS_MS),
      })
    case "booking_failed":
      return bookingFailed(refund, event.message, now)
  }
}

function bookingFailed<T extends RefundState>(
  before: T,
  message: string,
  now: Date
): RefundTransition<T> {
  const refund: T = {
    ...before,
    book_attempts: before.book_attempts + 1,
    booking_error: message,
  }
  if (refund.book_attempts >= MAX_BOOKING_FAILURES) {
    return {
      refund: {
        ...refund,
        // What a person looks at already is graver.
        ...(isInReview(refund)
          ? {}
          : { ...NOTHING_DECIDED, review_reason: "not_booked" as const }),
        next_book_at: null,
      },
      announcements: ["review"],
      entry: {
        kind: "not_booked",
        message: `The money went back and Medusa could not be told: ${message}`,
      },
    }
  }
  const pause = Math.min(
    2_000 * 2 ** Math.min(before.book_attempts, 16),
    600_000
  )
  return unchanged({ ...refund, next_book_at: new Date(now.getTime() + pause) })
}

function review<T extends RefundState>(
  refund: T,
  reason: RefundReviewReason,
  message: string
): RefundTransition<T> {
  return {
    refund: { ...refund, ...NOTHING_DECIDED, review_reason: reason },
    announcements: ["review"],
    entry: { kind: "review", message },
  }
}

/** The bank proved that it was not paid in time, or shows once and for all what was paid instead. */
function mayStillBePaid(refund: RefundState, now: Date): boolean {
  const closes = refundClosesAt(refund)
  if (closes === null || now < closes) {
    return true
  }
  if (
    refund.review_reason === "mismatch" ||
    refund.review_reason === "unverifiable"
  ) {
    return false
  }
  const askedAfter =
    refund.last_checked_at !== null && refund.last_checked_at >= closes
  return !(askedAfter && refund.last_outcome === "failed")
}

function agrees(
  refund: Pick<RefundState, "payer_account" | "currency_code" | "amount">,
  transaction: BakongTransaction
): boolean {
  return (
    transaction.toAccountId !== null &&
    refund.payer_account !== null &&
    isSameName(transaction.toAccountId, refund.payer_account) &&
    isSameName(transaction.currency, refund.currency_code) &&
    sameAmount(transaction.amount, refund.amount)
  )
}

function toBeBooked(now: Date) {
  return { next_book_at: now, book_attempts: 0, booking_error: null }
}

function money({
  amount,
  currency_code,
}: Pick<RefundState, "amount" | "currency_code">): string {
  return `${amount} ${currency_code.toUpperCase()}`
}

/** Answers may overtake each other; the memory does not go back. */
function latest(known: Date | null, moment: Date): Date {
  return known !== null && known > moment ? known : moment
}

function isSameName(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase()
}

function unchanged<T extends RefundState>(refund: T): RefundTransition<T> {
  return { refund, announcements: [], entry: null }
}
