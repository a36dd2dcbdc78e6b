import type { Context, Logger } from "@medusajs/framework/types"
import {
  ContainerRegistrationKeys,
  InjectManager,
  InjectTransactionManager,
  MedusaContext,
  MedusaError,
  MedusaService,
} from "@medusajs/framework/utils"
import type { Knex, SqlEntityManager } from "@medusajs/framework/mikro-orm/knex"

import type { Outcome } from "../../bakong"
import type { CheckResult } from "../../gateways"
import {
  claimDue,
  claimOne,
  findDueWork,
  giveBackChecks,
  type DueColumn,
} from "./claims"
import { databaseOf, type Database } from "./database"
import {
  draftCharge,
  ownKhqr,
  planKhqr,
  type ChargeRequest,
  type IssuedKhqr,
  type KhqrRequest,
} from "./draft"
import { historyEntry, isNews, issuedEntry } from "./history"
import { Silence } from "./silence"
import KhqrCharge from "./models/charge"
import KhqrEvent from "./models/event"
import KhqrQuota from "./models/quota"
import KhqrSetting from "./models/setting"
import KhqrToken from "./models/token"
import { sameMoney } from "./medusa-amount"
import { parseOptions, type KhqrOptions } from "./options"
import { planNextCheck, planSignalledCheck } from "./plan"
import { ALREADY_PAID } from "./refusals"
import { bookableCharge, chargeToShow } from "./session-charges"
import { sessionDataOf, type KhqrSessionData } from "./session-data"
import {
  hasMoney,
  transition,
  type ChargeEvent,
  type SettlementEvent,
} from "./state"
import type { Actor, Charge, ChargeAnnouncement, SignalKind } from "./types"
import { presentCharge, type ChargeView } from "./view"

type SqlContext = Context<SqlEntityManager>

export type LedgerContainer = {
  logger: Logger
  [ContainerRegistrationKeys.PG_CONNECTION]: Knex
}

/** The longest pass over 50 charges: a list, a probe, ten waves of single questions, and the token's renewal amid them. */
const CALLS_IN_A_ROW = 14

/** Completing a cart may wait half a minute for Medusa's lock, and hold it for two. */
const SETTLEMENT_TAKES_MS = 240_000

const SIGNALS_HEARD_EACH_MS = 1_000

/**
 * Whoever needs all rows of a session comes after the other, before either holds a
 * row: one may be written that the other has not seen, and no order of rows helps.
 */
const QUEUE_FOR_SESSION = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))"

/** Without `deleted_at` neither finds its partial index. */
export const LOCK_SESSION =
  "SELECT id FROM khqr_charge WHERE payment_session_id = ? AND deleted_at IS NULL ORDER BY id FOR UPDATE"
export const KEEP_PROOF =
  "UPDATE khqr_event SET is_proof = true WHERE request_id = ? AND kind = 'call' AND deleted_at IS NULL"

/**
 * The ledger: every KHQR ever shown, what the bank said of it and what became
 * of it. All changes of a charge go through `transition` while its row is locked.
 */
