import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { Staff } from "./staff"
import { startBank, World } from "./world"

const bank = startBank()

const WORDS = {
  reference: "FT26325XYZ",
  reason: "The money is in the account, and Bakong is away",
}

medusaIntegrationTestRunner({
  moduleName: "khqr-confirm",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    const staff = new Staff(api, world)

    beforeAll(() => world.open())
    beforeEach(() => staff.login())

    const confirm = (
      chargeId: string,
      words: Record<string, unknown> = WORDS
    ) => staff.post(`/charges/${chargeId}/confirm`, words)

    /** The plan's next question about a charge that a person has vouched for. */
    const askAgain = async () => {
      await world.sql(
        "UPDATE khqr_charge SET next_check_at = now() - interval '1 second', leased_until = NULL WHERE evidence = 'staff'"
      )
      await world.tick()
    }

    const confirmed = async () => {
      const made = await world.checkout()
      await world.tick()
      const { status } = await confirm(made.chargeId)
      expect(status).toBe(200)
      await world.tick()
      expect((await world.charge(made.chargeId)).status).toBe("completed")
      return made
    }

    it("makes an order of a payment that a person vouches for, and says so for ever", async () => {
      bank().setFault({ kind: "server_error" })
      const { chargeId, sessionId } = await world.checkout()

      const { status, data } = await confirm(chargeId)

      expect({ status, data }).toMatchObject({
        status: 200,
        data: {
          charge: {
            status: "paid",
            evidence: "staff",
            bank_hash: null,
            paid_amount: "11",
            paid_currency: "USD",
          },
        },
      })
      await world.tick()
      const { charge, history } = await staff.read(chargeId)
      expect(charge).toMatchObject({ status: "completed", evidence: "staff" })
      expect(await staff.books(charge.order_id)).toMatchObject({
        paid: 11,
        outstanding: 0,
      })
      expect(history).toContainEqual(
        expect.objectContaining({
          kind: "confirmed",
          actor: expect.stringMatching(/^user_/),
          message: `Reference ${WORDS.reference}: ${WORDS.reason}`,
        })
      )
      // The shopper is told nothing of how we know.
      expect(JSON.stringify(await world.view(sessionId))).not.toContain(
        WORDS.reference
      )
    })

    it("is proven when the bank shows the transfer later, and stays a person's word", async () => {
      const { chargeId, qr } = await confirmed()
      const [{ hash }] = bank().pay({ qr })
      await askAgain()
      expect(await world.charge(chargeId)).toMatchObject({
        status: "completed",
        evidence: "staff",
        bank_hash: hash,
        review_reason: null,
      })
      expect((await staff.read(chargeId)).history.at(-1).message).toBe(
        "The bank confirms what a person had confirmed"
      )
      expect(await world.orders()).toHaveLength(1)
    })

    it("calls a person when the bank shows something else later", async () => {
      const { chargeId, qr } = await confirmed()
      bank().pay({ qr, amount: 2 })
      await askAgain()
      const { charge, history } = await staff.read(chargeId)
      expect(charge).toMatchObject({
        status: "completed",
        evidence: "staff",
        review_reason: "amount_mismatch",
        paid_amount: "2",
        resolutions: ["dismiss", "withdraw"],
      })
      expect(history.at(-1).message).toMatch(
        /The bank shows 2 USD .* a person had confirmed 11/
      )
      const { data } = await staff.resolve(chargeId, {
        resolution: "dismiss",
        reason: "the rest was paid in cash",
      })
      expect(data.charge).toMatchObject({
        status: "completed",
        resolution: "dismiss",
        resolutions: ["withdraw"],
      })
    })

    it("is refused where money is on record, for a time at which it cannot have been, and without words", async () => {
      const { chargeId, qr } = await world.checkout()
      const at = (ms: number) => new Date(Date.now() + ms).toISOString()
      expect(
        await confirm(chargeId, { ...WORDS, paid_at: at(60_000) })
      ).toMatchObject({
        status: 400,
        data: { message: expect.stringContaining("future") },
      })
      expect(
        await confirm(chargeId, { ...WORDS, paid_at: at(-3_600_000) })
      ).toMatchObject({
        status: 400,
        data: { message: expect.stringContaining("was issued") },
      })
      for (const missing of [
        { reason: WORDS.reason },
        { reference: WORDS.reference },
        { ...WORDS, reason: " " },
      ]) {
        expect((await confirm(chargeId, missing)).status).toBe(400)
      }
      expect((await confirm("khqr_none")).status).toBe(404)
      expect((await world.charge(chargeId)).status).toBe("pending")

      bank().pay({ qr })
      await world.tick()
      expect(await confirm(chargeId)).toMatchObject({
        status: 409,
        data: { message: expect.stringContaining("nothing to confirm") },
      })
    })

    describe("its reference", () => {
      const bring = (sessionId: string, hash: string) =>
        world.post(`/store/khqr/payment-sessions/${sessionId}/receipt`, {
          hash,
        })
      const asStatic = async () => {
        const made = await world.checkout()
        await world.sql(
          "UPDATE khqr_charge SET mode = 'static', next_check_at = NULL, md5 = md5 || 'x' WHERE id = ?",
          [made.chargeId]
        )
        return made
      }

      it("confirms one charge, however it is written, also when it comes for two at once", async () => {
        const [first, ...others] = [
          await world.checkout(),
          await world.checkout(),
          await world.checkout(),
        ]
        expect((await confirm(first.chargeId)).status).toBe(200)
        const again = await confirm(others[0].chargeId, {
          ...WORDS,
          reference: `  ${WORDS.reference.toLowerCase()} `,
        })
        expect(again).toMatchObject({
          status: 409,
          data: {
            code: "not_possible",
            message: expect.stringContaining(first.chargeId),
          },
        })
        const twice = await Promise.all(
          others.map(({ chargeId }) =>
            confirm(chargeId, { ...WORDS, reference: "FT-AT-ONCE" })
          )
        )
        expect(twice.map(({ status }) => status).sort()).toEqual([200, 409])
      })

      it("keeps its transfer from paying another charge in silence, also by the bank's word", async () => {
        const vouched = await asStatic()
        const other = await world.checkout()
        const [{ hash }] = bank().pay({ qr: other.qr })
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
          [other.chargeId]
        )
        const reference = hash.slice(0, 8)
        await confirm(vouched.chargeId, { ...WORDS, reference })
        await world.tick()
        expect(await world.charge(other.chargeId)).toMatchObject({
          status: "pending",
          review_reason: "hash_used",
        })
        expect(await world.orders()).toHaveLength(1)
      })

      it("is free for another charge once the person has taken their word back", async () => {
        const wrong = await asStatic()
        const right = await asStatic()
        const [{ hash }] = bank().pay({ qr: right.qr })
        const words = { ...WORDS, reference: hash }
        expect((await confirm(wrong.chargeId, words)).status).toBe(200)
        expect((await bring(right.sessionId, hash)).status).toBe(409)
        const withdrawn = await staff.resolve(wrong.chargeId, {
          resolution: "withdraw",
        })
        expect(withdrawn.status).toBe(200)
        expect((await bring(right.sessionId, hash)).status).toBe(200)
        expect(await world.charge(right.chargeId)).toMatchObject({
          status: "paid",
          bank_hash: hash,
        })
      })

      it("is no transfer that is known to pay something else, or the beginning of one", async () => {
        const { chargeId, qr } = await world.checkout()
        const [{ hash }] = bank().pay({ qr })
        await world.tick()
        const other = await world.checkout()
        for (const reference of [
          hash,
          hash.slice(0, 8).toUpperCase(),
          hash.slice(0, 20),
        ]) {
          expect(
            await confirm(other.chargeId, { ...WORDS, reference })
          ).toMatchObject({
            status: 409,
            data: { message: expect.stringContaining(chargeId) },
          })
        }
        expect((await world.charge(other.chargeId)).status).toBe("pending")
      })

      it.each([8, 64])(
        "of %i characters of a hash makes that transfer's receipt pay nothing else",
        async (length) => {
          const vouched = await asStatic()
          const other = await asStatic()
          const [{ hash }] = bank().pay({ qr: vouched.qr })
          const reference = hash.slice(0, length).toUpperCase()
          await confirm(vouched.chargeId, { ...WORDS, reference })
          for (const text of [hash, hash.slice(0, 8)]) {
            expect(await bring(other.sessionId, text)).toMatchObject({
              status: 409,
              data: { code: "receipt_used" },
            })
          }
          expect((await world.charge(other.chargeId)).status).toBe("pending")
        }
      )
    })

    it("is done once when two do it at once", async () => {
      const { chargeId } = await world.checkout()
      const answers = await Promise.all([confirm(chargeId), confirm(chargeId)])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      await world.tick()
      expect(await world.orders()).toHaveLength(1)
    })
  },
})
