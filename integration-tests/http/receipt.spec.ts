import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import {
  RECEIPTS_PER_ADDRESS,
  RECEIPTS_PER_SESSION,
} from "../../src/modules/khqr/attempts"
import { Staff } from "./staff"
import { startBank, World } from "./world"

const bank = startBank()

const NO_HASH = "0".repeat(64)
const ACCOUNT = "khqr_demo@devb"

medusaIntegrationTestRunner({
  moduleName: "khqr-receipt",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    const staff = new Staff(api, world)

    beforeAll(() => world.open())
    beforeEach(() => staff.login())

    const bring = (sessionId: string, hash: string) =>
      world.post(`/store/khqr/payment-sessions/${sessionId}/receipt`, { hash })

    /** A checkout whose KHQR the bank cannot be asked about, as the shop's one static KHQR. */
    const staticCheckout = async () => {
      const made = await world.checkout()
      await world.tick()
      await world.sql(
        "UPDATE khqr_charge SET mode = 'static', next_check_at = NULL, md5 = md5 || 'x' WHERE id = ?",
        [made.chargeId]
      )
      return made
    }

    /** A transfer of 11 dollars to the shop that no KHQR of ours is tied to. */
    const transfer = (
      qr: string,
      pays: Omit<Parameters<ReturnType<typeof bank>["pay"]>[0], "qr"> = {}
    ) => bank().pay({ qr, ...pays })[0]

    const questions = (endpoint: string) =>
      bank().requests.filter((request) => request.endpoint.endsWith(endpoint))

    describe("a shopper's receipt", () => {
      it.each([8, 64])(
        "of %i characters makes a static KHQR paid, and its cart an order",
        async (length) => {
          const { sessionId, chargeId, qr } = await staticCheckout()
          const { hash } = transfer(qr)
          const before = questions("check_transaction_by_md5").length

          const { status, data, headers } = await bring(
            sessionId,
            hash.slice(0, length).toUpperCase()
          )

          expect({ status, data }).toMatchObject({
            status: 200,
            data: { charge: { status: "paid", in_review: false } },
          })
          expect(headers["cache-control"]).toBe("no-store")
          await world.tick()
          expect(await world.charge(chargeId)).toMatchObject({
            status: "completed",
            evidence: "receipt",
            bank_hash: hash,
          })
          expect(await world.orders()).toHaveLength(1)
          // Our own KHQR of this mode is not asked about.
          expect(questions("check_transaction_by_md5")).toHaveLength(before)
          // The bank's answer is kept as the proof.
          const proofs = await world.sql<{ endpoint: string }>(
            "SELECT endpoint FROM khqr_event WHERE kind = 'call' AND is_proof"
          )
          expect(proofs).toHaveLength(1)
          expect(proofs[0].endpoint).toMatch(
            length === 8 ? /short_hash$/ : /by_hash$/
          )
          // Brought again, it is answered as it is.
          expect((await bring(sessionId, hash)).data.charge.status).toBe(
            "completed"
          )
        }
      )

      it("is not needed where the bank ties the transfer to the KHQR", async () => {
        const { sessionId, chargeId, qr } = await world.checkout()
        const { hash } = transfer(qr)
        const { status } = await bring(sessionId, hash)
        expect(status).toBe(200)
        expect(await world.charge(chargeId)).toMatchObject({
          evidence: "khqr",
          bank_hash: hash,
        })
        expect(questions("check_transaction_by_hash")).toHaveLength(0)
      })

      it("pays a KHQR that is over and superseded, where its time fits", async () => {
        const { sessionId, chargeId, qr } = await staticCheckout()
        const { hash } = transfer(qr)
        await world.sql(
          `UPDATE khqr_charge SET issued_at = issued_at - interval '20 minutes',
             expires_at = expires_at - interval '20 minutes', status = 'expired' WHERE id = ?`,
          [chargeId]
        )
        const { data } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/renew`
        )
        const renewed = data.charge.id
        expect(renewed).not.toBe(chargeId)
        // The new one is too young for the transfer.
        await world.sql(
          "UPDATE khqr_charge SET issued_at = now() + interval '6 minutes', expires_at = now() + interval '16 minutes' WHERE id = ?",
          [renewed]
        )

        expect((await bring(sessionId, hash)).status).toBe(200)
        expect(await world.charge(chargeId)).toMatchObject({
          status: "paid",
          evidence: "receipt",
        })
        expect((await world.charge(renewed)).status).toBe("pending")
      })

      it.each([
        {
          what: "of another amount",
          pays: { amount: 3 },
          says: "This transfer is over 3 USD, and 11 USD is to be paid.",
        },
        {
          what: "in riel",
          pays: { currency: "KHR" },
          says: "This transfer is over 11 KHR, and 11 USD is to be paid.",
        },
        {
          what: "to somebody else",
          pays: { toAccountId: "other@devb" },
          says: `This transfer did not go to ${ACCOUNT}.`,
        },
        {
          what: "from before the KHQR",
          pays: { createdAt: Date.now() - 3_600_000 },
          says: "This transfer is older than the KHQR.",
        },
        {
          what: "that was given back",
          pays: { trackingStatus: "REFUNDED_BY_RECEIVER" },
          says: "This transfer is not for this KHQR.",
        },
      ])("$what is refused with the reason", async ({ pays, says }) => {
        const { sessionId, chargeId, qr } = await staticCheckout()
        const { hash } = transfer(qr, pays)
        expect(await bring(sessionId, hash)).toMatchObject({
          status: 422,
          data: { code: "receipt_mismatch", message: says },
        })
        expect((await world.charge(chargeId)).status).toBe("pending")
      })

      it("pays nothing once the session's money was sent back or left, and says so", async () => {
        const { sessionId, chargeId, qr } = await world.checkout()
        await world.tick()
        bank().pay({ qr, amount: 5 })
        await world.tick()
        await staff.resolve(chargeId, { resolution: "dismiss" })
        const other = transfer(qr)
        for (const hash of [other.hash, other.shortHash]) {
          expect(await bring(sessionId, hash)).toMatchObject({
            status: 409,
            data: { code: "receipt_used" },
          })
        }
        expect((await world.charge(chargeId)).paid_amount).toBe("5")
      })

      it("that the bank does not know is refused, and one that is no hash is", async () => {
        const { sessionId } = await staticCheckout()
        expect(await bring(sessionId, NO_HASH)).toMatchObject({
          status: 422,
          data: { code: "receipt_not_found" },
        })
        for (const hash of ["", "12345", "zzzzzzzz", `${NO_HASH}0`]) {
          expect((await bring(sessionId, hash)).status).toBe(400)
        }
      })

      it("of another's payment is refused and told nothing of it", async () => {
        const theirs = await world.checkout()
        const { hash, fromAccountId } = transfer(theirs.qr)
        await world.tick()
        const mine = await staticCheckout()

        const { status, data } = await bring(mine.sessionId, hash)

        expect({ status, code: data.code }).toEqual({
          status: 409,
          code: "receipt_used",
        })
        expect(JSON.stringify(data)).not.toContain(fromAccountId)
        expect(JSON.stringify(data)).not.toContain(theirs.chargeId)
        expect((await world.charge(mine.chargeId)).status).toBe("pending")
      })

      it("of another's payment that nobody has asked about yet goes to the other", async () => {
        const theirs = await world.checkout()
        const mine = await staticCheckout()
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
          [theirs.chargeId]
        )
        const { hash } = transfer(theirs.qr)

        expect(await bring(mine.sessionId, hash)).toMatchObject({
          status: 409,
          data: { code: "receipt_used" },
        })

        expect(await world.charge(theirs.chargeId)).toMatchObject({
          status: "paid",
          evidence: "khqr",
          bank_hash: hash,
        })
        expect((await world.charge(mine.chargeId)).status).toBe("pending")
      })

      it("asks about all others over the same money in one question, and about none that is known not to be paid", async () => {
        const others = [await world.checkout(), await world.checkout()]
        await world.checkout("khr")
        await world.tick()
        const mine = await staticCheckout()
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE mode = 'dynamic'"
        )
        const { hash } = transfer(mine.qr)
        const before = bank().requests.length

        expect((await bring(mine.sessionId, hash)).status).toBe(200)

        const asked = bank().requests.slice(before)
        expect(asked.map(({ endpoint }) => endpoint)).toEqual([
          "/v1/check_transaction_by_hash",
          "/v1/check_transaction_by_md5_list",
        ])
        expect(asked[1].body).toHaveLength(others.length)

        // A transfer of an hour ago, and they were not paid since.
        const old = await staticCheckout()
        await world.age(old.chargeId, 7_200_000)
        await world.sql(
          `UPDATE khqr_charge SET issued_at = now() - interval '2 hours', last_outcome = 'not_found',
             last_checked_at = now(), next_check_at = now() + interval '1 hour' WHERE mode = 'dynamic'`
        )
        const earlier = transfer(old.qr, { createdAt: Date.now() - 3_600_000 })
        const then = bank().requests.length
        expect((await bring(old.sessionId, earlier.hash)).status).toBe(200)
        expect(
          bank()
            .requests.slice(then)
            .map(({ endpoint }) => endpoint)
        ).toEqual(["/v1/check_transaction_by_hash"])
      })

      it("cannot be told while the bank tells nothing of the transfer, or of the others; then nothing is counted or changed", async () => {
        await world.checkout()
        await world.checkout()
        const mine = await staticCheckout()
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE mode = 'dynamic'"
        )
        const { hash } = transfer(mine.qr)
        const before = await world.sql(
          "SELECT id, status, evidence, bank_hash, unknowns, last_outcome FROM khqr_charge ORDER BY id"
        )

        const silences = [
          // Nothing for which the shop would stop asking the bank altogether.
          () =>
            bank().setFault({
              kind: "answer",
              endpoint: "check_transaction_by_hash",
              body: { responseCode: 1, errorCode: 99, data: null },
            }),
          () => bank().setQuirks({ listFirstItem: "service_failed" }),
        ]
        for (const fallSilent of silences) {
          fallSilent()
          for (let n = 0; n <= RECEIPTS_PER_SESSION / 2; n++) {
            const { status, data, headers } = await bring(mine.sessionId, hash)
            expect({ status, data }).toMatchObject({
              status: 503,
              data: {
                code: "receipt_unknown",
                message: expect.stringContaining("do not pay again"),
              },
            })
            expect(headers["retry-after"]).toBe("60")
          }
          bank().clearFaults()
          bank().setQuirks({ listFirstItem: "right" })
        }
        expect(
          await world.sql(
            "SELECT id, status, evidence, bank_hash, unknowns, last_outcome FROM khqr_charge ORDER BY id"
          )
        ).toEqual(before)

        expect((await bring(mine.sessionId, hash)).status).toBe(200)
      })

      it("presented for two carts at once pays exactly one of them", async () => {
        const carts = [await staticCheckout(), await staticCheckout()]
        const { hash } = transfer(carts[0].qr)

        const answers = await Promise.all(
          carts.map(({ sessionId }) => bring(sessionId, hash))
        )

        expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
        expect(
          answers.find(({ status }) => status === 409)!.data
        ).toMatchObject({ code: "receipt_used" })
        await world.tick()
        expect(await world.orders()).toHaveLength(1)
        expect(
          await world.sql("SELECT id FROM khqr_charge WHERE bank_hash = ?", [
            hash,
          ])
        ).toHaveLength(1)
      })
    })

    describe("a transfer that a person may have vouched for", () => {
      const confirmed = async (made: { chargeId: string }) => {
        const { status } = await staff.post(
          `/charges/${made.chargeId}/confirm`,
          { reference: "FT26325ABC", reason: "Seen in the bank's app" }
        )
        expect(status).toBe(200)
        await world.tick()
      }

      it("pays no second order by its receipt where the bank cannot tell, until staff take it all the same", async () => {
        const vouched = await staticCheckout()
        const other = await staticCheckout()
        const { hash } = transfer(vouched.qr)
        await confirmed(vouched)

        for (const text of [hash, hash.slice(0, 8)]) {
          const { status, data } = await bring(other.sessionId, text)
          expect({ status, data }).toMatchObject({
            status: 409,
            data: {
              code: "receipt_unclear",
              message: expect.stringContaining("The shop has to look at it"),
            },
          })
          expect(JSON.stringify(data)).not.toContain(vouched.chargeId)
        }
        expect((await world.charge(other.chargeId)).status).toBe("pending")
        expect(await world.orders()).toHaveLength(1)

        const path = `/charges/${other.chargeId}/receipt`
        const told = await staff.post(path, { hash })
        expect(told).toMatchObject({
          status: 409,
          data: {
            code: "receipt_unclear",
            message: expect.stringContaining(vouched.chargeId),
          },
        })
        expect(
          (await staff.post(path, { hash, despite: "khqr_another" })).status
        ).toBe(409)
        const taken = await staff.post(path, {
          hash,
          despite: vouched.chargeId,
        })
        expect(taken).toMatchObject({
          status: 200,
          data: { charge: { status: "paid", evidence: "receipt" } },
        })
        const { history } = await staff.read(other.chargeId)
        expect(history).toContainEqual(
          expect.objectContaining({
            actor: expect.stringMatching(/^user_/),
            message: expect.stringContaining(vouched.chargeId),
          })
        )
      })

      it("is the proof of that word where the bank ties it to its KHQR, and pays nothing else", async () => {
        const vouched = await world.checkout()
        await world.tick()
        await confirmed(vouched)
        const other = await staticCheckout()
        const { hash } = transfer(vouched.qr)
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
          [vouched.chargeId]
        )

        expect(await bring(other.sessionId, hash)).toMatchObject({
          status: 409,
          data: { code: "receipt_used" },
        })

        expect(await world.charge(vouched.chargeId)).toMatchObject({
          evidence: "staff",
          bank_hash: hash,
        })
        expect((await world.charge(other.chargeId)).status).toBe("pending")
      })

      it("pays by its receipt where the bank says that it is not the other's, or it came after the person's word", async () => {
        const vouched = await world.checkout()
        await world.tick()
        await confirmed(vouched)
        const first = await staticCheckout()
        const one = transfer(first.qr)
        expect((await bring(first.sessionId, one.hash)).status).toBe(200)

        const seen = await staticCheckout()
        await staff.post(`/charges/${seen.chargeId}/confirm`, {
          reference: "FT26325DEF",
          reason: "Seen in the bank's app",
        })
        await world.sql(
          "UPDATE khqr_charge SET issued_at = now() - interval '1 hour', found_at = now() - interval '30 minutes' WHERE id = ?",
          [seen.chargeId]
        )
        const second = await staticCheckout()
        const two = transfer(second.qr)
        expect((await bring(second.sessionId, two.hash)).status).toBe(200)
      })
    })

    describe("more KHQRs over the same money than are asked about", () => {
      it("leave it open whose the transfer is", async () => {
        const theirs = await world.checkout()
        await world.tick()
        const columns = await world.sql<{ name: string }>(
          "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'khqr_charge' AND column_name NOT IN ('id', 'reference', 'md5', 'payment_session_id', 'issued_at', 'next_check_at')"
        )
        const same = columns.map(({ name }) => name).join(", ")
        await world.sql(
          `INSERT INTO khqr_charge (id, reference, md5, payment_session_id, issued_at, next_check_at, ${same})
           SELECT 'khqr_0' || n, 'KHX' || n, md5(n::text), 'payses_' || n, now(), now() + interval '1 hour', ${same}
           FROM khqr_charge, generate_series(1, 50) AS n WHERE id = ?`,
          [theirs.chargeId]
        )
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour', last_outcome = NULL, last_checked_at = NULL"
        )
        const mine = await staticCheckout()
        const { hash } = transfer(theirs.qr)

        expect(await bring(mine.sessionId, hash)).toMatchObject({
          status: 503,
          data: { code: "receipt_unknown" },
        })
        expect(
          await staff.post(`/charges/${mine.chargeId}/receipt`, { hash })
        ).toMatchObject({
          status: 503,
          data: { message: expect.stringContaining("More than 50") },
        })
        expect((await world.charge(mine.chargeId)).status).toBe("pending")
      })
    })

    it("of a transfer long after the KHQR is for staff to take", async () => {
      const { sessionId, chargeId, qr } = await staticCheckout()
      await world.age(chargeId, 72 * 3_600_000)
      const { hash } = transfer(qr)
      expect(await bring(sessionId, hash)).toMatchObject({
        status: 422,
        data: {
          code: "receipt_mismatch",
          message: expect.stringContaining("Show the receipt to the shop"),
        },
      })
      expect(
        (await staff.post(`/charges/${chargeId}/receipt`, { hash })).status
      ).toBe(200)
    })

    it("of a transfer over another amount goes to review where staff say whose it is", async () => {
      const { sessionId, chargeId, qr } = await staticCheckout()
      const { hash } = transfer(qr, { amount: 1 })
      expect((await bring(sessionId, hash)).data.code).toBe("receipt_mismatch")
      const receipt = `/charges/${chargeId}/receipt`
      expect((await staff.post(receipt, { hash })).status).toBe(422)
      expect(
        (
          await staff.post(receipt, {
            hash: hash.slice(0, 8),
            any_amount: true,
          })
        ).status
      ).toBe(400)

      const { status } = await staff.post(receipt, { hash, any_amount: true })

      expect(status).toBe(200)
      expect(await world.charge(chargeId)).toMatchObject({
        status: "paid",
        review_reason: "amount_mismatch",
        evidence: "receipt",
        bank_hash: hash,
        paid_amount: "1",
      })
      expect((await staff.read(chargeId)).charge.resolutions).toEqual([
        "settle",
        "attach",
        "refund",
        "dismiss",
      ])
      expect(await world.orders()).toEqual([])
    })

    describe("too many receipts", () => {
      it("for one KHQR are refused, also when they come at once, until the hour is over", async () => {
        const { sessionId, qr } = await staticCheckout()
        const { hash } = transfer(qr)
        const answers = await Promise.all(
          Array.from({ length: RECEIPTS_PER_SESSION + 3 }, () =>
            bring(sessionId, NO_HASH)
          )
        )
        const codes = answers.map(({ data }) => data.code)
        expect(codes.filter((c) => c === "receipt_not_found")).toHaveLength(
          RECEIPTS_PER_SESSION
        )
        const [refused] = answers.filter(({ status }) => status === 429)
        expect(refused.data).toMatchObject({
          code: "too_many_attempts",
          message: expect.stringContaining("Keep the receipt"),
        })
        const seconds = Number(refused.headers["retry-after"])
        expect(seconds).toBeGreaterThan(3_500)
        expect(seconds).toBeLessThanOrEqual(3_600)
        expect((await bring(sessionId, hash)).status).toBe(429)

        await world.sql(
          "UPDATE khqr_attempt SET window_started_at = now() - interval '61 minutes'"
        )
        expect((await bring(sessionId, hash)).status).toBe(200)
      })

      it("from one address are refused, whichever KHQR they are for, and staff may still try", async () => {
        const { sessionId, chargeId, qr } = await staticCheckout()
        const { hash } = transfer(qr)
        await bring(sessionId, NO_HASH)
        await world.sql(
          "UPDATE khqr_attempt SET count = ? WHERE id LIKE 'receipt:address:%'",
          [RECEIPTS_PER_ADDRESS]
        )
        expect((await bring(sessionId, hash)).status).toBe(429)
        const ids = await world.sql<{ id: string }>(
          "SELECT id FROM khqr_attempt"
        )
        expect(JSON.stringify(ids)).not.toContain("127.0.0.1")

        const { status, data } = await staff.post(
          `/charges/${chargeId}/receipt`,
          { hash }
        )
        expect({ status, data }).toMatchObject({
          status: 200,
          data: { charge: { status: "paid", evidence: "receipt" } },
        })
        const { history } = await staff.read(chargeId)
        expect(history.at(-1)).toMatchObject({
          kind: "paid",
          actor: expect.stringMatching(/^user_/),
          request_id: expect.any(String),
        })
      })

      it("are forgotten once their hour is over", async () => {
        const { sessionId } = await staticCheckout()
        await bring(sessionId, NO_HASH)
        expect(await world.khqr.tidyAttempts()).toBe(0)
        await world.sql(
          "UPDATE khqr_attempt SET window_started_at = now() - interval '61 minutes'"
        )
        expect(await world.khqr.tidyAttempts()).toBeGreaterThan(0)
        expect(await world.sql("SELECT id FROM khqr_attempt")).toEqual([])
      })
    })

    describe("whose session it is not", () => {
      it("reads the same 404, and nothing is asked or counted", async () => {
        const { collectionId } = await world.checkout()
        const foreign = await world.post(
          `/store/payment-collections/${collectionId}/payment-sessions`,
          { provider_id: "pp_system_default" }
        )
        const [{ id }] =
          foreign.data.payment_collection?.payment_sessions ??
          (await world.sql<{ id: string }>("SELECT 'payses_system' AS id"))
        const before = bank().requests.length
        const answers = []
        for (const unknown of [id, "payses_unknown", "' OR 1=1 --"]) {
          const { status, data } = await bring(
            encodeURIComponent(unknown),
            NO_HASH
          )
          answers.push({ status, data })
        }
        expect(answers[0].status).toBe(404)
        expect(new Set(answers.map((a) => JSON.stringify(a))).size).toBe(1)
        expect(bank().requests.length).toBe(before)
        expect(await world.sql("SELECT id FROM khqr_attempt")).toEqual([])
      })

      it("has no access without the shop's publishable key or an admin's login", async () => {
        const { sessionId, chargeId } = await staticCheckout()
        const anonymous = { validateStatus: () => true }
        const store = await api.post(
          `/store/khqr/payment-sessions/${sessionId}/receipt`,
          { hash: NO_HASH },
          anonymous
        )
        expect(store.status).toBe(400)
        for (const path of ["receipt", "resolve", "confirm", "settle"]) {
          const { status } = await api.post(
            `/admin/khqr/charges/${chargeId}/${path}`,
            { hash: NO_HASH },
            anonymous
          )
          expect(status).toBe(401)
        }
        for (const path of ["charges", "charges.csv", `charges/${chargeId}`]) {
          const { status } = await api.get(`/admin/khqr/${path}`, anonymous)
          expect(status).toBe(401)
        }
      })

      it("can do nothing to a charge by Medusa's own payment hook", async () => {
        const { sessionId, chargeId, qr } = await world.checkout()
        await world.tick()
        const before = await world.charge(chargeId)
        const { status } = await api.post(
          "/hooks/payment/khqr_bakong",
          {
            session_id: sessionId,
            charge_id: chargeId,
            status: "captured",
            qr,
          },
          { validateStatus: () => true }
        )
        expect(status).toBe(200)
        await api.post(
          "/hooks/payment/pp_khqr_bakong",
          { session_id: sessionId },
          { validateStatus: () => true }
        )
        await world.sql("SELECT pg_sleep(0.1)")
        expect(await world.charge(chargeId)).toMatchObject({
          status: before.status,
          paid_at: null,
        })
        expect(await world.orders()).toEqual([])
      })
    })
  },
})
