import fc from "fast-check"

import type { Outcome } from "../../../bakong"
import { planNextCheck, planSignalledCheck, SIGNAL_COOLDOWN_MS } from "../pace"
import { plan, type OpenCharge } from "../plan"
import { budgetOf, claim, freshQuota, type QuotaState } from "../quota"
import { chargesToAsk, changedMoments } from "../round"
import { closesAt, hasMoney, transition } from "../state"
import type { Charge, SignalKind } from "../types"
import { shop } from "./plan-world"
import {
  charge as charged,
  DAY,
  HOUR,
  later,
  MINUTE,
  NOT_FOUND,
  paid,
  SECOND,
  unknown,
} from "./world"

/** Six in the morning in Phnom Penh. */
const DAWN = new Date("2026-11-20T23:00:00Z")

type Shopper = {
  issuedAt: Date
  /** `null`: never. */
  paysAt: Date | null
  signals: { at: Date; kind: SignalKind }[]
}

type Row = OpenCharge & Omit<Charge, keyof OpenCharge>

/** Days of plans in which the bank answers at once. */
class Days {
  readonly rows = new Map<string, Row>()
  /** Questions by charge. */
  readonly askedAt = new Map<string, Date[]>()
  /** Moments of calls; a list is one. */
  readonly calls: Date[] = []
  refused = 0
  protected quota_: QuotaState
  protected shop_ = shop()
  protected shopReadAt_ = DAWN

  constructor(
    protected readonly shoppers_: Shopper[],
    protected readonly limit_: number,
    protected readonly lists_: boolean,
    /** Says whether the bank answers the n-th question. */
    protected readonly answers_: (n: number) => boolean
  ) {
    this.quota_ = freshQuota(DAWN)
  }

  run(until: Date): this {
    const events = this.shoppers_
      .flatMap(({ issuedAt, signals }, n) => [
        { at: issuedAt, n, kind: null },
        ...signals.map(({ at, kind }) => ({ at, n, kind })),
      ])
      .sort((a, b) => +a.at - +b.at)
    let now = DAWN
    while (now < until) {
      while (events[0] && events[0].at <= now) {
        const { n, kind } = events.shift()!
        if (kind) {
          this.signal_(n, kind, now)
        } else {
          this.issue_(n, now)
        }
      }
      const wakeAt = this.plan_(now)
      now = [wakeAt, events[0]?.at, until].reduce<Date>(
        (first, at) => (at && at < first ? at : first),
        until
      )
    }
    return this
  }

  /** What the plan would still look at. */
  looks(now: Date): string[] {
    return this.planned_(now).looks.map(({ id }) => id)
  }

  protected issue_(n: number, now: Date): void {
    const id = `khqr_${n}`
    const fresh = {
      ...charged({
        id,
        issued_at: now,
        expires_at: later(now, 10 * MINUTE),
      }),
      next_check_at: now,
      last_signal: null,
      is_leased: false,
    }
    this.rows.set(id, fresh)
  }

  protected signal_(n: number, last_signal: SignalKind, now: Date): void {
    const row = this.rows.get(`khqr_${n}`)!
    const at = planSignalledCheck(row, now)
    this.rows.set(row.id, {
      ...row,
      last_signal,
      last_signal_at: now,
      next_check_at: at ?? row.next_check_at,
    })
  }

  protected planned_(now: Date) {
    // Read anew now and then, as the shop's past is.
    if (+now - +this.shopReadAt_ > HOUR) {
      this.shop_ = shop()
      this.shopReadAt_ = now
    }
    return plan({
      charges: this.open_(),
      budget: budgetOf(this.quota_, this.limit_, now),
      lists: this.lists_,
      shop: this.shop_,
      now,
    })
  }

  protected open_(): Row[] {
    return [...this.rows.values()].filter(
      ({ next_check_at }) => next_check_at !== null
    )
  }

  /** @returns when to plan again */
  protected plan_(now: Date): Date | null {
    const { looks, wakeAt } = this.planned_(now)
    const charges = this.open_()
    const free = new Set(charges.map(({ id }) => id))
    const asked = chargesToAsk(looks, free, now)
    for (const { id, at } of changedMoments(charges, looks, asked, now)) {
      this.rows.set(id, { ...this.rows.get(id)!, next_check_at: at })
    }
    asked.forEach(({ id }, n) => this.ask_(id, n === 0 || !this.lists_, now))
    return asked.length > 0 ? later(now, SECOND) : wakeAt
  }

  protected ask_(id: string, isCall: boolean, now: Date): void {
    if (isCall) {
      const { granted, state } = claim(this.quota_, this.limit_, "check", now)
      this.quota_ = state
      this.refused += granted ? 0 : 1
      this.calls.push(now)
    }
    this.askedAt.set(id, [...(this.askedAt.get(id) ?? []), now])
    const row = this.rows.get(id)!
    const outcome = this.outcome_(row, now)
    const { charge } = transition(
      row,
      { type: "answered", outcome, askedAt: now },
      now
    )
    const next_check_at = planNextCheck({ ...row, ...charge }, now)?.at ?? null
    this.rows.set(id, { ...row, ...charge, next_check_at })
  }

