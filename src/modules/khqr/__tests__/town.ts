import type { BakongTransaction, Outcome } from "../../../bakong"
import {
  decideSettlement,
  type Settlement,
  type Situation,
} from "../../../workflows/settlement"
import { sameMoney } from "../medusa-amount"
import { isAskable, planNextCheck } from "../pace"
import { bookableCharge } from "../session-charges"
import {
  amountToBook,
  bindsSession,
  type ChargeEvent,
  type ChargeStatus,
  hasMoney,
  isAccepted,
  receiptFault,
  type Resolution,
  type SettlementEvent,
  transition,
} from "../state"
import type { Charge } from "../types"
import { charge, ISSUED_AT, later, MINUTE, transfer } from "./world"

/*
 * A shop, its Medusa and its bank in memory: no database and no network, but
 * the real rules of the ledger, the plan and the settlement.
 */

/** A transfer as the bank has it. `md5`: the KHQR it was made for, `null` for one made by hand. */
export type Transfer = BakongTransaction & {
  md5: string | null
  returned: boolean
}

export type Session = {
  id: string
  collectionId: string
  status: string
  amount: string
  currency_code: string
  payment: Payment | null
}

export type Payment = {
  id: string
  chargeId: string | null
  amount: string
  currency_code: string
  captureId: string
}

export type Cart = {
  id: string
  collectionId: string
  /** What the collection asks for. */
  asks: string
  total: string
  currency_code: string
  order: { id: string; total: string; capture_ids: string[] } | null
  /** Paid in another way, outside of KHQR. */
  otherPayment: boolean
}

/** Where a settlement is cut off, as by a kill or a database that is gone. */
export const CUTS = [
  "before anything",
  "after the order",
  "after the payment",
  "after adopting halfway",
  "before it is recorded",
] as const

export type Cut = (typeof CUTS)[number]

class CutOff extends Error {}

/** What is to be done, and for what the charge was then. */
type Decision = {
  chargeId: string
  decidedFor: ChargeStatus
  settlement: Settlement
}

type Question = { chargeId: string; outcome: Outcome; askedAt: Date }

export class Town {
  now = ISSUED_AT
  readonly latePayments: "honour" | "review"
  readonly transfers: Transfer[] = []
  readonly charges = new Map<string, Charge>()
  readonly carts: Cart[] = []
  readonly sessions = new Map<string, Session>()
  /** Answers on their way. */
  readonly underWay: Question[] = []
  /** Decisions of a settlement that was stopped before it did anything. */
  readonly stale: Decision[] = []

  // What really happened, apart from what the ledger makes of it.
  readonly toldAsPaid = new Set<string>()
  readonly confirmed = new Set<string>()
  /** What persons were told for whom a charge waits. */
  readonly reviews: string[] = []
  readonly notFoundAt = new Map<string, number>()

  private numbers = 0

  constructor(latePayments: "honour" | "review") {
    this.latePayments = latePayments
    for (const [currency_code, total] of [
      ["usd", "11"],
      ["khr", "44000"],
    ]) {
      const id = this.name("cart")
      this.carts.push({
        id,
        collectionId: `paycol_${id}`,
        asks: total,
        total,
        currency_code,
        order: null,
        otherPayment: false,
      })
    }
  }

  // The shopper

  /** Any change of a cart: Medusa deletes the sessions of its collection, unless the provider will not. */
  changeCart(cart: Cart, total: string, pastTheGuard: boolean): boolean {
    if (cart.order || (!pastTheGuard && this.isGuarded(cart))) {
      return false
    }
    cart.total = total
    cart.asks = total
    this.sessionsOf(cart).forEach((session) => this.deleteSession(session))
    return true
  }

  /** @param beside leaves the others in place, as a request that overtakes another does */
  openSession(cart: Cart, beside: boolean): boolean {
    if (cart.order || this.isGuarded(cart)) {
      return false
    }
    if (
      !beside &&
      !this.sessionsOf(cart).every((session) => this.deleteSession(session))
    ) {
      return false
    }
    const session = this.createSession(cart, cart.total, cart.currency_code)
    this.issue(session, cart)
    return true
  }

