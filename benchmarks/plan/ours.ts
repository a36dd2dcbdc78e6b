/**
 * Our own way of asking: the real plan, quota and state machine on a virtual clock. What is
 * simulated is what surrounds them: the rows in memory instead of PostgreSQL, the bank, and
 * the shoppers' pages.
 */
import type { Outcome, Unknown } from "../../src/bakong"
import { purposeOf, stopsAsking } from "../../src/gateways/waves"
import { effectOf } from "../../src/modules/khqr/books"
import { draftCharge } from "../../src/modules/khqr/draft"
import { planSignalledCheck } from "../../src/modules/khqr/pace"
import {
  plan,
  type Budget,
  type CheckReason,
} from "../../src/modules/khqr/plan"
import { toQuestion } from "../../src/modules/khqr/question"
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
  chargesLeftOut,
  chargesToAsk,
  chargesToTell,
  CHECKS_AT_ONCE,
  withCallsUnderWay,
  withRiders,
  type RoundClaim,
} from "../../src/modules/khqr/round"
import {
  isSignalKept,
  signalToKeep,
  soonestAfterSignal,
} from "../../src/modules/khqr/signals"
import { hasMoney, type ChargeEvent } from "../../src/modules/khqr/state"
import type { Charge, SignalKind } from "../../src/modules/khqr/types"
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

/** A shopper's signals are heard so often; one of another system always. */
const SIGNALS_HEARD_EACH_MS = 1_000

