import type { KhqrCharge, KhqrClient, KhqrUpdate } from "./client"
import { KhqrClientError } from "./client"
import type { ServerClock } from "./clock"
import { serverClock, stopwatch } from "./clock"
import type { KhqrEventMap, Tell } from "./events"
import type {
  KhqrNotice,
  KhqrReceiptFault,
  KhqrRefusal,
  KhqrView,
} from "./view"
import {
  hearsClaims,
  hearsReturns,
  mayStillBePaid,
  offersNewQr,
  readReceiptHash,
  receiptFaultOf,
  refusalOf,
  takesReceipts,
  viewOf,
} from "./view"

/** How long the bank may take to know of a payment, once the shop has heard that it is made. */
const CLAIM_MS = 10_000
/** A claim that was lost on the way goes again. */
const CLAIM_AGAIN_MS = 5_000
/** Nobody pays in less. */
const RETURN_COOL_DOWN_MS = 2_000

export type SessionParts = {
  client: KhqrClient
  sessionId: string
  /** Something to be drawn has changed. */
  onChange: () => void
  tell: Tell
  /** In a shop of mode `client`: makes the KHQR for a renewal. */
  makeQr: () => ((charge: KhqrCharge) => string | Promise<string>) | null
}

/** That the shopper says to have paid. */
type Claim = {
  state: "on_its_way" | "unsaid" | "accepted"
  /** A new view has news of its own, which the answer to an old claim must not drown. */
  view: KhqrView
  /** Milliseconds since the shop accepted it; until then the bank was not asked because of it. */
  sinceAccepted: () => number
}

/** A payment session as the page knows it: follows it, and does what the shopper wants. */
export class FollowedSession {
  charge: KhqrCharge | null = null
  clock: ServerClock | null = null
  isRenewing = false
  receipt: { isChecking: boolean; fault: KhqrReceiptFault | null } = {
    isChecking: false,
    fault: null,
  }

  #parts: SessionParts
  #stopWatching: (() => void) | null = null
  #isOver = false
  #error: KhqrClientError | null = null
  #refusal: KhqrRefusal | null = null
  #sinceReturn: (() => number) | null = null
  /** A return that could not be told; it goes with the next answer of the shop. */
  #isReturnUnsaid = false
  #claim: Claim | null = null
  #claimTimer: ReturnType<typeof setTimeout> | undefined
  /** `charge id:event`, so that each is told once. */
  #told = new Set<string>()

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  watch(): void {
    const { client, sessionId } = this.#parts
    this.#stopWatching?.()
    this.#stopWatching = client.watch(sessionId, (update) => this.#take(update))
  }

  /** Nothing is reported after it. */
  stop(): void {
    this.#isOver = true
    this.#dropClaim()
    this.#stopWatching?.()
  }

  get view(): KhqrView {
    const now = this.clock?.now() ?? 0
    return viewOf(this.charge, this.#error, now, this.#refusal)
  }

  get notice(): KhqrNotice | null {
    const { view, charge } = this
    if (this.#refusal && offersNewQr(view)) {
      return this.#refusal === "already_paid" ||
        this.#refusal === "switched_off"
        ? this.#refusal
        : "renew_failed"
    }
    if (!charge || !mayStillBePaid(charge)) {
      return null
    }
    if (this.#error) {
      return "offline"
    }
    if (!hearsClaims(view)) {
      return null
    }
    if (charge.bank !== "ok") {
      return "bank_silent"
    }
    if (this.#claim?.view === view) {
      return this.isClaimed ? "checking" : "not_seen_yet"
    }
    return null
  }

  /** Whether the shopper's word is on its way, or the bank still has time: nothing to be said anew. */
  get isClaimed(): boolean {
    const claim = this.#claim
    return claim?.view === this.view && claim.sinceAccepted() < CLAIM_MS
  }

  /** Whether the hash on the shopper's receipt may be entered now: the bank is asked first. */
  get takesReceipt(): boolean {
    const when = takesReceipts(this.view)
    return (
      when === "always" ||
      (when === "claimed" && this.#claim?.view === this.view && !this.isClaimed)
    )
  }

  /** The shopper is back on the page, from the bank's app perhaps. */
  comeBack(): void {
    if (!this.#sinceReturn || this.#sinceReturn() >= RETURN_COOL_DOWN_MS) {
      this.#sinceReturn = stopwatch()
      void this.#tellReturn()
    }
  }

  claim(): void {
    const { view } = this
    if (this.#isOver || this.isClaimed) {
      return
    }
    if (this.#claim && this.#claim.state !== "accepted") {
      this.#claim.view = view
    } else {
      this.#claim = { state: "unsaid", view, sinceAccepted: () => 0 }
      void this.#tellClaim(this.#claim)
    }
    this.#parts.onChange()
  }

  /**
   * The answer to a signal is not shown: it may have left the shop before what the stream has told
   * since, and nothing would come after it to set that right.
   */
  async #tellReturn(isRepeated = false): Promise<void> {
    const { charge, view } = this
    this.#isReturnUnsaid = charge === null
    if (!charge || !hearsReturns(view) || isMute(charge)) {
      return
    }
    const { client, sessionId } = this.#parts
    try {
      await client.signal(sessionId, "returned")
    } catch {
      // A phone that wakes up often loses its first request. What is wrong, watching will show.
      this.#isReturnUnsaid = !isRepeated
    }
  }

  /** Until the shop has it: the shopper was told that the bank is asked. */
  async #tellClaim(claim: Claim): Promise<void> {
    const { charge, view } = this
    clearTimeout(this.#claimTimer)
    if (!charge || !hearsClaims(view) || isMute(charge)) {
      this.#dropClaim()
      return
    }
    const { client, sessionId, onChange } = this.#parts
    claim.state = "on_its_way"
    claim.view = view
    const fault = await client.signal(sessionId, "claims_paid").then(
      () => null,
      (error: KhqrClientError) => error
    )
    // A new QR has come, or the page is gone.
    if (claim !== this.#claim) {
      return
    }
    if (!fault) {
      claim.state = "accepted"
      claim.sinceAccepted = stopwatch()
    } else if (fault.kind === "unreachable") {
      claim.state = "unsaid"
      this.#claimTimer = setTimeout(
        () => void this.#tellClaim(claim),
        CLAIM_AGAIN_MS
      )
    } else {
      this.#dropClaim()
    }
    onChange()
  }

