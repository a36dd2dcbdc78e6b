/**
 * Our own way of asking: the real plan, quota and state machine on a virtual clock. What is
 * simulated is what surrounds them: the rows in memory instead of PostgreSQL, the bank, and
 * the shoppers' pages.
 */
import type { CallPurpose, Outcome } from "../../src/bakong"
import { planNextCheck, planSignalledCheck } from "../../src/modules/khqr/pace"
import {
  plan,
  type CheckReason,
  type OpenCharge,
} from "../../src/modules/khqr/plan"
import {
  budgetOf,
  claim,
  freshQuota,
  hear,
  type QuotaNews,
  type QuotaState,
  type Ticket,
} from "../../src/modules/khqr/quota"
import {
  changedMoments,
  chargesToAsk,
  withCallsUnderWay,
  withRiders,
  type RoundClaim,
} from "../../src/modules/khqr/round"
import {
  closesAt,
  hasMoney,
  transition,
  type ChargeEvent,
  type ChargeState,
} from "../../src/modules/khqr/state"
import { Bank, type BankDay } from "./bank"
import { Memory } from "./memory"
import type { Run } from "./measure"
import { Queue } from "./queue"
import { LIVES_MS, type Deed, type Visit } from "./world"

export type Rules = {
  /** Calls a day, `null` for no limit: the bank's, and what we are told of it. */
  limit: number | null
  lists: boolean
  bankDay: BankDay
}

/** From a call's leaving to its answer; the bank looks halfway. */
export const LATENCY_MS = 150

/** As many single questions are under way at once. */
const WAVE = 5
/** Claimed, and not asked about because the bank had enough. */
const NOT_ASKED_PAUSE_MS = 5_000

export type SimCharge = ChargeState &
  OpenCharge & {
    late_signals: number
    visit: number
    check_reason: CheckReason | null
  }

type AnswerEvent = Extract<ChargeEvent, { type: "answered" | "not_asked" }>

type Happening =
  | { type: "issued"; visit: number }
  | { type: "deed"; visit: number; deed: Deed }
  | { type: "answered"; call: Call }
  | { type: "wake"; version: number }

type Call = {
  askedAt: Date
  ids: number[]
  ticket: Ticket
  served: boolean
  /** Single questions that wait for this wave to come back. */
  wave: Wave
}

/** Single questions that are asked some at once, and no further once the bank had enough. */
type Wave = { left: number; waiting: number[]; stopped: boolean }

export function runOurs(visits: Visit[], rules: Rules): Run {
  return new Ours(visits, rules).run()
}

class Ours {
  protected readonly queue_ = new Queue<Happening>()
  protected readonly bank_: Bank
  protected readonly memory_: Memory
  /** Those about which there may be another question. */
  protected readonly charges_ = new Map<number, SimCharge>()
  /** Those of which nobody asks any more, unless a signal comes. */
  protected readonly resting_ = new Map<number, SimCharge>()
  /** Calls that have left; no round begins before they are back. */
  protected underWay_ = 0
  protected quota_: QuotaState
  protected version_ = 0
  protected readonly run_: Run

  constructor(
    protected readonly visits_: Visit[],
    protected readonly rules_: Rules
  ) {
    this.bank_ = new Bank(rules_.limit, rules_.bankDay)
    this.memory_ = new Memory()
    this.quota_ = freshQuota(new Date(visits_[0]?.issuedAt ?? 0))
    this.run_ = {
      foundAt: new Float64Array(visits_.length).fill(Infinity),
      calls: 0,
      refused: 0,
      held: 0,
      falseExpiries: 0,
    }
    visits_.forEach(({ issuedAt }, visit) =>
      this.queue_.push(issuedAt, { type: "issued", visit })
    )
  }

