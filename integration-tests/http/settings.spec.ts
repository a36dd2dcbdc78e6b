import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { decodeKhqr } from "../../src/khqr"
import { createAdmin, type Admin } from "./admin"
import { startWith } from "./options"
import { startBank, World } from "./world"

const bank = startBank()

beforeAll(() => {
  process.env.KHQR_RECEIVERS = JSON.stringify({
    khr: { accountId: "riel@devb", accountInformation: "85512345678" },
  })
  process.env.KHQR_LIMITS = JSON.stringify({
    usd: { min: 5, max: "20.50" },
  })
  process.env.KHQR_KHR_ROUNDING = "100"
})

afterAll(() => {
  delete process.env.KHQR_RECEIVERS
  delete process.env.KHQR_LIMITS
  delete process.env.KHQR_KHR_ROUNDING
})

medusaIntegrationTestRunner({
  moduleName: "khqr-settings",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let admin: Admin
    let restore = () => {}

    beforeAll(() => world.open())
    beforeEach(async () => {
      admin = await createAdmin(world.container, api)
    })
    afterEach(() => restore())

    const asAdmin = () => ({ ...admin, validateStatus: () => true })
    const settings = async () =>
      (await api.get("/admin/khqr/settings", asAdmin())).data.settings
    const turn = (enabled: boolean, reason?: string) =>
      api.post("/admin/khqr/settings", { enabled, reason }, asAdmin())

    const CLOSED = {
      status: 400,
      data: {
        type: "not_allowed",
        message:
          "This shop takes no KHQR payments at the moment. Choose another way to pay.",
      },
    }

    describe("The settings", () => {
      it("show the switch and how the shop is set up, and no secret", async () => {
        const { status, data } = await api.get(
          "/admin/khqr/settings",
          asAdmin()
        )
        expect({ status, data }).toEqual({
          status: 200,
          data: {
            settings: {
              enabled: true,
              reason: null,
              changed_by: null,
              changed_at: null,
              mode: "dynamic",
              limits: { usd: { min: "5", max: "20.50" } },
              receivers: {
                usd: {
                  type: "individual",
                  account_id: "khqr_demo@devb",
                  merchant_id: null,
                  acquiring_bank: null,
                },
                khr: {
                  type: "individual",
                  account_id: "riel@devb",
                  merchant_id: null,
                  acquiring_bank: null,
                },
              },
              khr_rounding: 100,
              late_payments: "honour",
              expires_in_seconds: 600,
              manual_confirmation: true,
            },
          },
        })
      })

      it("are for admins", async () => {
        for (const call of [
          api.get("/admin/khqr/settings", { validateStatus: () => true }),
          world.post("/admin/khqr/settings", { enabled: false }),
        ]) {
          expect((await call).status).toBe(401)
        }
        expect((await settings()).enabled).toBe(true)
      })

      it.each([{}, { enabled: "no" }, { enabled: true, mode: "static" }])(
        "are not changed by %j",
        async (body) => {
          const { status } = await api.post(
            "/admin/khqr/settings",
            body,
            asAdmin()
          )
          expect(status).toBe(400)
        }
      )
    })

    describe("A shop that switches KHQR off", () => {
      it("remembers who did it, when and why, for ever", async () => {
        await turn(false, "The bank's app is down")
        const { changed_by, changed_at, ...rest } = await settings()
        expect(rest).toMatchObject({
          enabled: false,
          reason: "The bank's app is down",
        })
        expect(changed_by).toMatch(/^user_/)
        expect(Date.now() - Date.parse(changed_at)).toBeLessThan(60_000)

        // What is so already is no change.
        await turn(false, "The bank's app is down")
        await turn(true)
        expect(
          await world.sql(
            "SELECT actor, charge_id, message FROM khqr_event WHERE kind = 'setting' ORDER BY created_at"
          )
        ).toEqual([
          {
            actor: changed_by,
            charge_id: null,
            message: "KHQR switched off: The bank's app is down",
          },
          { actor: changed_by, charge_id: null, message: "KHQR switched on" },
        ])
      })

      it("issues no new KHQR, tells the shopper so, and does again when it is on", async () => {
        const collectionId = await world.openCollection(await world.fillCart())
        await turn(false)
        expect(await world.openSession(collectionId)).toMatchObject(CLOSED)
        expect(await world.sql("SELECT id FROM khqr_charge")).toEqual([])
        expect(
          await world.sql("SELECT id FROM khqr_event WHERE kind = 'issued'")
        ).toEqual([])

        await turn(true)
        expect((await world.openSession(collectionId)).status).toBe(200)
      })

      it("issues none in place of one that is over, and leaves one that lives", async () => {
        const { sessionId, chargeId } = await world.checkout()
        await turn(false)
        const renew = () =>
          world.post(`/store/khqr/payment-sessions/${sessionId}/renew`)

        expect((await renew()).data.charge).toMatchObject({ id: chargeId })
        await world.age(chargeId, 600_000)
        expect(await renew()).toMatchObject({
          status: 409,
          data: { code: "switched_off", message: CLOSED.data.message },
        })
        await turn(true)
        expect((await renew()).data.charge.id).not.toBe(chargeId)
      })

      it("settles what was shown before, be its session gone", async () => {
        const shown = await world.checkout()
        const replaced = await world.checkout()
        await world.tick()
        await turn(false)
        // The cart changes and changes back: its session is gone, its money is right.
        const [item] = await world.sql<{ id: string }>(
          "SELECT id FROM cart_line_item WHERE cart_id = ?",
          [replaced.cartId]
        )
        for (const quantity of [2, 1]) {
          const { status } = await world.post(
            `/store/carts/${replaced.cartId}/line-items/${item.id}`,
            { quantity }
          )
          expect(status).toBe(200)
        }
        expect(
          await world.sql("SELECT id FROM payment_session WHERE id = ?", [
            replaced.sessionId,
          ])
        ).toEqual([])

        bank().pay({ qr: shown.qr })
        bank().pay({ qr: replaced.qr })
        await world.tick()

        expect(await world.orders()).toHaveLength(2)
        for (const { chargeId } of [shown, replaced]) {
          expect((await world.charge(chargeId)).status).toBe("completed")
        }
      })

      it("issues not one after the answer, however many are on their way", async () => {
        const collections: string[] = []
        for (let carts = 0; carts < 10; carts++) {
          collections.push(await world.openCollection(await world.fillCart()))
        }
        const early = collections.slice(0, 6)
        const answers = Promise.all(early.map((id) => world.openSession(id)))
        expect((await turn(false)).status).toBe(200)
        const late = await Promise.all(
          collections.slice(6).map((id) => world.openSession(id))
        )
        for (const answer of late) {
          expect(answer).toMatchObject(CLOSED)
        }
        const issued = (await answers).filter(({ status }) => status === 200)
        const [{ charges }] = await world.sql<{ charges: string }>(
          "SELECT count(*) AS charges FROM khqr_charge"
        )
        expect(Number(charges)).toBe(issued.length)
      })
    })

    describe("Receivers", () => {
      it("are each currency's own, and what is paid to the other's is looked at", async () => {
        const usd = await world.checkout("usd")
        const khr = await world.checkout("khr")
        expect(decodeKhqr(usd.qr).receiver).toEqual({
          type: "individual",
          accountId: "khqr_demo@devb",
        })
        expect(decodeKhqr(khr.qr).receiver).toEqual({
          type: "individual",
          accountId: "riel@devb",
          accountInformation: "85512345678",
        })
        bank().pay({ qr: usd.qr })
        bank().pay({ qr: khr.qr, toAccountId: "khqr_demo@devb" })
        await world.tick()
        expect((await world.charge(usd.chargeId)).status).toBe("completed")
        expect(await world.charge(khr.chargeId)).toMatchObject({
          account_id: "riel@devb",
          review_reason: "wrong_account",
        })
      })

      it("make an order of riel paid to the riel's account", async () => {
        const { qr, chargeId } = await world.checkout("khr")
        bank().pay({ qr })
        await world.tick()
        expect(await world.charge(chargeId)).toMatchObject({
          status: "completed",
          paid_to: "riel@devb",
        })
      })
    })

    describe("Limits", () => {
      const open = async (quantity: number) =>
        world.openSession(
          await world.openCollection(await world.fillCart("usd", quantity))
        )

      it("refuse what is above them, with both amounts", async () => {
        expect(await open(3)).toMatchObject({
          status: 400,
          data: {
            type: "invalid_data",
            message:
              "KHQR can be used for amounts up to 20.50 USD, and 30.00 USD is to be paid. Choose another way to pay.",
          },
        })
        // Exactly at the limit is within it.
        expect((await open(2)).status).toBe(200)
      })

      it("refuse what is below them, with both amounts", async () => {
        restore = startWith(world, {
          limits: { usd: { min: 11.01 }, khr: { max: 1 } },
        })
        expect(await open(1)).toMatchObject({
          status: 400,
          data: {
            message:
              "KHQR can be used for amounts from 11.01 USD, and 11.00 USD is to be paid. Choose another way to pay.",
          },
        })
        expect((await open(2)).status).toBe(200)
      })
    })

    describe("Riel with a fraction", () => {
      /** 44,030.40 KHR with delivery. */
      const fractions = () =>
        world.sql(
          `UPDATE price SET amount = 38030.4, raw_amount = '{"value": "38030.4", "precision": 20}'
           WHERE currency_code = 'khr' AND amount = 38000`
        )

      it("are asked for in hundreds, and booked as they are", async () => {
        await fractions()
        const { qr, chargeId } = await world.checkout("khr")
        expect(decodeKhqr(qr).amount).toBe("44000")
        expect(await world.charge(chargeId)).toMatchObject({
          amount: "44030.4",
          khqr_amount: "44000",
        })
        bank().pay({ qr })
        await world.tick()

        const [order] = await world.orders()
        expect(order).toMatchObject({
          total: 44_030.4,
          payment_collections: [
            { status: "completed", captured_amount: 44_030.4 },
          ],
        })
      })

      it("are refused where the shop says so", async () => {
        await fractions()
        restore = startWith(world, { khrRounding: "refuse" })
        const collectionId = await world.openCollection(
          await world.fillCart("khr")
        )
        expect(await world.openSession(collectionId)).toMatchObject({
          status: 400,
          data: {
            type: "invalid_data",
            message: expect.stringMatching(/fraction of a riel/),
          },
        })
      })
    })
  },
})
