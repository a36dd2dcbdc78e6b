import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { decodeKhqr } from "../../src/khqr"
import type { FaultInput, Quirks } from "../../src/simulator/types"
import { createAdmin, type Admin } from "./admin"
import { eventually, startBank, World } from "./world"

const CHECK = "/hosted/v1/check_transaction_by_hash"
const MAKE = "/hosted/v1/generate_deeplink_by_qr"

const bank = startBank()

// A shop with a hosted gateway has nothing of Bakong's own.
beforeAll(() => {
  const { url, merchantId, key } = bank().hosted
  delete process.env.BAKONG_TOKEN
  delete process.env.KHQR_ENCRYPTION_KEY
  process.env.KHQR_HOSTED_URL = url
  process.env.KHQR_HOSTED_MERCHANT_ID = merchantId
  process.env.KHQR_HOSTED_KEY = key
})

afterAll(() => {
  delete process.env.KHQR_HOSTED_URL
  delete process.env.KHQR_HOSTED_MERCHANT_ID
  delete process.env.KHQR_HOSTED_KEY
})

medusaIntegrationTestRunner({
  moduleName: "khqr-hosted",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let owner: Admin

    beforeAll(async () => {
      await world.open()
      owner = await createAdmin(getContainer(), api)
    })

    afterEach(() => jest.restoreAllMocks())

    const callsTo = (endpoint: string) =>
      bank().requests.filter((request) => request.endpoint === endpoint)

    const admin = (method: "GET" | "POST", path: string, data?: object) =>
      api.request({
        method,
        url: `/admin/khqr${path}`,
        data,
        ...owner,
        validateStatus: () => true,
      })

    /** Ticks a minute later, when no circuit is open any more, until it holds. */
    const recover = async (holds: () => Promise<void>) => {
      const now = Date.now
      const clock = jest
        .spyOn(Date, "now")
        .mockImplementation(() => now() + 60_000)
      await world.endPauses()
      await world.tick()
      clock.mockRestore()
      await eventually(async () => {
        await world.tick()
        await holds()
      })
    }

    const statusIs = (chargeId: string, status: string) => async () =>
      expect((await world.charge(chargeId)).status).toBe(status)

    describe("A KHQR that the gateway makes", () => {
      it.each([
        { currency: "usd" as const, amount: "11", total: 11 },
        { currency: "khr" as const, amount: "44000", total: 44_000 },
      ])(
        "asks for our amount under our reference in $currency, and becomes one captured order",
        async ({ currency, amount, total }) => {
          const { sessionId, qr, chargeId } = await world.checkout(currency)

          const charge = await world.charge(chargeId)
          expect(callsTo(MAKE)).toMatchObject([
            {
              authorized: true,
              body: {
                amount: total,
                currency: currency.toUpperCase(),
                bill_number: charge.reference,
              },
            },
          ])
          expect(decodeKhqr(qr)).toMatchObject({
            pointOfInitiation: "dynamic",
            receiver: { accountId: bank().hosted.accountId },
            amount,
            currency: currency.toUpperCase(),
            billNumber: charge.reference,
          })
          expect(charge).toMatchObject({
            account_id: bank().hosted.accountId,
            khqr_amount: amount,
            gateway_ref: expect.stringMatching(/^\S+$/),
          })
          expect(await world.view(sessionId)).toMatchObject({
            status: "pending",
            qr,
            amount,
            deeplink: `bakong://qr?qr=${encodeURIComponent(qr)}`,
          })

          await world.tick()
          expect(await world.charge(chargeId)).toMatchObject({
            status: "pending",
            last_outcome: "not_found",
          })
          const [transaction] = bank().pay({ qr })
          await world.tick()

          const [order, ...others] = await world.orders()
          expect(others).toEqual([])
          expect(order).toMatchObject({
            total,
            payment_collections: [
              {
                status: "completed",
                captured_amount: total,
                payments: [{ amount: total, captured_at: expect.any(String) }],
              },
            ],
          })
          expect(await world.charge(chargeId)).toMatchObject({
            status: "completed",
            order_id: order.id,
            bank_hash: transaction.hash,
            paid_amount: String(total),
          })
          expect(
            new Set(bank().requests.map(({ endpoint }) => endpoint))
          ).toEqual(new Set([MAKE, CHECK]))
          expect(callsTo(CHECK)[0].body).toEqual({ hash: charge.gateway_ref })
        }
      )

      it("is one for each charge, and all that were shown are watched", async () => {
        const collectionId = await world.openCollection(await world.fillCart())
        const first = await world.openSession(collectionId)
        const [shown] = first.data.payment_collection.payment_sessions
        await world.openSession(collectionId)
        expect(callsTo(MAKE)).toHaveLength(2)

        bank().pay({ qr: shown.data.qr })

        // Its session is gone, and its cart takes it over.
        await eventually(async () => {
          await world.tick()
          expect(await world.charge(shown.data.charge_id)).toMatchObject({
            status: "completed",
            review_reason: null,
          })
        })
      })

      it("has its link from the gateway, and none is asked for", async () => {
        const { sessionId, qr } = await world.checkout()
        const { data } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/deeplink`
        )
        expect(data.charge.deeplink).toContain(encodeURIComponent(qr))
        expect(callsTo(MAKE)).toHaveLength(1)
      })

      it("is followed by another one of the gateway's when its time is over", async () => {
        const { sessionId, qr, chargeId } = await world.checkout()
        await world.age(chargeId, 3_600_000)
        await world.tick()
        const { data } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/renew`
        )
        expect(data.charge).toMatchObject({ status: "pending", amount: "11" })
        expect(data.charge.qr).not.toBe(qr)
        expect(decodeKhqr(data.charge.qr)).toMatchObject({
          amount: "11",
          billNumber: data.charge.reference,
        })
        bank().pay({ qr: data.charge.qr })
        await world.tick()
        expect(await world.orders()).toHaveLength(1)
      })

      it.each<{ hostedQr: Quirks["hostedQr"]; says: RegExp }>([
        { hostedQr: "other_amount", says: /amount 11\.01 instead of 11/ },
        { hostedQr: "other_currency", says: /currency KHR instead of USD/ },
        { hostedQr: "other_bill_number", says: /bill number/ },
        { hostedQr: "garbled", says: /not readable/ },
      ])(
        "is not shown when it is another one than asked for: $hostedQr",
        async ({ hostedQr, says }) => {
          const error = jest.spyOn(
            world.container.resolve(ContainerRegistrationKeys.LOGGER),
            "error"
          )
          const collectionId = await world.openCollection(
            await world.fillCart()
          )
          bank().setQuirks({ hostedQr })

          const { status, data } = await world.openSession(collectionId)

          expect(status).toBeGreaterThanOrEqual(400)
          expect(data.message).toBe(
            "The KHQR could not be made just now. Try again, or choose another way to pay."
          )
          expect(await world.sql("SELECT id FROM khqr_charge")).toEqual([])
          expect(await world.sql("SELECT id FROM payment_session")).toEqual([])
          expect(error.mock.calls.map(([text]) => String(text))).toContainEqual(
            expect.stringMatching(says)
          )

          bank().setQuirks({ hostedQr: "right" })
          expect((await world.openSession(collectionId)).status).toBe(200)
        }
      )

      it("is not there while the gateway is away, and nothing is left behind", async () => {
        const collectionId = await world.openCollection(await world.fillCart())
        bank().setFault({ kind: "down" })

        const { data } = await world.openSession(collectionId)

        expect(data.message).toMatch(/^The KHQR could not be made just now/)
        expect(await world.sql("SELECT id FROM khqr_charge")).toEqual([])
        expect(await world.sql("SELECT id FROM payment_session")).toEqual([])
      })
    })

    describe("What the gateway calls paid", () => {
      it.each<{ hostedPaid: Quirks["hostedPaid"]; reason: string }>([
        { hostedPaid: "other_amount", reason: "amount_mismatch" },
        { hostedPaid: "other_currency", reason: "currency_mismatch" },
      ])(
        "is for a person to look at with $hostedPaid, and gives no order",
        async ({ hostedPaid, reason }) => {
          const { chargeId, sessionId, qr, cartId } = await world.checkout()
          bank().setQuirks({ hostedPaid })
          bank().pay({ qr })

          await world.tick()

          expect(await world.charge(chargeId)).toMatchObject({
            status: "paid",
            review_reason: reason,
          })
          expect(await world.view(sessionId)).toMatchObject({
            in_review: true,
            qr: null,
          })
          await world.complete(cartId)
          expect(await world.orders()).toEqual([])
        }
      )

      it.each<{ hostedPaid: Quirks["hostedPaid"] }>([
        { hostedPaid: "other_bill_number" },
        { hostedPaid: "other_hash" },
      ])(
        "neither pays nor ends a charge when it is about another one: $hostedPaid",
        async ({ hostedPaid }) => {
          const { chargeId, cartId, qr } = await world.checkout()
          bank().setQuirks({ hostedPaid })
          bank().pay({ qr })
          await world.tick()
          await world.age(chargeId, 3_600_000)
          await world.tick()

          expect(await world.charge(chargeId)).toMatchObject({
            status: "pending",
            bank_hash: null,
            last_outcome: "unknown:unrecognized",
          })
          await world.complete(cartId)
          expect(await world.orders()).toEqual([])

          bank().setQuirks({ hostedPaid: "right" })
          await world.tick()
          expect((await world.charge(chargeId)).status).toBe("completed")
        }
      )

      it("is read to the cent when its amounts are texts", async () => {
        const { chargeId, qr } = await world.checkout("khr")
        bank().setQuirks({ amountAsString: true })
        bank().pay({ qr })
        await world.tick()
        expect((await world.charge(chargeId)).status).toBe("completed")
      })
    })

    describe("A charge that is not paid", () => {
      it.each<{ hostedNotPaid: Quirks["hostedNotPaid"] }>([
        { hostedNotPaid: "not_found" },
        { hostedNotPaid: "null" },
        { hostedNotPaid: "empty_404" },
      ])(
        "expires when its time and the grace are over, and not before: $hostedNotPaid",
        async ({ hostedNotPaid }) => {
          const { chargeId, sessionId } = await world.checkout()
          bank().setQuirks({ hostedNotPaid })
          await world.tick()
          expect(await world.charge(chargeId)).toMatchObject({
            status: "pending",
            last_outcome: "not_found",
          })

          // Ten minutes of life are over, the two of grace are not.
          await world.age(chargeId, 690_000)
          await world.tick()
          expect(await world.charge(chargeId)).toMatchObject({
            status: "pending",
            last_outcome: "not_found",
          })

          await world.age(chargeId, 60_000)
          await world.tick()
          expect((await world.charge(chargeId)).status).toBe("expired")
          expect(await world.view(sessionId)).toMatchObject({
            status: "expired",
            qr: null,
          })
        }
      )

      it.each<FaultInput>([
        { kind: "down" },
        { kind: "server_error" },
        { kind: "html" },
        { kind: "truncated" },
        { kind: "unauthorized" },
        { kind: "forbidden" },
        { kind: "quota_spent" },
        { kind: "rate_limited" },
        // The words of a framework or a proxy that has no such route.
        {
          kind: "answer",
          status: 404,
          body: { error: "Not Found", message: "Cannot POST" },
        },
        { kind: "answer", status: 404, body: "<h1>404 Not Found</h1>" },
        { kind: "answer", status: 200, body: {} },
      ])(
        "does not expire while the gateway says nothing that counts: $kind $status",
        async (fault) => {
          const paid = await world.checkout()
          const unpaid = await world.checkout()
          bank().pay({ qr: paid.qr })
          bank().setFault(fault)
          for (const { chargeId } of [paid, unpaid]) {
            await world.age(chargeId, 3_600_000)
          }

          await world.tick()
          await world.tick()

          for (const { chargeId, sessionId } of [paid, unpaid]) {
            expect(await world.charge(chargeId)).toMatchObject({
              status: "pending",
              review_reason: null,
              last_outcome: expect.stringMatching(/^unknown:/),
            })
            expect((await world.view(sessionId)).bank).not.toBe("ok")
          }

          bank().clearFaults()
          await recover(async () => {
            await statusIs(paid.chargeId, "completed")()
            await statusIs(unpaid.chargeId, "expired")()
          })
          expect(await world.orders()).toHaveLength(1)
        }
      )
    })

    describe("The owner's desk", () => {
      it("diagnoses a charge by the gateway's word", async () => {
        const { chargeId, qr } = await world.checkout()
        const [transaction] = bank().pay({ qr })
        const diagnose = async (id: string) => {
          const { data } = await admin("POST", `/charges/${id}/diagnose`, {})
          return data.diagnosis
        }
        await world.tick()

        expect(await diagnose(chargeId)).toMatchObject({
          ledger: { id: chargeId, status: "completed" },
          agrees: true,
          notes: [],
          questions: 1,
          answers: [
            {
              asked_by: "gateway_ref",
              outcome: "paid",
              http_status: 200,
              transaction: { hash: transaction.hash, currency: "USD" },
            },
          ],
        })

        const other = await world.checkout()
        bank().setFault({ kind: "unauthorized" })
        expect(await diagnose(other.chargeId)).toMatchObject({
          agrees: null,
          answers: [{ outcome: "unknown:unauthorized", http_status: 401 }],
        })
      })

      it("shows the gateway's health, counts its calls, and asks it nothing", async () => {
        await world.checkout()
        await world.tick()
        const before = bank().requests.length
        const { status, data } = await admin("GET", "/health")
        expect(status).toBe(200)
        expect(data.health).toMatchObject({
          gateway: "hosted",
          circuit: { state: "closed" },
          quota: { limit: null, left: null, spent_at: null },
          list_closed_until: null,
          token: null,
        })
        expect(data.health.quota.used).toBeGreaterThanOrEqual(2)
        expect(bank().requests).toHaveLength(before)
        expect(JSON.stringify(data)).not.toContain(bank().hosted.key)
      })

      it.each([
        ["GET", "/token", undefined],
        ["POST", "/token", { token: "a-token-of-bakongs" }],
        ["POST", "/token/renew", {}],
        [
          "POST",
          "/token/register",
          { email: "a@lucky.test", organization: "Lucky", project: "Shop" },
        ],
        ["POST", "/token/verify", { code: "A".repeat(20) }],
      ] as const)(
        "says that no Bakong token is needed: %s %s",
        async (method, path, body) => {
          const { status, data } = await admin(method, path, body)
          expect({ status, message: data.message }).toEqual({
            status: 400,
            message: "This shop's gateway needs no Bakong token",
          })
          expect(bank().requests).toEqual([])
        }
      )

      it("has no token to keep, and its daily job does nothing", async () => {
        await world.khqr.keepToken()
        expect(bank().requests).toEqual([])
        expect(await world.sql("SELECT id FROM khqr_token")).toEqual([])
      })
    })
  },
})
