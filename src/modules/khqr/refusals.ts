/*
 * Codes of refusals, for programs; the messages beside them are for people.
 */

/** The session has its money: nothing more is to be paid. */
export const ALREADY_PAID = "already_paid"

/** Medusa has deleted the session, as it does when the cart's total changes. */
export const SESSION_GONE = "session_gone"

/** The shop's owner has switched KHQR off. */
export const SWITCHED_OFF = "switched_off"

/** What a person wants cannot be done with the charge as it is; the message says what can. */
export const NOT_POSSIBLE = "not_possible"

/** In words: why the bank is asked about no static KHQR, whoever wants it. */
export const STATIC_IS_NOT_ASKED =
  "The bank cannot be asked about a static KHQR: everybody pays the same one. Look the transfer up by the hash on the payer's receipt, or confirm it by hand."