  run(): Run {
    for (;;) {
      const at = this.queue_.nextAt
      if (at === Infinity) {
        return this.finish_()
      }
      const now = new Date(at)
      let isNews = false
      // What happens in the same millisecond wakes the plan once.
      while (this.queue_.nextAt === at) {
        const { what } = this.queue_.pop()!
        isNews = this.happen_(what, now) || isNews
      }
      if (isNews && this.underWay_ === 0) {
        this.plan_(now)
      }
      this.sleep_(now)
    }
  }

  protected finish_(): Run {
    this.run_.refused = this.bank_.refused
    this.run_.calls = this.bank_.served + this.bank_.refused
    return this.run_
  }

  /** @returns whether the plan is to be asked */
  protected happen_(what: Happening, now: Date): boolean {
    switch (what.type) {
      case "issued":
        this.issue_(what.visit, now)
        return true
      case "deed":
        return this.doDeed_(what.visit, what.deed, now)
      case "answered":
        this.answer_(what.call, now)
        return true
      case "wake":
        return what.version === this.version_
    }
  }

  protected issue_(visit: number, now: Date): void {
    const charge = issued(visit, now)
    charge.next_check_at = planNextCheck(charge, now)?.at ?? null
    this.charges_.set(visit, charge)
    this.memory_.issued(charge)
    for (const { at, deed } of this.visits_[visit].deeds) {
      this.queue_.push(at, { type: "deed", visit, deed })
    }
  }

  protected doDeed_(visit: number, deed: Deed, now: Date): boolean {
    const charge = this.charges_.get(visit) ?? this.resting_.get(visit)
    if (!charge) {
      return false
    }
    switch (deed) {
      case "hides":
      case "closes":
        charge.unwatched_at = now
        return true
      case "opens":
        look(charge, now)
        return true
      case "returned":
        look(charge, now)
        break
      case "claims_paid":
      case "announced":
        break
    }
    const at = planSignalledCheck(charge, now)
    charge.last_signal_at = now
    charge.last_signal = deed
    charge.next_check_at = at ?? charge.next_check_at
    if (at && charge.status === "expired") {
      charge.late_signals++
    }
    this.keep_(charge)
    return true
  }

  /** One round, as `planRound` makes it of the same parts. */
  protected plan_(now: Date): void {
    const { limit, lists } = this.rules_
    const budget = budgetOf(this.quota_, limit, now)
    const charges = [...this.charges_.values()]
    const planned = plan({
      charges: withCallsUnderWay(charges, lists),
      budget,
      lists,
      shop: this.memory_.asOf(now),
      now,
    })
    const looks = withRiders(planned.looks, { budget, lists }, now)
    const free = new Set(charges.map(({ id }) => id))
    const asked = chargesToAsk(looks, free, now)
    for (const { id, at } of changedMoments(charges, looks, asked, now)) {
      const charge = this.charge_(id)
      charge.next_check_at = at
      this.keep_(charge)
    }
    this.ask_(asked, now)
  }

  protected ask_(asked: RoundClaim[], now: Date): void {
    for (const { id, reason } of asked) {
      const charge = this.charge_(id)
      charge.is_leased = true
      charge.check_reason = reason
    }
    const ids = asked.map(({ id }) => Number(id))
    if (ids.length === 0) {
      return
    }
    if (this.rules_.lists) {
      this.send_(ids, { left: 1, waiting: [], stopped: false }, now)
    } else {
      this.askWave_(ids, now)
    }
  }

  protected askWave_(ids: number[], now: Date): void {
    const wave: Wave = {
      left: Math.min(WAVE, ids.length),
      waiting: ids.slice(WAVE),
      stopped: false,
    }
    for (const id of ids.slice(0, WAVE)) {
      if (!this.send_([id], wave, now)) {
        this.endOne_(wave, now)
      }
    }
  }

  protected endOne_(wave: Wave, now: Date): void {
    wave.left--
    if (wave.left > 0 || wave.waiting.length === 0) {
      return
    }
    if (wave.stopped) {
      this.release_(wave.waiting, now)
    } else {
      this.askWave_(wave.waiting, now)
    }
  }

