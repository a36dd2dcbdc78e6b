import type { Context, Logger } from "@medusajs/framework/types"
import {
  ContainerRegistrationKeys,
  InjectManager,
  MedusaContext,
  MedusaError,
  MedusaService,
} from "@medusajs/framework/utils"
import { LockMode } from "@medusajs/framework/mikro-orm/core"
import type { Knex, SqlEntityManager } from "@medusajs/framework/mikro-orm/knex"

import { ringAll } from "./bell"
import { databaseOf, type Database } from "./database"
import { historyEntry, isNews } from "./history"
import { QUEUE_FOR_SESSION, QUEUE_FOR_SESSION_OF } from "./locks"
import KhqrAttempt from "./models/attempt"
import KhqrCharge from "./models/charge"
import KhqrEvent from "./models/event"
import KhqrQuota from "./models/quota"
import KhqrRefund from "./models/refund"
import KhqrRefundBooking from "./models/refund-booking"
import KhqrSetting from "./models/setting"
import KhqrToken from "./models/token"
import { parseOptions, type KhqrOptions } from "./options"
import { isAskable, planNextCheck, planSignalledCheck } from "./pace"
import { ringsFor } from "./page-view"
import { namesOf } from "./receipt"
import { transition, type ChargeEvent, type Transition } from "./state"
import type { Actor, Charge, ChargeAnnouncement } from "./types"

export type SqlContext = Context<SqlEntityManager>

export type LedgerContainer = {
  logger: Logger
  [ContainerRegistrationKeys.PG_CONNECTION]: Knex
}

/** Events that end somebody's work on a charge, besides the bank's answers. */
const RELEASING: ChargeEvent["type"][] = [
  "hash_used",
  "settled",
  "settle_failed",
  "settle_refused",
]

/** Without `deleted_at` neither finds its partial index. */
export const LOCK_SESSION =
  "SELECT id FROM khqr_charge WHERE payment_session_id = ? AND deleted_at IS NULL ORDER BY id FOR UPDATE"
export const KEEP_PROOF =
  "UPDATE khqr_event SET is_proof = true WHERE request_id = ? AND kind = 'call' AND deleted_at IS NULL"

/**
 * The tables, and the one way in which a charge changes: through `transition`,
 * while its row is locked, with a line of history. What is done with them is in
 * the classes that build on this one.
 */
export class KhqrBooks extends MedusaService({
  KhqrCharge,
  KhqrEvent,
  KhqrQuota,
  KhqrSetting,
  KhqrToken,
  KhqrRefund,
  KhqrRefundBooking,
  KhqrAttempt,
}) {
  protected readonly logger_: Logger
  protected readonly options_: KhqrOptions
  protected readonly database_: Database

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
  }

  get options(): KhqrOptions {
    return this.options_
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
   * By its id, its reference (the bill number) or, unless it is static, its md5.
   * @throws MedusaError NOT_FOUND
   */
  @InjectManager()
  async findCharge(
    name: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<Charge> {
    const [charge] = await this.listKhqrCharges(
      {
        $or: [
          { id: name },
          { reference: name },
          // A static KHQR is many charges'.
          { md5: name, mode: { $ne: "static" } },
        ],
      },
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

  /** Runs the rules, writes the row and its history. The row is locked by the caller. */
  protected async apply_(
    before: Charge,
    event: ChargeEvent,
    actor: Actor,
    context: SqlContext,
    requestId?: string
  ): Promise<ChargeAnnouncement[]> {
    const now = new Date()
    const { charge, announcements, note, changes, isHistory } = effectOf(
      before,
      event,
      now
    )
    await this.updateKhqrCharges({ ...changes, id: before.id }, context)
    if (isHistory) {
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
    const ringing = ringAll(
      ringsFor(before, charge, this.options_.merchant, now)
    )
    if (ringing) {
      await context.transactionManager!.execute(
        ringing.statement,
        ringing.values
      )
    }
    return announcements.map((what) => ({ charge_id: before.id, what }))
  }

  /** One transfer pays one charge: the one that the hash already pays, if any, by the bank's word before a person's. */
  protected async userOfHash_(
    hash: string,
    context: SqlContext
  ): Promise<string | null> {
    const [other] = await this.listKhqrCharges(
      {
        $or: [
          { bank_hash: hash },
          { second_hash: hash },
          { confirmation_reference: namesOf(hash) },
        ],
      },
      { take: 1, order: { bank_hash: "ASC" } },
      context
    )
    return other?.id ?? null
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

  /** The same, of the session that a charge belongs to. */
  protected async lockSessionOf_(
    chargeId: string,
    context: SqlContext
  ): Promise<void> {
    const manager = context.transactionManager!
    const [found] = await manager.execute<{ payment_session_id: string }[]>(
      QUEUE_FOR_SESSION_OF,
      [chargeId]
    )
    if (found) {
      await manager.execute(LOCK_SESSION, [found.payment_session_id])
    }
  }

  /** @throws MedusaError NOT_FOUND */
  protected async lockCharge_(
    id: string,
    context: SqlContext
  ): Promise<Charge> {
    const lockMode = LockMode.PESSIMISTIC_WRITE
    return this.retrieveKhqrCharge(
      id,
      { options: { refresh: true, lockMode } } as never,
      context
    )
  }
}

export type Effect = Transition<Charge> & {
  /** What is to be written of the row. */
  changes: Partial<Charge>
  /** It gets a line in the charge's history. */
  isHistory: boolean
}

/** What an event makes of a charge's row. Pure. */
export function effectOf(
  before: Charge,
  event: ChargeEvent,
  now: Date
): Effect {
  const { charge, announcements, note } = transition(before, event, now)
  const answered = event.type === "answered" || event.type === "not_asked"
  return {
    charge,
    announcements,
    note,
    isHistory: note !== null || (answered && isNews(before, charge)),
    changes: {
      ...changesBetween(before, charge),
      ...(answered
        ? {
            leased_until: null,
            next_check_at: nextCheckAt(charge, event, now),
            signals_in_vain:
              before.signals_in_vain +
              Number(wasSignalledInVain(before, event)),
          }
        : {}),
      ...(RELEASING.includes(event.type) ? { leased_until: null } : {}),
      ...(isAskable(charge) ? {} : { next_check_at: null }),
    },
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

/** The first question after a signal, and the money was not there. */
function wasSignalledInVain(
  { last_signal_at, last_checked_at }: Charge,
  event: Extract<ChargeEvent, { type: "answered" | "not_asked" }>
): boolean {
  return (
    event.type === "answered" &&
    event.outcome.type === "not_found" &&
    last_signal_at !== null &&
    last_signal_at <= event.askedAt &&
    (last_checked_at === null || last_checked_at < last_signal_at)
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
