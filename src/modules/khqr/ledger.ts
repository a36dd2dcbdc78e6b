import { randomBytes } from "node:crypto"

import {
  InjectManager,
  InjectTransactionManager,
  MedusaContext,
  MedusaError,
} from "@medusajs/framework/utils"

import { KhqrAnswers } from "./answers"
import {
  announcedChargeLimits,
  announcedLine,
  announcementLimits,
  describeHeard,
  findOpenOver,
  hasRoomFor,
  likeliest,
  mostAskedAbout,
  nothingOpen,
  refuseOtherMoney,
  whyNotMeant,
  type AnnouncedMoney,
  type HeardAnnouncement,
} from "./announcements"
import { countAttempt } from "./attempts"
import { RING_DUE_IF, ringChanged } from "./bell"
import type { LedgerContainer, SqlContext } from "./books"
import { claimDue, claimOne, findDueWork, type FoundWork } from "./claims"
import {
  draftCharge,
  ownKhqr,
  planKhqr,
  type ChargeRequest,
  type IssuedKhqr,
  type KhqrRequest,
} from "./draft"
import { issuedEntry } from "./history"
import { planSignalledCheck } from "./pace"
import type { CheckReason } from "./plan"
import { planRound, type Meter } from "./round"
import { ShopHistoryReader } from "./shop-history"
import { ALREADY_PAID, STATIC_IS_NOT_ASKED, SWITCHED_OFF } from "./refusals"
import { bookableCharge, chargeToShow } from "./session-charges"
import { seenBefore } from "./client-qr"
import { sessionDataOf, type KhqrSessionData } from "./session-data"
import { IS_SWITCHED_OFF } from "./settings"
import { LEASE_MS } from "./leases"
import {
  isSignalKept,
  signalToKeep,
  soonestAfterSignal,
  type Signal,
} from "./signals"
import { sameMoney } from "./medusa-amount"
import { bindsSession, hasMoney, type SettlementEvent } from "./state"
import type { Actor, Charge, ChargeAnnouncement, SignalKind } from "./types"
import { presentCharge, type ChargeView } from "./view"

/** The longest pass over 50 charges: a list, a probe, ten waves of single questions, and the token's renewal amid them. */
const CALLS_IN_A_ROW = 14

/** Completing a cart may wait half a minute for Medusa's lock, and hold it for two. */
export const SETTLEMENT_TAKES_MS = 240_000

const SIGNALS_HEARD_EACH_MS = 1_000

/** The same session again moves nothing. */
const TAKE_OVER =
  "moved_from = CASE WHEN payment_session_id = ? THEN moved_from ELSE COALESCE(moved_from, payment_session_id) END, payment_session_id = ?"

/** A charge that is to be asked about now, and why. */
export type PlannedCharge = { charge: Charge; reason: CheckReason }

/** Both pages show it from now on, and one that it was moved from before. */
const RING_MOVED = `SELECT moved.id, ${ringChanged("old.payment_session_id", "moved.payment_session_id", "moved.moved_from")} AS rings
  FROM moved JOIN old USING (id)`

/** The life of charges: issued, shown, signalled, asked about, settled. */
export class KhqrLedger extends KhqrAnswers {
  protected readonly past_: ShopHistoryReader

  /** @param declaration Medusa's; its base class reads it. */
  constructor(
    container: LedgerContainer,
    options: unknown,
    declaration?: unknown
  ) {
    super(container, options, declaration)
    this.past_ = new ShopHistoryReader(this.database_)
  }