export class KhqrLedger extends MedusaService({
  KhqrCharge,
  KhqrEvent,
  KhqrQuota,
  KhqrSetting,
  KhqrToken,
}) {
  protected readonly logger_: Logger
  protected readonly options_: KhqrOptions
  protected readonly database_: Database
  protected readonly silence_: Silence

  /** @param _declaration Medusa's; its base class reads it. */
  constructor(
    container: LedgerContainer,
    options: unknown,
    _declaration?: unknown
  ) {
    // eslint-disable-next-line prefer-rest-params
    super(...(arguments as unknown as [object]))
    this.logger_ = container.logger
    this.options_ = parseOptions(options)
    this.database_ = databaseOf(
      container[ContainerRegistrationKeys.PG_CONNECTION]
    )
    this.silence_ = new Silence(
      this.logger_,
      this.options_.gateway !== undefined
    )
  }

  get options(): KhqrOptions {
    return this.options_
  }

  /**
   * Writes a new charge for a payment session and supersedes the one shown before.
   * @throws MedusaError INVALID_DATA for an amount or currency that KHQR cannot carry,
   *   UNEXPECTED_STATE when a gateway that makes the KHQR made none.
   */
  @InjectManager()
  async issueCharge(
    input: ChargeRequest,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge> {
    const draft = await this.draft_(input)
    const written = await this.writeUnlessShown_(draft, actor, context)
    return written ? draft : this.replaceShown_(draft, actor, context)
  }

  /**
   * The charge a shopper may pay now: the one that is shown while it lives, else a new one.
   * Any number of callers at once get the same one.
   * @throws MedusaError NOT_ALLOWED when the session is already paid.
   */
  async renewCharge(input: ChargeRequest, actor: Actor): Promise<Charge> {
    const living = this.livingCharge_(
      await this.listChargesOfSession(input.payment_session_id),
      input
    )
    // A gateway may take its time over a new one, and no transaction waits for it.
    return living ?? this.showUnlessLiving_(await this.draft_(input), actor)
  }

  /** Newest first. */
  @InjectManager()
  async listChargesOfSession(
    paymentSessionId: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge[]> {
    return this.listKhqrCharges(
      { payment_session_id: paymentSessionId },
      { order: { issued_at: "DESC" } },
      context
    )
  }

  /**
   * By its id, its reference (the bill number) or its md5.
   * @throws MedusaError NOT_FOUND
   */
  @InjectManager()
  async findCharge(
    name: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge> {
    const [charge] = await this.listKhqrCharges(
      { $or: [{ id: name }, { reference: name }, { md5: name }] },
      { take: 1 },
      context
    )
    if (!charge) {
      throw new MedusaError(
        MedusaError.Types.NOT_FOUND,
        `There is no charge with the id, reference or md5 ${name}.`
      )
    }
    return charge
  }

  /**
   * The charge whose money a cart, or its payment collection, waits to be booked
   * with. One whose session is gone, or whose order another one paid, binds nothing.
   */
  @InjectManager()
  async findUnsettled(
    column: "cart_id" | "payment_collection_id",
    id: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge | undefined> {
    const paid = await this.listKhqrCharges(
      { [column]: id, status: "paid" },
      {},
      context
    )
    return paid.find(
      ({ review_reason }) =>
        review_reason !== "orphaned" && review_reason !== "duplicate"
    )
  }

  /** What the shopper's page shows, or `null` for a session that has no KHQR. */
  @InjectManager()
  async viewSession(
    paymentSessionId: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeView | null> {
    const charge = chargeToShow(
      await this.listChargesOfSession(paymentSessionId, context)
    )
    return charge
      ? presentCharge(charge, this.options_.merchant, new Date())
      : null
  }

  /** The charge for which Medusa may book a payment of the session, if there is one. */
  @InjectManager()
  async findBookable(
    paymentSessionId: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge | undefined> {
    const charges = await this.listChargesOfSession(paymentSessionId, context)
    return bookableCharge(charges, this.options_.latePayments)
  }

  /** What Medusa's payment session says of a charge, without the keys a client made up in `sent`. */
  sessionData(
    charge: Charge,
    sent?: Record<string, unknown>
  ): Record<string, unknown> & KhqrSessionData {
    return sessionDataOf(charge, this.options_.merchant.name, sent)
  }

  /** The session's KHQR is shown no more; it stays watched until its time is over. */
  @InjectTransactionManager()
  async supersedeSession(
    paymentSessionId: string,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<void> {
    await this.lockSession_(paymentSessionId, context)
    const shown = await this.listKhqrCharges(
      { payment_session_id: paymentSessionId, superseded_at: null },
      {},
      context
    )
    for (const charge of shown) {
      await this.apply_(charge, { type: "superseded" }, actor, context)
    }
  }

  /**
   * Medusa wants to delete or cancel the session: its KHQR is shown no more.
   * @returns false, with nothing changed, when money is on record for the session
   */
  @InjectTransactionManager()
  async letGo(
    paymentSessionId: string,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<boolean> {
    await this.lockSession_(paymentSessionId, context)
    const charges = await this.listChargesOfSession(paymentSessionId, context)
    if (charges.some(hasMoney)) {
      return false
    }
    await this.supersedeSession(paymentSessionId, actor, context)
    return true
  }

  /** Remembers which collection and cart a charge belongs to, for the day its session is gone. */
  @InjectManager()
  async linkCharges(
    links: {
      id: string
      payment_collection_id: string
      cart_id: string | null
    }[],
    @MedusaContext() context: SqlContext = {}
  ): Promise<void> {
    await this.updateKhqrCharges(links, context)
  }

  /**
   * A moment when a payment is likely: the charge is asked about at once, within
   * its cool-down. Signals that come faster than `SIGNALS_HEARD_EACH_MS` cost a read.
   */
  @InjectManager()
  async signal(
    paymentSessionId: string,
    kind: SignalKind,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeView | null> {
    const charge = chargeToShow(
      await this.listChargesOfSession(paymentSessionId, context)
    )
    if (!charge) {
      return null
    }
    const now = new Date()
    const heard = charge.last_signal_at?.getTime() ?? 0
    if (!hasMoney(charge) && now.getTime() - heard >= SIGNALS_HEARD_EACH_MS) {
      await this.hearSignal_(charge, kind, now, context)
    }
    return presentCharge(charge, this.options_.merchant, now)
  }

  /** One indexed look: is there anything to ask or to settle? */
  async hasDueWork(): Promise<{ checks: boolean; settlements: boolean }> {
    return findDueWork(this.database_, new Date())
  }

  /**
   * Takes up to `limit` charges that are due for a check. No other process gets
   * the same ones until they are recorded, released, or the lease runs out.
   */
  async claimDueChecks(limit: number): Promise<Charge[]> {
    return this.claim_("next_check_at", limit)
  }

  /** One charge that a person wants checked now; `[]` while it is being checked anyway, and when it has its money. */
  async claimCheck(id: string): Promise<Charge[]> {
    const now = new Date()
    const claimed = await claimOne(
      this.database_,
      id,
      this.checkedBy_(now),
      now
    )
    return claimed ? this.listKhqrCharges({ id }, { take: 1 }) : []
  }

  /** The same for charges whose news Medusa has yet to get. */
  async claimDueSettlements(limit: number): Promise<Charge[]> {
    return this.claim_("next_settle_at", limit)
  }

  /** Commits the bank's answers, each by itself, before anything else is done about them. */
  async recordAnswers(results: CheckResult[]): Promise<ChargeAnnouncement[]> {
    this.silence_.hear(results)
    const announcements: ChargeAnnouncement[] = []
    for (const result of results) {
      try {
        announcements.push(...(await this.recordAnswer(result)))
      } catch (error) {
        // The lease runs out and the charge is asked about again; the others are not held up.
        this.logger_.error(
          `KHQR charge ${result.charge_id}: the bank's answer could not be recorded: ${(error as Error).message}`
        )
      }
    }
    return announcements
  }

  @InjectTransactionManager()
  async recordAnswer(
    { charge_id, outcome, call }: CheckResult,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeAnnouncement[]> {
    const charge = await this.lockCharge_(charge_id, context)
    if (!call.sent && outcome.type === "unknown") {
      return this.apply_(
        charge,
        { type: "not_asked", outcome },
        "clock",
        context
      )
    }
    const credible = await this.refuseUsedHash_(charge, outcome, context)
    return this.apply_(
      charge,
      {
        type: "answered",
        outcome: credible,
        askedAt: new Date(call.askedAt),
      },
      "clock",
      context,
      call.requestId
    )
  }

  /** Gives back charges that were claimed and not asked about; they are due again after `pauseMs`. */
  async releaseChecks(ids: string[], pauseMs: number): Promise<void> {
    await giveBackChecks(this.database_, ids, new Date(Date.now() + pauseMs))
  }

  /** Records how bringing Medusa in line with a charge went. */
  @InjectTransactionManager()
  async recordSettlement(
    chargeId: string,
    event: SettlementEvent,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeAnnouncement[]> {
    const found = await this.retrieveKhqrCharge(chargeId, {}, context)
    await this.lockSession_(found.payment_session_id, context)
    const charge = await this.lockCharge_(chargeId, context)
    const paidByAnother =
      event.type === "settled" &&
      charge.status === "paid" &&
      (await this.hasOtherCompleted_(charge, context))
    return this.apply_(
      charge,
      paidByAnother
        ? {
            type: "settle_refused",
            decidedFor: event.decidedFor,
            reason: "duplicate",
            message: "The order was already paid by another KHQR",
          }
        : event,
      actor,
      context
    )
  }

  /** `last_signal_at` is written in any case: a question may be under way that left before the signal. */
  protected async hearSignal_(
    charge: Charge,
    kind: SignalKind,
    now: Date,
    context: SqlContext
  ): Promise<void> {
    const at = planSignalledCheck(charge, now)
    await context.manager!.execute(
      "UPDATE khqr_charge SET last_signal_at = ?, next_check_at = COALESCE(?, next_check_at) WHERE id = ? AND status IN ('pending', 'failed', 'expired')",
      [now, at, charge.id]
    )
    if (at) {
      await this.createKhqrEvents({
        charge_id: charge.id,
        kind: "signal",
        actor: "shopper",
        status: charge.status,
        message: kind,
      })
    }
  }

  @InjectTransactionManager()
  protected async showUnlessLiving_(
    draft: Charge,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge> {
    await this.lockSession_(draft.payment_session_id, context)
    const charges = await this.listChargesOfSession(
      draft.payment_session_id,
      context
    )
    return (
      this.livingCharge_(charges, draft) ??
      this.replaceShown_(draft, actor, context)
    )
  }

  /**
   * The charge of a session that may be paid for this amount now.
   * @throws MedusaError NOT_ALLOWED when the session is already paid.
   */
  protected livingCharge_(
    charges: Charge[],
    { amount, currency_code }: Pick<Charge, "amount" | "currency_code">
  ): Charge | undefined {
    if (charges.some(hasMoney)) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        "This KHQR is already paid. Do not pay again.",
        ALREADY_PAID
      )
    }
    const shown = charges.find((charge) => charge.superseded_at === null)
    const lives =
      shown?.status === "pending" &&
      shown.expires_at > new Date() &&
      sameMoney(shown.amount, amount) &&
      shown.currency_code === currency_code.toLowerCase()
    return lives ? shown : undefined
  }

  protected async draft_(input: ChargeRequest): Promise<Charge> {
    const now = new Date()
    const wanted = planKhqr(input, this.options_, now)
    return draftCharge(input, wanted, await this.makeKhqr_(wanted, now), now)
  }

  /** Ours, unless a gateway makes them itself. */
  protected async makeKhqr_(
    wanted: KhqrRequest,
    now: Date
  ): Promise<IssuedKhqr> {
    return ownKhqr(wanted, this.options_, now)
  }

  @InjectTransactionManager()
  protected async replaceShown_(
    draft: Charge,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge> {
    await this.supersedeSession(draft.payment_session_id, actor, context)
    // Left to itself, the unit of work would let go of the old one after the new one is written.
    await context.transactionManager!.flush()
    const written = await this.writeUnlessShown_(draft, actor, context)
    // Somebody else was faster: theirs is now the one to replace.
    return written ? draft : this.replaceShown_(draft, actor, context)
  }

  /**
   * Writes a charge with the first line of its history, unless its session shows one already.
   * One statement, since a checkout waits for it: nearly every session is new.
   * @returns whether it was written
   */
  protected async writeUnlessShown_(
    draft: Charge,
    actor: Actor,
    context: SqlContext
  ): Promise<boolean> {
    const charge = insertion("khqr_charge", draft)
    const event = insertion("khqr_event", issuedEntry(draft, actor))
    const manager = context.transactionManager ?? context.manager!
    const written = await manager.execute<unknown[]>(
      `WITH charge AS (
         INSERT INTO ${charge.into} VALUES (${charge.marks})
         ON CONFLICT (payment_session_id) WHERE superseded_at IS NULL AND deleted_at IS NULL
         DO NOTHING RETURNING id
       ), event AS (
         INSERT INTO ${event.into} SELECT ${event.marks} FROM charge
       )
       SELECT id FROM charge`,
      [...charge.values, ...event.values]
    )
    return written.length > 0
  }

  /** Runs the rules, writes the row and its history. The row is locked by the caller. */
  protected async apply_(
    before: Charge,
    event: ChargeEvent,
    actor: Actor,
    context: SqlContext,
    requestId?: string
  ): Promise<ChargeAnnouncement[]> {
    const now = new Date()
    const { charge, announcements, note } = transition(before, event, now)
    const answered = event.type === "answered" || event.type === "not_asked"
    await this.updateKhqrCharges(
      {
        ...changesBetween(before, charge),
        id: before.id,
        ...(answered
          ? {
              leased_until: null,
              next_check_at: nextCheckAt(charge, event, now),
            }
          : {}),
        ...(event.type.startsWith("settle") ? { leased_until: null } : {}),
        ...(hasMoney(charge) ? { next_check_at: null } : {}),
      },
      context
    )
    if (note !== null || (answered && isNews(before, charge))) {
      await this.createKhqrEvents(
        historyEntry({ charge, announcements, note }, event, actor, requestId),
        context
      )
    }
    if (
      requestId &&
      (announcements.includes("paid") || announcements.includes("review"))
    ) {
      await this.keepProof_(requestId, context)
    }
    return announcements.map((what) => ({ charge_id: before.id, what }))
  }

  /** One transfer pays one charge: a hash that already paid another proves nothing. */
  protected async refuseUsedHash_(
    charge: Charge,
    outcome: Outcome,
    context: SqlContext
  ): Promise<Outcome> {
    if (outcome.type !== "paid" || hasMoney(charge)) {
      return outcome
    }
    const [other] = await this.listKhqrCharges(
      { bank_hash: outcome.transaction.hash, id: { $ne: charge.id } },
      { take: 1 },
      context
    )
    return other
      ? {
          type: "unknown",
          reason: "unreadable",
          message: `The transfer already pays charge ${other.id}`,
        }
      : outcome
  }

  protected async hasOtherCompleted_(
    charge: Charge,
    context: SqlContext
  ): Promise<boolean> {
    const same = charge.payment_collection_id
      ? [
          { payment_session_id: charge.payment_session_id },
          { payment_collection_id: charge.payment_collection_id },
        ]
      : [{ payment_session_id: charge.payment_session_id }]
    const [other] = await this.listKhqrCharges(
      { $or: same, status: "completed", id: { $ne: charge.id } },
      { take: 1 },
      context
    )
    return other !== undefined
  }

  protected async claim_(column: DueColumn, limit: number): Promise<Charge[]> {
    const now = new Date()
    const leasedUntil =
      column === "next_settle_at"
        ? new Date(now.getTime() + SETTLEMENT_TAKES_MS)
        : this.checkedBy_(now)
    const ids = await claimDue(this.database_, column, limit, leasedUntil, now)
    return ids.length === 0
      ? []
      : this.listKhqrCharges(
          { id: ids },
          { take: ids.length, order: { [column]: "ASC" } }
        )
  }

  /** By then a pass of checks that begins now has come to its end. */
  protected checkedBy_(now: Date): Date {
    const { gateway, bakong } = this.options_
    const timeoutMs =
      gateway && "timeoutMs" in gateway ? gateway.timeoutMs : bakong.timeoutMs
    return new Date(now.getTime() + CALLS_IN_A_ROW * timeoutMs)
  }

  /** The answer that moved the charge is kept as long as the charge. */
  protected async keepProof_(
    requestId: string,
    context: SqlContext
  ): Promise<void> {
    await context.transactionManager!.execute(KEEP_PROOF, [requestId])
  }

  /** All rows of a session, for those who change more than one of them. */
  protected async lockSession_(
    paymentSessionId: string,
    context: SqlContext
  ): Promise<void> {
    const manager = context.transactionManager!
    await manager.execute(QUEUE_FOR_SESSION, [paymentSessionId])
    await manager.execute(LOCK_SESSION, [paymentSessionId])
  }

  protected async lockCharge_(
    id: string,
    context: SqlContext
  ): Promise<Charge> {
    await context.transactionManager!.execute(
      "SELECT id FROM khqr_charge WHERE id = ? FOR UPDATE",
      [id]
    )
    return this.retrieveKhqrCharge(
      id,
      { options: { refresh: true } } as never,
      context
    )
  }
}

function insertion(table: string, row: Record<string, unknown>) {
  const columns = Object.keys(row)
  return {
    into: `${table} (${columns.join(", ")})`,
    marks: columns.map(() => "?").join(", "),
    values: Object.values(row),
  }
}

/** By the plan, or sooner when a signal came after the question had left. */
function nextCheckAt(
  charge: Charge,
  event: Extract<ChargeEvent, { type: "answered" | "not_asked" }>,
  now: Date
): Date | null {
  const planned = planNextCheck(charge, now, retryAfterOf(event))?.at ?? null
  const unheard =
    event.type === "answered" &&
    charge.last_signal_at !== null &&
    charge.last_signal_at > event.askedAt
  return (
    (unheard &&
      planSignalledCheck({ ...charge, next_check_at: planned }, now)) ||
    planned
  )
}

function changesBetween(before: Charge, after: Charge): Partial<Charge> {
  return Object.fromEntries(
    Object.entries(after).filter(
      ([key, value]) => before[key as keyof Charge] !== value
    )
  )
}

function retryAfterOf({
  outcome,
}: Extract<ChargeEvent, { type: "answered" | "not_asked" }>): number {
  return outcome.type === "unknown" ? (outcome.retryAfterMs ?? 0) : 0
}