  protected outcome_({ id }: Row, now: Date): Outcome {
    const { paysAt } = this.shoppers_[Number(id.slice("khqr_".length))]
    if (!this.answers_(this.calls.length)) {
      return unknown()
    }
    return paysAt && paysAt <= now
      ? paid({ hash: id.padEnd(64, "0"), createdAt: +paysAt })
      : NOT_FOUND
  }
}

const anyShopper = fc
  .record({
    issuedAfter: fc.integer({ min: 0, max: 16 * HOUR }),
    paysAfter: fc.option(fc.integer({ min: 5_000, max: 9 * MINUTE }), {
      freq: 4,
    }),
    tellsAfter: fc.option(fc.integer({ min: 0, max: MINUTE }), { freq: 4 }),
    inVainAfter: fc.option(fc.integer({ min: 0, max: 10 * MINUTE })),
    kind: fc.constantFrom<SignalKind>("returned", "claims_paid", "announced"),
  })
  .map((says): Shopper => {
    const issuedAt = later(DAWN, says.issuedAfter)
    const paysAt =
      says.paysAfter === null ? null : later(issuedAt, says.paysAfter)
    const told =
      paysAt && says.tellsAfter !== null
        ? [{ at: later(paysAt, says.tellsAfter), kind: says.kind }]
        : []
    const inVain =
      says.inVainAfter === null
        ? []
        : [{ at: later(issuedAt, says.inVainAfter), kind: says.kind }]
    return { issuedAt, paysAt, signals: [...told, ...inVain] }
  })

const anyDay = fc.record({
  shoppers: fc.array(anyShopper, { minLength: 1, maxLength: 40 }),
  limit: fc.integer({ min: 3, max: 100 }),
  lists: fc.boolean(),
  /** One in so many questions gets no answer that counts. */
  silentEach: fc.integer({ min: 3, max: 60 }),
})

const daysOf = (
  {
    shoppers,
    limit,
    lists,
    silentEach,
  }: typeof anyDay extends fc.Arbitrary<infer T> ? T : never,
  until: Date
) => new Days(shoppers, limit, lists, (n) => n % silentEach !== 0).run(until)

/** The bank's day begins at one of the two midnights. */
const countsByDay = (calls: Date[], offset: number) =>
  calls.reduce((counts, at) => {
    const day = Math.floor((+at + offset) / DAY)
    return counts.set(day, (counts.get(day) ?? 0) + 1)
  }, new Map<number, number>())

describe("Days of shoppers who pay or do not, where calls are counted", () => {
  it("lose nobody: each charge was asked about after its time, or will be", () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const end = later(DAWN, 18 * HOUR)
        const days = daysOf(day, end)
        const looks = new Set(days.looks(end))
        for (const row of days.rows.values()) {
          const asked = days.askedAt.get(row.id) ?? []
          const isClosed = asked.some((at) => at >= closesAt(row))
          expect(hasMoney(row) || isClosed || looks.has(row.id)).toBe(true)
        }
      }),
      { numRuns: 30 }
    )
  })

  // Not so with fewer calls than the shop expects to need each day: closings that seldom find money then wait on.
  it("end within three where calls suffice: each that was paid is found, and no other is", () => {
    const enough = fc.integer({ min: 90, max: 120 })
    fc.assert(
      fc.property(anyDay, enough, (day, limit) => {
        const days = daysOf({ ...day, limit }, later(DAWN, 3 * DAY))
        day.shoppers.forEach(({ paysAt }, n) => {
          const row = days.rows.get(`khqr_${n}`)!
          expect(row.status).toBe(paysAt ? "paid" : "expired")
        })
      }),
      { numRuns: 20 }
    )
  })

  it("never ask for more than there is, whenever the bank's day begins", () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const { calls, refused } = daysOf(day, later(DAWN, 2 * DAY))
        expect(refused).toBe(0)
        for (const offset of [0, 7 * HOUR]) {
          for (const count of countsByDay(calls, offset).values()) {
            expect(count).toBeLessThan(day.limit)
          }
        }
      }),
      { numRuns: 20 }
    )
  })

  it("ask nobody twice within the cool-down, and about nobody who has paid", () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const days = daysOf(day, later(DAWN, 18 * HOUR))
        for (const [id, asked] of days.askedAt) {
          const gaps = asked.slice(1).map((at, n) => +at - +asked[n])
          expect(Math.min(Infinity, ...gaps)).toBeGreaterThanOrEqual(
            SIGNAL_COOLDOWN_MS
          )
          const { found_at } = days.rows.get(id)!
          expect(asked.filter((at) => found_at && at > found_at)).toEqual([])
        }
      }),
      { numRuns: 20 }
    )
  })
})
