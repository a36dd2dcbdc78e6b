import {
  InjectManager,
  InjectTransactionManager,
  MathBN,
  MedusaContext,
  MedusaError,
} from "@medusajs/framework/utils"

import type { CheckAnswer } from "../../bakong"
import type { CheckResult } from "../../gateways"
import { KhqrError, toExactKhqrAmount } from "../../khqr"
import type { LedgerContainer, SqlContext } from "./books"
import { claimDue, giveBackChecks, IS_FREE, type DueWork } from "./claims"
import { KhqrDesk } from "./desk"
import { SETTLEMENT_TAKES_MS } from "./ledger"
import { LEASE_MS, Leases } from "./leases"
import { QUEUE_FOR_TRANSFER } from "./locks"
import { receivingAccounts } from "./receivers"
import { buildReverseKhqr } from "./refund-khqr"
import { planRefundCheck } from "./refund-plan"
import {
  cameOf,
  coverOf,
  isBecomingOrder,
  isCovered,
  isSameName,
  isSentBack,
  leftToRefund,
  refundFault,
  reverseKhqrFault,
  sentOf,
  sum,
  transferFaults,
  type Captured,
} from "./refund-rules"
import {
  bookAgainFault,
  cancelFault,
  isAskable,
  isInReview,
  moveRefund,
  sendFault,
  type RefundEvent,
  type RefundNews,
} from "./refund-state"
import { howToGoOn, inWords } from "./refund-texts"
import { NOT_POSSIBLE } from "./refusals"
import { needsPerson } from "./state"
import type {
  Actor,
  Charge,
  ChargeAnnouncement,
  Refund,
  RefundAnnouncement,
} from "./types"

/** A refund as it now is, and what the shop may want to hear of it and of its charge. */
export type RefundChange = {
  refund: Refund
  refunds: RefundAnnouncement[]
  charges: ChargeAnnouncement[]
}

/** What a person says of a transfer that they made, with what the bank says of it. */
export type SentByHand = {
  /** 64 hex characters. */
  hash?: string
  /** As the bank's app names the transfer. */
  reference?: string
  note?: string
  /** The bank's answer about `hash`; `null` where it cannot be asked. */
  answer: CheckAnswer | null
}

/** Money that goes back: owed, sent by hand or by a reverse KHQR, and what Medusa may book of it. */
export class KhqrRefundDesk extends KhqrDesk {
  protected readonly refundLeases_: Leases

  /** @param declaration Medusa's; its base class reads it. */
  constructor(
    container: LedgerContainer,
    options: unknown,
    declaration?: unknown
  ) {
    super(container, options, declaration)
    this.refundLeases_ = new Leases(this.database_, this.logger_, "khqr_refund")
  }