  #dropClaim(): void {
    this.#claim = null
    clearTimeout(this.#claimTimer)
  }

  async renew(): Promise<void> {
    if (this.isRenewing) {
      return
    }
    const { client, sessionId, onChange } = this.#parts
    this.isRenewing = true
    this.#refusal = null
    // An answer that is on its way would bring the old charge back.
    this.#stopWatching?.()
    onChange()
    try {
      const charge = await client.renew(sessionId, await this.#madeQr())
      if (!this.#isOver) {
        this.#takeCharge(charge)
      }
    } catch (error) {
      if (!this.#isOver) {
        this.#takeRefusal(error)
      }
    } finally {
      this.isRenewing = false
      if (!this.#isOver) {
        this.watch()
        onChange()
      }
    }
  }

  async sendReceipt(typed: string): Promise<void> {
    if (this.receipt.isChecking) {
      return
    }
    const { client, sessionId, onChange } = this.#parts
    const hash = readReceiptHash(typed)
    if (hash === null) {
      this.receipt = { isChecking: false, fault: "malformed" }
      onChange()
      return
    }
    this.receipt = { isChecking: true, fault: null }
    onChange()
    let fault: KhqrReceiptFault | null = null
    try {
      const charge = await client.receipt(sessionId, hash)
      // The order may have been told of before this answer came.
      const isLate = this.charge?.status === "completed"
      if (!this.#isOver && !this.isRenewing && !isLate) {
        this.#takeCharge(charge)
      }
    } catch (error) {
      fault =
        error instanceof KhqrClientError ? receiptFaultOf(error) : "failed"
    }
    this.receipt = { isChecking: false, fault }
    if (!this.#isOver) {
      onChange()
    }
  }

  async #madeQr(): Promise<string | undefined> {
    const makeQr = this.#parts.makeQr()
    return this.charge?.mode === "client" && makeQr
      ? makeQr(this.charge)
      : undefined
  }

  #take(update: KhqrUpdate): void {
    if (update.charge) {
      const wasAway = this.#error !== null
      this.#takeCharge(update.charge)
      if (wasAway && this.#claim?.state === "unsaid") {
        // It says more than a return.
        this.#isReturnUnsaid = false
        void this.#tellClaim(this.#claim)
      } else if (this.#isReturnUnsaid) {
        void this.#tellReturn(true)
      }
    } else {
      this.#takeError(update.error)
    }
    this.#parts.onChange()
  }

  #takeCharge(charge: KhqrCharge): void {
    if (charge.id !== this.charge?.id) {
      this.#dropClaim()
      this.#refusal = null
      this.receipt = { isChecking: false, fault: null }
    }
    this.charge = charge
    this.clock = serverClock(charge.server_time)
    this.#error = null

    if (this.view === "replaced") {
      this.#tell("khqr:error", {
        error: new KhqrClientError(
          "conflict",
          "The cart has changed since this QR was made",
          null,
          "session_gone"
        ),
      })
      return
    }
    // What was sent back or left pays for nothing.
    if (charge.closed) {
      return
    }
    switch (charge.status) {
      case "paid":
        this.#tell("khqr:paid", { charge })
        break
      case "completed":
        this.#tell("khqr:paid", { charge })
        this.#tell("khqr:completed", { charge, orderId: charge.order_id })
        break
      case "expired":
        this.#tell("khqr:expired", { charge })
        break
      case "failed":
        this.#tell("khqr:failed", { charge })
        break
    }
  }

  #takeError(error: KhqrClientError): void {
    if (this.#error?.kind !== error.kind) {
      this.#parts.tell("khqr:error", { error })
    }
    this.#error = error
    // A session that is gone must not leave a QR behind.
    if (error.kind === "not_found") {
      this.charge = null
    }
  }

  /** That it is paid needs no more: the next answer says so. */
  #takeRefusal(error: unknown): void {
    // The storefront's own function for a KHQR may throw anything.
    if (!(error instanceof KhqrClientError)) {
      console.error("<khqr-payment> got no KHQR from makeQr:", error)
      this.#refusal = "failed"
      return
    }
    this.#refusal = refusalOf(error)
    if (this.#refusal === "session_gone") {
      this.#tell("khqr:error", { error })
    }
  }

  #tell<K extends keyof KhqrEventMap>(
    type: K,
    detail: KhqrEventMap[K]["detail"]
  ): void {
    const key = `${this.charge?.id}:${type}`
    if (!this.#told.has(key)) {
      this.#told.add(key)
      this.#parts.tell(type, detail)
    }
  }
}

/** Of a static KHQR the bank can tell nothing. */
function isMute(charge: KhqrCharge): boolean {
  return charge.mode === "static"
}