  renew(session: Session): boolean {
    const charges = this.chargesOf(session.id)
    if (charges.some(bindsSession)) {
      return false
    }
    const shown = charges.find(({ superseded_at }) => superseded_at === null)
    const lives =
      shown?.status === "pending" &&
      shown.expires_at > this.now &&
      sameMoney(shown.amount, session.amount)
    if (!lives) {
      this.supersede(session.id)
      this.issue(session, this.cartOf(session.collectionId)!)
    }
    return !lives
  }

  /** The storefront's own button: Medusa asks the provider and nobody else. */
  complete(cart: Cart): void {
    const [session] = this.sessionsOf(cart).filter(
      ({ status }) => status === "pending"
    )
    const paid = session && this.bookable(session.id)
    if (
      paid &&
      !cart.order &&
      // The middleware lets no browser complete a paid cart that costs something else.
      (isAccepted(paid) || sameMoney(session.amount, cart.total))
    ) {
      cart.order = {
        id: this.name("order"),
        total: cart.total,
        capture_ids: [],
      }
      this.authorize(session, cart, null)
    }
  }

  pay(to: Charge, changes: Partial<Transfer>): void {
    this.transfers.push({
      ...transfer({
        hash: this.name("hash"),
        toAccountId: to.account_id,
        currency: to.currency_code.toUpperCase(),
        amount: to.khqr_amount,
        createdAt: +this.now,
        acknowledgedAt: null,
      }),
      md5: to.id,
      returned: false,
      ...changes,
    })
  }

  // The bank

  /** The bank shows one transfer of a KHQR: the first that was not given back. */
  answerTo(chargeId: string): Outcome {
    const made = this.transfers.filter(({ md5 }) => md5 === chargeId)
    const shown = made.find(({ returned }) => !returned) ?? made[0]
    if (!shown) {
      return { type: "not_found" }
    }
    return shown.returned
      ? { type: "failed", reason: "refunded_by_receiver", transaction: shown }
      : { type: "paid", transaction: shown }
  }

  // The ledger

  ask(of: Charge, outcome = this.answerTo(of.id)): void {
    this.underWay.push({ chargeId: of.id, outcome, askedAt: this.now })
  }

  /** As `recordAnswer` of the ledger. */
  deliver(at: number): void {
    const [{ chargeId, outcome, askedAt }] = this.underWay.splice(at, 1)
    if (outcome.type === "paid") {
      this.toldAsPaid.add(outcome.transaction.hash)
    }
    if (outcome.type === "not_found") {
      this.notFoundAt.set(
        chargeId,
        Math.max(+askedAt, this.notFoundAt.get(chargeId) ?? 0)
      )
    }
    const transaction = "transaction" in outcome ? outcome.transaction : null
    const usedBy =
      transaction && transaction.hash !== this.charges.get(chargeId)!.bank_hash
        ? this.userOf(transaction.hash)
        : null
    this.apply(
      chargeId,
      usedBy
        ? { type: "hash_used", usedBy, askedAt }
        : { type: "answered", outcome, askedAt }
    )
  }

  askWhatIsDue(): void {
    for (const due of this.due("next_check_at")) {
      this.ask(due)
      this.deliver(this.underWay.length - 1)
    }
  }

  due(column: "next_check_at" | "next_settle_at"): Charge[] {
    return [...this.charges.values()].filter(
      (row) => row[column] !== null && row[column] <= this.now
    )
  }

  // The staff

  takeReceipt(of: Charge, hash: string): void {
    const transaction = this.transfers.find((known) => known.hash === hash)!
    if (
      transaction.returned ||
      this.userOf(hash) !== null ||
      receiptFault(of, transaction, this.now) !== null
    ) {
      return
    }
    this.apply(of.id, { type: "receipt", transaction })
    if (this.charges.get(of.id)!.bank_hash === hash) {
      this.toldAsPaid.add(hash)
    }
  }

  confirm(of: Charge): void {
    if (!hasMoney(of)) {
      this.confirmed.add(of.id)
    }
    this.apply(of.id, { type: "confirmed", paidAt: this.now })
  }

  /** Settled into its cart, or attached to an order: then the charge moves to that order's collection first. */
  resolve(of: Charge, resolution: Resolution, order: Cart | null): void {
    if (resolution === "attach" && order) {
      // What is booked for one order does not pay another.
      if (this.payments.some(({ payment }) => payment.chargeId === of.id)) {
        return
      }
      const came = amountToBook(of)
      const session = this.createSession(order, came.amount, came.currency_code)
      this.move(of.id, session, order)
    }
    this.apply(of.id, {
      type: "resolved",
      resolution,
      by: "user_1",
      reason: "Talked to the shopper",
      ...(resolution === "attach" ? { orderId: order?.order?.id } : {}),
    })
  }

