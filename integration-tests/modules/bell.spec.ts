import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { ModulesSdkUtils } from "@medusajs/framework/utils"

import type { BakongTransaction, Outcome } from "../../src/bakong"
import type { CheckResult } from "../../src/gateways"
import { Bell, RING_DUE, type Ring } from "../../src/modules/khqr/bell"
import { keepDeeplink } from "../../src/modules/khqr/claims"
import { databaseOf } from "../../src/modules/khqr/database"
import type { Charge } from "../../src/modules/khqr/types"
import { ACCOUNT, onKhqrModule } from "./world"

const BELLS =
  "SELECT pid FROM pg_stat_activity WHERE application_name = 'medusa-payment-khqr bell' AND datname = current_database()"

onKhqrModule(({ service, dbConfig }) => {
  const opened: (() => Promise<unknown>)[] = []

  /** The connections of one process. */
  const process_ = (): Knex => {
    const knex = ModulesSdkUtils.createPgConnection({
      clientUrl: dbConfig.clientUrl,
      driverOptions: { ssl: false, connection: { ssl: false } },
    } as never) as never as Knex
    opened.push(() => knex.destroy())
    return knex
  }

  const logged: string[] = []
  const logger = Object.fromEntries(
    ["info", "warn", "error"].map((level) => [
      level,
      (text: string) => void logged.push(`${level}: ${text}`),
    ])
  ) as never

  const until = async (holds: () => Promise<boolean> | boolean) => {
    while (!(await holds())) {
      await new Promise((next) => setTimeout(next, 20))
    }
  }

  /** A bell, and what was heard on it. */
  const listen = async (knex = process_()) => {
    const bell = new Bell(knex, logger)
    opened.unshift(() => bell.close())
    const heard: Ring[] = []
    bell.hear((ring) => heard.push(ring))
    await until(() => bell.isListening)
    return { bell, heard }
  }

  const ring = (knex: Knex, payload: string) =>
    knex.raw("SELECT pg_notify('khqr', ?)", [payload])

  const bells = async (knex: Knex): Promise<number[]> => {
    const { rows } = await knex.raw(BELLS)
    return rows.map(({ pid }: { pid: number }) => pid)
  }

  afterEach(async () => {
    for (const close of opened.splice(0)) {
      await close()
    }
    logged.length = 0
  })

  describe("the bell", () => {
    it("is heard by other processes, after the commit", async () => {
      const { heard } = await listen()
      const other = process_()
      const trx = await other.transaction()
      await trx.raw(RING_DUE)
      const undone = await other.transaction()
      await ring(undone as never, "changed:payses_undone")
      await undone.rollback()
      await ring(other, "changed:payses_1")
      await until(() => heard.length > 0)
      expect(heard).toEqual([
        { type: "changed", payment_session_id: "payses_1" },
      ])
      await trx.commit()
      await until(() => heard.length > 1)
      expect(heard[1]).toEqual({ type: "due" })
    })

    it("takes no connection before somebody listens, one then, and none once closed", async () => {
      const knex = process_()
      const bell = new Bell(knex, logger)
      expect(await bells(knex)).toHaveLength(0)
      bell.hear(() => {})
      bell.hear(() => {})
      await until(() => bell.isListening)
      expect(await bells(knex)).toHaveLength(1)
      await bell.close()
      expect(bell.isListening).toBe(false)
      await until(async () => (await bells(knex)).length === 0)
    })

    it("is heard again after its connection was cut, and says so once", async () => {
      const other = process_()
      const { bell, heard } = await listen()
      const [pid] = await bells(other)
      await other.raw("SELECT pg_terminate_backend(?)", [pid])
      await until(() => !bell.isListening)
      await ring(other, "changed:payses_missed")
      await until(() => bell.isListening)
      await ring(other, "changed:payses_2")
      await until(() => heard.length > 0)
      expect(heard).toEqual([
        { type: "changed", payment_session_id: "payses_2" },
      ])
      expect(logged).toEqual([
        expect.stringMatching(/^warn: KHQR: .*not heard/),
        expect.stringMatching(/^info: KHQR: .*heard again/),
      ])
    })

    it("does not take LISTEN's word for it: a pooler may deliver nothing", async () => {
      const knex = process_()
      const { client } = knex
      const acquire = client.acquireRawConnection.bind(client)
      client.acquireRawConnection = async () => {
        const connection = await acquire()
        const on = connection.on.bind(connection)
        connection.on = (event: string, listener: unknown) =>
          event === "notification" ? connection : on(event, listener)
        return connection
      }
      const bell = new Bell(knex, logger)
      opened.unshift(() => bell.close())
      bell.hear(() => {})
      await until(() => logged.length > 0)
      expect(bell.isListening).toBe(false)
      expect(logged).toEqual([
        expect.stringMatching(/^warn: .*its own ring was not heard/),
      ])
    })

    it("goes on after a listener failed", async () => {
      const knex = process_()
      const bell = new Bell(knex, logger)
      opened.unshift(() => bell.close())
      const heard: Ring[] = []
      bell.hear(() => {
        throw new Error("spilt")
      })
      const stop = bell.hear((one) => heard.push(one))
      await until(() => bell.isListening)
      await ring(knex, "due")
      await until(() => heard.length === 1)
      expect(logged).toEqual([expect.stringMatching(/^error: .*spilt/)])
      stop()
      bell.hear((one) => heard.push(one))
      await ring(knex, "due")
      await until(() => heard.length === 2)
    })

    it("keeps no process that has nothing else to do", async () => {
      const child = spawn(
        process.execPath,
        ["--import", "tsx", join(__dirname, "processes", "listener.ts")],
        {
          env: { ...process.env, DATABASE_URL: dbConfig.clientUrl },
          stdio: ["ignore", "pipe", "inherit"],
        }
      )
      let said = ""
      child.stdout.on("data", (text) => (said += text))
      const [code] = await once(child, "exit")
      expect({ said, code }).toEqual({ said: "listening\n", code: 0 })
    })
  })

  describe("what rings", () => {
    let heard: Ring[]
    let knex: Knex

    beforeEach(async () => {
      knex = process_()
      heard = (await listen(knex)).heard
    })

    /** What was rung since the last time, in any order; rings are heard in the order of their commits. */
    const rung = async (): Promise<string[]> => {
      await ring(knex, "changed:last")
      const isLast = (one: Ring) =>
        one.type === "changed" && one.payment_session_id === "last"
      await until(() => heard.some(isLast))
      const all = heard.splice(0).filter((one) => !isLast(one))
      return all
        .map((one) =>
          one.type === "changed" ? one.payment_session_id : one.type
        )
        .sort()
    }

    const request = (payment_session_id: string) => ({
      payment_session_id,
      amount: "11",
      currency_code: "usd",
    })

    const issue = (payment_session_id: string): Promise<Charge> =>
      service.issueCharge(request(payment_session_id), "medusa")

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

    const transaction = (charge: Charge): BakongTransaction => ({
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
    })

    const pay = (charge: Charge) =>
      service.recordAnswer(
        answer(charge, { type: "paid", transaction: transaction(charge) })
      )

    it("is not a new session's KHQR, nor an answer that changes nothing", async () => {
      const charge = await issue("payses_new")
      await service.recordAnswer(answer(charge, { type: "not_found" }))
      await service.recordAnswer(answer(charge, { type: "not_found" }))
      expect(await rung()).toEqual([])
    })

    it("is a payment, for the page and for the clock, and the order", async () => {
      const charge = await issue("payses_paid")
      await pay(charge)
      expect(await rung()).toEqual(["due", "payses_paid"])
      await service.recordSettlement(
        charge.id,
        { type: "settled", decidedFor: "paid", orderId: "order_1" },
        "clock"
      )
      expect(await rung()).toEqual(["payses_paid"])
    })

    it("is that the bank has gone silent, once", async () => {
      const charge = await issue("payses_silent")
      for (let calls = 0; calls < 4; calls++) {
        await service.recordAnswer(
          answer(charge, { type: "unknown", reason: "network" } as never)
        )
      }
      expect(await rung()).toEqual(["payses_silent"])
    })

    it("is a KHQR that takes another's place, and one where none was left", async () => {
      await issue("payses_renewed")
      await issue("payses_renewed")
      expect(await rung()).toEqual(["payses_renewed"])
      await service.letGo("payses_renewed", "medusa")
      expect(await rung()).toEqual(["payses_renewed"])
      await service.renewCharge(request("payses_renewed"), "shopper")
      expect(await rung()).toEqual(["payses_renewed"])
      await service.renewCharge(request("payses_renewed"), "shopper")
      expect(await rung()).toEqual([])
    })

    it("is a charge that another session takes over, for all pages that show it", async () => {
      const charge = await issue("payses_first")
      await pay(charge)
      await rung()
      const key = await service.prepareAdoption(charge.id)
      expect(await service.adoptCharge("another", "payses_x", "11")).toBeNull()
      expect(await rung()).toEqual([])
      await service.adoptCharge(key, "payses_second", "11")
      expect(await rung()).toEqual(["payses_first", "payses_second"])
      await service.moveCharge(charge.id, {
        payment_session_id: "payses_third",
        payment_collection_id: "pay_col_3",
        cart_id: null,
        session_amount: "11",
      })
      expect(await rung()).toEqual([
        "payses_first",
        "payses_second",
        "payses_third",
      ])
    })

    it("is a link into the payer's app", async () => {
      const { id } = await issue("payses_link")
      await keepDeeplink(databaseOf(knex), id, null)
      expect(await rung()).toEqual([])
      await keepDeeplink(databaseOf(knex), id, "https://nbc.gov.kh/x")
      expect(await rung()).toEqual(["payses_link"])
    })

    it("is a signal that is to be served at once, for the clock", async () => {
      const charge = await issue("payses_signal")
      await service.updateKhqrCharges({
        id: charge.id,
        next_check_at: new Date(Date.now() + 60_000),
      })
      await service.signal("payses_signal", "returned")
      expect(await rung()).toEqual(["due"])
      // Within a second, and while a question is due anyway, a signal is no news.
      await service.signal("payses_signal", "returned")
      expect(await rung()).toEqual([])
    })
  })
})
