import { ModulesSdkUtils } from "@medusajs/framework/utils"

import type { BakongTransaction, Outcome } from "../../src/bakong"
import type { CheckResult } from "../../src/gateways"
import { KEEP_PROOF, LOCK_SESSION } from "../../src/modules/khqr/books"
import {
  MOST_LATE_SIGNALS,
  SIGNAL_COOLDOWN_MS,
} from "../../src/modules/khqr/pace"
import type { Charge } from "../../src/modules/khqr/types"
import { ACCOUNT, onKhqrModule } from "./world"

onKhqrModule(({ service, dbConfig }) => {
  let sessions = 0

  const issue = (
    payment_session_id = `payses_${sessions++}`
  ): Promise<Charge> =>
    service.issueCharge(
      { payment_session_id, amount: "11", currency_code: "usd" },
      "medusa"
    )

  const makeDue = (charges: Charge[]) =>
    service.updateKhqrCharges(
      charges.map(({ id }) => ({ id, next_check_at: new Date(0) }))
    )

  const answer = (charge: Charge, outcome: Outcome): CheckResult => ({
    charge_id: charge.id,
    outcome,
    call: {
      endpoint: "check_transaction_by_md5",
      requestId: "r1",
      sent: true,
      httpStatus: 200,
      responseCode: 0,
      errorCode: null,
      message: "",
      durationMs: 1,
      askedAt: Date.now(),
      serverTime: null,
    },
  })

  const paid = (
    charge: Charge,
    transfer: Partial<BakongTransaction> = {}
  ): CheckResult =>
    answer(charge, {
      type: "paid",
      transaction: {
        hash: charge.md5 + charge.md5,
        fromAccountId: "sok@devb",
        toAccountId: ACCOUNT,
        currency: "USD",
        amount: "11",
        description: null,
        createdAt: Date.now(),
        acknowledgedAt: null,
        trackingStatus: null,
        receiverBank: null,
        receiverBankAccount: null,
        instructionRef: null,
        externalRef: null,
        ...transfer,
      },
    })

  const historyOf = async (charge: Charge) => {
    const events = await service.listKhqrEvents(
      { charge_id: charge.id },
      { order: { created_at: "ASC" } }
    )
    return events.map(({ kind, actor, status }) => ({ kind, actor, status }))
  }

  describe("the statements a payment waits for", () => {
    it.each([
      ["locks a session", LOCK_SESSION],
      ["keeps a proof", KEEP_PROOF],
      [
        "adopts a charge",
        "SELECT id FROM khqr_charge WHERE adoption_key = ? AND deleted_at IS NULL",
      ],
      [
        "finds whom a transfer pays",
        "SELECT id FROM khqr_charge WHERE bank_hash = ? AND deleted_at IS NULL",
      ],
      [
        "finds what a cart waits for",
        "SELECT id FROM khqr_charge WHERE cart_id = ? AND status = 'paid' AND deleted_at IS NULL",
      ],
      [
        "shows a charge where it was moved from",
        "SELECT id FROM khqr_charge WHERE (payment_session_id = ? OR moved_from = 'x') AND deleted_at IS NULL",
      ],
      [
        "lists what waits for a person",
        "SELECT id FROM khqr_charge WHERE review_reason IS NOT NULL AND resolved_at IS NULL AND deleted_at IS NULL AND issued_at > ?::text::timestamptz ORDER BY issued_at",
      ],
      [
        "lists open charges over an amount",
        "SELECT id FROM khqr_charge WHERE khqr_amount = ? AND currency_code = 'usd' AND status IN ('pending', 'failed', 'expired') AND deleted_at IS NULL",
      ],
    ])("find their index: %s", async (_, statement) => {
      const knex = ModulesSdkUtils.createPgConnection({
        clientUrl: dbConfig.clientUrl,
        driverOptions: { ssl: false, connection: { ssl: false } },
      } as never)
      try {
        const plan = await knex.transaction(async (trx) => {
          // On a table without rows nothing but a missing index is slower than reading it all.
          await trx.raw("SET LOCAL enable_seqscan = off")
          const { rows } = await trx.raw(`EXPLAIN ${statement}`, [
            statement.includes("timestamptz") ? "2026-11-21" : "x",
          ])
          return rows.map((row: object) => Object.values(row)[0]).join("\n")
        })
        expect(plan).not.toContain("Seq Scan")
        expect(plan).toMatch(/Index/)
      } finally {
        await knex.destroy()
      }
    })
  })

  describe("issuing", () => {
    it("writes the charge and the first line of its history", async () => {
      const charge = await issue("payses_a")
      expect(charge).toMatchObject({
        payment_session_id: "payses_a",
        status: "pending",
        amount: "11",
        khqr_amount: "11",
        currency_code: "usd",
        account_id: ACCOUNT,
        checks: 0,
      })
      expect(charge.qr).toContain(charge.reference)
      expect(charge.expires_at.getTime() - charge.issued_at.getTime()).toBe(
        600_000
      )
      expect(await historyOf(charge)).toEqual([
        { kind: "issued", actor: "medusa", status: "pending" },
      ])
    })

    it("returns the charge as it then stands in the ledger", async () => {
      const charge = await issue()
      expect(await service.retrieveKhqrCharge(charge.id)).toEqual(charge)
    })

    it("shows one of many that are issued at once", async () => {
      // Over and over: who waits for whom differs each time.
      for (let round = 0; round < 10; round++) {
        const session = `payses_a${round}`
        await Promise.all(Array.from({ length: 8 }, () => issue(session)))
        const charges = await service.listChargesOfSession(session)
        expect(charges).toHaveLength(8)
        expect(
          charges.filter(({ superseded_at }) => superseded_at === null)
        ).toHaveLength(1)
      }
    })

    it("shows one charge of a session and goes on watching the others", async () => {
      const first = await issue("payses_a")
      const second = await issue("payses_a")
      const charges = await service.listChargesOfSession("payses_a")
      expect(charges.map(({ id }) => id).sort()).toEqual(
        [first.id, second.id].sort()
      )
      const shown = charges.filter((charge) => charge.superseded_at === null)
      expect(shown.map(({ id }) => id)).toEqual([second.id])
      expect(charges.every((charge) => charge.next_check_at !== null)).toBe(
        true
      )
    })

    it("makes one charge when many renew at once", async () => {
      const old = await issue("payses_a")
      await service.recordAnswer(
        answer(old, {
          type: "failed",
          reason: "attempt_failed",
          transaction: null,
        })
      )
      const renewed = await Promise.all(
        Array.from({ length: 8 }, () =>
          service.renewCharge(
            {
              payment_session_id: "payses_a",
              amount: "11",
              currency_code: "USD",
            },
            "shopper"
          )
        )
      )
      expect(new Set(renewed.map(({ id }) => id)).size).toBe(1)
      expect(renewed[0].id).not.toBe(old.id)
      expect(await service.listChargesOfSession("payses_a")).toHaveLength(2)
    })

    it("makes of many not found at once what it makes of each alone", async () => {
      const ago = (ms: number) => new Date(Date.now() - ms)
      const asked = {
        checks: 3,
        last_outcome: "not_found",
        last_checked_at: ago(9_000),
      }
      const kinds: Partial<Charge>[] = [
        asked,
        { ...asked, last_signal: "returned", last_signal_at: ago(4_000) },
        { ...asked, superseded_at: ago(5_000) },
        { ...asked, unknowns: 2, unknown_since: ago(20_000) },
        { ...asked, leased_until: new Date(Date.now() + 9_000) },
        // These have news.
        {},
        { ...asked, expires_at: ago(600_000) },
        { ...asked, last_outcome: "unknown:unavailable", unknowns: 2 },
        { ...asked, last_outcome: "failed", status: "failed" },
        { ...asked, status: "expired", expires_at: ago(700_000) },
      ]
      const twins = await Promise.all(
        kinds.map(async (kind) => {
          const pair = [await issue(), await issue()]
          await service.updateKhqrCharges(
            pair.map(({ id }) => ({ id, ...kind }))
          )
          return pair
        })
      )
      const answers = twins.map(([a, b]) => [
        answer(a, { type: "not_found" }),
        answer(b, { type: "not_found" }),
      ])
      const begun = Date.now()
      const together = await service.recordAnswers(answers.map(([a]) => a))
      const alone = []
      for (const [, b] of answers) {
        alone.push(...(await service.recordAnswer(b)))
      }
      const took = Date.now() - begun
      expect(together.map(({ what }) => what).sort()).toEqual(
        alone.map(({ what }) => what).sort()
      )
      const told = async ({ id }: Charge) => {
        const charge = await service.retrieveKhqrCharge(id)
        const events = await service.listKhqrEvents({ charge_id: id })
        const { status, checks, unknowns, unknown_since, last_outcome } = charge
        return {
          status,
          checks,
          unknowns,
          unknown_since,
          last_outcome,
          leased_until: charge.leased_until,
          signals_in_vain: charge.signals_in_vain,
          isPlanned: charge.next_check_at !== null,
          history: events.map(({ kind, message }) => `${kind} ${message}`),
        }
      }
      const nextCheck = async ({ id }: Charge) =>
        (await service.retrieveKhqrCharge(id)).next_check_at?.getTime() ?? 0
      for (const [a, b] of twins) {
        expect(await told(a)).toEqual(await told(b))
        // What was recorded later is due later, and no more than that.
        const apart = (await nextCheck(b)) - (await nextCheck(a))
        expect(Math.abs(apart)).toBeLessThanOrEqual(took)
      }
      expect(await told(twins[1][0])).toMatchObject({
        checks: 4,
        signals_in_vain: 1,
      })
    })

    it("lets go of a session's KHQR, but not of one with money", async () => {
      const unpaid = await issue("payses_a")
      expect(await service.letGo("payses_a", "medusa")).toBe(true)
      expect(
        (await service.retrieveKhqrCharge(unpaid.id)).superseded_at
      ).not.toBeNull()

      const charge = await issue("payses_b")
      await service.recordAnswers([paid(charge)])
      expect(await service.letGo("payses_b", "medusa")).toBe(false)
      expect(
        (await service.retrieveKhqrCharge(charge.id)).superseded_at
      ).toBeNull()
    })

    it("leaves no trace of a charge that could not be made", async () => {
      await expect(
        service.issueCharge(
          { payment_session_id: "p", amount: "0", currency_code: "usd" },
          "medusa"
        )
      ).rejects.toThrow(/amount/i)
      expect(await service.listKhqrCharges()).toEqual([])
      expect(await service.listKhqrEvents()).toEqual([])
    })
  })

  describe("claiming", () => {
    it("gives a charge again when whoever claimed it has vanished", async () => {
      const charge = await issue()
      await makeDue([charge])
      await service.planRound()
      expect(await service.planRound()).toEqual([])
      expect((await service.hasDueWork()).checks).toBe(false)
      await service.updateKhqrCharges({
        id: charge.id,
        leased_until: new Date(Date.now() - 1),
      })
      const [again] = await service.planRound()
      expect(again.charge.id).toBe(charge.id)
    })

    it("lets go of what was not asked about, without counting a question", async () => {
      const charge = await issue()
      await makeDue([charge])
      await service.planRound()
      await service.releaseChecks([charge.id], 5_000)
      const released = await service.retrieveKhqrCharge(charge.id)
      expect(released).toMatchObject({ checks: 0, leased_until: null })
      expect(released.next_check_at!.getTime()).toBeGreaterThan(Date.now())
    })
  })

  describe("recording", () => {
    it("keeps a payment as it was first recorded, however often it is reported", async () => {
      const charge = await issue()
      await service.recordAnswers([paid(charge)])
      const first = await service.retrieveKhqrCharge(charge.id)
      await service.recordAnswers([
        paid(charge, { amount: "99", fromAccountId: "other@devb" }),
      ])
      const second = await service.retrieveKhqrCharge(charge.id)
      expect(second).toMatchObject({
        status: "paid",
        paid_amount: "11",
        payer_account: "sok@devb",
        found_at: first.found_at,
      })
      expect((await historyOf(charge)).map(({ kind }) => kind)).toEqual([
        "issued",
        "paid",
      ])
    })

    it("lets one transfer pay one charge, even when two are answered at once", async () => {
      const [a, b] = [await issue(), await issue()]
      const hash = "ab".repeat(32)
      await service.recordAnswers([paid(a, { hash })])
      await Promise.all([
        service.recordAnswers([paid(b, { hash })]),
        service.recordAnswers([paid(b, { hash })]),
      ])
      const [one, two] = await Promise.all(
        [a, b].map(({ id }) => service.retrieveKhqrCharge(id))
      )
      expect(one.status).toBe("paid")
      expect(two).toMatchObject({
        status: "pending",
        review_reason: "hash_used",
        bank_hash: null,
        next_check_at: null,
        leased_until: null,
        checks: 2,
      })
      const news = (await historyOf(two)).map(({ kind }) => kind)
      expect(news).toEqual(["issued", "review"])
    })

    it("lets one of two charges be paid that are answered with one transfer at once, and shows the other to a person", async () => {
      for (let round = 0; round < 5; round++) {
        const charges = [await issue(), await issue()]
        const hash = `${round}`.repeat(64)
        const answers = charges.map((charge) => paid(charge, { hash }))
        const read = () =>
          Promise.all(charges.map(({ id }) => service.retrieveKhqrCharge(id)))

        await Promise.all(answers.map((one) => service.recordAnswers([one])))
        const first = await read()
        expect(first.filter(({ status }) => status === "paid")).toHaveLength(1)
        expect(
          first.filter(({ bank_hash }) => bank_hash === hash)
        ).toHaveLength(1)

        // Whoever came second is asked about again, and is then told of the first.
        await service.recordAnswers(answers)
        const second = await read()
        expect(
          second
            .map(({ status, review_reason }) => [status, review_reason])
            .sort()
        ).toEqual([
          ["paid", null],
          ["pending", "hash_used"],
        ])
      }
    })

    it("keeps the answer by which a transfer was found to be used as its proof", async () => {
      const [a, b] = [await issue(), await issue()]
      const hash = "cd".repeat(32)
      await service.recordAnswers([paid(a, { hash })])
      await service.createKhqrEvents({
        charge_id: b.id,
        kind: "call",
        actor: "clock",
        status: "pending",
        request_id: "r1",
      })
      await service.recordAnswers([paid(b, { hash })])
      const [call] = await service.listKhqrEvents({
        charge_id: b.id,
        kind: "call",
      })
      expect(call.is_proof).toBe(true)
    })

    it("does not lose the other answers when one cannot be recorded", async () => {
      const [a, b] = [await issue(), await issue()]
      await service.recordAnswers([
        { ...paid(a), charge_id: "khqr_gone" },
        paid(b),
      ])
      expect((await service.retrieveKhqrCharge(b.id)).status).toBe("paid")
    })

    it("completes one of two paid charges of a session and gives the other to a person", async () => {
      const [a, b] = [await issue("payses_a"), await issue("payses_a")]
      await service.recordAnswers([paid(a), paid(b)])
      await Promise.all(
        [a, b].map(({ id }) =>
          service.recordSettlement(
            id,
            { type: "settled", decidedFor: "paid", orderId: "order_1" },
            "clock"
          )
        )
      )
      const charges = await service.listChargesOfSession("payses_a")
      expect(
        charges
          .map(({ status, review_reason }) => [status, review_reason])
          .sort()
      ).toEqual([
        ["completed", null],
        ["paid", "duplicate"],
      ])
    })

    it("counts a poll that brings no news without writing it down", async () => {
      const charge = await issue()
      for (let i = 0; i < 3; i++) {
        await service.recordAnswers([answer(charge, { type: "not_found" })])
      }
      expect((await service.retrieveKhqrCharge(charge.id)).checks).toBe(3)
      expect((await historyOf(charge)).map(({ kind }) => kind)).toEqual([
        "issued",
        "answered",
      ])
    })
  })

  describe("a charge that another session takes over", () => {
    const paidCharge = async (session: string) => {
      const charge = await issue(session)
      await service.recordAnswers([paid(charge)])
      return charge
    }

    it("goes to one of two sessions that come with its key at once", async () => {
      for (let round = 0; round < 5; round++) {
        const charge = await paidCharge(`payses_from${round}`)
        const key = await service.prepareAdoption(charge.id)
        const adopted = await Promise.all(
          ["a", "b"].map((to) =>
            service.adoptCharge(key, `payses_to${round}${to}`, "11")
          )
        )
        const winners = adopted.flatMap((one) => one ?? [])
        expect(winners).toHaveLength(1)
        expect(winners[0]).toMatchObject({
          id: charge.id,
          status: "paid",
          adoption_key: null,
          moved_from: `payses_from${round}`,
        })
        expect(await service.retrieveKhqrCharge(charge.id)).toMatchObject({
          payment_session_id: winners[0].payment_session_id,
        })
        // Good once.
        expect(await service.adoptCharge(key, "payses_late", "11")).toBeNull()
      }
    })

    it("goes nowhere by a key that is wrong, empty, replaced or no key at all", async () => {
      const charge = await paidCharge("payses_a")
      const replaced = await service.prepareAdoption(charge.id)
      const key = await service.prepareAdoption(charge.id)
      for (const wrong of [
        replaced,
        "",
        `${key}x`,
        charge.id,
        null,
        undefined,
        0,
        { adopt: key },
        [key],
        "%",
      ]) {
        expect(await service.adoptCharge(wrong, "payses_b", "11")).toBeNull()
      }
      expect(
        (await service.retrieveKhqrCharge(charge.id)).payment_session_id
      ).toBe("payses_a")
      expect((await service.adoptCharge(key, "payses_b", "11"))?.id).toBe(
        charge.id
      )
    })

    it("is moved with all that follows, and seen where it was and where it is", async () => {
      const charge = await paidCharge("payses_a")
      const shown = await issue("payses_b")
      await service.moveCharge(charge.id, {
        payment_session_id: "payses_b",
        payment_collection_id: "paycol_1",
        cart_id: "cart_1",
        session_amount: "11",
      })

      expect(await service.retrieveKhqrCharge(charge.id)).toMatchObject({
        payment_session_id: "payses_b",
        moved_from: "payses_a",
        payment_collection_id: "paycol_1",
        cart_id: "cart_1",
        status: "paid",
        superseded_at: expect.any(Date),
      })
      expect(
        (await service.retrieveKhqrCharge(shown.id)).superseded_at
      ).toBeNull()
      for (const session of ["payses_a", "payses_b"]) {
        expect((await service.viewSession(session))?.id).toBe(charge.id)
      }
      expect((await service.findBookable("payses_b"))?.id).toBe(charge.id)
      expect(await service.letGo("payses_b", "medusa")).toBe(false)
      expect(await service.letGo("payses_a", "medusa")).toBe(true)
    })

    it("keeps the moment it was superseded, and its first session when it moves again", async () => {
      const charge = await paidCharge("payses_a")
      await service.supersedeSession("payses_a", "medusa")
      const { superseded_at } = await service.retrieveKhqrCharge(charge.id)
      for (const payment_session_id of ["payses_b", "payses_b", "payses_c"]) {
        await service.moveCharge(charge.id, {
          payment_session_id,
          payment_collection_id: "paycol_1",
          cart_id: null,
          session_amount: "11",
        })
      }
      expect(await service.retrieveKhqrCharge(charge.id)).toMatchObject({
        payment_session_id: "payses_c",
        moved_from: "payses_a",
        superseded_at,
      })
    })
  })

  describe("what a cart and a session wait for", () => {
    const inReview = async (session: string, changes: Partial<Charge> = {}) => {
      const charge = await issue(session)
      await service.recordAnswers([paid(charge, { amount: "5" })])
      await service.updateKhqrCharges({
        id: charge.id,
        cart_id: session,
        ...changes,
      })
      return charge
    }

    it.each<[string, Partial<Charge>, boolean]>([
      ["is looked at", {}, true],
      [
        "was taken",
        { resolution: "settle", resolved_at: new Date(), review_reason: null },
        true,
      ],
      [
        "was sent back",
        { resolution: "refund", resolved_at: new Date() },
        false,
      ],
      [
        "was dismissed",
        { resolution: "dismiss", resolved_at: new Date() },
        false,
      ],
      [
        "is an order, whatever was dismissed later",
        {
          status: "completed",
          resolution: "dismiss",
          resolved_at: new Date(),
        },
        true,
      ],
    ])("is held by money that %s: %#", async (_, changes, isHeld) => {
      const { id } = await inReview("payses_a", changes)

      expect(await service.letGo("payses_a", "medusa")).toBe(!isHeld)
      const found = await service.findUnsettled("cart_id", "payses_a")
      expect(found?.id).toBe(
        isHeld && changes.status !== "completed" ? id : undefined
      )
    })

    it("may be paid anew once money was sent back, and not before", async () => {
      const charge = await inReview("payses_a")
      const again = () =>
        service.renewCharge(
          {
            payment_session_id: "payses_a",
            amount: "11",
            currency_code: "usd",
          },
          "shopper"
        )
      await expect(again()).rejects.toThrow(/already paid/)

      await service.updateKhqrCharges({
        id: charge.id,
        resolution: "refund",
        resolved_at: new Date(),
      })
      expect((await again()).id).not.toBe(charge.id)
    })
  })

  describe("signals", () => {
    const answered = async (signalled: Date | null) => {
      const charge = await issue("payses_a")
      await service.recordAnswers([answer(charge, { type: "not_found" })])
      await service.updateKhqrCharges({
        id: charge.id,
        last_signal_at: signalled,
        next_check_at: new Date(Date.now() + 60_000),
      })
      return charge
    }

    it("makes the check due at once, and no sooner than its cool-down", async () => {
      const { id } = await answered(null)

      await service.signal("payses_a", "claims_paid")

      const charge = await service.retrieveKhqrCharge(id)
      expect(
        charge.next_check_at!.getTime() - charge.last_checked_at!.getTime()
      ).toBe(SIGNAL_COOLDOWN_MS)
      expect((await historyOf(charge)).map(({ kind }) => kind)).toContain(
        "signal"
      )
    })

    it("is heard once a second", async () => {
      const { id } = await answered(new Date())
      const before = await service.retrieveKhqrCharge(id)

      await service.signal("payses_a", "claims_paid")

      expect(await service.retrieveKhqrCharge(id)).toEqual(before)
    })

    it("is heard by the database's clock, whatever the server's says", async () => {
      const { id } = await answered(null)
      const before = Date.now()
      jest.useFakeTimers({
        now: before + 3_600_000,
        doNotFake: [
          "hrtime",
          "nextTick",
          "performance",
          "queueMicrotask",
          "setImmediate",
          "clearImmediate",
          "setInterval",
          "clearInterval",
          "setTimeout",
          "clearTimeout",
        ],
      })
      try {
        await service.signal("payses_a", "claims_paid")
        await service.signal("payses_a", "returned")
      } finally {
        jest.useRealTimers()
      }
      const charge = await service.retrieveKhqrCharge(id)
      expect(charge.last_signal_at!.getTime()).toBeLessThan(before + 1_800_000)
    })

    it("rings for a charge that is due already, with no further line in its history", async () => {
      const charge = await issue("payses_a")
      const due = new Date(Date.now() - 5_000)
      await service.updateKhqrCharges({ id: charge.id, next_check_at: due })
      let rings = 0
      const deafen = service.bell.hear(({ type }) => {
        rings += Number(type === "due")
      })
      while (!service.bell.isListening) {
        await new Promise((next) => setTimeout(next, 20))
      }
      await service.signal("payses_a", "claims_paid")
      while (rings === 0) {
        await new Promise((next) => setTimeout(next, 20))
      }
      deafen()
      const { next_check_at } = await service.retrieveKhqrCharge(charge.id)
      expect(next_check_at!.getTime()).toBeLessThan(due.getTime())
      expect((await historyOf(charge)).map(({ kind }) => kind)).not.toContain(
        "signal"
      )
    })

    const expired = async (changes: Partial<Charge>) => {
      const charge = await issue("payses_a")
      await service.updateKhqrCharges({
        id: charge.id,
        status: "expired",
        expires_at: new Date(Date.now() - 3_600_000),
        last_checked_at: new Date(Date.now() - 1_800_000),
        next_check_at: new Date(Date.now() + 3_600_000),
        ...changes,
      })
      return service.retrieveKhqrCharge(charge.id)
    }

    it.each<[string, Partial<Charge>]>([
      ["its late signals are used up", { late_signals: MOST_LATE_SIGNALS }],
      [
        "it ended two days ago",
        { expires_at: new Date(Date.now() - 48 * 3_600_000) },
      ],
    ])(
      "is not written down of an expired charge when %s",
      async (_, changes) => {
        const before = await expired(changes)
        for (const kind of ["claims_paid", "announced"] as const) {
          await service.signal("payses_a", kind)
        }
        expect(await service.retrieveKhqrCharge(before.id)).toEqual(before)
        expect((await historyOf(before)).map(({ kind }) => kind)).not.toContain(
          "signal"
        )
      }
    )

    it("uses up a late signal for each question, not for each word", async () => {
      const { id } = await expired({})
      for (let said = 0; said < 3; said++) {
        await service.signal("payses_a", "claims_paid")
        await service.updateKhqrCharges({
          id,
          last_signal_at: new Date(Date.now() - 2_000),
        })
      }
      expect((await service.retrieveKhqrCharge(id)).late_signals).toBe(1)
    })

    it("is remembered of an expired charge while the bank answers nothing", async () => {
      const { id, next_check_at } = await expired({
        unknowns: 3,
        last_outcome: "unknown:timeout",
      })
      await service.signal("payses_a", "claims_paid")
      expect(await service.retrieveKhqrCharge(id)).toMatchObject({
        last_signal: "claims_paid",
        next_check_at,
        late_signals: 0,
      })
    })

    it("changes nothing once there is money", async () => {
      const charge = await issue("payses_a")
      await service.recordAnswers([paid(charge)])
      const before = await service.retrieveKhqrCharge(charge.id)

      await service.signal("payses_a", "claims_paid")

      expect(await service.retrieveKhqrCharge(charge.id)).toEqual(before)
    })

    it("knows nothing of a session without a charge", async () => {
      expect(await service.signal("payses_none", "returned")).toBeNull()
      expect(await service.viewSession("payses_none")).toBeNull()
    })
  })
})