  /**
   * Sets money aside that is to be sent back: all that is left of what came, or `amount` of it.
   * @param input.amount an exact decimal in the currency that came
   * @throws MedusaError NOT_ALLOWED when nothing may go back now or less is left, INVALID_DATA for an amount that cannot be sent
   */
  @InjectTransactionManager()
  async openRefund(
    chargeId: string,
    input: { amount?: string; note?: string | null },
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<RefundChange> {
    const charge = await this.lockCharge_(chargeId, context)
    requireRefundable(charge)
    const refunds = await this.listRefundsOf_(charge.id, context)
    const amount = amountOf(charge, refunds, input.amount)
    const currency = charge.paid_currency!
    const refund: Refund = await this.createKhqrRefunds(
      {
        charge_id: charge.id,
        amount,
        currency_code: currency.toLowerCase(),
        payer_account: charge.payer_account,
        note: input.note ?? null,
        created_by: actor,
      },
      context
    )
    await this.tellHistory_(
      charge,
      "due",
      [inWords(amount, currency), input.note].filter(Boolean).join(": "),
      actor,
      context
    )
    return {
      refund,
      refunds: [{ refund_id: refund.id, what: "due" }],
      charges: [],
    }
  }

  /** Why a refund cannot be sent by a KHQR to the payer, in one plain sentence, or `null` when it can. */
  reverseKhqrFault(
    refund: Pick<Refund, "payer_account" | "currency_code">
  ): string | null {
    return reverseKhqrFault(refund, this.options_, {
      findsAnyKhqr: this.findsAnyKhqr_(),
    })
  }

  /**
   * Makes the refund's KHQR to the payer's own account. Asked again while it may be paid, it is the same one.
   * @throws MedusaError NOT_ALLOWED that says why there can be none
   */
  @InjectTransactionManager()
  async issueReverseKhqr(
    refundId: string,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<RefundChange> {
    const { charge, refund } = await this.lockRefund_(refundId, context)
    const now = new Date()
    if (refund.status === "pending" && refund.expires_at! > now) {
      return { refund, refunds: [], charges: [] }
    }
    if (refund.status !== "due") {
      throw notAllowed(
        refund.status === "sent"
          ? "This refund is on record as sent already."
          : "This refund has had its KHQR, and each has one: open another refund."
      )
    }
    requireRefundable(charge)
    this.requireOurMoney_(charge)
    const fault = this.reverseKhqrFault(refund)
    if (fault) {
      throw notAllowed(fault)
    }
    const refunds = await this.listRefundsOf_(charge.id, context)
    if (this.exceeds_(charge, refund, refunds)) {
      throw notAllowed(
        `With ${inWords(refund.amount, refund.currency_code)} more would go back than came, as far as is known now: call this refund off, and open another one over what is left.`
      )
    }
    const khqr = buildReverseKhqr(
      refund,
      charge,
      this.options_.expiresInSeconds,
      now
    )
    return this.applyRefund_(
      charge,
      refund,
      { type: "issued_khqr", ...khqr },
      actor,
      context
    )
  }

  /** @throws MedusaError NOT_ALLOWED when the refund cannot be put on record as sent by this hash */
  @InjectManager()
  async requireSendable(
    refundId: string,
    hash: string | null,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Refund> {
    const refund = await this.retrieveKhqrRefund(refundId, {}, context)
    const fault = sendFault(refund, hash)
    if (fault) {
      throw notAllowed(`${fault}.`)
    }
    return refund
  }

  /**
   * A person sent the money. What the bank knows of the transfer has to agree; where
   * it cannot be asked, the person's word is taken, and the record says so.
   * @throws MedusaError INVALID_DATA that names what differs
   */
  @InjectTransactionManager()
  async recordSent(
    refundId: string,
    { hash, reference, note, answer }: SentByHand,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<RefundChange> {
    if (hash) {
      await context.transactionManager!.execute(QUEUE_FOR_TRANSFER, [hash])
    }
    const { charge, refund } = await this.lockRefund_(refundId, context)
    const sending = sendFault(refund, hash ?? null)
    if (sending) {
      throw notAllowed(`${sending}.`)
    }
    if (refund.status !== "sent" && isBecomingOrder(charge)) {
      throw notAllowed(`${refundFault(charge)}.`)
    }
    const usedBy = hash
      ? await this.userOfTransfer_(hash, refund.id, context)
      : null
    if (usedBy) {
      throw invalid(
        `This transfer is on record for ${usedBy} already: one transfer is one refund.`
      )
    }
    const transaction = this.verify_(charge, refund, answer)
    const exceeds = this.exceeds_(
      charge,
      refund,
      await this.listRefundsOf_(charge.id, context)
    )
    if (refund.status === "expired" && exceeds && !transaction) {
      throw notAllowed(
        "What came is set aside for other refunds since this one ran out: enter the transfer's hash, so that the bank can say that it was sent."
      )
    }
    const at = transaction?.createdAt ?? transaction?.acknowledgedAt
    return this.applyRefund_(
      charge,
      refund,
      {
        type: "sent",
        by: actor,
        sentAt: at ? new Date(at) : new Date(),
        hash: hash ?? null,
        reference: reference ?? null,
        receiver: transaction?.toAccountId ?? null,
        verified: transaction !== null,
        exceeds,
        note: note ?? null,
      },
      actor,
      context,
      transaction ? answer!.call.requestId : undefined
    )
  }

  /** @throws MedusaError NOT_ALLOWED when its money may be on its way */
  @InjectTransactionManager()
  async cancelRefund(
    refundId: string,
    reason: string,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<RefundChange> {
    const { charge, refund } = await this.lockRefund_(refundId, context)
    const fault = cancelFault(refund, new Date())
    if (fault) {
      throw notAllowed(`${fault}.`)
    }
    return this.applyRefund_(
      charge,
      refund,
      { type: "canceled", reason },
      actor,
      context
    )
  }

  /**
   * A person has looked at a refund in review, and nothing more is to be done about it.
   * @throws MedusaError NOT_ALLOWED when nobody has to look at it
   */
  @InjectTransactionManager()
  async resolveRefund(
    refundId: string,
    reason: string,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<RefundChange> {
    const { charge, refund } = await this.lockRefund_(refundId, context)
    if (!isInReview(refund)) {
      throw notAllowed("Nobody has to look at this refund.")
    }
    return this.applyRefund_(
      charge,
      refund,
      { type: "resolved", by: actor, reason },
      actor,
      context
    )
  }

  /**
   * Medusa is to be told once more of a refund that was sent; it is due at once.
   * @throws MedusaError NOT_ALLOWED when there is nothing to tell
   */
  @InjectTransactionManager()
  async bookRefundAgain(
    refundId: string,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<RefundChange> {
    const { charge, refund } = await this.lockRefund_(refundId, context)
    const fault = bookAgainFault(refund)
    if (fault) {
      throw notAllowed(`${fault}.`)
    }
    return this.applyRefund_(
      charge,
      refund,
      { type: "book_again" },
      actor,
      context
    )
  }

  /** Takes up to `limit` reverse KHQRs that are due for a check, as `claimDueChecks` does charges. */
  async claimRefundChecks(limit: number): Promise<Refund[]> {
    return this.claimRefunds_(
      "next_check_at",
      limit,
      this.checkedBy_(new Date())
    )
  }

  /** The same of refunds that Medusa has yet to hear of. */
  async claimRefundBookings(limit: number): Promise<Refund[]> {
    return this.claimRefunds_(
      "next_book_at",
      limit,
      new Date(Date.now() + SETTLEMENT_TAKES_MS)
    )
  }

  /** Those of a charge, due or given up, that nobody is telling Medusa of just now; their ids. */
  async claimBookingsOf(chargeId: string): Promise<string[]> {
    const rows = await this.database_.sql<{ id: string }>(
      `UPDATE khqr_refund SET leased_until = now() + make_interval(secs => ?)
       WHERE charge_id = ? AND status = 'sent' AND booked_at IS NULL AND deleted_at IS NULL
         AND ${IS_FREE} RETURNING id`,
      [LEASE_MS / 1_000, chargeId]
    )
    const ids = rows.map(({ id }) => id)
    this.refundLeases_.hold(ids, new Date(Date.now() + SETTLEMENT_TAKES_MS))
    return ids
  }

  /** Claimed refunds could not be worked on to the end: others may, once the lease runs out. */
  giveUpRefunds(ids: string[]): void {
    this.refundLeases_.end(ids)
  }

  /** Gives back refunds that were claimed and not asked about; they are due again after `pauseMs`. */
  async releaseRefundChecks(ids: string[], pauseMs: number): Promise<void> {
    this.refundLeases_.end(ids)
    const at = new Date(Date.now() + pauseMs)
    await giveBackChecks(this.database_, "khqr_refund", ids, at)
  }

  /** Commits the bank's answers about reverse KHQRs, each by itself. */
  async recordRefundAnswers(
    results: CheckResult[]
  ): Promise<Omit<RefundChange, "refund">> {
    this.silence_.hear(results)
    const news: Omit<RefundChange, "refund"> = { refunds: [], charges: [] }
    for (const result of results) {
      try {
        const { refunds, charges } = await this.recordRefundAnswer(result)
        news.refunds.push(...refunds)
        news.charges.push(...charges)
      } catch (error) {
        // The lease runs out and it is asked about again; the others are not held up.
        this.logger_.error(
          `KHQR refund ${result.charge_id}: the bank's answer could not be recorded: ${(error as Error).message}`
        )
      }
    }
    return news
  }

  @InjectTransactionManager()
  async recordRefundAnswer(
    { charge_id: refundId, outcome, call }: CheckResult,
    @MedusaContext() context: SqlContext = {}
  ): Promise<RefundChange> {
    this.refundLeases_.end([refundId])
    if (outcome.type === "paid") {
      await context.transactionManager!.execute(QUEUE_FOR_TRANSFER, [
        outcome.transaction.hash,
      ])
    }
    const { charge, refund } = await this.lockRefund_(refundId, context)
    if (!call.sent && outcome.type === "unknown") {
      return this.applyRefund_(
        charge,
        refund,
        { type: "not_asked", outcome },
        "clock",
        context
      )
    }
    const refunds = await this.listRefundsOf_(charge.id, context)
    return this.applyRefund_(
      charge,
      refund,
      {
        type: "answered",
        outcome,
        askedAt: new Date(call.askedAt),
        usedBy:
          outcome.type === "paid"
            ? await this.userOfTransfer_(
                outcome.transaction.hash,
                refund.id,
                context
              )
            : null,
        exceeds: this.exceeds_(charge, refund, refunds),
      },
      "clock",
      context,
      call.requestId
    )
  }

  /**
   * Lets Medusa book a refund, when that much is on record as sent, or as never come of
   * a payment that was withdrawn, and not yet booked. Asked twice for the same, it is booked once.
   *
   * @param medusaRefundId Medusa's `refund.id`
   * @param amount an exact decimal in Medusa's units
   * @param captured what Medusa captured by the payment
   * @throws MedusaError NOT_ALLOWED with the way to send the money
   */
  @InjectTransactionManager()
  async bookRefund(
    chargeId: string,
    medusaRefundId: string,
    amount: string,
    captured: Captured,
    @MedusaContext() context: SqlContext = {}
  ): Promise<void> {
    const charge = await this.lockCharge_(chargeId, context)
    const bookings = await this.listKhqrRefundBookings(
      { charge_id: chargeId },
      {},
      context
    )
    if (bookings.some(({ id }) => id === medusaRefundId)) {
      return
    }
    const refunds = await this.listRefundsOf_(chargeId, context)
    const booked = sum(bookings.map((booking) => booking.amount))
    const cover = coverOf(charge, refunds, captured)
    const { currency_code } = captured
    if (!isCovered(sum([booked, amount]), cover, currency_code)) {
      const unbooked = MathBN.sub(cover, booked)
      const known = MathBN.gt(unbooked, 0)
        ? `Only ${inWords(unbooked.toFixed(), currency_code)} more is on record as sent back`
        : "Nothing more is on record as sent back"
      throw notAllowed(
        `${known}, so ${inWords(amount, currency_code)} cannot be booked as refunded. ${howToGoOn(charge, refunds, { amount, currency_code })}`
      )
    }
    await this.createKhqrRefundBookings(
      { id: medusaRefundId, charge_id: chargeId, amount },
      context
    )
  }

  /** Of a charge: what the provider has let Medusa book. */
  @InjectManager()
  async listBookingIds(
    chargeId: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<string[]> {
    const bookings = await this.listKhqrRefundBookings(
      { charge_id: chargeId },
      { select: ["id"] },
      context
    )
    return bookings.map(({ id }) => id)
  }

  /** Forgets bookings whose refund Medusa has taken back: something of its own had failed. */
  async dropBookings(ids: string[]): Promise<void> {
    if (ids.length > 0) {
      await this.deleteKhqrRefundBookings(ids)
    }
  }

  /** Records how telling Medusa went. */
  @InjectTransactionManager()
  async recordBooking(
    refundId: string,
    event: Extract<
      RefundEvent,
      {
        type: "booked" | "not_to_book" | "booking_waits" | "booking_failed"
      }
    >,
    @MedusaContext() context: SqlContext = {}
  ): Promise<RefundChange> {
    this.refundLeases_.end([refundId])
    const { charge, refund } = await this.lockRefund_(refundId, context)
    return this.applyRefund_(charge, refund, event, "clock", context)
  }

  /** Whether the gateway can be asked about a KHQR that is not one of the shop's own; the bank's part knows. */
  protected findsAnyKhqr_(): boolean {
    return false
  }

  /** Runs the rules, writes the row and its history. Charge and refund are locked by the caller. */
  protected async applyRefund_(
    charge: Charge,
    before: Refund,
    event: RefundEvent,
    actor: Actor,
    context: SqlContext,
    requestId?: string
  ): Promise<RefundChange> {
    const now = new Date()
    const { refund, announcements, entry } = moveRefund(before, event, now)
    const isAnswer = event.type === "answered" || event.type === "not_asked"
    await this.updateKhqrRefunds(
      {
        ...changesBetween(before, refund),
        id: before.id,
        ...(isAnswer || event.type === "issued_khqr"
          ? { next_check_at: planRefundCheck(refund, now, retryAfterOf(event)) }
          : {}),
        ...(isAskable(refund) ? {} : { next_check_at: null }),
        ...(RELEASING.includes(event.type) ? { leased_until: null } : {}),
      },
      context
    )
    if (entry) {
      const { kind, message } = entry
      await this.tellHistory_(charge, kind, message, actor, context, requestId)
    }
    if (requestId && announcements.some((what) => what !== "expired")) {
      await this.keepProof_(requestId, context)
    }
    return {
      refund: await this.readRefund_(before.id, context),
      refunds: announcements.map((what: RefundNews) => ({
        refund_id: before.id,
        what,
      })),
      charges: announcements.includes("sent")
        ? await this.resolveWhenSentBack_(charge, refund, context)
        : [],
    }
  }

  /** All of the money of a charge in review went back: that was the decision. */
  protected async resolveWhenSentBack_(
    charge: Charge,
    { sent_by, created_by }: Refund,
    context: SqlContext
  ): Promise<ChargeAnnouncement[]> {
    const refunds = await this.listRefundsOf_(charge.id, context)
    if (
      charge.status !== "paid" ||
      !needsPerson(charge) ||
      !isSentBack(charge, refunds)
    ) {
      return []
    }
    const by = sent_by === null || sent_by === "clock" ? created_by : sent_by
    return this.apply_(
      charge,
      {
        type: "resolved",
        resolution: "refund",
        by,
        reason: `${inWords(sentOf(refunds, charge.paid_currency!), charge.paid_currency!)} went back`,
      },
      by,
      context
    )
  }

  /**
   * @returns the transfer when the bank confirms it, `null` for a person's word
   * @throws MedusaError INVALID_DATA when the bank contradicts
   */
  protected verify_(
    charge: Charge,
    refund: Refund,
    answer: CheckAnswer | null
  ) {
    const outcome = answer?.outcome
    switch (outcome?.type) {
      case undefined:
      case "unknown":
        return null
      case "not_found":
        throw invalid(
          "The bank has no transfer with this hash: look whether it is typed right, and whether the transfer went through."
        )
      case "failed":
        throw invalid(
          "The bank says that this transfer failed or came back: the money is not with the customer."
        )
      case "paid": {
        const own = receivingAccounts(this.options_).map((a) => a.accountId)
        const faults = transferFaults(
          refund,
          outcome.transaction,
          [...new Set([...own, charge.account_id])],
          this.options_.pooledAccounts
        )
        if (faults.length > 0) {
          throw invalid(
            `This transfer is not the refund of ${inWords(refund.amount, refund.currency_code)}: ${faults.join("; ")}.`
          )
        }
        return outcome.transaction
      }
    }
  }

  /** @throws MedusaError NOT_ALLOWED where the payment went to somebody else */
  protected requireOurMoney_({ paid_to, account_id }: Charge): void {
    const own = [
      account_id,
      ...receivingAccounts(this.options_).map(({ accountId }) => accountId),
    ]
    if (paid_to !== null && !own.some((name) => isSameName(name, paid_to))) {
      throw notAllowed(
        `The payment went to ${paid_to}, which is no account of this shop's: this money did not reach you. If that account is yours, send the money by hand.`
      )
    }
  }

  protected exceeds_(
    charge: Charge,
    refund: Refund,
    refunds: Refund[]
  ): boolean {
    const others = refunds.filter(({ id }) => id !== refund.id)
    if (refund.currency_code !== charge.paid_currency?.toLowerCase()) {
      return true
    }
    return MathBN.gt(refund.amount, leftToRefund(charge, others))
  }

  /** What a transfer is on record for, besides this refund. */
  protected async userOfTransfer_(
    hash: string,
    refundId: string,
    context: SqlContext
  ): Promise<string | null> {
    const [refund] = await this.listKhqrRefunds(
      { bank_hash: hash, id: { $ne: refundId } },
      { take: 1 },
      context
    )
    if (refund) {
      return `refund ${refund.id}`
    }
    const charge = await this.userOfHash_(hash, context)
    return charge && `the payment of charge ${charge}`
  }

  protected async listRefundsOf_(
    chargeId: string,
    context: SqlContext
  ): Promise<Refund[]> {
    return this.listKhqrRefunds(
      { charge_id: chargeId },
      { order: { created_at: "ASC" }, options: { refresh: true } } as never,
      context
    )
  }

  /** The charge first, always: whoever changes a refund of it holds its row. */
  protected async lockRefund_(
    id: string,
    context: SqlContext
  ): Promise<{ charge: Charge; refund: Refund }> {
    const { charge_id } = await this.retrieveKhqrRefund(id, {}, context)
    const charge = await this.lockCharge_(charge_id, context)
    return { charge, refund: await this.readRefund_(id, context) }
  }

  protected async readRefund_(
    id: string,
    context: SqlContext
  ): Promise<Refund> {
    return this.retrieveKhqrRefund(
      id,
      { options: { refresh: true } } as never,
      context
    )
  }

  protected async claimRefunds_(
    column: DueWork["column"],
    limit: number,
    doneBy: Date
  ): Promise<Refund[]> {
    const now = new Date()
    const ids = await claimDue(
      this.database_,
      { table: "khqr_refund", column },
      limit,
      new Date(now.getTime() + LEASE_MS),
      now
    )
    const refunds =
      ids.length === 0
        ? []
        : await this.listKhqrRefunds(
            { id: ids },
            { take: ids.length, order: { [column]: "ASC" } }
          )
    // Whoever cannot read them works on none: what is not held runs out.
    this.refundLeases_.hold(
      refunds.map(({ id }) => id),
      doneBy
    )
    return refunds
  }

  /** A line in the history of the charge whose money it is. */
  protected async tellHistory_(
    charge: Charge,
    kind: string,
    message: string,
    actor: Actor,
    context: SqlContext,
    requestId?: string
  ): Promise<void> {
    await this.createKhqrEvents(
      {
        charge_id: charge.id,
        kind: `refund_${kind}`,
        actor,
        status: charge.status,
        review_reason: charge.review_reason,
        message: clip(message),
        request_id: requestId ?? null,
      },
      context
    )
  }
}

/** Events that end somebody's work on a refund. */
const RELEASING: RefundEvent["type"][] = [
  "answered",
  "not_asked",
  "booked",
  "not_to_book",
  "booking_waits",
  "booking_failed",
]

/** @throws MedusaError NOT_ALLOWED when nothing may go back of the charge now */
function requireRefundable(charge: Charge): void {
  const fault = refundFault(charge)
  if (fault) {
    throw notAllowed(`${fault}.`)
  }
}

/** @throws MedusaError NOT_ALLOWED, or INVALID_DATA for an amount that cannot be sent */
function amountOf(
  charge: Charge,
  refunds: Refund[],
  wanted: string | undefined
): string {
  const came = cameOf(charge)
  const currency = charge.paid_currency!
  if (MathBN.lte(came, 0)) {
    throw notAllowed(
      "No money came for this charge: it was taken as paid by mistake, and that was withdrawn."
    )
  }
  const left = leftToRefund(charge, refunds)
  if (MathBN.lte(left, 0)) {
    throw notAllowed(
      `All of the ${inWords(came, currency)} that came is sent back already, or set aside for it.`
    )
  }
  const amount = exactAmount(wanted ?? left, currency)
  if (MathBN.gt(amount, left)) {
    throw notAllowed(
      `Only ${inWords(left, currency)} of the ${inWords(came, currency)} that came can still be sent back; the rest is sent, or set aside for it.`
    )
  }
  return amount
}

function exactAmount(amount: string, currency: string): string {
  try {
    return toExactKhqrAmount(amount, currency.toUpperCase() as "USD" | "KHR")
  } catch (error) {
    if (error instanceof KhqrError) {
      throw invalid(`${error.message}.`)
    }
    throw error
  }
}

function changesBetween(before: Refund, after: Refund): Partial<Refund> {
  return Object.fromEntries(
    Object.entries(after).filter(
      ([key, value]) => before[key as keyof Refund] !== value
    )
  )
}

function retryAfterOf(event: RefundEvent): number {
  return (event.type === "answered" || event.type === "not_asked") &&
    event.outcome.type === "unknown"
    ? (event.outcome.retryAfterMs ?? 0)
    : 0
}

const LONGEST_MESSAGE = 500

function clip(message: string): string {
  return message.length > LONGEST_MESSAGE
    ? `${message.slice(0, LONGEST_MESSAGE - 1)}…`
    : message
}

function notAllowed(message: string): MedusaError {
  return new MedusaError(MedusaError.Types.NOT_ALLOWED, message, NOT_POSSIBLE)
}

function invalid(message: string): MedusaError {
  return new MedusaError(MedusaError.Types.INVALID_DATA, message)
}
