/*
 * PostgreSQL's advisory locks, each held to the end of its transaction.
 */

/**
 * Whoever needs all rows of a session comes after the other, before either holds a
 * row: one may be written that the other has not seen, and no order of rows helps.
 */
export const QUEUE_FOR_SESSION =
  "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))"

/** The same by a charge, and which session that is. */
export const QUEUE_FOR_SESSION_OF =
  "SELECT payment_session_id, pg_advisory_xact_lock(hashtextextended(payment_session_id, 0)) FROM khqr_charge WHERE id = ?"

/** Orders one at a time take money that a person attaches. */
export const QUEUE_FOR_ORDER =
  "SELECT pg_advisory_xact_lock(hashtextextended(?, 1))"

/** A person's word and receipts over the same money, told by amount and currency, come one after the other. */
export const QUEUE_FOR_MONEY =
  "SELECT pg_advisory_xact_lock(hashtextextended(?, 3))"

/** Those who present one transfer come one after the other, also where one names it by the eight characters that receipts show. */
export const QUEUE_FOR_TRANSFER =
  "SELECT pg_advisory_xact_lock(hashtextextended(left(lower(trim(?)), 8), 2))"

/** One process at a time plans whom to ask; who does not get the lock need not wait for it. */
export const TAKE_THE_PLAN =
  "SELECT pg_try_advisory_xact_lock(hashtextextended('khqr plan', 4)) AS mine"