  /**
   * Writes a new charge for a payment session and supersedes the one shown before.
   * @throws MedusaError INVALID_DATA for an amount or currency that KHQR, or this shop,
   *   does not take, and for a client's KHQR that is not ours to accept; NOT_ALLOWED
   *   while the shop has switched KHQR off; UNEXPECTED_STATE when a gateway that makes
   *   the KHQR made none.
   */
  @InjectManager()
  async issueCharge(
    input: ChargeRequest,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge> {
    const draft = await this.draft_(input)
    const written = await this.writeUnlessShown_(draft, actor, context)
    const charge = written
      ? draft
      : await this.replaceShown_(draft, actor, context)
    this.announceIssued_(charge)
    return charge
  }

  /**
   * The charge a shopper may pay now: the one that is shown while it lives, else a new one.
   * Any number of callers at once get the same one.
   * @throws MedusaError NOT_ALLOWED when the session is already paid, and as `issueCharge`.
   */
  async renewCharge(input: ChargeRequest, actor: Actor): Promise<Charge> {
    const living = this.livingCharge_(
      await this.listChargesOfSession(input.payment_session_id),
      input
    )
    if (living) {
      return living
    }
    // A gateway may take its time over a new one, and no transaction waits for it.
    const draft = await this.draft_(input)
    const shown = await this.showUnlessLiving_(draft, actor)
    if (shown.id === draft.id) {
      this.announceIssued_(shown)
    }
    return shown
  }

  /**
   * Gives a charge to another payment session, with all that follows from it: its
   * own is gone, or its money pays something else.
   */
  @InjectManager()
  async moveCharge(
    id: string,
    to: {
      payment_session_id: string
      payment_collection_id: string
      cart_id: string | null
      /** What that session asks for, an exact decimal. */
      session_amount: string
    },
    @MedusaContext() context: SqlContext = {}
  ): Promise<void> {
    const manager = context.transactionManager ?? context.manager!
    // One that is completed meanwhile stays where it is. What its new session shows is the KHQR that was issued for that one.
    await manager.execute(
      `WITH old AS (SELECT id, payment_session_id FROM khqr_charge WHERE id = ?), moved AS (
         UPDATE khqr_charge SET payment_collection_id = ?, cart_id = ?, session_amount = ?,
           superseded_at = COALESCE(superseded_at, now()), adoption_key = NULL, updated_at = now(), ${TAKE_OVER}
         WHERE id = ? AND status = 'paid' RETURNING id, payment_session_id, moved_from
       ) ${RING_MOVED}`,
      [
        id,
        to.payment_collection_id,
        to.cart_id,
        to.session_amount,
        to.payment_session_id,
        to.payment_session_id,
        id,
      ]
    )
  }

  /** Its session was set to what came: a person took another amount than was asked for. */
  @InjectManager()
  async noteSessionAmount(
    id: string,
    session_amount: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<void> {
    await this.updateKhqrCharges({ id, session_amount }, context)
  }

  /**
   * The key by which a payment session that we open ourselves takes a charge over,
   * instead of getting a KHQR of its own. Nobody else learns it.
   */
  @InjectManager()
  async prepareAdoption(
    id: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<string> {
    const adoption_key = randomBytes(24).toString("base64url")
    await this.updateKhqrCharges({ id, adoption_key }, context)
    return adoption_key
  }

  /** @returns the charge that now belongs to the session; `null` for a key that opens nothing, as a client's would */
  async adoptCharge(
    key: unknown,
    sessionId: string,
    sessionAmount: string
  ): Promise<Charge | null> {
    if (typeof key !== "string" || key === "") {
      return null
    }
    const [adopted] = await this.database_.sql<{ id: string }>(
      `WITH old AS (
         SELECT id, payment_session_id FROM khqr_charge WHERE adoption_key = ? AND deleted_at IS NULL
       ), moved AS (
         UPDATE khqr_charge SET session_amount = ?, adoption_key = NULL, updated_at = now(), ${TAKE_OVER}
         WHERE adoption_key = ? AND deleted_at IS NULL RETURNING id, payment_session_id, moved_from
       ) ${RING_MOVED}`,
      [key, sessionAmount, sessionId, sessionId, key]
    )
    return adopted ? this.retrieveKhqrCharge(adopted.id) : null
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
      (charge) =>
        bindsSession(charge) &&
        charge.review_reason !== "orphaned" &&
        charge.review_reason !== "duplicate"
    )
  }

  /** What the shopper's page shows, or `null` for a session that has no KHQR. */
  @InjectManager()
  async viewSession(
    paymentSessionId: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeView | null> {
    const charge = await this.chargeOnPage_(paymentSessionId, context)
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
    if (charges.some(bindsSession)) {
      return false
    }
    await this.supersedeSession(paymentSessionId, actor, context)
    return true
  }

  /** Remembers which collection and cart the charges of sessions belong to, for the day a session is gone. */
  @InjectManager()
  async linkSessions(
    links: {
      payment_session_id: string
      payment_collection_id: string
      cart_id: string | null
    }[],
    @MedusaContext() context: SqlContext = {}
  ): Promise<void> {
    const manager = context.transactionManager ?? context.manager!
    for (const link of links) {
      // One that has moved on since knows better.
      await manager.execute(
        `UPDATE khqr_charge SET payment_collection_id = ?, cart_id = ?
         WHERE payment_session_id = ? AND payment_collection_id IS NULL AND deleted_at IS NULL`,
        [link.payment_collection_id, link.cart_id, link.payment_session_id]
      )
    }
  }

  /**
   * A moment when a payment is likely: the charge is asked about at once, within
   * its cool-down. Signals that come faster than `SIGNALS_HEARD_EACH_MS` write nothing.
   */
  @InjectManager()
  async signal(
    paymentSessionId: string,
    kind: SignalKind,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeView | null> {
    const charge = await this.chargeOnPage_(paymentSessionId, context)
    if (!charge) {
      return null
    }
    const now = new Date()
    if (!hasMoney(charge)) {
      await this.hearSignal_(
        charge,
        {
          kind,
          actor: "shopper",
          message: kind,
          eachMs: SIGNALS_HEARD_EACH_MS,
        },
        now,
        context
      )
    }
    return presentCharge(charge, this.options_.merchant, now)
  }

  /** @returns `null`, or how many ms to wait: this actor announced too much money */
  async countAnnouncement(actor: Actor): Promise<number | null> {
    return countAttempt(this.database_, announcementLimits(actor), new Date())
  }

  /**
   * Another system of the shop's says that money came: the open charges that it may
   * be for are asked about at once. It moves nothing else, since it proves nothing.
   * @throws MedusaError INVALID_DATA when its reference is that of a charge over other money
   */
  @InjectManager()
  async announceMoney(
    money: AnnouncedMoney,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<HeardAnnouncement> {
    const now = new Date()
    const named = await this.chargeNamed_(money.reference, context)
    if (named) {
      refuseOtherMoney(named, money)
    }
    const reason = named && whyNotMeant(named, money, now)
    const matches = named ? [named] : await this.openOver_(money, now, context)
    if (reason || matches.length === 0) {
      return {
        signalled: [],
        matched: 0,
        message: reason || nothingOpen(money),
      }
    }
    const meter = await this.meter_()
    const most = mostAskedAbout(await meter(now))
    const signalled: HeardAnnouncement["signalled"] = []
    let repeated = 0
    const signal = {
      kind: "announced",
      actor,
      message: announcedLine(money),
      eachMs: 0,
    } as const
    for (const charge of matches) {
      // Another notice is mostly of other money: it is for those that the one before left out.
      if (!hasRoomFor(charge, signalled, most)) {
        continue
      }
      const { id, reference, status } = charge
      const limits = announcedChargeLimits(id)
      const isRepeat =
        (await countAttempt(this.database_, limits, now)) !== null
      if (!isRepeat && (await this.hearSignal_(charge, signal, now, context))) {
        signalled.push({ id, reference, status })
      } else {
        repeated++
      }
    }
    return {
      signalled,
      matched: matches.length,
      message: describeHeard(money, {
        matched: matches.length,
        signalled: signalled.length,
        repeated,
        most,
      }),
    }
  }

  /** One indexed look: is there anything to ask or to settle? */
  async hasDueWork(): Promise<FoundWork> {
    return findDueWork(this.database_, new Date())
  }

  /**
   * Takes the charges that the plan wants asked about now, the most useful first. No
   * other process gets the same ones until they are recorded, released, given up, or
   * this process has shown no sign of life for `LEASE_MS`. Nothing while another
   * process plans.
   */
  async planRound(now = new Date()): Promise<PlannedCharge[]> {
    const claims = await planRound({
      database: this.database_,
      meter: await this.meter_(),
      shop: (at) => this.past_.read(at),
      leaseMs: LEASE_MS,
      now,
    })
    if (claims.length === 0) {
      return []
    }
    const ids = claims.map(({ id }) => id)
    const charges = new Map(
      (await this.listKhqrCharges({ id: ids }, { take: ids.length })).map(
        (charge) => [charge.id, charge]
      )
    )
    // Whoever cannot read them works on none: what is not held runs out.
    this.leases_.hold([...charges.keys()], this.checkedBy_(now))
    return claims.flatMap(({ id, reason }) => {
      const charge = charges.get(id)
      return charge ? [{ charge, reason }] : []
    })
  }

  /**
   * One charge that a person wants checked now; `[]` while it is being checked anyway, and when it has its money.
   * @throws MedusaError NOT_ALLOWED for a static KHQR, of which the bank tells nothing
   */
  async claimCheck(id: string): Promise<Charge[]> {
    const now = new Date()
    if ((await this.retrieveKhqrCharge(id)).mode === "static") {
      throw new MedusaError(MedusaError.Types.NOT_ALLOWED, STATIC_IS_NOT_ASKED)
    }
    const claimed = await claimOne(this.database_, id, leaseFrom(now), now)
    const charges = claimed
      ? await this.listKhqrCharges({ id }, { take: 1 })
      : []
    this.leases_.hold(idsOf(charges), this.checkedBy_(now))
    return charges
  }

  /** Takes charges whose news Medusa has yet to get. @returns those that nobody else is at */
  async claimDueSettlements(limit: number): Promise<{ id: string }[]> {
    const now = new Date()
    const ids = await claimDue(
      this.database_,
      { table: "khqr_charge", column: "next_settle_at" },
      limit,
      leaseFrom(now),
      now
    )
    this.leases_.hold(ids, new Date(now.getTime() + SETTLEMENT_TAKES_MS))
    return ids.map((id) => ({ id }))
  }

  /** Records how bringing Medusa in line with a charge went. */
  @InjectTransactionManager()
  async recordSettlement(
    chargeId: string,
    event: SettlementEvent,
    actor: Actor,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeAnnouncement[]> {
    this.leases_.end([chargeId])
    await this.lockSessionOf_(chargeId, context)
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

  /** Of the session's charges, and of those that another session took over from it. */
  protected async chargeOnPage_(
    paymentSessionId: string,
    context: SqlContext
  ): Promise<Charge | undefined> {
    return chargeToShow(
      await this.listKhqrCharges(
        {
          $or: [
            { payment_session_id: paymentSessionId },
            { moved_from: paymentSessionId },
          ],
        },
        {},
        context
      )
    )
  }

  /**
   * An open charge remembers the signal in any case: a question may be under way that
   * left before it. `next_check_at` becomes another one also where the charge is due:
   * a plan that was read before the signal must not put it off.
   * @returns false when no question can follow from it: the charge got its money
   *   meanwhile, is long over, or was signalled for moments or too many times ago
   */
  protected async hearSignal_(
    charge: Charge,
    { kind, actor, message, eachMs }: Signal,
    now: Date,
    context: SqlContext
  ): Promise<boolean> {
    const at = soonestAfterSignal(charge, now)
    if (at === null && !isSignalKept(charge, now)) {
      return false
    }
    const isSooner = planSignalledCheck(charge, now) !== null
    // The database's clock is the same for all processes.
    const heard = await context.manager!.execute<unknown[]>(
      `WITH heard AS (
         UPDATE khqr_charge SET last_signal_at = now(), last_signal = ?,
           next_check_at = CASE WHEN next_check_at < ? THEN next_check_at - interval '1 millisecond'
             ELSE COALESCE(?::timestamptz, next_check_at) END,
           late_signals = late_signals + CASE WHEN status = 'expired' AND ?::boolean THEN 1 ELSE 0 END
         WHERE id = ? AND status IN ('pending', 'failed', 'expired')
           AND (?::float = 0 OR last_signal_at IS NULL OR last_signal_at <= now() - make_interval(secs => ?))
         RETURNING id
       ) SELECT id, ${RING_DUE_IF} FROM heard`,
      [
        signalToKeep(charge, kind),
        at,
        at,
        isSooner,
        charge.id,
        eachMs,
        eachMs / 1_000,
        at !== null && at <= now,
      ]
    )
    if (heard.length === 0) {
      return false
    }
    // A shopper's may come each second; how many are announced is limited.
    if (isSooner || kind === "announced") {
      await this.createKhqrEvents({
        charge_id: charge.id,
        kind: "signal",
        actor,
        status: charge.status,
        message,
      })
    }
    return true
  }

  protected async chargeNamed_(
    reference: string | null,
    context: SqlContext
  ): Promise<Charge | undefined> {
    if (reference === null) {
      return undefined
    }
    const [charge] = await this.listKhqrCharges(
      {
        $or: [
          { id: reference },
          { reference: [reference, reference.toUpperCase()] },
        ],
      },
      { take: 1 },
      context
    )
    return charge
  }

  /** The likeliest first. */
  protected async openOver_(
    money: AnnouncedMoney,
    now: Date,
    context: SqlContext
  ): Promise<Charge[]> {
    const ids = await findOpenOver(this.database_, money, now)
    const charges = await this.listKhqrCharges(
      { id: ids },
      { take: ids.length },
      context
    )
    return likeliest(
      charges.filter((charge) => whyNotMeant(charge, money, now) === null),
      money
    )
  }

  /** The ledger itself counts nothing. */
  protected async meter_(): Promise<Meter> {
    return async () => ({
      budget: { windows: [], closedUntil: null, isProbe: false },
      lists: false,
    })
  }

  /** Somebody may want to hear of it; the ledger itself does not. */
  protected announceIssued_(_charge: Charge): void {}

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
    const living = this.livingCharge_(charges, draft)
    if (living) {
      return living
    }
    const hadNone = charges.every(({ superseded_at }) => superseded_at !== null)
    const shown = await this.replaceShown_(draft, actor, context)
    // To let go of the one before rings; an open page may have had none.
    if (hadNone) {
      await context.transactionManager!.execute(`SELECT ${ringChanged("?")}`, [
        draft.payment_session_id,
      ])
    }
    return shown
  }

  /**
   * The charge of a session that may be paid for this amount now.
   * @throws MedusaError NOT_ALLOWED when the session is already paid.
   */
  protected livingCharge_(
    charges: Charge[],
    { amount, currency_code }: Pick<Charge, "amount" | "currency_code">
  ): Charge | undefined {
    if (charges.some(bindsSession)) {
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
   * One statement, since a checkout waits for it: nearly every session is new, and nearly
   * every shop is open.
   * @returns whether it was written
   * @throws MedusaError NOT_ALLOWED while KHQR is switched off, INVALID_DATA for a KHQR that was seen before
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
         INSERT INTO ${charge.into} SELECT ${charge.marks} WHERE NOT ${IS_SWITCHED_OFF}
         ON CONFLICT DO NOTHING RETURNING id
       ), event AS (
         INSERT INTO ${event.into} SELECT ${event.marks} FROM charge
       )
       SELECT id FROM charge`,
      [...charge.values, ...event.values]
    )
    if (written.length > 0) {
      return true
    }
    await this.refuseUnlessShown_(draft, context)
    return false
  }

  /** A charge was not written: there are better reasons than that its session shows one. */
  protected async refuseUnlessShown_(
    draft: Charge,
    context: SqlContext
  ): Promise<void> {
    const manager = context.transactionManager ?? context.manager!
    const [why] = await manager.execute<
      { is_off: boolean; is_seen: boolean }[]
    >(
      `SELECT ${IS_SWITCHED_OFF} AS is_off, EXISTS (
         SELECT 1 FROM khqr_charge WHERE deleted_at IS NULL
           AND (reference = ? OR (md5 = ? AND mode <> 'static'))
       ) AS is_seen`,
      [draft.reference, draft.md5]
    )
    if (why.is_off) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        "This shop takes no KHQR payments at the moment. Choose another way to pay.",
        SWITCHED_OFF
      )
    }
    if (why.is_seen) {
      throw seenBefore()
    }
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

  /** By then a pass of checks that begins now has come to its end. */
  protected checkedBy_(now: Date): Date {
    const { gateway, bakong } = this.options_
    const timeoutMs =
      gateway && "timeoutMs" in gateway ? gateway.timeoutMs : bakong.timeoutMs
    return new Date(now.getTime() + CALLS_IN_A_ROW * timeoutMs)
  }
}

function idsOf(rows: { id: string }[]): string[] {
  return rows.map(({ id }) => id)
}

function leaseFrom(now: Date): Date {
  return new Date(now.getTime() + LEASE_MS)
}

function insertion(table: string, row: Record<string, unknown>) {
  const columns = Object.keys(row)
  return {
    into: `${table} (${columns.join(", ")})`,
    marks: columns.map(() => "?").join(", "),
    values: Object.values(row),
  }
}
