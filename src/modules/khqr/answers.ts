import {
  InjectTransactionManager,
  MedusaContext,
  partitionArray,
} from "@medusajs/framework/utils"

import { unknown } from "../../bakong"
import type { CheckResult } from "../../gateways"
import { KhqrBooks, type LedgerContainer, type SqlContext } from "./books"
import { giveBackChecks, giveBackThese } from "./claims"
import { Leases } from "./leases"
import { recordQuietAnswers } from "./quiet-answers"
import { Silence } from "./silence"
import { spreadSilence, wakeSilenced, wasSilentAbout } from "./silenced"
import type { Charge, ChargeAnnouncement } from "./types"

const SHORT_OF_CALLS = unknown(
  "quota_spent",
  "What is left of the day's calls is kept for likelier payments"
)

/** What becomes of questions: the bank's answers on record, and charges let go of that were claimed for one. */
export class KhqrAnswers extends KhqrBooks {
  protected readonly silence_: Silence
  protected readonly leases_: Leases

  /** @param declaration Medusa's; its base class reads it. */
  constructor(
    container: LedgerContainer,
    options: unknown,
    declaration?: unknown
  ) {
    super(container, options, declaration)
    this.leases_ = new Leases(this.database_, this.logger_)
    this.silence_ = new Silence(
      this.logger_,
      this.options_.gateway !== undefined
    )
  }

  /** Commits the bank's answers, each by itself, before anything else is done about them. */
  async recordAnswers(results: CheckResult[]): Promise<ChargeAnnouncement[]> {
    this.silence_.hear(results)
    const announcements: ChargeAnnouncement[] = []
    const heard = results.filter(({ outcome }) => outcome.type !== "unknown")
    const speaksAgain = await wasSilentAbout(
      this.database_,
      heard.map(({ charge_id }) => charge_id)
    )
    const [rare, plain] = partitionArray(
      results,
      ({ outcome }) => outcome.type !== "not_found"
    )
    for (const result of rare) {
      announcements.push(...(await this.recordOne_(result)))
    }
    const quiet = new Set(await this.recordQuiet_(plain))
    for (const result of plain.filter(
      ({ charge_id }) => !quiet.has(charge_id)
    )) {
      announcements.push(...(await this.recordOne_(result)))
    }
    if (speaksAgain) {
      await wakeSilenced(this.database_)
    }
    // Of a spent quota each is told by itself.
    const unheard = results.filter(
      ({ outcome }) =>
        outcome.type === "unknown" && outcome.reason !== "quota_spent"
    )
    if (unheard.length > 0) {
      await spreadSilence(
        this.database_,
        unheard.map(({ charge_id }) => charge_id)
      )
    }
    return announcements
  }

  /** A question about each is due, and the day's calls do not reach for it: nobody was asked. */
  async recordShortage(ids: string[]): Promise<ChargeAnnouncement[]> {
    const announcements: ChargeAnnouncement[] = []
    for (const id of ids) {
      try {
        announcements.push(...(await this.recordShort_(id)))
      } catch (error) {
        this.logger_.error(
          `KHQR charge ${id}: that there was no call for it could not be recorded: ${(error as Error).message}`
        )
      }
    }
    return announcements
  }

  @InjectTransactionManager()
  protected async recordShort_(
    id: string,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeAnnouncement[]> {
    this.leases_.end([id])
    const charge = await this.lockCharge_(id, context)
    // Who holds it no more has been overtaken by somebody with an answer.
    return charge.leased_until === null
      ? []
      : this.apply_(
          charge,
          { type: "not_asked", outcome: SHORT_OF_CALLS },
          "clock",
          context
        )
  }

  /** The lease of one that fails runs out and the charge is asked about again; the others are not held up. */
  protected async recordOne_(
    result: CheckResult
  ): Promise<ChargeAnnouncement[]> {
    try {
      return await this.recordAnswer(result)
    } catch (error) {
      this.logger_.error(
        `KHQR charge ${result.charge_id}: the bank's answer could not be recorded: ${(error as Error).message}`
      )
      return []
    }
  }

  /** @returns the ids of those that are done */
  protected async recordQuiet_(results: CheckResult[]): Promise<string[]> {
    try {
      const done = await recordQuietAnswers(
        this.database_,
        results,
        this.options_.merchant,
        new Date()
      )
      this.leases_.end(done)
      return done
    } catch (error) {
      this.logger_.warn(
        `KHQR: ${results.length} answers are recorded one by one: ${(error as Error).message}`
      )
      return []
    }
  }

  @InjectTransactionManager()
  async recordAnswer(
    { charge_id, outcome, call }: CheckResult,
    @MedusaContext() context: SqlContext = {}
  ): Promise<ChargeAnnouncement[]> {
    this.leases_.end([charge_id])
    const charge = await this.lockCharge_(charge_id, context)
    if (!call.sent && outcome.type === "unknown") {
      return this.apply_(
        charge,
        { type: "not_asked", outcome },
        "clock",
        context
      )
    }
    const askedAt = new Date(call.askedAt)
    const transaction = "transaction" in outcome ? outcome.transaction : null
    const user =
      transaction && (await this.userOfHash_(transaction.hash, context))
    if (user && user !== charge.id) {
      return this.recordContest_(charge, user, askedAt, context, call.requestId)
    }
    return this.apply_(
      charge,
      { type: "answered", outcome, askedAt },
      "clock",
      context,
      call.requestId
    )
  }

  /** The bank shows, for this charge's KHQR, a transfer that pays another charge. */
  protected async recordContest_(
    charge: Charge,
    usedBy: string,
    askedAt: Date,
    context: SqlContext,
    requestId: string
  ): Promise<ChargeAnnouncement[]> {
    const own = await this.apply_(
      charge,
      { type: "hash_used", usedBy, askedAt },
      "clock",
      context,
      requestId
    )
    const other = await this.lockCharge_(usedBy, context)
    // The bank's tie to a KHQR is worth more than a receipt.
    return other.review_reason === "hash_used"
      ? own
      : [
          ...own,
          ...(await this.apply_(
            other,
            { type: "contested", by: charge.id },
            "clock",
            context,
            requestId
          )),
        ]
  }

  /** Gives back charges that were claimed and not asked about; they are due again after `pauseMs`. */
  async releaseChecks(ids: string[], pauseMs: number): Promise<void> {
    this.leases_.end(ids)
    const at = new Date(Date.now() + pauseMs)
    await giveBackChecks(this.database_, "khqr_charge", ids, at)
  }

  /** The same for those that would have gone along with others: their moment stays. */
  async releaseRiders(ids: string[]): Promise<void> {
    this.leases_.end(ids)
    await giveBackThese(this.database_, ids)
  }

  /** What was claimed could not be worked on to its end: others may, once the lease runs out. */
  giveUp(ids: string[]): void {
    this.leases_.end(ids)
  }
}
