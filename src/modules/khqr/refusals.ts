/*
 * Codes of refusals, for programs; the messages beside them are for people.
 */

/** The session has its money: nothing more is to be paid. */
export const ALREADY_PAID = "already_paid"

/** Medusa has deleted the session, as it does when the cart's total changes. */
export const SESSION_GONE = "session_gone"
