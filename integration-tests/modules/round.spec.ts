import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { ModulesSdkUtils } from "@medusajs/framework/utils"

import type { Outcome } from "../../src/bakong"
import { Clock } from "../../src/clock/clock"
import type { CheckResult } from "../../src/gateways"
import { QuotaBook } from "../../src/modules/khqr/bank/quota-book"
import { findDueWork } from "../../src/modules/khqr/claims"
import { databaseOf, type Database } from "../../src/modules/khqr/database"
import { TAKE_THE_PLAN } from "../../src/modules/khqr/locks"
import { budgetOf } from "../../src/modules/khqr/quota"
import {
  planRound,
  READ_DUE,
  READ_OPEN,
  type Meter,
} from "../../src/modules/khqr/round"
import {
  READ_ARRIVALS,
  READ_PAST,
  ShopHistoryReader,
} from "../../src/modules/khqr/shop-history"
import { closesAt } from "../../src/modules/khqr/state"
import type { Charge } from "../../src/modules/khqr/types"
import { onKhqrModule } from "./world"

const LIMIT = 100
const SECOND = 1_000
const HOUR = 3_600 * SECOND

jest.setTimeout(120_000)

onKhqrModule(({ service, dbConfig }) => {
  let pools: Knex[]
  let sessions = 0

  beforeEach(() => {
    // Of two processes.
    pools = [1, 2].map(
      () =>
        ModulesSdkUtils.createPgConnection({
          clientUrl: dbConfig.clientUrl,
          driverOptions: { ssl: false, connection: { ssl: false } },
        } as never) as unknown as Knex
    )
  })
  afterEach(() => Promise.all(pools.map((pool) => pool.destroy())))

  const database = (process = 0): Database => databaseOf(pools[process])

  const issue = (): Promise<Charge> =>
    service.issueCharge(
      {
        payment_session_id: `payses_${sessions++}`,
        amount: "11",
        currency_code: "usd",
      },
      "medusa"
    )
  const issueMany = (count: number) =>
    Promise.all(Array.from({ length: count }, issue))

  /** Each was signalled for just now, after a question a minute ago. */
  const signalFor = (charges: Charge[]) =>
    service.updateKhqrCharges(
      charges.map(({ id }) => ({
        id,
        last_checked_at: new Date(Date.now() - 60 * SECOND),
        last_signal_at: new Date(Date.now() - 1),
        last_signal: "claims_paid",
        next_check_at: new Date(Date.now() - 1),
      }))
    )

  const nextCheck = async ({ id }: Charge) =>
    (await service.retrieveKhqrCharge(id)).next_check_at!.getTime()

  /** As the shop's, by a quota of its own. */
  const counted =
    (own: Database, lists = false): Meter =>
    async (now, sql) => ({
      budget: budgetOf(
        await new QuotaBook(own).read("token", now, sql),
        LIMIT,
        now
      ),
      lists,
    })

  const free =
    (lists: boolean): Meter =>
    async () => ({
      budget: { windows: [], closedUntil: null, isProbe: false },
      lists,
    })

  const spend = async (calls: number) => {
    const book = new QuotaBook(database())
    for (let call = 0; call < calls; call++) {
      await book.claim("token", LIMIT, "check", new Date())
    }
  }

  const round = (meter: Meter, own = database(), now = new Date()) =>
    planRound({
      database: own,
      meter,
      shop: (at) => new ShopHistoryReader(own).read(at),
      leaseMs: 20 * SECOND,
      now,
    })

  describe("two processes that plan at once", () => {
    it("ask about no charge twice, and spend no more than is left", async () => {
      await signalFor(await issueMany(30))
      await spend(LIMIT - 6)

      const claimed = await Promise.all(
        Array.from({ length: 10 }, (_, n) => {
          const own = database(n % 2)
          return round(counted(own), own)
        })
      )
      // That the calls do not reach for the others is put on record, and costs none.
      const asked = (claims: { id: string; reason: string }[]) =>
        claims.filter(({ reason }) => reason !== "short").map(({ id }) => id)
      const ids = asked(claimed.flat())

      expect(ids.length).toBeGreaterThan(0)
      expect(ids.length).toBeLessThanOrEqual(6)
      expect(new Set(claimed.flat().map(({ id }) => id)).size).toBe(
        claimed.flat().length
      )

      // Nor in the rounds that follow while the first are still asking.
      for (let again = 0; again < 4; again++) {
        const own = database(again % 2)
        ids.push(...asked(await round(counted(own), own)))
      }
      expect(ids.length).toBeLessThanOrEqual(6)
      expect(new Set(ids).size).toBe(ids.length)
    })

    it("take all that is due where nothing is counted, each charge once", async () => {
      const charges = await issueMany(60)
      await signalFor(charges)
      const ids: string[] = []
      // Who finds the other at it goes without and comes again.
      for (let turn = 0; turn < 20 && ids.length < 60; turn++) {
        const claimed = await Promise.all(
          [0, 1].map((n) => round(free(false), database(n)))
        )
        ids.push(...claimed.flat().map(({ id }) => id))
      }
      expect(new Set(ids)).toEqual(new Set(charges.map(({ id }) => id)))
      expect(ids).toHaveLength(60)
    })

    it("do not wait for each other", async () => {
      await signalFor([await issue()])
      await pools[0].transaction(async (trx) => {
        await trx.raw(TAKE_THE_PLAN)
        expect(await round(free(false), database(1))).toEqual([])
      })
      expect(await round(free(false), database(1))).toHaveLength(1)
    })
  })

  describe("a round", () => {
    it("claims what it asks about, and says why", async () => {
      const [signalled, other] = await issueMany(2)
      await signalFor([signalled])
      expect(await round(free(false))).toEqual([
        { id: signalled.id, reason: "signal" },
      ])
      const claimed = await service.retrieveKhqrCharge(signalled.id)
      expect(claimed.check_reason).toBe("signal")
      expect(claimed.leased_until!.getTime()).toBeGreaterThan(Date.now())
      expect((await service.retrieveKhqrCharge(other.id)).leased_until).toBe(
        null
      )
    })

    it("gives the charges themselves, the most useful first", async () => {
      const charges = await issueMany(3)
      for (const [n, { id }] of charges.entries()) {
        await service.updateKhqrCharges({
          id,
          next_check_at: new Date(3_000 - n),
        })
      }
      const planned = await service.planRound()
      expect(planned.map(({ charge }) => charge.id)).toEqual(
        charges.map(({ id }) => id).reverse()
      )
      expect(planned[0].charge.qr).toBe(charges[2].qr)
      service.giveUp(charges.map(({ id }) => id))
    })

    it("looks at all that is open where calls are counted: nothing sleeps through its closing", async () => {
      const [due, far] = await issueMany(2)
      await signalFor([due])
      await service.updateKhqrCharges({
        id: far.id,
        next_check_at: new Date(Date.now() + 5 * HOUR),
      })
      const before = await nextCheck(far)
      await round(counted(database()))
      expect(await nextCheck(far)).toBeLessThan(before)
      expect(await nextCheck(far)).toBeLessThanOrEqual(
        closesAt(far).getTime() + 60 * SECOND
      )
    })

    it("leaves alone what is not due where nothing is counted", async () => {
      const [due, far] = await issueMany(2)
      await signalFor([due])
      await service.updateKhqrCharges({
        id: far.id,
        next_check_at: new Date(Date.now() + 5 * HOUR),
      })
      const before = await nextCheck(far)
      const queries: string[] = []
      pools[0].on("query", ({ sql }: { sql: string }) => queries.push(sql))
      for (const lists of [false, true]) {
        await round(free(lists))
        expect(await nextCheck(far)).toBe(before)
      }
      // The shop's past tells nothing that is needed then.
      expect(queries.filter((sql) => sql.includes("issued_at > "))).toEqual([])
    })

    it("puts off what may not be asked about yet, so that no tick finds it due", async () => {
      const charges = await issueMany(5)
      await signalFor(charges)
      // Their pages say it already.
      await service.updateKhqrCharges(
        charges.map(({ id }) => ({ id, unknowns: 2 }))
      )
      const until = new Date(Date.now() + HOUR)
      const paused: Meter = async () => ({
        budget: {
          windows: [{ left: 50, endsAt: until }],
          closedUntil: until,
          isProbe: false,
        },
        lists: false,
      })
      expect((await service.hasDueWork()).checks).toBe(true)
      expect(await round(paused)).toEqual([])
      const due = await service.hasDueWork()
      expect(due.checks).toBe(false)
      expect(due.nextCheckAt).toEqual(until)
    })

    it("takes others along in a list that leaves anyway, and leaves their moment to them when it does not", async () => {
      const [due, soon, far] = await issueMany(3)
      const at = new Date(Date.now() + SECOND)
      await service.updateKhqrCharges([
        { id: due.id, next_check_at: new Date(Date.now() - 1) },
        { id: soon.id, next_check_at: at },
        { id: far.id, next_check_at: new Date(Date.now() + HOUR) },
      ])
      expect(await round(free(true))).toMatchObject([
        { id: due.id },
        { id: soon.id, reason: "along" },
      ])
      await service.releaseRiders([soon.id])
      expect(await service.retrieveKhqrCharge(soon.id)).toMatchObject({
        leased_until: null,
        next_check_at: at,
      })
    })

    it("does not put off a signal that comes while it plans", async () => {
      const [charge] = await issueMany(1)
      const signalled = new Date(Date.now() + 7 * SECOND)
      await service.updateKhqrCharges({
        id: charge.id,
        unknowns: 2,
        next_check_at: new Date(Date.now() - SECOND),
      })
      const until = new Date(Date.now() + HOUR)
      const own = database()
      let came = false
      const interrupted: Database = {
        ...own,
        transaction: (work) =>
          own.transaction((sql) =>
            work(async (query, values) => {
              if (query.includes("moved") && !came) {
                came = true
                await service.updateKhqrCharges({
                  id: charge.id,
                  next_check_at: signalled,
                })
              }
              return sql(query, values)
            })
          ),
      }
      await round(
        async () => ({
          budget: {
            windows: [{ left: 50, endsAt: until }],
            closedUntil: until,
            isProbe: false,
          },
          lists: false,
        }),
        interrupted
      )
      expect(came).toBe(true)
      expect(await nextCheck(charge)).toBe(signalled.getTime())
    })

    it("does not put off a charge that is due and signalled for while it plans", async () => {
      const charge = await issue()
      await service.updateKhqrCharges({
        id: charge.id,
        // Its page says it already.
        unknowns: 2,
        last_outcome: "unknown:quota_spent",
        next_check_at: new Date(Date.now() - SECOND),
      })
      const until = new Date(Date.now() + HOUR)
      const own = database()
      let came = false
      const interrupted: Database = {
        ...own,
        transaction: (work) =>
          own.transaction((sql) =>
            work(async (query, values) => {
              if (query.includes("moved") && !came) {
                came = true
                await service.signal(charge.payment_session_id, "claims_paid")
              }
              return sql(query, values)
            })
          ),
      }
      await round(
        async () => ({
          budget: {
            windows: [{ left: 50, endsAt: until }],
            closedUntil: until,
            isProbe: false,
          },
          lists: false,
        }),
        interrupted
      )
      expect(came).toBe(true)
      expect(await nextCheck(charge)).toBeLessThan(Date.now())
    })

    it("lets go of one about which the bank can add nothing", async () => {
      const charge = await issue()
      await service.updateKhqrCharges({
        id: charge.id,
        mode: "static",
        next_check_at: new Date(0),
      })
      expect(await round(free(false))).toEqual([])
      expect((await service.retrieveKhqrCharge(charge.id)).next_check_at).toBe(
        null
      )
    })
  })

  describe("an idle shop", () => {
    it("costs one query a tick, however much is waiting", async () => {
      await issueMany(3)
      await service.updateKhqrCharges({
        selector: {},
        data: { next_check_at: new Date(Date.now() + HOUR) },
      })
      const queries: string[] = []
      pools[0].on("query", ({ sql }: { sql: string }) => queries.push(sql))
      const clock = new Clock({
        resolve: () => ({
          hasDueWork: () => findDueWork(database(), new Date()),
        }),
      } as never)
      await clock.tick()
      await clock.tick()
      await clock.stop()
      expect(queries).toHaveLength(2)
    })
  })

  describe("the statements of a tick", () => {
    /** As one that was issued, and is long over. */
    const OLD_CHARGES = `INSERT INTO khqr_charge
      SELECT (jsonb_populate_record(charge, jsonb_build_object(
        'id', 'old' || n, 'reference', 'OLD' || n, 'md5', 'old' || n, 'payment_session_id', 'old' || n,
        'status', 'expired', 'next_check_at', NULL,
        'issued_at', now() - make_interval(days => 90, mins => n)
      ))).* FROM khqr_charge charge, generate_series(1, 20000) n`

    const dueStatement = async (): Promise<[string, unknown[]]> => {
      const asked: [string, unknown[]][] = []
      const sql = async (query: string, values: unknown[] = []) => {
        asked.push([query, values])
        return [{}]
      }
      await findDueWork({ sql } as never, new Date())
      return asked[0]
    }

    it("read no charge of the past but those they are about, however many there are", async () => {
      await issueMany(3)
      await issue().then(({ id }) =>
        pools[0].raw(`${OLD_CHARGES} WHERE charge.id = ?`, [id])
      )
      await pools[0].raw("ANALYZE khqr_charge")
      const [due, dueValues] = await dueStatement()
      const daysAgo = (days: number) => new Date(Date.now() - days * 24 * HOUR)
      for (const [statement, values] of [
        [due, dueValues],
        [READ_OPEN, [10_000]],
        [READ_DUE, [new Date(), 50]],
        [READ_PAST, [daysAgo(60)]],
        [READ_ARRIVALS, [daysAgo(28)]],
      ] as [string, unknown[]][]) {
        const { rows } = await pools[0].raw(
          `EXPLAIN (ANALYZE, FORMAT JSON) ${statement}`,
          values as never
        )
        const plan = JSON.stringify(rows[0]["QUERY PLAN"])
        const read = [
          ...plan.matchAll(
            /"(?:Actual Rows|Rows Removed by Filter)":([\d.]+)/g
          ),
        ].map(([, count]) => Number(count))
        expect(Math.max(...read)).toBeLessThanOrEqual(4)
        // The refunds, of which there are none, are read as they come.
        expect(plan).not.toMatch(
          /"Node Type":"Seq Scan"[^{]*"Relation Name":"khqr_charge"/
        )
      }
    })
  })

  describe("the shop's past", () => {
    /** A charge of the same session that was issued half a minute before, and let go of. */
    const LET_GO_OF = `INSERT INTO khqr_charge
      SELECT (jsonb_populate_record(charge, jsonb_build_object(
        'id', 'old' || id, 'reference', 'OLD' || reference, 'md5', 'old' || md5,
        'status', 'expired', 'bank_hash', NULL, 'paid_at', NULL,
        'issued_at', issued_at - interval '30 seconds', 'superseded_at', issued_at
      ))).* FROM khqr_charge charge`

    /** Read anew. */
    const history = () => new ShopHistoryReader(database()).read(new Date())

    it("is of shoppers: what they let go of before counts only where it was paid", async () => {
      const charges = await issueMany(20)
      const issuedAt = (n: number) => Date.now() - 3 * HOUR - n * 60 * SECOND
      await service.updateKhqrCharges(
        charges.map(({ id }, n) => ({
          id,
          issued_at: new Date(issuedAt(n)),
          expires_at: new Date(issuedAt(n) + 600 * SECOND),
          next_check_at: null,
          ...(n % 4
            ? {
                status: "completed" as const,
                bank_hash: `hash${n}`,
                paid_at: new Date(issuedAt(n) + 40 * SECOND),
              }
            : { status: "expired" as const }),
        }))
      )
      const withOne = await history()
      const arrived = (of: typeof withOne) =>
        of.arrivals.reduce((sum, hour) => sum + hour.charges, 0)
      expect(withOne).toMatchObject({ issued: 20, paid: 15 })
      expect(arrived(withOne)).toBe(20)

      await pools[0].raw(LET_GO_OF)
      expect(await history()).toEqual(withOne)

      for (const [n, status] of (["paid", "completed"] as const).entries()) {
        await service.updateKhqrCharges({
          // Of those whose shown charge was not paid.
          id: `old${charges[4 * n].id}`,
          status,
          bank_hash: `late${n}`,
          paid_at: new Date(issuedAt(4 * n)),
        })
      }
      const withPaid = await history()
      expect(withPaid).toMatchObject({ issued: 22, paid: 17 })
      expect(arrived(withPaid)).toBe(22)
    })
  })

  describe("a bank that speaks again", () => {
    it("is asked at once about all whom it told nothing, and not about those that nobody asks about", async () => {
      const [a, b, over] = await issueMany(3)
      const far = new Date(Date.now() + HOUR)
      const silent = {
        last_outcome: "unknown:unavailable",
        unknowns: 5,
        unknown_since: new Date(0),
        next_check_at: far,
      }
      await service.updateKhqrCharges([
        { id: a.id, ...silent },
        { id: b.id, ...silent },
        { id: over.id, ...silent, next_check_at: null },
      ])
      const answered = (charge: Charge, outcome: Outcome) => ({
        charge_id: charge.id,
        outcome,
        call: {
          endpoint: "check_transaction_by_md5",
          requestId: "r1",
          sent: true,
          httpStatus: 200,
          responseCode: 1,
          errorCode: 1,
          message: "",
          durationMs: 1,
          askedAt: Date.now(),
          serverTime: null,
        },
      })
      await service.recordAnswers([answered(a, { type: "not_found" })])
      const woken = await service.retrieveKhqrCharge(b.id)
      expect(woken.next_check_at!.getTime()).toBeLessThanOrEqual(Date.now())
      // Since when nothing is known of it stays on record.
      expect(woken).toMatchObject({ unknowns: 0, unknown_since: new Date(0) })
      expect(await service.retrieveKhqrCharge(over.id)).toMatchObject({
        next_check_at: null,
      })
    })
  })

  describe("a signal in vain", () => {
    const notFound = (charge: Charge, askedAt: Date): CheckResult => ({
      charge_id: charge.id,
      outcome: { type: "not_found" } satisfies Outcome,
      call: {
        endpoint: "check_transaction_by_md5",
        requestId: "r1",
        sent: true,
        httpStatus: 200,
        responseCode: 1,
        errorCode: 1,
        message: "",
        durationMs: 1,
        askedAt: askedAt.getTime(),
        serverTime: null,
      },
    })
    const inVain = async ({ id }: Charge) =>
      (await service.retrieveKhqrCharge(id)).signals_in_vain

    it("is counted once, by the first question that was asked after it", async () => {
      const charge = await issue()
      const at = (seconds: number) =>
        new Date(charge.issued_at.getTime() + seconds * SECOND)
      await service.updateKhqrCharges({ id: charge.id, last_signal_at: at(5) })

      // It had left before the signal came.
      await service.recordAnswers([notFound(charge, at(4))])
      expect(await inVain(charge)).toBe(0)
      await service.recordAnswers([notFound(charge, at(8))])
      expect(await inVain(charge)).toBe(1)
      await service.recordAnswers([notFound(charge, at(11))])
      expect(await inVain(charge)).toBe(1)

      await service.updateKhqrCharges({ id: charge.id, last_signal_at: at(20) })
      await service.recordAnswers([notFound(charge, at(20))])
      expect(await inVain(charge)).toBe(2)
    })

    it("is none where the bank said nothing", async () => {
      const charge = await issue()
      await service.updateKhqrCharges({
        id: charge.id,
        last_signal_at: charge.issued_at,
      })
      const answer = notFound(charge, new Date())
      await service.recordAnswers([
        {
          ...answer,
          outcome: { type: "unknown", reason: "unavailable", message: "" },
        },
      ])
      expect(await inVain(charge)).toBe(0)
    })
  })
})
