import {
  InjectManager,
  InjectTransactionManager,
  MedusaContext,
  MedusaError,
} from "@medusajs/framework/utils"

import type { BakongTransaction, CheckAnswer } from "../../bakong"
import {
  addressSalt,
  countAttempt,
  hashAddress,
  RECEIPT_QUESTIONS_PER_ADDRESS,
  RECEIPTS_PER_ADDRESS,
  RECEIPTS_PER_CHARGE_BY_STAFF,
  RECEIPTS_PER_SESSION,
  tidyAttempts,
  uncountAttempt,
  type AttemptLimit,
} from "./attempts"
import type { SqlContext } from "./books"
import {
  CLAIM_DECIDED,
  claimPaid,
  claimThese,
  FIND_VOUCHED,
  findRivals,
  giveBackThese,
  vouchedValues,
} from "./claims"
import {
  confirmFault,
  decisionFault,
  describeOutcomeOf,
  paidAtFault,
  plainReference,
  settleFault,
} from "./desk-decisions"
import { KhqrLedger, SETTLEMENT_TAKES_MS } from "./ledger"
import { LEASE_MS } from "./leases"
import { QUEUE_FOR_MONEY, QUEUE_FOR_ORDER, QUEUE_FOR_TRANSFER } from "./locks"
import {
  hashesNamedBy,
  MOST_RIVALS,
  namesOf,
  namesSame,
  rivalWindow,
} from "./receipt"
import { NOT_POSSIBLE } from "./refusals"
import { hasMoney, receiptFault, type Resolution } from "./state"
import type { Actor, Charge, ChargeAnnouncement } from "./types"

/** What a person decides about a charge in review. */
export type Decision = {
  resolution: Resolution
  reason: string
  /** Of an `attach`. */
  order_id?: string
  /** Of a `settle`: what the cart cost when the person looked at it, an exact decimal. */
  expected_total?: string
}

/** What a person says of a payment that the bank does not confirm. */
export type Confirmation = {
  /** By which the shop's own books, or the bank's app, name the transfer. */
  reference: string
  reason: string
  paid_at?: Date
}

/** Who brings a receipt: a shopper from an address, or somebody of the shop. */
export type ReceiptBearer =
  | { by: "shopper"; payment_session_id: string; address: string }
  | { by: "staff"; charge_id: string }

/** Charges that a person vouched for and that a receipt's transfer does not pay: by the bank's answer, or by who brings it. */
export type ClearedRivals = {
  by_bank: string[]
  by_person: string[]
  /** A person says that it is for this charge, whatever it is over. */
  any_amount: boolean
}

export type ReceiptRecord = ChargeAnnouncement[] | "used" | "unclear" | "stale"

