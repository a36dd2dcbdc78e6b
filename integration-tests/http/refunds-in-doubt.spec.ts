import { Modules } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { MAX_BOOKING_FAILURES } from "../../src/modules/khqr/refund-state"
import { toQuestion } from "../../src/modules/khqr/question"
import { RefundWorld, SHOP } from "./refund-world"
import { startBank } from "./world"

const bank = startBank()

const HOUR = 3_600_000

medusaIntegrationTestRunner({
  moduleName: "khqr-refunds-in-doubt",
  testSuite: ({ api, getContainer }) => {
    const world = new RefundWorld(api, getContainer, bank)

    beforeAll(() => world.open())

    const cancelOrder = (orderId: string) =>
      world.act(`/orders/${orderId}/cancel`)

    const withdraw = async (chargeId: string) => {
      const { status, data } = await world.act(
        `/khqr/charges/${chargeId}/resolve`,
        { resolution: "withdraw", reason: "It was another customer's money" }
      )
      expect({ status, data }).toMatchObject({ status: 200 })
    }

    const sendByHand = async (chargeId: string, amount?: string) => {
      const { id } = await world.openRefund(chargeId, { amount })
      const { status, data } = await world.act(`/khqr/refunds/${id}/sent`, {
        reference: "100FT36118473",
      })
      expect({ status, data }).toMatchObject({ status: 200 })
      await world.tickRefunds()
      return id
    }

    /** An order that staff had made of a payment that they vouched for. */
    const confirmed = async () => {
      const { chargeId, qr } = await world.checkout()
      await world.tick()
      const { status } = await world.act(`/khqr/charges/${chargeId}/confirm`, {
        reference: `FT-${chargeId}`,
        reason: "The money is in the account",
      })
      expect(status).toBe(200)
      await world.tick()
      return { qr, ...(await world.purchaseOf(chargeId)) }
    }

    /** The bank shows another transfer than the one that a person vouched for. */
    const contradict = async (
      { chargeId, qr }: { chargeId: string; qr: string },
      told: { amount?: number; currency?: "USD" | "KHR" }
    ) => {
      bank().pay({ qr, ...told })
      await world.sql(
        "UPDATE khqr_charge SET next_check_at = now() - interval '1 second', leased_until = NULL WHERE id = ?",
        [chargeId]
      )
      await world.tick()
      expect((await world.charge(chargeId)).review_reason).not.toBeNull()
    }

    it("makes no KHQR to send back what went to somebody else's account", async () => {
      const { chargeId, qr } = await world.checkout()
      bank().pay({ qr, toAccountId: "somebody_else@devb" })
      await world.tick()
      expect((await world.charge(chargeId)).review_reason).toBe("wrong_account")
      const { id } = await world.openRefund(chargeId)

      expect(await world.act(`/khqr/refunds/${id}/khqr`)).toMatchObject({
        status: 409,
        data: {
          code: "not_possible",
          message: expect.stringContaining("did not reach you"),
        },
      })
    })

    it("opens no refund of a payment whose order is being made, and opens it afterwards", async () => {
      const { cartId, chargeId, qr } = await world.checkout()
      const locking = world.container.resolve(Modules.LOCKING)
      await locking.acquire(cartId, { ownerId: "the test", expire: 60 })
      bank().pay({ qr })
      await world.recordPayment(chargeId)

      const refused = await world.act(`/khqr/charges/${chargeId}/refunds`)
      expect(refused).toMatchObject({
        status: 409,
        data: {
          code: "not_possible",
          message: expect.stringContaining(
            "order of this payment is being made"
          ),
        },
      })
      expect(await world.khqr.listKhqrRefunds({ charge_id: chargeId })).toEqual(
        []
      )

      await locking.release(cartId, { ownerId: "the test" })
      await world.tick()
      await world.purchaseOf(chargeId)
      expect((await world.openRefund(chargeId)).amount).toBe("11")
    })

    describe("an order of a payment that a person vouched for", () => {
      it("is canceled once that is withdrawn, and no money is on record as sent", async () => {
        const { orderId, chargeId, paymentId } = await confirmed()
        const refused = await cancelOrder(orderId)
        expect(refused.status).toBe(409)
        expect(refused.data.message).toMatch(
          /11 USD of it has not gone back.*send 11 USD.*the bank has not confirmed it.*`withdraw`/
        )
        const pressed = await world.act(`/payments/${paymentId}/refund`)
        expect(pressed).toMatchObject({
          status: 400,
          data: { message: expect.stringContaining("`withdraw`") },
        })

        await withdraw(chargeId)
        expect((await cancelOrder(orderId)).status).toBe(200)
        await world.tickRefunds()
        expect(await world.books(orderId)).toMatchObject({
          status: "canceled",
          pending: 0,
          captured: 11,
          refunded: 11,
          refunds: [11],
          transactions: [
            ["capture", 11],
            ["refund", -11],
          ],
        })
        expect(
          await world.khqr.listKhqrRefunds({ charge_id: chargeId })
        ).toEqual([])
        const opened = await world.act(`/khqr/charges/${chargeId}/refunds`)
        expect(opened).toMatchObject({
          status: 409,
          data: { message: expect.stringContaining("No money came") },
        })
      })

      it("is canceled when less came, once that went back and the rest is withdrawn", async () => {
        const made = await confirmed()
        const { orderId, chargeId } = made
        await contradict(made, { amount: 2 })
        await sendByHand(chargeId)
        expect(await world.books(orderId)).toMatchObject({ refunds: [2] })

        const refused = await cancelOrder(orderId)
        expect(refused.status).toBe(409)
        expect(refused.data.message).toMatch(
          /9 USD of it has not gone back.*the bank shows 2 USD.*`withdraw`/
        )
        expect(refused.data.message).not.toContain("in a minute")

        await withdraw(chargeId)
        expect((await cancelOrder(orderId)).status).toBe(200)
        expect(await world.books(orderId)).toMatchObject({
          status: "canceled",
          pending: 0,
          captured: 11,
          refunded: 11,
          refunds: [2, 9],
        })
      })

      it("is not canceled by a withdrawal while what came is with the shop", async () => {
        const made = await confirmed()
        const { orderId, chargeId, paymentId } = made
        await contradict(made, { amount: 2 })
        await withdraw(chargeId)
        const refused = await cancelOrder(orderId)
        expect(refused.status).toBe(409)
        expect(refused.data.message).toContain("2 USD of it has not gone back")

        const press = (amount: number) =>
          world.act(`/payments/${paymentId}/refund`, { amount })
        expect((await press(9.01)).status).toBe(400)
        expect((await press(9)).status).toBe(200)
        expect((await cancelOrder(orderId)).status).toBe(409)
        await sendByHand(chargeId)
        expect((await cancelOrder(orderId)).status).toBe(200)
        expect(await world.books(orderId)).toMatchObject({
          status: "canceled",
          refunded: 11,
          refunds: [9, 2],
        })
      })

      it("is refunded in its own currency only, whatever the bank shows afterwards", async () => {
        const made = await confirmed()
        const { orderId, chargeId, paymentId } = made
        await contradict(made, { amount: 44_000, currency: "KHR" })
        const part = await sendByHand(chargeId, "1000")
        expect(await world.refund(part)).toMatchObject({
          currency_code: "khr",
          status: "sent",
          next_book_at: null,
        })
        const pressed = await world.act(`/payments/${paymentId}/refund`)
        expect(pressed.status).toBe(400)
        await sendByHand(chargeId)
        expect(await world.books(orderId)).toMatchObject({
          refunded: 0,
          refunds: [],
          transactions: [["capture", 11]],
        })
        const refused = await cancelOrder(orderId)
        expect(refused.status).toBe(409)
        expect(refused.data.message).toMatch(
          /11 USD of it has not gone back.*the bank shows 44000 KHR.*`withdraw`/
        )
        await withdraw(chargeId)
        expect((await cancelOrder(orderId)).status).toBe(200)
        expect(await world.books(orderId)).toMatchObject({ refunds: [11] })
      })
    })

    it("calls a person when the bank says nothing of a reverse KHQR for a day; it may be called off, and still counts when it was paid", async () => {
      const heard: unknown[] = []
      world.container
        .resolve(Modules.EVENT_BUS)
        .subscribe("khqr.refund.review", async ({ data }) => {
          heard.push(data)
        })
      const { orderId, chargeId } = await world.buy()
      const refund = await world.showRefund(chargeId)
      const cancel = () =>
        world.act(`/khqr/refunds/${refund.id}/cancel`, { reason: "asked him" })
      await world.ageRefund(refund.id, 240 * HOUR)
      bank().setFault({ kind: "server_error" })
      await world.tickRefunds()
      expect(await cancel()).toMatchObject({
        status: 409,
        data: { code: "not_possible" },
      })

      await world.sql(
        "UPDATE khqr_refund SET unknown_since = unknown_since - interval '24 hours' WHERE id = ?",
        [refund.id]
      )
      await world.endPauses()
      await world.tickRefunds()
      expect(heard).toEqual([{ id: refund.id, charge_id: chargeId }])
      const open = await world.ask("/khqr/refunds?review=open")
      expect(open.data).toMatchObject({
        count: 1,
        refunds: [
          {
            id: refund.id,
            status: "pending",
            review_reason: "unverifiable",
            explanation: expect.stringContaining("look into the account"),
          },
        ],
      })

      expect((await cancel()).data.refund.status).toBe("canceled")
      expect((await world.ask("/khqr/refunds?review=open")).data.count).toBe(0)
      expect((await world.refund(refund.id)).next_check_at).not.toBeNull()

      const other = await sendByHand(chargeId)
      bank().clearFaults()
      await world.endPauses()
      bank().pay({ qr: refund.qr, fromAccountId: SHOP })
      await world.tickRefunds()
      expect(await world.refund(other)).toMatchObject({ review_reason: null })
      expect(await world.refund(refund.id)).toMatchObject({
        status: "sent",
        review_reason: "excess",
      })
      expect(await world.books(orderId)).toMatchObject({ refunds: [11] })

      const resolve = (id: string) =>
        world.act(`/khqr/refunds/${id}/resolve`, {
          reason: "The customer paid it back",
        })
      expect(
        (await world.act(`/khqr/refunds/${refund.id}/resolve`)).status
      ).toBe(400)
      expect(await resolve(refund.id)).toMatchObject({
        status: 200,
        data: {
          refund: {
            review_reason: "excess",
            explanation: null,
            resolved_at: expect.any(String),
            resolved_by: refund.created_by,
          },
        },
      })
      expect((await world.ask("/khqr/refunds?review=open")).data.count).toBe(0)
      const [line] = await world.khqr.listKhqrEvents({
        charge_id: chargeId,
        kind: "refund_resolved",
      })
      expect(line).toMatchObject({
        actor: refund.created_by,
        message: "excess: The customer paid it back",
      })
      for (const id of [refund.id, other]) {
        expect(await resolve(id)).toMatchObject({
          status: 409,
          data: { code: "not_possible" },
        })
      }
    })

    it("calls a person when Medusa cannot be told for hours, and tells it again when they say so", async () => {
      const { orderId, chargeId, paymentId } = await world.buy()
      await world.sql("UPDATE payment SET deleted_at = now() WHERE id = ?", [
        paymentId,
      ])
      const { id } = await world.openRefund(chargeId)
      await world.act(`/khqr/refunds/${id}/sent`, { reference: "100FT" })
      await world.sql("UPDATE khqr_refund SET book_attempts = ? WHERE id = ?", [
        MAX_BOOKING_FAILURES - 1,
        id,
      ])
      await world.tickRefunds()
      const open = await world.ask("/khqr/refunds?review=open")
      expect(open.data.refunds).toMatchObject([
        {
          id,
          review_reason: "not_booked",
          explanation: expect.stringContaining("have it tried again"),
        },
      ])

      const book = () => world.act(`/khqr/refunds/${id}/book`)
      expect((await book()).data.refund).toMatchObject({
        booked_at: null,
        booking_error: expect.stringContaining("no payment"),
      })
      await world.sql("UPDATE payment SET deleted_at = NULL WHERE id = ?", [
        paymentId,
      ])
      expect((await book()).data.refund).toMatchObject({
        review_reason: null,
        booked_at: expect.any(String),
        booking_error: null,
      })
      expect(await world.books(orderId)).toMatchObject({ refunds: [11] })
      expect(await book()).toMatchObject({
        status: 409,
        data: { code: "not_possible" },
      })
    })

    it("sends a payment back that is finer than a cent, to the cent, and is then done", async () => {
      const { chargeId, qr } = await world.checkout()
      bank().pay({ qr, amount: 11.006 })
      await world.tick()
      expect(await world.charge(chargeId)).toMatchObject({
        status: "paid",
        review_reason: "amount_mismatch",
        paid_amount: "11.006",
      })
      const id = await sendByHand(chargeId)
      expect((await world.refund(id)).amount).toBe("11")
      const { data } = await world.ask(`/khqr/charges/${chargeId}/refunds`)
      expect(data.left.amount).toBe("0")
      expect((await world.charge(chargeId)).resolution).toBe("refund")
    })

    it("opens no refund of an order for a second transfer of its KHQR", async () => {
      const { chargeId } = await world.buy()
      const [result] = await world.khqr.askBakong([
        toQuestion(await world.charge(chargeId), new Date()),
      ])
      // As when one question overtakes another.
      const { outcome } = result
      if (outcome.type !== "paid") {
        throw new Error("The bank shows no payment")
      }
      const second = "ab".repeat(32)
      await world.khqr.recordAnswer({
        ...result,
        outcome: {
          ...outcome,
          transaction: { ...outcome.transaction, hash: second },
        },
      })
      expect(
        await world.act(`/khqr/charges/${chargeId}/refunds`)
      ).toMatchObject({
        status: 409,
        data: {
          code: "not_possible",
          message: expect.stringMatching(
            new RegExp(`${second}.*from your bank's app.*dismiss`)
          ),
        },
      })
      await world.act(`/khqr/charges/${chargeId}/resolve`, {
        resolution: "dismiss",
        reason: "Sent back by 100FT36118473",
      })
      expect((await world.openRefund(chargeId)).amount).toBe("11")
    })
  },
})
