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
  confirmFault,
  decisionFault,
  describeOutcomeOf,
  paidAtFault,
  settleFault,
} from "./desk-decisions"
import { KhqrLedger, SETTLEMENT_TAKES_MS } from "./ledger"
import { LEASE_MS } from "./leases"
import { rivalWindow } from "./receipt"
import { NOT_POSSIBLE } from "./refusals"
import { hasMoney, receiptFault, type Resolution } from "./state"
import type { Actor, Charge, ChargeAnnouncement } from "./types"

/** What a person decides about a charge in review. */
export type Decision = {
  resolution: Resolution
  reason: string
  /** Of an `attach`. */
  order_id?: string
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

/** Charges that a receipt's transfer may belong to as well: more are not asked about. */
const MOST_RIVALS = 50

const LEASE_CHARGE =
  "UPDATE khqr_charge SET leased_until = now() + make_interval(secs => ?) WHERE id = ?"

/** Orders one at a time take money that a person attaches. */
const QUEUE_FOR_ORDER = "SELECT pg_advisory_xact_lock(hashtextextended(?, 1))"

/** Those who present one transfer come one after the other. */
const QUEUE_FOR_TRANSFER =
  "SELECT pg_advisory_xact_lock(hashtextextended(?, 2))"

/** What persons do with charges: decide a review, confirm a payment by hand, bring a receipt. */
export class KhqrDesk extends KhqrLedger {
  /**
   * A person decides about a charge in review. Money that is taken is settled by
   * whoever called: the clock keeps away until then, and does it when nobody did.
   * @throws MedusaError NOT_ALLOWED that says what is possible; of two at once for the second
   */
  @InjectTransactionManager()
  async decideReview(
    chargeId: string,
    { resolution, reason, order_id }: Decision,
    actor: Actor,
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
    if (resolution === "settle" || resolution === "attach") {
      await context.transactionManager!.execute(LEASE_CHARGE, [
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
    const claimed = await this.database_.sql(
      `UPDATE khqr_charge SET leased_until = now() + make_interval(secs => ?), next_settle_at = COALESCE(next_settle_at, now())
       WHERE id = ? AND status = 'paid' AND review_reason IS NULL AND deleted_at IS NULL
         AND (leased_until IS NULL OR leased_until <= now()) RETURNING id`,
      [LEASE_MS / 1_000, chargeId]
    )
    if (claimed.length === 0) {
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
   * @throws MedusaError NOT_ALLOWED where the option `manualConfirmation` is false or money is on
   *   record, INVALID_DATA for a time at which it cannot have been
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
    const charge = await this.lockCharge_(chargeId, context)
    const fault = confirmFault(charge)
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

  /** Whether a transfer pays a charge, or is one of ours that went back. */
  @InjectManager()
  async isTransferUsed(
    hash: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<boolean> {
    const [refund] = await this.listKhqrRefunds(
      { bank_hash: hash },
      { take: 1 },
      context
    )
    return Boolean(refund) || (await this.userOfHash_(hash, context)) !== null
  }

  /**
   * The other open charges that a receipt's transfer may belong to, newest first, and
   * each in nobody else's hands until it is recorded or released.
   * @returns `null` while somebody else is asking about one of them
   */
  async claimRivals(
    charge: Charge,
    transaction: BakongTransaction,
    ownIds: string[]
  ): Promise<Charge[] | null> {
    const { issuedBefore, settledByAnswerAfter } = rivalWindow(transaction)
    const rivals = await this.database_.sql<{ id: string }>(
      `SELECT id FROM khqr_charge
       WHERE status IN ('pending', 'failed', 'expired') AND deleted_at IS NULL
         AND khqr_amount = ? AND currency_code = ? AND issued_at <= ?
         AND mode <> 'static' AND review_reason IS DISTINCT FROM 'hash_used'
         AND NOT (id = ANY(?))
         AND NOT (last_outcome IS NOT DISTINCT FROM 'not_found' AND last_checked_at >= ?)
       ORDER BY issued_at DESC LIMIT ${MOST_RIVALS}`,
      [
        charge.khqr_amount,
        charge.currency_code,
        issuedBefore,
        ownIds,
        settledByAnswerAfter,
      ]
    )
    const ids = rivals.map(({ id }) => id)
    const claimed = await this.claimThese(ids)
    if (claimed.length < ids.length) {
      await this.giveBack(claimed)
      return null
    }
    return claimed
  }

  /** Charges that were claimed and about which the bank told nothing: their plan stays as it was. */
  async giveBack(claimed: Pick<Charge, "id">[]): Promise<void> {
    const ids = claimed.map(({ id }) => id)
    this.leases_.end(ids)
    await this.database_.sql(
      "UPDATE khqr_charge SET leased_until = NULL WHERE id = ANY(?)",
      [ids]
    )
  }

  /** Those of the charges that nobody is asking about just now; newest first. */
  async claimThese(ids: string[]): Promise<Charge[]> {
    if (ids.length === 0) {
      return []
    }
    const claimed = await this.database_.sql<{ id: string }>(
      `UPDATE khqr_charge SET leased_until = now() + make_interval(secs => ?) WHERE id IN (
         SELECT id FROM khqr_charge
         WHERE id = ANY(?) AND status IN ('pending', 'failed', 'expired') AND mode <> 'static'
           AND review_reason IS DISTINCT FROM 'hash_used'
           AND deleted_at IS NULL AND (leased_until IS NULL OR leased_until <= now())
         FOR UPDATE SKIP LOCKED
       ) RETURNING id`,
      [LEASE_MS / 1_000, ids]
    )
    this.leases_.hold(
      claimed.map(({ id }) => id),
      this.checkedBy_(new Date())
    )
    return claimed.length === 0
      ? []
      : this.listKhqrCharges(
          { id: claimed.map(({ id }) => id) },
          { take: claimed.length, order: { issued_at: "DESC" } }
        )
  }

  /**
   * A transfer that was found by the hash on a receipt pays the charge, with the
   * bank's answer kept as its proof.
   * @returns `used` when it pays something else; `stale` when it does not pay the charge as it now is
   */
  async recordReceipt(
    chargeId: string,
    answer: CheckAnswer & { outcome: { type: "paid" } },
    actor: Actor
  ): Promise<ChargeAnnouncement[] | "used" | "stale"> {
    const { hash } = answer.outcome.transaction
    try {
      return await this.recordReceipt_(chargeId, answer, actor)
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
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeAnnouncement[] | "used" | "stale"> {
    const { transaction } = outcome
    await context.transactionManager!.execute(QUEUE_FOR_TRANSFER, [
      transaction.hash,
    ])
    const charge = await this.lockCharge_(chargeId, context)
    const isPayable =
      !hasMoney(charge) &&
      receiptFault(charge, transaction, new Date()) === null
    if (!isPayable) {
      return "stale"
    }
    if (await this.isTransferUsed(transaction.hash, context)) {
      return "used"
    }
    return this.apply_(
      charge,
      { type: "receipt", transaction },
      actor,
      context,
      call.requestId
    )
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