  /** As the workflow: what is decided is done, each action once, until it is done. */
  settle(chargeId: string, cut: Cut | null): void {
    this.carryOutDecision(this.decide(chargeId), cut)
  }

  carryOutDecision(
    { chargeId, decidedFor, settlement }: Decision,
    cut: Cut | null
  ): void {
    try {
      cutAt("before anything", cut)
      const event = this.bringInLine(chargeId, cut, settlement)
      cutAt("before it is recorded", cut)
      this.record(chargeId, { ...event, decidedFor } as SettlementEvent)
    } catch (error) {
      if (!(error instanceof CutOff)) {
        throw error
      }
    }
  }

  decide(chargeId: string): Decision {
    return {
      chargeId,
      decidedFor: this.charges.get(chargeId)!.status,
      settlement: decideSettlement(this.situationOf(chargeId)),
    }
  }

  // Medusa

  cartOf(collectionId: string | null): Cart | undefined {
    return this.carts.find((cart) => cart.collectionId === collectionId)
  }

  sessionsOf(cart: Cart): Session[] {
    return [...this.sessions.values()].filter(
      ({ collectionId }) => collectionId === cart.collectionId
    )
  }

  get payments(): { payment: Payment; session: Session }[] {
    return [...this.sessions.values()].flatMap((session) =>
      session.payment ? [{ payment: session.payment, session }] : []
    )
  }

  chargesOf(sessionId: string): Charge[] {
    return [...this.charges.values()]
      .filter((row) => row.payment_session_id === sessionId)
      .sort((a, b) => +b.issued_at - +a.issued_at)
  }

  userOf(hash: string): string | null {
    const found = [...this.charges.values()].find(
      (row) => row.bank_hash === hash
    )
    return found?.id ?? null
  }

  private issue(session: Session, cart: Cart): void {
    const id = this.name("khqr")
    const row = charge({
      id,
      reference: id,
      md5: id,
      payment_session_id: session.id,
      payment_collection_id: cart.collectionId,
      cart_id: cart.id,
      amount: session.amount,
      khqr_amount: session.amount,
      currency_code: session.currency_code,
      issued_at: this.now,
      expires_at: later(this.now, 10 * MINUTE),
    })
    row.next_check_at = planNextCheck(row, this.now)!.at
    this.charges.set(id, row)
  }

  private apply(id: string, event: ChargeEvent): void {
    const before = this.charges.get(id)!
    const {
      charge: after,
      announcements,
      note,
    } = transition(before, event, this.now)
    if (announcements.includes("review") && note) {
      this.reviews.push(note)
    }
    const user = after.bank_hash && this.userOf(after.bank_hash)
    if (user && user !== id) {
      throw new Error(`The ledger refuses: ${after.bank_hash} pays ${user}`)
    }
    if (event.type === "answered" || event.type === "not_asked") {
      after.next_check_at = planNextCheck(after, this.now)?.at ?? null
    }
    if (!isAskable(after)) {
      after.next_check_at = null
    }
    this.charges.set(id, after)
  }

  private move(id: string, session: Session, cart: Cart): void {
    const row = this.charges.get(id)!
    if (row.status !== "paid") {
      return
    }
    this.charges.set(id, {
      ...row,
      payment_session_id: session.id,
      payment_collection_id: cart.collectionId,
      cart_id: cart.id,
      session_amount: session.amount,
      superseded_at: row.superseded_at ?? this.now,
    })
  }

  /** As `recordSettlement`: the order may have been paid by another meanwhile. */
  private record(id: string, event: SettlementEvent): void {
    const row = this.charges.get(id)!
    const paidByAnother =
      event.type === "settled" &&
      row.status === "paid" &&
      [...this.charges.values()].some(
        (other) =>
          other.id !== id &&
          other.status === "completed" &&
          other.payment_collection_id === row.payment_collection_id
      )
    this.apply(
      id,
      paidByAnother
        ? {
            type: "settle_refused",
            decidedFor: event.decidedFor,
            reason: "duplicate",
            message: "Paid by another",
          }
        : event
    )
  }

