import { randomBytes } from "node:crypto"

import { medusaIntegrationTestRunner } from "@medusajs/test-utils"
import { MedusaError, Modules } from "@medusajs/framework/utils"
import fc from "fast-check"

import { buildKhqr, decodeKhqr, khqrMd5, sameAmount } from "../../src/khqr"
import { crc16 } from "../../src/khqr/crc"
import { newReference } from "../../src/modules/khqr/reference"
import { createAdmin, type Admin } from "./admin"
import { startWith } from "./options"
import { startBank, World } from "./world"

const bank = startBank()

const DAY_MS = 86_400_000

medusaIntegrationTestRunner({
  moduleName: "khqr-modes",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let restore = () => {}

    beforeAll(() => world.open())
    afterEach(() => restore())

    const questions = () =>
      bank().requests.filter(({ endpoint }) => endpoint.includes("md5"))

    describe("A static KHQR", () => {
      let admin: Admin

      beforeEach(async () => {
        restore = startWith(world, { mode: "static" })
        admin = await createAdmin(world.container, api)
      })

      const postAsAdmin = (path: string, body: unknown = {}) =>
        api.post(path, body, { ...admin, validateStatus: () => true })

      it("is the same for everybody, has no amount and no end, and says what to type", async () => {
        const [one, two] = [await world.checkout(), await world.checkout()]
        const riel = await world.checkout("khr")

        expect(two.qr).toBe(one.qr)
        expect(riel.qr).not.toBe(one.qr)
        const said = decodeKhqr(one.qr)
        expect(said).toMatchObject({
          pointOfInitiation: "static",
          receiver: { accountId: "khqr_demo@devb" },
          currency: "USD",
        })
        expect(said).not.toHaveProperty("amount")
        expect(said).not.toHaveProperty("billNumber")
        expect(said).not.toHaveProperty("expiresAt")

        const view = await world.view(one.sessionId)
        expect(view).toMatchObject({
          mode: "static",
          amount: "11",
          qr: one.qr,
          status: "pending",
        })
        expect(view.reference).not.toBe(
          (await world.view(two.sessionId)).reference
        )
        expect(Date.parse(view.expires_at) - Date.parse(view.issued_at)).toBe(
          DAY_MS
        )
        const [{ data }] = await world.sql<{ data: object }>(
          "SELECT data FROM payment_session WHERE id = ?",
          [one.sessionId]
        )
        expect(data).toMatchObject({ mode: "static", amount: "11" })
      })

      it("costs no question, whoever wishes one, and never expires by itself", async () => {
        const { chargeId, sessionId } = await world.checkout()
        const signalled = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/signals`,
          { kind: "claims_paid" }
        )
        expect(signalled.data.charge.status).toBe("pending")
        const { md5, reference } = await world.charge(chargeId)
        expect((await world.khqr.findCharge(reference)).id).toBe(chargeId)
        await expect(world.khqr.findCharge(md5)).rejects.toThrow(/no charge/)
        const checked = await postAsAdmin(
          `/admin/khqr/charges/${chargeId}/check`
        )
        expect(checked).toMatchObject({
          status: 400,
          data: {
            message: expect.stringMatching(/static KHQR.*receipt.*by hand/),
          },
        })
        const { data } = await postAsAdmin(
          `/admin/khqr/charges/${chargeId}/diagnose`
        )
        expect(data.diagnosis).toMatchObject({
          questions: 0,
          agrees: null,
          notes: [expect.stringMatching(/cannot be asked about a static/)],
        })

        await world.age(chargeId, 30 * DAY_MS)
        await world.tick()
        expect(questions()).toEqual([])
        expect(await world.charge(chargeId)).toMatchObject({
          status: "pending",
          review_reason: null,
          next_check_at: null,
        })
      })

      it("is shown for a day, and then again as a charge of its own", async () => {
        const { chargeId, sessionId, qr } = await world.checkout()
        const renew = async () => {
          const { data } = await world.post(
            `/store/khqr/payment-sessions/${sessionId}/renew`
          )
          return data.charge
        }
        expect((await renew()).id).toBe(chargeId)

        await world.age(chargeId, DAY_MS)
        expect((await world.view(sessionId)).qr).toBeNull()
        const renewed = await renew()
        expect(renewed).toMatchObject({ qr, mode: "static", amount: "11" })
        expect(renewed.id).not.toBe(chargeId)
      })

      it("is confirmed by the payer's receipt, and becomes an order", async () => {
        const { chargeId, sessionId, qr } = await world.checkout()
        const [{ hash }] = bank().pay({ qr, amount: 11 })
        await world.tick()
        expect((await world.charge(chargeId)).status).toBe("pending")

        const receipt = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/receipt`,
          { hash: hash.slice(0, 8) }
        )
        expect(receipt).toMatchObject({
          status: 200,
          data: { charge: { status: "paid" } },
        })
        await world.tick()

        expect(await world.charge(chargeId)).toMatchObject({
          status: "completed",
          evidence: "receipt",
          bank_hash: hash,
        })
        const [order] = await world.orders()
        expect(order.payment_collections[0].captured_amount).toBe(11)
        expect(questions()).toEqual([])
      })

      it("is not confirmed by the receipt of another amount", async () => {
        const { chargeId, sessionId, qr } = await world.checkout()
        const [{ hash }] = bank().pay({ qr, amount: 1.1 })
        const { status, data } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/receipt`,
          { hash }
        )
        expect({ status, code: data.code }).toEqual({
          status: 422,
          code: "receipt_mismatch",
        })
        expect((await world.charge(chargeId)).status).toBe("pending")
      })

      it("is confirmed by staff, and becomes an order", async () => {
        const { chargeId } = await world.checkout()
        const { status } = await postAsAdmin(
          `/admin/khqr/charges/${chargeId}/confirm`,
          { reference: "FT-77", reason: "Seen in the bank's app" }
        )
        expect(status).toBe(200)
        await world.tick()

        expect(await world.charge(chargeId)).toMatchObject({
          status: "completed",
          evidence: "staff",
        })
        expect(await world.orders()).toHaveLength(1)
        expect(questions()).toEqual([])
      })

      it("has a deep link", async () => {
        const { sessionId } = await world.checkout()
        const { data } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/deeplink`
        )
        expect(data.charge.deeplink).toMatch(/^http/)
      })
    })

    describe("A KHQR that the storefront made", () => {
      beforeEach(() => {
        restore = startWith(world, { mode: "client" })
      })

      type Wish = Partial<{
        accountId: string
        accountInformation: string
        type: "merchant"
        currency: "USD" | "KHR"
        amount: string
        billNumber: string | null
        endsIn: number
        static: boolean
        unionPayAccount: string
      }>

      /** What an honest storefront makes of 11 dollars, but for what a test wishes. */
      const made = (wish: Wish = {}): string => {
        const now = Date.now()
        const accountId = wish.accountId ?? "khqr_demo@devb"
        const endsAt = now + (wish.endsIn ?? 300_000)
        const common = {
          receiver:
            wish.type === "merchant"
              ? {
                  type: "merchant" as const,
                  accountId,
                  merchantId: "1",
                  acquiringBank: "B",
                }
              : {
                  type: "individual" as const,
                  accountId,
                  accountInformation: wish.accountInformation,
                },
          currency: wish.currency ?? "USD",
          merchantName: "Phsar Toul Demo",
          unionPayAccount: wish.unionPayAccount,
          ...(wish.billNumber === null
            ? {}
            : { billNumber: wish.billNumber ?? newReference() }),
        }
        return wish.static
          ? buildKhqr({ ...common, type: "static" }, now).qr
          : buildKhqr(
              {
                ...common,
                amount: wish.amount ?? "11",
                expiresAt: endsAt,
              },
              // A string is made at most ten minutes before it ends.
              Math.max(endsAt - 600_000, Math.min(now, endsAt - 1_000))
            ).qr
      }

      const open = async (qr?: unknown) => {
        const collectionId = await world.openCollection(await world.fillCart())
        return world.openSession(collectionId, qr === undefined ? {} : { qr })
      }

      it("is taken as it is, and paid as any other", async () => {
        const qr = made({ billNumber: "INV 0001/A" })
        const { status, data } = await open(qr)
        expect({ status, data }).toMatchObject({ status: 200 })
        const [session] = data.payment_collection.payment_sessions
        expect(session.data).toMatchObject({
          qr,
          md5: khqrMd5(qr),
          mode: "client",
          amount: "11",
        })
        expect(await world.charge(session.data.charge_id)).toMatchObject({
          qr,
          reference: "INV 0001/A",
          mode: "client",
          expires_at: new Date(decodeKhqr(qr).expiresAt!),
        })

        bank().pay({ qr })
        await world.tick()
        expect(await world.charge(session.data.charge_id)).toMatchObject({
          status: "completed",
          evidence: "khqr",
        })
        expect(await world.orders()).toHaveLength(1)
      })

      it("is refused in words for each thing that is not as it has to be", async () => {
        const collectionId = await world.openCollection(await world.fillCart())
        const good = made()
        const faults: [unknown, RegExp][] = [
          [undefined, /is missing/],
          ["", /is missing/],
          [12, /must be the KHQR as a string/],
          [{ qr: good }, /must be the KHQR as a string/],
          ["00020101021", /is no good KHQR: Tag/],
          [`${good.slice(0, -4)}0000`, /is no good KHQR: Tag 63/],
          [`${good} `, /is no good KHQR/],
          [`ក${good}`, /must be printable ASCII/],
          ["0".repeat(100_000), /is no good KHQR/],
          [made({ static: true }), /asks for no amount, .* 11 USD/],
          [
            made({ accountId: "thief@devb" }),
            /pays the account thief@devb, and it has to be khqr_demo@devb/,
          ],
          [
            made({ accountInformation: "thief" }),
            /the account information thief, and it has to be none/,
          ],
          [
            made({ type: "merchant" }),
            /type merchant, and it has to be individual/,
          ],
          [
            made({ amount: "1.10" }),
            /asks for 1.10 USD, and it has to ask for 11 USD/,
          ],
          [
            made({ amount: "11.01" }),
            /asks for 11.01 USD, and it has to ask for 11 USD/,
          ],
          [
            made({ currency: "KHR" }),
            /asks for 11 KHR, and it has to ask for 11 USD/,
          ],
          [
            made({
              currency: "KHR",
              amount: "11",
              unionPayAccount: "1234567890123456",
            }),
            /UnionPay account|11 KHR/,
          ],
          [made({ billNumber: null }), /needs a bill number/],
          [made({ billNumber: " A" }), /without blanks around it/],
          [made({ endsIn: 29_000 }), /ends at .*it has to end after/],
          [made({ endsIn: -1_000 }), /ends at .*it has to end after/],
          [made({ endsIn: 660_000 }), /ends at .*at the latest/],
        ]
        for (const [qr, message] of faults) {
          const { status, data } = await world.openSession(
            collectionId,
            qr === undefined ? {} : { qr }
          )
          expect({ status, type: data.type, message: data.message }).toEqual({
            status: 400,
            type: "invalid_data",
            message: expect.stringMatching(message),
          })
          expect(data.message).toMatch(/^data\.qr /)
        }
        expect(await world.sql("SELECT id FROM khqr_charge")).toEqual([])
        // And the cart is none the worse for it.
        expect(
          (await world.openSession(collectionId, { qr: good })).status
        ).toBe(200)
      })

      it("is taken once, be it sent again, sent at once, or sent with a used bill number", async () => {
        const qr = made({ billNumber: "ONCE" })
        const collections: string[] = []
        for (let carts = 0; carts < 4; carts++) {
          collections.push(await world.openCollection(await world.fillCart()))
        }
        const answers = await Promise.all(
          collections.map((id) => world.openSession(id, { qr }))
        )
        expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
        for (const again of [qr, made({ billNumber: "ONCE" })]) {
          const { status, data } = await open(again)
          expect({ status, data }).toMatchObject({
            status: 400,
            data: {
              message: expect.stringMatching(/^data\.qr was used before/),
            },
          })
        }
        expect(await world.sql("SELECT reference FROM khqr_charge")).toEqual([
          { reference: "ONCE" },
        ])
      })

      it("is renewed by another one, and not without", async () => {
        const { data } = await open(made())
        const [session] = data.payment_collection.payment_sessions
        const renew = (body: object) =>
          world.post(`/store/khqr/payment-sessions/${session.id}/renew`, body)

        await world.age(session.data.charge_id, 301_000)
        expect(await renew({})).toMatchObject({
          status: 400,
          data: { message: expect.stringMatching(/^data\.qr is missing/) },
        })
        expect(await renew({ qr: session.data.qr })).toMatchObject({
          status: 400,
          data: { message: expect.stringMatching(/^data\.qr/) },
        })
        const qr = made()
        expect(await renew({ qr })).toMatchObject({
          status: 200,
          data: { charge: { qr, status: "pending", mode: "client" } },
        })
        bank().pay({ qr })
        await world.tick()
        expect(await world.orders()).toHaveLength(1)
      })

      it("stays when Medusa updates the session for the same amount, and for another one needs a new one", async () => {
        const payment = world.container.resolve(Modules.PAYMENT)
        const { data } = await open(made())
        const [session] = data.payment_collection.payment_sessions
        const update = (amount: number, qr?: string) =>
          payment.updatePaymentSession({
            id: session.id,
            currency_code: "usd",
            amount,
            data: { ...session.data, ...(qr ? { qr } : {}) },
          })

        const same = await update(11)
        expect(same.data?.charge_id).toBe(session.data.charge_id)
        await expect(update(12)).rejects.toMatchObject({
          type: MedusaError.Types.INVALID_DATA,
          message: expect.stringMatching(/^data\.qr is missing/),
        })
        const qr = made({ amount: "12" })
        expect((await update(12, qr)).data).toMatchObject({
          qr,
          amount: "12",
        })
      })

      it("asks for what is to be paid, or is refused, whatever is sent", async () => {
        const seal = (body: string) => `${body}6304${crc16(`${body}6304`)}`
        const wish = fc.record(
          {
            accountId: fc.constantFrom("khqr_demo@devb", "thief@devb"),
            accountInformation: fc.constantFrom(undefined, "85512345678"),
            currency: fc.constantFrom<("USD" | "KHR")[]>("USD", "KHR"),
            amount: fc.constantFrom("11", "11", "11", "110", "1"),
            endsIn: fc.integer({ min: 20_000, max: 700_000 }),
            static: fc.constantFrom(false, false, false, true),
          },
          { requiredKeys: [] }
        )
        const tampered = fc
          .tuple(fc.nat(120), fc.string({ minLength: 1, maxLength: 2 }))
          .map(([at, text]) => {
            const qr = made().slice(0, -8)
            return seal(qr.slice(0, at) + text + qr.slice(at + text.length))
          })
        let [taken, refused] = [0, 0]

        await fc.assert(
          fc.asyncProperty(
            fc.oneof(wish.map(made), tampered, fc.string(), fc.anything()),
            async (client_qr) => {
              const payment_session_id = `payses_${randomBytes(8).toString("hex")}`
              try {
                await world.khqr.issueCharge(
                  {
                    payment_session_id,
                    amount: "11",
                    currency_code: "usd",
                    client_qr,
                  },
                  "medusa"
                )
              } catch (error) {
                expect(error).toMatchObject({
                  type: MedusaError.Types.INVALID_DATA,
                  message: expect.stringMatching(/^data\.qr /),
                })
                refused++
                return
              }
              const [charge] =
                await world.khqr.listChargesOfSession(payment_session_id)
              const said = decodeKhqr(charge.qr)
              expect(charge).toMatchObject({
                qr: client_qr,
                md5: khqrMd5(client_qr as string),
                reference: said.billNumber,
                account_id: "khqr_demo@devb",
                amount: "11",
                khqr_amount: "11",
                currency_code: "usd",
              })
              expect(said).toMatchObject({
                pointOfInitiation: "dynamic",
                currency: "USD",
                receiver: { type: "individual", accountId: "khqr_demo@devb" },
              })
              expect(said.receiver).not.toHaveProperty("accountInformation")
              expect(sameAmount(said.amount!, "11")).toBe(true)
              expect(charge.expires_at.getTime()).toBe(said.expiresAt)
              expect(
                said.expiresAt! - charge.issued_at.getTime()
              ).toBeLessThanOrEqual(600_000)
              taken++
            }
          ),
          { numRuns: 400 }
        )
        expect({ taken: taken > 10, refused: refused > 10 }).toEqual({
          taken: true,
          refused: true,
        })
      })
    })

    describe("In a dynamic shop", () => {
      it("what a client sends as data.qr is not looked at", async () => {
        const collectionId = await world.openCollection(await world.fillCart())
        const { data } = await world.openSession(collectionId, { qr: "mine" })
        const [session] = data.payment_collection.payment_sessions
        expect(decodeKhqr(session.data.qr)).toMatchObject({
          amount: "11",
          receiver: { accountId: "khqr_demo@devb" },
        })
        expect(session.data.mode).toBe("dynamic")
      })
    })
  },
})