/** A charge's row. `is_leased` stands for its `leased_until`. */
export type SimCharge = Charge & {
  visit: number
  is_leased: boolean
  last_signal: SignalKind | null
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
    this.charges_.set(visit, charge)
    this.memory_.changed(charge)
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
        leave(charge, now)
        return true
      case "opens":
        look(charge, now)
        return true
      case "returned":
        look(charge, now)
        this.signal_(charge, deed, now)
        return true
      case "claims_paid":
      case "announced":
        return this.signal_(charge, deed, now)
    }
  }

  /**
   * As `hearSignal_` of the ledger writes it.
   * @returns whether the clock is woken
   */
  protected signal_(charge: SimCharge, kind: SignalKind, now: Date): boolean {
    const at = soonestAfterSignal(charge, now)
    const { next_check_at: before, last_signal_at } = charge
    const isTooSoon =
      kind !== "announced" &&
      last_signal_at !== null &&
      last_signal_at.getTime() > now.getTime() - SIGNALS_HEARD_EACH_MS
    if ((at === null && !isSignalKept(charge, now)) || isTooSoon) {
      return false
    }
    const isSooner = planSignalledCheck(charge, now) !== null
    charge.late_signals += charge.status === "expired" && isSooner ? 1 : 0
    charge.last_signal = signalToKeep(charge, kind)
    charge.last_signal_at = now
    charge.next_check_at =
      at !== null && before !== null && before < at
        ? new Date(before.getTime() - 1)
        : (at ?? before)
    this.keep_(charge)
    return at !== null && at <= now
  }

  /** One round, as `planRound` makes it of the same parts. */
  protected plan_(now: Date): void {
    const { limit, lists } = this.rules_
    const budget = budgetOf(this.quota_, limit, now)
    const charges = this.read_(budget, now)
    const planned = plan({
      charges: withCallsUnderWay(charges, lists),
      budget,
      lists,
      shop: this.memory_.asOf(now),
      now,
    })
    const looks = withRiders(planned.looks, { budget, lists }, now)
    const free = new Set(charges.map(({ id }) => id))
    const asked = [
      ...chargesToAsk(looks, free, now),
      ...chargesToTell(charges, budget, now),
      ...chargesLeftOut(charges, looks, now),
    ].slice(0, CHECKS_AT_ONCE)
    for (const { id, at } of changedMoments(charges, looks, asked, now)) {
      const charge = this.charge_(id)
      charge.next_check_at = at
      this.keep_(charge)
    }
    this.ask_(asked, now)
  }

  /** As `readCharges` of the round: the soonest first, and where nothing is counted no more than are asked. */
  protected read_({ windows }: Budget, now: Date): SimCharge[] {
    const soonestFirst = [...this.charges_.values()].sort(
      (a, b) => momentOf(a) - momentOf(b)
    )
    if (windows.length > 0) {
      return soonestFirst
    }
    const wanted = this.rules_.lists
      ? soonestFirst
      : soonestFirst.filter((charge) => momentOf(charge) <= now.getTime())
    return wanted.slice(0, CHECKS_AT_ONCE)
  }

  protected ask_(claims: RoundClaim[], now: Date): void {
    for (const { id, reason } of claims) {
      const charge = this.charge_(id)
      charge.is_leased = true
      charge.check_reason = reason
    }
    const [short, asked] = partition(claims, ({ reason }) => reason === "short")
    for (const { id } of short) {
      const event = { type: "not_asked" as const, outcome: QUOTA_SPENT }
      this.apply_(Number(id), event, now)
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
    const questions = ids.map((id) => {
      const charge = this.charge_(id)
      return { ...toQuestion(charge, now), rides: rides(charge) }
    })
    const purpose = purposeOf(questions, "check")
    const leave = claim(this.quota_, limit, purpose, now)
    this.quota_ = leave.state
    if (!leave.granted) {
      wave.stopped = true
      this.run_.held++
      const { reason, message, retryAfterMs } = leave
      const outcome = {
        type: "unknown" as const,
        reason,
        message,
        retryAfterMs,
      }
      for (const id of this.withoutRiders_(ids)) {
        this.apply_(id, { type: "not_asked", outcome }, now)
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
    for (const id of served ? ids : this.withoutRiders_(ids)) {
      const outcome = served
        ? this.outcome_(id, askedAt.getTime() + LATENCY_MS / 2)
        : QUOTA_SPENT
      this.apply_(id, { type: "answered", outcome, askedAt }, now)
    }
    wave.stopped ||= !served && stopsAsking({ outcome: QUOTA_SPENT })
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
        amount: AMOUNT,
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

  /** Silence tells nothing of those that went along: they are given back as they were. */
  protected withoutRiders_(ids: number[]): number[] {
    const [along, asked] = partition(ids, (id) => rides(this.charge_(id)))
    for (const id of along) {
      this.charge_(id).is_leased = false
    }
    return asked
  }

  protected apply_(id: number, event: AnswerEvent, now: Date): void {
    const before = this.charge_(id)
    const { changes } = effectOf(before, event, now)
    const charge = { ...before, ...changes, is_leased: false } as SimCharge
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
const AMOUNT = "11"

const QUOTA_SPENT: Unknown = {
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

/** As the hub writes that nobody looks any more. */
function leave(charge: SimCharge, now: Date): void {
  if (charge.watched_since !== null && charge.unwatched_at === null) {
    charge.unwatched_at = now
  }
}

function rides({ check_reason }: SimCharge): boolean {
  return check_reason === "along"
}

function momentOf({ next_check_at }: SimCharge): number {
  return next_check_at!.getTime()
}

function partition<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))]
}

/** As it stands in the ledger; nobody scans its KHQR. */
function issued(visit: number, now: Date): SimCharge {
  const reference = String(visit)
  const expires_at = new Date(now.getTime() + LIVES_MS)
  const charge = draftCharge(
    {
      payment_session_id: reference,
      amount: AMOUNT,
      currency_code: "usd",
    },
    { reference, currency: "USD", amount: AMOUNT, expiresAt: expires_at },
    {
      mode: "dynamic",
      reference,
      qr: "",
      md5: "",
      account_id: ACCOUNT,
      expires_at,
      gateway_ref: null,
      deeplink: null,
    },
    now
  )
  return {
    ...charge,
    id: reference,
    visit,
    is_leased: false,
    last_signal: null,
    check_reason: null,
  }
}
