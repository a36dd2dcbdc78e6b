import { SessionWatch } from "./watch"

/** A charge as the shop's backend shows it to the shopper. */
export type KhqrCharge = {
  id: string
  payment_session_id: string
  status: "pending" | "paid" | "completed" | "expired" | "failed"
  /** A person at the shop has to decide about this charge. */
  in_review: boolean
  /** What the shop did with money that could not become the order: sent it back, or left it. */
  closed: "refund" | "dismiss" | null
  /**
   * `static`: the KHQR has no amount, the shopper types it, and shows the shop the
   * receipt's hash afterwards. `client`: the storefront makes the KHQR.
   */
  mode: "dynamic" | "static" | "client"
  /** Short; the shopper quotes it when asking the shop for help. */
  reference: string
  /** The KHQR string; `null` when it may no longer be shown. */
  qr: string | null
  md5: string
  deeplink: string | null
  /** Decimal string, as written in the KHQR: `"11.00"`, `"44000"`. */
  amount: string
  currency_code: "usd" | "khr"
  merchant_name: string
  merchant_name_km: string | null
  /** ISO 8601. */
  issued_at: string
  /** ISO 8601. */
  expires_at: string
  /** ISO 8601, of this answer; `expires_at` is to be measured against it by `serverClock`. */
  server_time: string
  /** Whether the bank can be asked at this moment. */
  bank: "ok" | "unreachable" | "quota_spent"
  /**
   * No longer the KHQR of an open payment: the cart has changed or another
   * KHQR took its place. Says nothing when there is money.
   */
  superseded: boolean
  order_id: string | null
}

/** The shopper came back to the page, or says that the payment is made. */
export type KhqrSignal = "returned" | "claims_paid"

export type KhqrClientErrorKind =
  /** No answer: no connection, a time-out, or the backend is down. */
  | "unreachable"
  /** The payment session is unknown, or not this shopper's to see. */
  | "not_found"
  /** 409: for example a new QR for a charge that is already paid. */
  | "conflict"
  /** Any other refusal: a wrong publishable key, a fault of the backend. */
  | "refused"

/** Why a new QR is refused. */
export type KhqrConflict =
  /** The money is there: ask for the charge again. */
  | "already_paid"
  /** The cart has changed and has no such payment session: read it again. */
  | "session_gone"
  /** The shop takes no KHQR payments at the moment. */
  | "switched_off"

/** Why a receipt did not make the charge paid. */
export type KhqrReceiptRefusal =
  /** The bank knows no such transfer over this amount. */
  | "receipt_not_found"
  /** The transfer is for something else. */
  | "receipt_mismatch"
  /** The transfer pays something else already. */
  | "receipt_used"
  /** The bank does not tell just now. */
  | "receipt_unknown"
  /** This shop cannot look receipts up. */
  | "receipt_unsupported"
  | "too_many_attempts"

const CONFLICTS: KhqrConflict[] = [
  "already_paid",
  "session_gone",
  "switched_off",
]

const RECEIPT_REFUSALS: KhqrReceiptRefusal[] = [
  "receipt_not_found",
  "receipt_mismatch",
  "receipt_used",
  "receipt_unknown",
  "receipt_unsupported",
  "too_many_attempts",
]

export class KhqrClientError extends Error {
  override readonly name = "KhqrClientError"

  constructor(
    readonly kind: KhqrClientErrorKind,
    message: string,
    /** HTTP status; `null` when no answer came. */
    readonly status: number | null = null,
    /** Why a new QR or a receipt is refused; `null` for every other fault. */
    readonly code: KhqrConflict | KhqrReceiptRefusal | null = null
  ) {
    super(message)
  }
}

/** What `watch` reports: an answer, or why there is none. */
export type KhqrUpdate =
  { charge: KhqrCharge; error: null } | { charge: null; error: KhqrClientError }

export type KhqrClientOptions = {
  /** The Medusa backend, for example `https://shop.example`. */
  baseUrl: string
  /** Publishable API key of the sales channel, `pk_…`. */
  publishableKey: string
}