  /** As the gate: counted before it leaves, and not sent when the quota says so. */
  protected send_(ids: number[], wave: Wave, now: Date): boolean {
    const { limit } = this.rules_
    const isClosing = ids.some((id) => {
      const charge = this.charge_(id)
      return charge.check_reason !== "along" && closes(charge, now)
    })
    const purpose: CallPurpose = isClosing ? "closing" : "check"
    const leave = claim(this.quota_, limit, purpose, now)
    this.quota_ = leave.state
    if (!leave.granted) {
      wave.stopped = true
      this.run_.held++
      for (const id of ids) {
        const { reason, message, retryAfterMs } = leave
        this.apply_(
          id,
          {
            type: "not_asked",
            outcome: { type: "unknown", reason, message, retryAfterMs },
          },
          now,
          retryAfterMs
        )
      }
      return false
    }
    this.underWay_++
    const served = this.bank_.serves(now.getTime())
    this.queue_.push(now.getTime() + LATENCY_MS, {
      type: "answered",
      call: { askedAt: now, ids, ticket: leave.ticket, served, wave },
    })
    return true
  }

  protected answer_(call: Call, now: Date): void {
    const { ticket, served, askedAt, ids, wave } = call
    const news: QuotaNews = { type: served ? "served" : "refused" }
    if (!served || ticket.probe) {
      const before = this.quota_
      this.quota_ = hear(before, ticket, news, this.rules_.limit, now)
      if (before.spent_at !== null && this.quota_.spent_at === null) {
        this.wakeWaiting_(now)
      }
    }
    this.underWay_--
    for (const id of ids) {
      const outcome = served
        ? this.outcome_(id, askedAt.getTime() + LATENCY_MS / 2)
        : QUOTA_SPENT
      this.apply_(id, { type: "answered", outcome, askedAt }, now, 0)
    }
    wave.stopped ||= !served
    this.endOne_(wave, now)
  }

  protected outcome_(id: number, at: number): Outcome {
    const { recordedAt, paidAt } = this.visits_[id]
    if (recordedAt > at) {
      return { type: "not_found" }
    }
    return {
      type: "paid",
      transaction: {
        hash: id.toString(16).padStart(64, "0"),
        fromAccountId: "sok_dara@devb",
        toAccountId: ACCOUNT,
        currency: "USD",
        amount: "11",
        description: null,
        createdAt: paidAt,
        acknowledgedAt: recordedAt,
        trackingStatus: null,
        receiverBank: null,
        receiverBankAccount: null,
        instructionRef: null,
        externalRef: null,
      },
    }
  }

  /** As the books: the rules, then the time of the next look, sooner for a signal that came meanwhile. */
  protected apply_(
    id: number,
    event: AnswerEvent,
    now: Date,
    retryAfterMs: number
  ): void {
    const before = this.charge_(id)
    const charge = { ...transition(before, event, now).charge }
    charge.is_leased = false
    charge.signals_in_vain += wasSignalledInVain(before, event) ? 1 : 0
    const planned = planNextCheck(charge, now, retryAfterMs)?.at ?? null
    const isUnheard =
      event.type === "answered" &&
      charge.last_signal_at !== null &&
      charge.last_signal_at > event.askedAt
    charge.next_check_at =
      (isUnheard &&
        planSignalledCheck({ ...charge, next_check_at: planned }, now)) ||
      planned
    this.memory_.changed(charge)
    this.keep_(charge)
    if (hasMoney(charge)) {
      this.found_(charge, now)
    }
    if (charge.status === "expired" && before.status !== "expired") {
      this.run_.falseExpiries += this.visits_[id].paidAt < Infinity ? 1 : 0
    }
  }

  /** As the index of what is still to be looked at. */
  protected keep_(charge: SimCharge): void {
    const { visit } = charge
    this.charges_.delete(visit)
    this.resting_.delete(visit)
    if (charge.next_check_at !== null) {
      this.charges_.set(visit, charge)
    } else if (!hasMoney(charge)) {
      this.resting_.set(visit, charge)
    }
  }