/** What persons do with charges: decide a review, confirm a payment by hand, bring a receipt. */
export class KhqrDesk extends KhqrLedger {
  /**
   * A person decides about a charge in review. Money that is taken is settled by
   * whoever called: the clock keeps away until then, and does it when nobody did.
   * @param cartTotal what the cart costs, `null` without one: a `settle` is for that and nothing else
   * @throws MedusaError NOT_ALLOWED that says what is possible; of two at once for the second
   */
  @InjectTransactionManager()
  async decideReview(
    chargeId: string,
    { resolution, reason, order_id }: Decision,
    actor: Actor,
    cartTotal: string | null = null,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeAnnouncement[]> {
    const charge = await this.lockCharge_(chargeId, context)
    await this.requireDecision_(charge, resolution, context)
    if (resolution === "attach") {
      await this.requireOwnTurn_(charge, order_id!, context)
    }
    const announcements = await this.apply_(
      charge,
      {
        type: "resolved",
        resolution,
        by: actor,
        reason,
        ...(resolution === "attach" ? { orderId: order_id } : {}),
      },
      actor,
      context
    )
    await this.updateKhqrCharges(
      {
        id: chargeId,
        accepted_total: resolution === "settle" ? cartTotal : null,
        // A word that was taken back names no transfer any more.
        ...(resolution === "withdraw" ? { confirmation_reference: null } : {}),
      },
      context
    )
    if (resolution === "settle" || resolution === "attach") {
      await context.transactionManager!.execute(CLAIM_DECIDED, [
        LEASE_MS / 1_000,
        chargeId,
      ])
      this.leases_.hold([chargeId], settledBy(new Date()))
    }
    return announcements
  }

  /** @throws MedusaError NOT_ALLOWED when this cannot be decided about the charge now */
  @InjectManager()
  async requireDecision(
    chargeId: string,
    resolution: Resolution,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge> {
    const charge = await this.retrieveKhqrCharge(chargeId, {}, context)
    await this.requireDecision_(charge, resolution, context)
    return charge
  }

  /**
   * Takes a paid charge, so that a person may try to settle it now.
   * @throws MedusaError NOT_ALLOWED when there is nothing to try, or somebody is at it
   */
  async claimSettlement(chargeId: string): Promise<void> {
    const fault = settleFault(await this.retrieveKhqrCharge(chargeId))
    if (fault) {
      throw notPossible(fault)
    }
    if (!(await claimPaid(this.database_, chargeId, LEASE_MS))) {
      throw notPossible(
        "This charge is being settled at this moment: look again."
      )
    }
    this.leases_.hold([chargeId], settledBy(new Date()))
  }

  /** What has become of a charge, in words for who has just decided about it. */
  @InjectManager()
  async tellOutcome(
    chargeId: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<string> {
    const charge = await this.retrieveKhqrCharge(chargeId, {}, context)
    const [last] = await this.listKhqrEvents(
      { charge_id: chargeId },
      { take: 1, order: { created_at: "DESC", id: "DESC" } },
      context
    )
    return describeOutcomeOf(charge, last?.message ?? null)
  }

  /**
   * A person vouches for a payment. The charge says so for ever, also when the bank confirms it later.
   * @throws MedusaError NOT_ALLOWED where the option `manualConfirmation` is false, money is on
   *   record, or the reference names what is on record elsewhere, INVALID_DATA for a time at which it cannot have been
   */
  @InjectTransactionManager()
  async confirmCharge(
    chargeId: string,
    { reference, reason, paid_at }: Confirmation,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeAnnouncement[]> {
    if (!this.options_.manualConfirmation) {
      throw notPossible(
        "This shop does not take payments on a person's word: its option manualConfirmation is false."
      )
    }
    const money = await this.retrieveKhqrCharge(chargeId, {}, context)
    await this.queueForMoney_(money, reference, context)
    const charge = await this.lockCharge_(chargeId, context)
    const fault =
      confirmFault(charge) ?? (await this.referenceFault_(reference, context))
    if (fault) {
      throw notPossible(fault)
    }
    const now = new Date()
    const paidAt = paid_at ?? now
    const badTime = paidAtFault(charge, paidAt, now)
    if (badTime) {
      throw new MedusaError(MedusaError.Types.INVALID_DATA, badTime)
    }
    const announcements = await this.apply_(
      charge,
      { type: "confirmed", paidAt },
      actor,
      context
    )
    await this.updateKhqrCharges(
      { id: chargeId, confirmation_reference: plainReference(reference) },
      context
    )
    await this.createKhqrEvents(
      {
        charge_id: chargeId,
        kind: "confirmed",
        actor,
        status: "paid",
        message: `Reference ${reference}: ${reason}`,
      },
      context
    )
    return announcements
  }

  /** @returns `null`, or how many ms to wait: too many receipts were tried */
  async countReceipt(bearer: ReceiptBearer): Promise<number | null> {
    const limits = await this.receiptLimits_(bearer)
    return countAttempt(this.database_, limits, new Date())
  }

  /** The bank told nothing: it was no try. */
  async uncountReceipt(bearer: ReceiptBearer): Promise<void> {
    await uncountAttempt(this.database_, await this.receiptLimits_(bearer))
  }

  /** @returns how many counts of tries were deleted whose time is over */
  async tidyAttempts(): Promise<number> {
    return tidyAttempts(this.database_, new Date())
  }

  /** Whether a transfer pays a charge, by the bank's word or a person's, or is one of ours that went back. */
  @InjectManager()
  async isTransferUsed(
    hash: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<boolean> {
    if ((await this.userOfHash_(hash, context)) !== null) {
      return true
    }
    const [refund] = await this.listKhqrRefunds(
      { bank_hash: hash },
      { take: 1 },
      context
    )
    return refund !== undefined
  }

  /**
   * The other charges that a receipt's transfer may belong to and that the bank can be
   * asked about, newest first, and each in nobody else's hands until it is recorded or released.
   * @returns `busy` while somebody else is asking about one of them
   */
  async claimRivals(
    charge: Charge,
    transaction: BakongTransaction,
    ownIds: string[]
  ): Promise<Charge[] | "busy" | "too_many"> {
    const window = rivalWindow(transaction)
    const open = await findRivals(this.database_, charge, window, {
      besides: ownIds,
      most: MOST_RIVALS + 1,
    })
    const vouched = await this.findVouched(charge, transaction, [])
    const ids = [
      ...open,
      ...vouched.filter(({ mode }) => mode !== "static").map(({ id }) => id),
    ]
    if (ids.length > MOST_RIVALS) {
      return "too_many"
    }
    const claimed = await this.claimThese(ids)
    if (claimed.length < ids.length) {
      await this.giveBack(claimed)
      return "busy"
    }
    return claimed
  }

  /**
   * The charges over the same money that a person has vouched for, and whose that
   * transfer may be, newest first.
   * @param cleared those of which it is known that it is not
   */
  @InjectManager()
  async findVouched(
    charge: Pick<Charge, "khqr_amount" | "currency_code">,
    transaction: BakongTransaction,
    cleared: string[],
    @MedusaContext() context: SqlContext = {}
  ): Promise<Pick<Charge, "id" | "mode">[]> {
    const manager = context.transactionManager ?? context.manager!
    const vouched = await manager.execute<Pick<Charge, "id" | "mode">[]>(
      FIND_VOUCHED,
      vouchedValues(charge, rivalWindow(transaction))
    )
    return vouched.filter(({ id }) => !cleared.includes(id))
  }

  /** Charges that were claimed and about which the bank told nothing: their plan stays as it was. */
  async giveBack(claimed: Pick<Charge, "id">[]): Promise<void> {
    const ids = claimed.map(({ id }) => id)
    this.leases_.end(ids)
    await giveBackThese(this.database_, ids)
  }

  /** Those of the charges that nobody is asking about just now; newest first. */
  async claimThese(ids: string[]): Promise<Charge[]> {
    if (ids.length === 0) {
      return []
    }
    const claimed = await claimThese(this.database_, ids, LEASE_MS)
    const charges =
      claimed.length === 0
        ? []
        : await this.listKhqrCharges(
            { id: claimed },
            { take: claimed.length, order: { issued_at: "DESC" } }
          )
    this.leases_.hold(
      charges.map(({ id }) => id),
      this.checkedBy_(new Date())
    )
    return charges
  }

  /**
   * A transfer that was found by the hash on a receipt pays the charge, with the
   * bank's answer kept as its proof.
   * @param cleared charges that a person vouched for and whose it is known not to be, or is
   *   taken not to be by the person who brings the receipt
   * @returns `used` when it pays something else; `unclear` when it may; `stale` when it does not
   *   pay the charge as it now is
   */
  async recordReceipt(
    chargeId: string,
    answer: CheckAnswer & { outcome: { type: "paid" } },
    actor: Actor,
    cleared: ClearedRivals
  ): Promise<ReceiptRecord> {
    const { hash } = answer.outcome.transaction
    try {
      return await this.recordReceipt_(chargeId, answer, actor, cleared)
    } catch (error) {
      // The bank's own answer for another KHQR came between: its row has the hash.
      if (await this.isTransferUsed(hash)) {
        return "used"
      }
      throw error
    }
  }

  @InjectTransactionManager()
  protected async recordReceipt_(
    chargeId: string,
    { outcome, call }: CheckAnswer & { outcome: { type: "paid" } },
    actor: Actor,
    { by_bank, by_person, any_amount }: ClearedRivals,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ReceiptRecord> {
    const { transaction } = outcome
    const money = await this.retrieveKhqrCharge(chargeId, {}, context)
    await this.queueForMoney_(money, transaction.hash, context)
    const charge = await this.lockCharge_(chargeId, context)
    const isPayable =
      !hasMoney(charge) &&
      receiptFault(charge, transaction, new Date(), any_amount) === null
    if (!isPayable) {
      return "stale"
    }
    if (await this.isTransferUsed(transaction.hash, context)) {
      return "used"
    }
    const vouched = await this.findVouched(
      charge,
      transaction,
      by_bank,
      context
    )
    if (vouched.some(({ id }) => !by_person.includes(id))) {
      return "unclear"
    }
    const announcements = await this.apply_(
      charge,
      { type: "receipt", transaction, anyAmount: any_amount },
      actor,
      context,
      call.requestId
    )
    if (vouched.length > 0) {
      await this.createKhqrEvents(
        {
          charge_id: chargeId,
          kind: "receipt",
          actor,
          status: "paid",
          message: `Taken although a person had vouched for ${vouched.map(({ id }) => id).join(", ")}`,
        },
        context
      )
    }
    return announcements
  }

  /** A person's word and a receipt over the same money are taken one after the other. */
  protected async queueForMoney_(
    { khqr_amount, currency_code }: Charge,
    transfer: string,
    context: SqlContext
  ): Promise<void> {
    const manager = context.transactionManager!
    await manager.execute(QUEUE_FOR_MONEY, [`${khqr_amount} ${currency_code}`])
    await manager.execute(QUEUE_FOR_TRANSFER, [transfer])
  }

  /** Why a reference cannot confirm a payment: it names one that is on record elsewhere. */
  protected async referenceFault_(
    text: string,
    context: SqlContext
  ): Promise<string | null> {
    const reference = plainReference(text)
    const hashes = hashesNamedBy(reference)
    const [refund] = hashes
      ? await this.listKhqrRefunds({ bank_hash: hashes }, { take: 1 }, context)
      : []
    if (refund) {
      return `${text} names the transfer of refund ${refund.id}: it pays no charge.`
    }
    const named = await this.listKhqrCharges(
      {
        $or: [
          { confirmation_reference: reference },
          ...(hashes
            ? [
                { bank_hash: hashes },
                { second_hash: hashes },
                { confirmation_reference: hashes },
                { confirmation_reference: namesOf(reference) },
              ]
            : []),
        ],
      },
      {},
      context
    )
    const charge = named.find(
      ({ confirmation_reference: other }) =>
        other === null || namesSame(other, reference)
    )
    return charge
      ? `${text} names a transfer that is on record for charge ${charge.reference} (${charge.id}) already.`
      : null
  }

  protected async receiptLimits_(
    bearer: ReceiptBearer
  ): Promise<AttemptLimit[]> {
    if (bearer.by === "staff") {
      return [
        {
          id: `receipt:charge:${bearer.charge_id}`,
          most: RECEIPTS_PER_CHARGE_BY_STAFF,
        },
      ]
    }
    const address = hashAddress(
      bearer.address,
      await addressSalt(this.database_)
    )
    return [
      {
        id: `receipt:questions:${address}`,
        most: RECEIPT_QUESTIONS_PER_ADDRESS,
        countsAll: true,
      },
      { id: `receipt:address:${address}`, most: RECEIPTS_PER_ADDRESS },
      {
        id: `receipt:session:${bearer.payment_session_id}`,
        most: RECEIPTS_PER_SESSION,
      },
    ]
  }

  protected async requireDecision_(
    charge: Charge,
    resolution: Resolution,
    context: SqlContext
  ): Promise<void> {
    const refunds = await this.listKhqrRefunds(
      { charge_id: charge.id },
      {},
      context
    )
    const fault = decisionFault(charge, resolution, refunds)
    if (fault) {
      throw notPossible(fault)
    }
  }

  /** What is outstanding was read before: whoever attaches to the same order at this moment would be paid with it. */
  protected async requireOwnTurn_(
    charge: Charge,
    orderId: string,
    context: SqlContext
  ): Promise<void> {
    await context.transactionManager!.execute(QUEUE_FOR_ORDER, [orderId])
    const [other] = await this.listKhqrCharges(
      {
        resolution: "attach",
        order_id: orderId,
        status: "paid",
        review_reason: null,
        id: { $ne: charge.id },
      },
      { take: 1 },
      context
    )
    if (other) {
      throw notPossible(
        `Charge ${other.reference} is being attached to this order at this moment: look at what is then outstanding.`
      )
    }
  }
}

/** By then whoever settles it has come to an end. */
function settledBy(now: Date): Date {
  return new Date(now.getTime() + SETTLEMENT_TAKES_MS)
}

function notPossible(message: string): MedusaError {
  return new MedusaError(MedusaError.Types.NOT_ALLOWED, message, NOT_POSSIBLE)
}