export type KhqrClient = {
  /** The current charge of a payment session. */
  retrieve(sessionId: string): Promise<KhqrCharge>
  /** Tells the backend that now is a good moment to ask the bank. */
  signal(sessionId: string, kind: KhqrSignal): Promise<KhqrCharge>
  /**
   * Issues a new QR for the session.
   * @param qr in a shop of mode `client`: the KHQR that the storefront made
   * @throws KhqrClientError of kind `conflict` when there can be none; its
   * `code` says why.
   */
  renew(sessionId: string, qr?: string): Promise<KhqrCharge>
  /**
   * Shows the shop the hash on the shopper's receipt, 8 or 64 hex characters: the
   * charge it pays comes back paid.
   * @throws KhqrClientError with a `code` of {@link KhqrReceiptRefusal} when it pays none.
   */
  receipt(sessionId: string, hash: string): Promise<KhqrCharge>
  /**
   * Follows a session until its charge is completed: by the shop's event stream, and by a request
   * each 2 s where that does not come through. `onChange` is called at first, at each change, and
   * when the shopper comes back to the page. It is silent while the page is hidden: to the shop,
   * watching means that somebody looks. Between two calls the time runs on: see `serverClock`.
   * @returns stops watching; nothing is reported after it was called.
   */
  watch(sessionId: string, onChange: (update: KhqrUpdate) => void): () => void
}

const REQUEST_TIMEOUT_MS = 10_000

/**
 * Talks to the store routes of `medusa-payment-khqr`, for storefronts that draw
 * their own payment step. `<khqr-payment>` is built on it.
 *
 * @throws KhqrClientError from every promise it returns.
 */
export function createKhqrClient(options: KhqrClientOptions): KhqrClient {
  const root = `${options.baseUrl.replace(/\/+$/, "")}/store/khqr/payment-sessions`

  async function request(
    method: "GET" | "POST",
    sessionId: string,
    path = "",
    body?: object
  ): Promise<KhqrCharge> {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), REQUEST_TIMEOUT_MS)

    try {
      const response = await fetch(
        `${root}/${encodeURIComponent(sessionId)}${path}`,
        {
          method,
          cache: "no-store",
          signal: abort.signal,
          headers: {
            accept: "application/json",
            "x-publishable-api-key": options.publishableKey,
            ...(body && { "content-type": "application/json" }),
          },
          body: body && JSON.stringify(body),
        }
      )
      return await readCharge(response)
    } catch (error) {
      if (error instanceof KhqrClientError) {
        throw error
      }
      throw new KhqrClientError(
        "unreachable",
        `The shop did not answer: ${error instanceof Error ? error.message : error}`
      )
    } finally {
      clearTimeout(timer)
    }
  }

  const client: KhqrClient = {
    retrieve: (sessionId) => request("GET", sessionId),
    signal: (sessionId, kind) =>
      request("POST", sessionId, "/signals", { kind }),
    renew: (sessionId, qr) => request("POST", sessionId, "/renew", { qr }),
    receipt: (sessionId, hash) =>
      request("POST", sessionId, "/receipt", { hash }),
    watch(sessionId, onChange) {
      const watch = new SessionWatch({
        openStream: (lastEventId, signal) =>
          fetch(`${root}/${encodeURIComponent(sessionId)}/events`, {
            cache: "no-store",
            signal,
            headers: {
              accept: "text/event-stream",
              "x-publishable-api-key": options.publishableKey,
              ...(lastEventId !== null && { "last-event-id": lastEventId }),
            },
          }),
        retrieve: () => client.retrieve(sessionId),
        onChange,
      })
      watch.start()
      return () => watch.stop()
    },
  }

  return client
}

async function readCharge(response: Response): Promise<KhqrCharge> {
  const body: unknown = await response.json().catch(() => null)
  const { charge, message, code } = (body ?? {}) as {
    charge?: KhqrCharge
    message?: unknown
    code?: unknown
  }

  if (response.ok && charge) {
    return charge
  }
  if (response.ok || response.status >= 500) {
    throw new KhqrClientError(
      "unreachable",
      `The shop answered ${response.status} without a charge`,
      response.status,
      codeOf(code, "unreachable")
    )
  }
  const kind = kindOfRefusal(response.status)
  throw new KhqrClientError(
    kind,
    typeof message === "string" ? message : `HTTP ${response.status}`,
    response.status,
    codeOf(code, kind)
  )
}

function codeOf(code: unknown, kind: KhqrClientErrorKind) {
  const known =
    kind === "conflict" ? [...CONFLICTS, ...RECEIPT_REFUSALS] : RECEIPT_REFUSALS
  return known.find((one) => one === code) ?? null
}

function kindOfRefusal(status: number): KhqrClientErrorKind {
  switch (status) {
    case 404:
      return "not_found"
    case 409:
      return "conflict"
    // A crowded server says "later", not "no".
    case 408:
    case 429:
      return "unreachable"
    default:
      return "refused"
  }
}