  private bringInLine(
    chargeId: string,
    cut: Cut | null,
    first: Settlement
  ): object {
    const tried = new Set<string>()
    let settlement = first
    let fault: string | null = null
    while (!tried.has(settlement.action)) {
      if (settlement.action === "done") {
        return { type: "settled", orderId: settlement.orderId }
      }
      if (settlement.action === "review") {
        const { reason, message } = settlement
        return { type: "settle_refused", reason, message }
      }
      tried.add(settlement.action)
      fault = this.carryOut(chargeId, settlement, cut)
      if (settlement.action === "cancel_session" && !fault) {
        return { type: "settled", orderId: null }
      }
      settlement = this.decide(chargeId).settlement
    }
    return {
      type: "settle_failed",
      lasting: fault !== null,
      message: `${fault}`,
    }
  }

  private carryOut(
    chargeId: string,
    settlement: Settlement,
    cut: Cut | null
  ): string | null {
    if (settlement.action === "adopt") {
      return this.adopt(chargeId, settlement, cut)
    }
    const session = this.sessions.get(
      this.charges.get(chargeId)!.payment_session_id
    )
    if (!session) {
      return "There is no such session"
    }
    const cart = this.cartOf(session.collectionId)!
    switch (settlement.action) {
      case "cancel_session":
        session.status = "canceled"
        return null
      case "complete_cart":
        return this.completeCart(chargeId, settlement, session, cart, cut)
      case "book_payment": {
        if (this.anotherGoesFirst(chargeId, settlement, session)) {
          return "Another goes first"
        }
        this.makeReady(chargeId, session, settlement)
        return this.authorize(session, cart, cut)
      }
      case "repair":
        if (settlement.healCollection) {
          cart.asks = session.amount
        }
        cart.order!.capture_ids.push(...settlement.unknownCaptureIds)
        return null
      default:
        return null
    }
  }

  private adopt(
    chargeId: string,
    settlement: Extract<Settlement, { action: "adopt" }>,
    cut: Cut | null
  ): string | null {
    const cart = this.cartOf(settlement.collectionId)!
    const { amount, currencyCode } = settlement
    const session =
      settlement.sessionId === null
        ? this.createSession(cart, amount, currencyCode)
        : this.sessions.get(settlement.sessionId)
    if (!session) {
      return "There is no such session"
    }
    if (settlement.sessionId === null) {
      const row = this.charges.get(chargeId)!
      this.charges.set(chargeId, {
        ...row,
        payment_session_id: session.id,
        session_amount: session.amount,
      })
      cutAt("after adopting halfway", cut)
    }
    this.move(chargeId, session, cart)
    return null
  }

  private completeCart(
    chargeId: string,
    settlement: Extract<Settlement, { action: "complete_cart" }>,
    session: Session,
    cart: Cart,
    cut: Cut | null
  ): string | null {
    if (this.anotherGoesFirst(chargeId, settlement, session)) {
      return "Another goes first"
    }
    if (settlement.healCollection) {
      cart.asks = session.amount
    }
    for (const id of settlement.rivalSessionIds) {
      const rival = this.sessions.get(id)
      if (!rival) {
        continue
      }
      if (!this.deleteSession(rival)) {
        rival.status = "canceled"
      }
    }
    this.makeReady(chargeId, session, settlement)
    if (cart.order) {
      return null
    }
    if (cart.otherPayment) {
      return "Another payment"
    }
    // Medusa takes the first session that it may authorize, whichever was paid.
    const [processed] = this.sessionsOf(cart).filter(
      ({ status }) => status === "pending" || status === "captured"
    )
    if (!processed?.payment && !this.bookable(processed?.id)) {
      return "Not paid"
    }
    cart.order = {
      id: this.name("order"),
      total: cart.total,
      capture_ids: [],
    }
    cutAt("after the order", cut)
    return this.authorize(processed, cart, cut)
  }

  private authorize(
    session: Session,
    cart: Cart,
    cut: Cut | null
  ): string | null {
    if (!session.payment) {
      const bookable = this.bookable(session.id)
      if (!bookable) {
        return "Not paid"
      }
      // Medusa compares no amounts: what is booked is what the session asks for.
      session.payment = {
        id: this.name("pay"),
        chargeId: bookable.id,
        amount: session.amount,
        currency_code: session.currency_code,
        captureId: this.name("capt"),
      }
      session.status = "captured"
      cutAt("after the payment", cut)
    }
    if (!cart.order!.capture_ids.includes(session.payment.captureId)) {
      cart.order!.capture_ids.push(session.payment.captureId)
    }
    return null
  }

