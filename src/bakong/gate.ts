import { cleanToken } from "./token"
import { unknown } from "./trouble"
import type { BakongCall, HttpAnswer, Unknown } from "./types"

/** Why a question is asked: what must be answered goes before what would be nice to know. */
export type CallPurpose =
  /** The plan wants it: it keeps what the closing checks need by itself. */
  | "check"
  /** The check whose "not found" ends a charge. */
  | "closing"
  /** Whether money that goes back has arrived: nothing of what is kept for charges, but to end it. */
  | "refund"
  /** A person of the shop asks: diagnosis, doctor, a receipt. */
  | "manual"
  /** A shopper brings a receipt: a share of the day, and nothing of what is kept. */
  | "receipt"
  /** A gateway makes the KHQR itself: nothing of what is kept for those that are open. */
  | "issue"
  /** A link into the payer's app. */
  | "deeplink"
  /** Whether the receiver exists. */
  | "account"
  /** Registering and renewing: counted, and never refused for want of quota. */
  | "token"

/** A call that is about to leave. */
export type OutgoingCall = {
  /** `/v1/check_transaction_by_md5`. */
  endpoint: string
  purpose: CallPurpose
  /** The charges it asks about, for the audit log. */
  chargeIds: string[]
  /** Sent as `X-Request-Id`. */
  requestId: string
  needsToken: boolean
}

/** What became of a call. */
export type Exchange = {
  call: BakongCall
  /** As it arrived, without our token; `null` when no answer came. */
  answer: HttpAnswer | null
  /** Why nothing may be concluded from it, if so: no answer, a refusal of the whole call, or ours. */
  trouble: Unknown | null
  /**
   * False only when the request was certainly not delivered, so that nobody can have
   * counted it: no address, no connection, no TLS, or refused by us or by a proxy.
   */
  reached: boolean
}

/**
 * What every call passes on its way to the bank: it knows the token, counts,
 * writes down, and may refuse.
 */
export type Gate = {
  /**
   * @param send sends the call with this token (`null`: without) and never
   *   throws; not called when the gate refuses, see `refuse`.
   */
  pass(
    outgoing: OutgoingCall,
    send: (token: string | null) => Promise<Exchange>
  ): Promise<Exchange>
}

/** The exchange of a call that was not sent. */
export const refuse = (
  { endpoint, requestId }: OutgoingCall,
  trouble: Unknown,
  now = Date.now()
): Exchange => ({
  call: {
    endpoint,
    requestId,
    sent: false,
    httpStatus: null,
    responseCode: null,
    errorCode: null,
    message: trouble.message,
    durationMs: 0,
    askedAt: now,
    serverTime: null,
  },
  answer: null,
  trouble,
  reached: false,
})

/**
 * Lets every call pass with one token and counts nothing: for tests, the doctor and
 * use as a library.
 *
 * @param token a pasted `Bearer `, quotes and blanks are dropped. Without a usable
 *   one, calls that need a token are refused.
 */
export const openGate = (token = ""): Gate => {
  const bare = cleanToken(token)
  return {
    pass: async (outgoing, send) => {
      if (!outgoing.needsToken) {
        return send(null)
      }
      return bare
        ? send(bare)
        : refuse(
            outgoing,
            unknown("unauthorized", "No usable token is configured")
          )
    },
  }
}
