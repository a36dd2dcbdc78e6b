import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { createAdmin, type Admin } from "./admin"
import { eventually, startBank, World } from "./world"

const DAY_MS = 86_400_000

process.env.BAKONG_TIMEOUT_MS = "1000"

const bank = startBank()

afterAll(() => {
  delete process.env.BAKONG_TIMEOUT_MS
})

medusaIntegrationTestRunner({
  moduleName: "khqr-bank-desk",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let admin: Admin

    beforeAll(async () => {
      await world.open()
      admin = await createAdmin(getContainer(), api)
    })

    const callsTo = (endpoint: string) =>
      bank().requests.filter((request) => request.endpoint === endpoint)

    describe("The deep link", () => {
      const DEEPLINK = "/v1/generate_deeplink_by_qr"

      const openLink = (sessionId: string) =>
        world.post(`/store/khqr/payment-sessions/${sessionId}/deeplink`)

      it("is asked for once for each charge, however many want it at once", async () => {
        const { sessionId, qr } = await world.checkout()
        const answers = await Promise.all(
          Array.from({ length: 5 }, () => openLink(sessionId))
        )
        expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200))
        const { data } = await openLink(sessionId)
        expect(data.charge.deeplink).toContain(`${bank().url}/pay?link=`)
        expect(data.charge.qr).toBe(qr)
        expect(callsTo(DEEPLINK)).toHaveLength(1)
        expect((await world.view(sessionId)).deeplink).toBe(
          data.charge.deeplink
        )
      })

      it.each([
        { what: "the bank is down", kind: "server_error" as const },
        {
          what: "it leads elsewhere",
          kind: "answer" as const,
          body: success({ shortLink: "https://bakong.page.link/x" }),
        },
        {
          what: "it is a script",
          kind: "answer" as const,
          body: success({ shortLink: "javascript:alert(1)" }),
        },
      ])(
        "is not there when $what, and nothing else is touched",
        async ({ what: _, ...fault }) => {
          const { sessionId, chargeId, qr } = await world.checkout()
          bank().setFault({ ...fault, endpoint: DEEPLINK })

          const { status, data } = await openLink(sessionId)
          expect(status).toBe(200)
          expect(data.charge).toMatchObject({ deeplink: null, qr })
          await openLink(sessionId)
          expect(callsTo(DEEPLINK)).toHaveLength(1)

          bank().pay({ qr })
          await world.tick()
          expect((await world.charge(chargeId)).status).toBe("completed")
        }
      )

      it("is not found for a session that is none", async () => {
        expect((await openLink("payses_none")).status).toBe(404)
      })
    })

    describe("The audit", () => {
      const calls = () =>
        world.sql<{
          endpoint: string
          charge_ids: string[]
          http_status: number | null
          response_code: number | null
          error_code: number | null
          message: string
          duration_ms: number
          request_id: string
          answer: string | null
          is_proof: boolean
        }>(
          "SELECT * FROM khqr_event WHERE kind = 'call' AND endpoint LIKE '/v1/check_transaction%' ORDER BY created_at"
        )

      it("has every call, and keeps the bank's whole answer as the proof of a payment", async () => {
        const [one, two] = [await world.checkout(), await world.checkout()]
        await world.tick()
        const [transaction] = bank().pay({ qr: one.qr })
        await world.tick()

        const rows = await calls()
        const asked = bank().requests.filter(({ endpoint }) =>
          endpoint.startsWith("/v1/check_transaction")
        )
        expect(rows).toHaveLength(asked.length)
        expect(rows[0]).toMatchObject({
          http_status: 200,
          message: expect.any(String),
          request_id: expect.any(String),
          duration_ms: expect.any(Number),
        })
        const ids = rows.flatMap(({ charge_ids }) => charge_ids)
        expect(ids).toEqual(
          expect.arrayContaining([one.chargeId, two.chargeId])
        )

        const proofs = rows.filter(({ is_proof }) => is_proof)
        expect(proofs).toHaveLength(1)
        expect(proofs[0].charge_ids).toContain(one.chargeId)
        expect(proofs[0].answer).toContain(transaction.hash)
        const [paid] = await world.sql<{ request_id: string }>(
          "SELECT request_id FROM khqr_event WHERE charge_id = ? AND kind = 'paid'",
          [one.chargeId]
        )
        expect(paid.request_id).toBe(proofs[0].request_id)
      })

      it("keeps the answer that sent a charge to review", async () => {
        const { qr } = await world.checkout()
        bank().pay({ qr, amount: 1 })
        await world.tick()
        const proofs = (await calls()).filter(({ is_proof }) => is_proof)
        expect(proofs).toHaveLength(1)
        expect(proofs[0].answer).toContain('"amount":1')
      })

      it("is tidied of what is older than its option says, and of nothing that proves a payment", async () => {
        const { qr, chargeId } = await world.checkout()
        await world.tick()
        bank().pay({ qr })
        await world.tick()
        const history = await world.sql(
          "SELECT id FROM khqr_event WHERE charge_id = ?",
          [chargeId]
        )
        await world.sql(
          "UPDATE khqr_event SET created_at = now() - interval '89 days'"
        )
        expect(await world.khqr.tidyAudit()).toBe(0)
        await world.sql(
          "UPDATE khqr_event SET created_at = now() - interval '91 days'"
        )
        expect(await world.khqr.tidyAudit()).toBeGreaterThan(0)

        expect((await calls()).map(({ is_proof }) => is_proof)).toEqual([true])
        expect(
          await world.sql("SELECT id FROM khqr_event WHERE charge_id = ?", [
            chargeId,
          ])
        ).toEqual(history)
      })
    })

    describe("A diagnosis", () => {
      const diagnose = (chargeId: string, body = {}) =>
        api.post(`/admin/khqr/charges/${chargeId}/diagnose`, body, {
          ...admin,
          validateStatus: () => true,
        })

      it("lays the bank's answers by md5, full and short hash beside the ledger", async () => {
        const { qr, chargeId } = await world.checkout()
        const [transaction] = bank().pay({ qr })
        await world.tick()

        const { data } = await diagnose(chargeId)
        expect(data.diagnosis).toMatchObject({
          ledger: {
            id: chargeId,
            status: "completed",
            bank_hash: transaction.hash,
          },
          agrees: true,
          notes: [],
          questions: 3,
        })
        expect(
          data.diagnosis.answers.map(
            ({ asked_by, value, outcome }: Record<string, string>) => ({
              asked_by,
              value,
              outcome,
            })
          )
        ).toEqual([
          { asked_by: "md5", value: expect.any(String), outcome: "paid" },
          { asked_by: "hash", value: transaction.hash, outcome: "paid" },
          {
            asked_by: "short_hash",
            value: transaction.shortHash,
            outcome: "paid",
          },
        ])
      })

      it("says that a charge is paid which the ledger does not know of, by a receipt's hash, and changes nothing", async () => {
        const { qr, chargeId } = await world.checkout()
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
          [chargeId]
        )
        const [transaction] = bank().pay({ qr })
        const { data } = await diagnose(chargeId, {
          hash: transaction.shortHash,
        })
        expect(data.diagnosis.agrees).toBe(false)
        expect(data.diagnosis.questions).toBe(2)
        expect(data.diagnosis.notes).toEqual([
          expect.stringContaining("check it now"),
        ])
        expect((await world.charge(chargeId)).status).toBe("pending")
      })

      it("does not take a stranger's transfer, or one of another purchase, for this charge's", async () => {
        const { chargeId } = await world.checkout()
        const [other, same] = [await world.checkout(), await world.checkout()]
        const [strange] = bank().pay({
          qr: other.qr,
          toAccountId: "stranger@devb",
        })
        const [twin] = bank().pay({ qr: same.qr })

        const notes = async (hash: string) => {
          const { data } = await diagnose(chargeId, { hash })
          expect(data.diagnosis.agrees).toBe(true)
          return data.diagnosis.notes.join(" ")
        }
        expect(await notes(strange.hash)).toContain(
          "went to stranger@devb, not to"
        )
        expect(await notes(twin.hash)).toContain(
          "may belong to another purchase"
        )
        expect(await notes("1".repeat(64))).toContain("mistyped")
      })

      it("tells what came and what was asked, where both agree on the wrong amount", async () => {
        const { chargeId, qr } = await world.checkout()
        bank().pay({ qr, amount: 5 })
        await world.tick()
        const { data } = await diagnose(chargeId)
        expect(data.diagnosis).toMatchObject({
          agrees: true,
          notes: [
            "5 USD came, 11 USD was asked: no order is made, a person decides",
          ],
        })
      })

      it("finds the charge by its reference and its md5 too", async () => {
        const { chargeId } = await world.checkout()
        const { reference, md5 } = await world.charge(chargeId)
        for (const name of [reference, md5]) {
          const { data } = await diagnose(name)
          expect(data.diagnosis.ledger.id).toBe(chargeId)
        }
      })

      it("tells a silent bank from a missing payment", async () => {
        const { chargeId } = await world.checkout()
        bank().setFault({ kind: "forbidden" })
        const { data } = await diagnose(chargeId)
        expect(data.diagnosis.agrees).toBeNull()
        expect(data.diagnosis.notes.join(" ")).toContain(
          "says nothing about the payment"
        )
        expect(data.diagnosis.answers[0]).toMatchObject({
          outcome: "unknown:forbidden",
          http_status: 403,
        })
      })

      it("refuses a hash that is none, an unknown charge and a stranger", async () => {
        const { chargeId } = await world.checkout()
        expect((await diagnose(chargeId, { hash: "xyz" })).status).toBe(400)
        expect((await diagnose("khqr_none")).status).toBe(404)
        const stranger = await api.post(
          `/admin/khqr/charges/${chargeId}/diagnose`,
          {},
          { validateStatus: () => true }
        )
        expect(stranger.status).toBe(401)
      })
    })

    describe("A check by hand", () => {
      const check = (name: string) =>
        api.post(
          `/admin/khqr/charges/${name}/check`,
          {},
          { ...admin, validateStatus: () => true }
        )

      it("records a payment that nobody would have looked for now", async () => {
        const { qr, chargeId } = await world.checkout()
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
          [chargeId]
        )
        bank().pay({ qr })
        const { data } = await check((await world.charge(chargeId)).reference)
        expect(data.charge).toMatchObject({ id: chargeId, status: "paid" })
        await eventually(async () =>
          expect((await world.charge(chargeId)).status).toBe("completed")
        )
        expect((await check(chargeId)).data.charge.status).toBe("completed")
      })

      it("finds no charge of another name", async () => {
        expect((await check("khqr_none")).status).toBe(404)
      })
    })

    describe("Charges that waited for the quota", () => {
      it("are asked about as soon as it is back", async () => {
        const { qr, chargeId } = await world.checkout()
        bank().setFault({ kind: "quota_spent" })
        await world.tick()
        await world.tick()
        bank().clearFaults()
        bank().pay({ qr })
        const late = new Date(Date.now() + 3_600_000)
        await world.sql("UPDATE khqr_charge SET next_check_at = ?", [late])

        await world.endPauses()
        const other = await world.checkout()
        await world.khqr.diagnoseCharge(other.chargeId)
        await eventually(async () =>
          expect((await world.charge(chargeId)).status).toBe("completed")
        )
      })

      it("are asked about at once when the shopper says that they paid", async () => {
        const { qr, chargeId, sessionId } = await world.checkout()
        bank().setFault({ kind: "quota_spent" })
        await world.tick()
        bank().clearFaults()
        bank().pay({ qr })
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour'"
        )
        await world.endPauses()
        await world.post(`/store/khqr/payment-sessions/${sessionId}/signals`, {
          kind: "claims_paid",
        })
        await eventually(async () =>
          expect((await world.charge(chargeId)).status).toBe("completed")
        )
      })
    })

    describe("The health", () => {
      const health = async () => {
        const { data } = await api.get("/admin/khqr/health", admin)
        return data.health
      }

      it("tells of token, quota, circuit and list, and asks the bank nothing", async () => {
        await world.checkout()
        await world.tick()
        const before = bank().requests.length
        expect(await health()).toMatchObject({
          gateway: "open-api",
          circuit: { state: "closed", retry_at: null },
          quota: { limit: null, left: null, refused: 0, spent_at: null },
          list_closed_until: null,
          last_call: {
            endpoint: "/v1/check_transaction_by_md5",
            http_status: 200,
            error_code: 1,
          },
          token: { usable: true, source: "option", days_left: 90 },
        })
        const [{ calls }] = await world.sql<{ calls: string }>(
          "SELECT count(*) AS calls FROM khqr_event WHERE kind = 'call'"
        )
        expect((await health()).quota.used).toBe(Number(calls))
        expect(bank().requests).toHaveLength(before)
      })

      it("shows a closed list and a spent quota", async () => {
        await world.checkout()
        await world.checkout()
        bank().setFault({ kind: "list_closed" })
        await world.tick()
        const closed = new Date((await health()).list_closed_until).getTime()
        expect(closed).toBeGreaterThan(Date.now() + 5 * 3_600_000)

        bank().clearFaults()
        bank().setFault({ kind: "quota_spent" })
        await world.tick()
        expect((await health()).quota).toMatchObject({
          left: 0,
          spent_by: "bank",
          refused: expect.any(Number),
        })
      })

      it("shows the open circuit, which costs no questions, and its end", async () => {
        const { qr, chargeId } = await world.checkout()
        bank().setFault({ kind: "server_error" })
        for (let failures = 0; failures < 5; failures++) {
          await world.tick()
        }
        expect((await health()).circuit).toMatchObject({ state: "open" })
        const before = bank().requests.length
        await world.makeDue()
        await world.tick()
        expect(bank().requests).toHaveLength(before)

        bank().clearFaults()
        bank().pay({ qr })
        const clock = jest
          .spyOn(Date, "now")
          .mockReturnValue(Date.now() + 60_000)
        await world.tick()
        clock.mockRestore()
        await world.tick()
        expect((await world.charge(chargeId)).status).toBe("completed")
        expect((await health()).circuit).toEqual({
          state: "closed",
          retry_at: null,
        })
      })
    })

    describe("The receiver's account", () => {
      const ACCOUNT = "/v1/check_bakong_account"

      it("is asked about once at start, and again when it has not been for a month", async () => {
        const start = () => world.khqr.__hooks.onApplicationStart()
        await world.sql("DELETE FROM khqr_setting")
        await Promise.all([start(), start(), start()])
        await eventually(async () => {
          expect(
            await world.sql(
              "SELECT value->'exists' AS exists FROM khqr_setting"
            )
          ).toEqual([{ exists: true }])
        })
        await start()
        await world.sql(
          "UPDATE khqr_setting SET updated_at = now() - make_interval(secs => ?)",
          [(31 * DAY_MS) / 1_000]
        )
        await start()
        await eventually(async () => expect(callsTo(ACCOUNT)).toHaveLength(2))
      })
    })
  },
})

function success(data: unknown) {
  return {
    responseCode: 0,
    responseMessage: "Success",
    errorCode: null,
    data,
  }
}