  private anotherGoesFirst(
    chargeId: string,
    { rivalSessionIds }: { rivalSessionIds: string[] },
    session: Session
  ): boolean {
    const bookable = session.payment ? undefined : this.bookable(session.id)
    return (
      (bookable !== undefined && bookable.id !== chargeId) ||
      rivalSessionIds.some((id) => id < session.id && this.bookable(id))
    )
  }

  private bookable(sessionId: string): Charge | undefined {
    const charges = this.chargesOf(sessionId)
    return charges.length === 0
      ? undefined
      : bookableCharge(charges, this.latePayments)
  }

  private makeReady(
    chargeId: string,
    session: Session,
    {
      reopenSession,
      bookAmount,
    }: { reopenSession: boolean; bookAmount: string | null }
  ): void {
    if (reopenSession || bookAmount !== null) {
      session.status = "pending"
      session.amount = bookAmount ?? session.amount
    }
    const row = this.charges.get(chargeId)!
    if (!sameMoney(session.amount, row.session_amount ?? row.amount)) {
      this.charges.set(chargeId, { ...row, session_amount: session.amount })
    }
  }

  private createSession(
    cart: Cart,
    amount: string,
    currency_code: string
  ): Session {
    const session: Session = {
      id: this.name("payses"),
      collectionId: cart.collectionId,
      status: "pending",
      amount,
      currency_code,
      payment: null,
    }
    this.sessions.set(session.id, session)
    return session
  }

  /** The provider's veto: money on record holds its session. */
  private deleteSession(session: Session): boolean {
    if (session.payment || this.chargesOf(session.id).some(bindsSession)) {
      return false
    }
    this.supersede(session.id)
    this.sessions.delete(session.id)
    return true
  }

  private supersede(sessionId: string): void {
    this.chargesOf(sessionId)
      .filter(({ superseded_at }) => superseded_at === null)
      .forEach(({ id }) => this.apply(id, { type: "superseded" }))
  }

  /** The middleware, as `findUnsettled`. */
  private isGuarded(cart: Cart): boolean {
    return [...this.charges.values()].some(
      (row) =>
        row.cart_id === cart.id &&
        row.status === "paid" &&
        bindsSession(row) &&
        row.review_reason !== "orphaned" &&
        row.review_reason !== "duplicate"
    )
  }

  private situationOf(chargeId: string): Situation {
    const row = this.charges.get(chargeId)!
    const session = this.sessions.get(row.payment_session_id) ?? null
    const cart = session
      ? this.cartOf(session.collectionId)
      : this.carts.find(({ id }) => id === row.cart_id)
    const others = cart
      ? this.sessionsOf(cart).filter(({ id }) => id !== session?.id)
      : []
    const unpaid = others.filter(({ payment }) => payment === null)
    return {
      charge: row,
      latePayments: this.latePayments,
      session: session && {
        status: session.status,
        amount: session.amount,
        currency_code: session.currency_code,
        payment: session.payment && {
          id: session.payment.id,
          charge_id: session.payment.chargeId,
          capture_ids: [session.payment.captureId],
        },
      },
      collection: cart
        ? {
            id: cart.collectionId,
            amount: cart.asks,
            has_other_payment:
              cart.otherPayment || others.some(({ payment }) => payment),
            rival_session_ids: unpaid
              .filter(({ status }) => status === "pending")
              .map(({ id }) => id),
            khqr_sessions: unpaid.map(({ id, amount, currency_code }) => ({
              id,
              amount,
              currency_code,
            })),
          }
        : null,
      cart: cart
        ? {
            id: cart.id,
            total: cart.total,
            currency_code: cart.currency_code,
            order: cart.order,
          }
        : null,
    }
  }

  /** Names sort as they were given, as Medusa's do. */
  name(of: string): string {
    this.numbers += 1
    return `${of}_${String(this.numbers).padStart(4, "0")}`
  }
}

function cutAt(here: Cut, cut: Cut | null): void {
  if (here === cut) {
    throw new CutOff(here)
  }
}