  protected found_(charge: SimCharge, now: Date): void {
    if (this.run_.foundAt[charge.visit] !== Infinity) {
      throw new Error(`The payment of visit ${charge.visit} was found twice`)
    }
    this.run_.foundAt[charge.visit] = now.getTime()
  }

  protected release_(ids: number[], now: Date): void {
    for (const id of ids) {
      const charge = this.charge_(id)
      charge.is_leased = false
      charge.next_check_at = new Date(now.getTime() + NOT_ASKED_PAUSE_MS)
    }
  }

  /** What waits for the bank only because we may not ask: now we may. */
  protected wakeWaiting_(now: Date): void {
    for (const charge of this.charges_.values()) {
      const isWaiting =
        charge.status === "pending" ||
        charge.last_outcome === "unknown:quota_spent"
      if (isWaiting && charge.next_check_at! > now) {
        charge.next_check_at = now
      }
    }
  }

  /** The clock looks again when the next charge is to be looked at. */
  protected sleep_(now: Date): void {
    let at = Infinity
    for (const { next_check_at } of this.charges_.values()) {
      const due = next_check_at?.getTime() ?? Infinity
      if (due > now.getTime() && due < at) {
        at = due
      }
    }
    this.version_++
    if (at !== Infinity) {
      this.queue_.push(at, { type: "wake", version: this.version_ })
    }
  }

  protected charge_(id: string | number): SimCharge {
    const charge = this.charges_.get(Number(id))
    if (!charge) {
      throw new Error(`Charge ${id} is over`)
    }
    return charge
  }
}

const ACCOUNT = "lucky_shop@aclb"

const QUOTA_SPENT: Outcome = {
  type: "unknown",
  reason: "quota_spent",
  message: "The day's requests are used up",
}

function look(charge: SimCharge, now: Date): void {
  if (charge.watched_since === null || charge.unwatched_at !== null) {
    charge.watched_since = now
    charge.unwatched_at = null
  }
}

/** As in the books: the first question after a signal, and the money was not there. */
function wasSignalledInVain(
  { last_signal_at, last_checked_at }: SimCharge,
  event: AnswerEvent
): boolean {
  return (
    event.type === "answered" &&
    event.outcome.type === "not_found" &&
    last_signal_at !== null &&
    last_signal_at <= event.askedAt &&
    (last_checked_at === null || last_checked_at < last_signal_at)
  )
}

/** A "not found" now would end it. */
function closes(charge: SimCharge, now: Date): boolean {
  return closesAt(charge) <= now && charge.status === "pending"
}

function issued(visit: number, now: Date): SimCharge {
  return {
    id: String(visit),
    visit,
    status: "pending",
    review_reason: null,
    evidence: null,
    resolution: null,
    resolved_at: null,
    resolved_by: null,
    amount: "11",
    mode: "dynamic",
    currency_code: "usd",
    khqr_amount: "11",
    account_id: ACCOUNT,
    issued_at: now,
    expires_at: new Date(now.getTime() + LIVES_MS),
    superseded_at: null,
    cart_id: null,
    order_id: null,
    bank_hash: null,
    second_hash: null,
    payer_account: null,
    paid_amount: null,
    paid_currency: null,
    paid_to: null,
    paid_at: null,
    found_at: null,
    settled_at: null,
    next_settle_at: null,
    last_checked_at: null,
    last_outcome: null,
    checks: 0,
    unknowns: 0,
    unknown_since: null,
    settle_attempts: 0,
    lasting_settle_failures: 0,
    next_check_at: null,
    last_signal_at: null,
    last_signal: null,
    signals_in_vain: 0,
    watched_since: null,
    unwatched_at: null,
    is_leased: false,
    check_reason: null,
    late_signals: 0,
  }
}
