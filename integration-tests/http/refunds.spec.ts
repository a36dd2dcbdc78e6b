import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { PAYER, RefundWorld, SHOP } from "./refund-world"
import { startBank } from "./world"

const bank = startBank()

/** From here on a "not found" is the end of a KHQR that was shown now. */
const CLOSED_MS = 13 * 60_000

medusaIntegrationTestRunner({
  moduleName: "khqr-refunds",
  testSuite: ({ api, getContainer }) => {
    const world = new RefundWorld(api, getContainer, bank)

    beforeAll(() => world.open())

    /** The merchant's thumb on the simulator's page, as a browser sends it. */
    const scan = async (qr: string, action = "pay") => {
      const page = await fetch(
        `${bank().url}/pay?${new URLSearchParams({ qr })}`
      )
      const shown = await page.text()
      const receipt = await fetch(`${bank().url}/pay`, {
        method: "POST",
        body: new URLSearchParams({ qr, action, fromAccountId: SHOP }),
      })
      expect([page.status, receipt.status]).toEqual([200, 200])
      return shown
    }

    describe("a reverse KHQR", () => {
      it("sends all of a payment back, from the merchant's scan to Medusa's books", async () => {
        const { orderId, chargeId } = await world.buy()
        const due = await world.openRefund(chargeId, {
          note: "The jar was broken",
        })
        expect(due).toMatchObject({
          status: "due",
          amount: "11",
          currency_code: "usd",
          payer_account: PAYER,
          qr: null,
          khqr_refusal: null,
        })

        const issued = await world.act(`/khqr/refunds/${due.id}/khqr`)
        const again = await world.act(`/khqr/refunds/${due.id}/khqr`)
        expect(issued.data.refund).toMatchObject({
          status: "pending",
          method: "reverse_khqr",
          qr: expect.stringContaining(PAYER),
        })
        expect(again.data.refund.qr).toBe(issued.data.refund.qr)

        const shown = await scan(issued.data.refund.qr)
        expect(shown).toContain("Refund")
        await world.tickRefunds()

        const { data } = await world.ask(`/khqr/refunds/${due.id}`)
        expect(data.refund).toMatchObject({
          status: "sent",
          sent_by: "clock",
          bank_hash: bank().transactions.at(-1)!.hash,
          verified_at: expect.any(String),
          booked_at: expect.any(String),
          qr: null,
        })
        expect(await world.books(orderId)).toEqual({
          status: "pending",
          total: 0,
          pending: 0,
          transactions: [
            ["capture", 11],
            ["refund", -11],
          ],
          captured: 11,
          refunded: 11,
          refunds: [11],
        })
        const history = await world.khqr.listKhqrEvents({
          charge_id: chargeId,
          kind: {
            $in: [
              "refund_due",
              "refund_issued",
              "refund_sent",
              "refund_booked",
            ],
          },
        })
        expect(history.map(({ kind }) => kind).sort()).toEqual([
          "refund_booked",
          "refund_due",
          "refund_issued",
          "refund_sent",
        ])
        const calls = await world.khqr.listKhqrEvents({ kind: "call" })
        expect(
          calls.filter(
            ({ charge_ids, is_proof }) =>
              is_proof && (charge_ids as unknown as string[]).includes(due.id)
          )
        ).toHaveLength(1)
      })

      it("sends parts back that add up to the payment, and no more", async () => {
        const { orderId, chargeId } = await world.buy()
        const part = await world.showRefund(chargeId, "4.50")
        await scan(part.qr)
        await world.tickRefunds()
        expect(await world.books(orderId)).toMatchObject({
          refunded: 4.5,
          refunds: [4.5],
          pending: 0,
        })

        const tooMuch = await world.act(`/khqr/charges/${chargeId}/refunds`, {
          amount: "6.51",
        })
        expect(tooMuch).toMatchObject({
          status: 409,
          data: {
            code: "not_possible",
            message: expect.stringContaining("Only 6.5 USD"),
          },
        })

        const rest = await world.showRefund(chargeId)
        expect(rest.amount).toBe("6.50")
        await scan(rest.qr)
        await world.tickRefunds()

        expect(await world.books(orderId)).toMatchObject({
          total: 0,
          pending: 0,
          refunded: 11,
          refunds: [4.5, 6.5],
          transactions: [
            ["capture", 11],
            ["refund", -4.5],
            ["refund", -6.5],
          ],
        })
        const { data } = await world.ask(`/khqr/charges/${chargeId}/refunds`)
        expect(data.left).toEqual({ amount: "0", currency_code: "usd" })
        const more = await world.act(`/khqr/charges/${chargeId}/refunds`)
        expect(more).toMatchObject({
          status: 409,
          data: { message: expect.stringContaining("sent back already") },
        })
      })

      it("is opened by one of many at once when there is money for one", async () => {
        const { chargeId } = await world.buy()
        const answers = await Promise.all(
          Array.from({ length: 6 }, () =>
            world.act(`/khqr/charges/${chargeId}/refunds`, { amount: "6" })
          )
        )
        expect(answers.map(({ status }) => status).sort()).toEqual([
          200, 409, 409, 409, 409, 409,
        ])
      })

      it("runs out on the bank's word, gives its money free, and still counts when it is paid after all", async () => {
        const { orderId, chargeId } = await world.buy()
        const refund = await world.showRefund(chargeId)
        const canceling = await world.act(`/khqr/refunds/${refund.id}/cancel`, {
          reason: "The customer keeps it",
        })
        expect(canceling).toMatchObject({
          status: 409,
          data: { message: expect.stringContaining("may still be paid") },
        })

        await world.ageRefund(refund.id, CLOSED_MS)
        bank().setFault({ kind: "down" })
        await world.tickRefunds()
        expect((await world.refund(refund.id)).status).toBe("pending")
        bank().clearFaults()
        await world.endPauses()
        await world.tickRefunds()
        expect((await world.refund(refund.id)).status).toBe("expired")
        const { data } = await world.ask(`/khqr/charges/${chargeId}/refunds`)
        expect(data.left.amount).toBe("11")
        const reissued = await world.act(`/khqr/refunds/${refund.id}/khqr`)
        expect(reissued.data.message).toContain("open another refund")

        await scan(refund.qr)
        await world.tickRefunds()
        expect(await world.refund(refund.id)).toMatchObject({
          status: "sent",
          review_reason: null,
        })
        expect(await world.books(orderId)).toMatchObject({ refunded: 11 })
      })

      it("that is paid twice counts once, since the bank shows one transfer", async () => {
        const { orderId, chargeId } = await world.buy()
        const refund = await world.showRefund(chargeId)
        await scan(refund.qr, "pay_twice")
        await world.tickRefunds()
        await world.tickRefunds()
        expect((await world.refund(refund.id)).status).toBe("sent")
        expect(await world.books(orderId)).toMatchObject({
          refunded: 11,
          refunds: [11],
        })
      })

      it("calls a person when it and the one after it were both paid", async () => {
        const { orderId, chargeId } = await world.buy()
        const first = await world.showRefund(chargeId)
        await world.ageRefund(first.id, CLOSED_MS)
        await world.tickRefunds()
        const second = await world.showRefund(chargeId)
        await scan(second.qr)
        await world.tickRefunds()
        await scan(first.qr)
        await world.tickRefunds()

        expect(await world.refund(first.id)).toMatchObject({
          status: "sent",
          review_reason: "excess",
        })
        expect(await world.refund(second.id)).toMatchObject({
          status: "sent",
          review_reason: null,
        })
        expect(await world.books(orderId)).toMatchObject({
          refunded: 11,
          refunds: [11],
        })
        const { data } = await world.ask(
          "/khqr/refunds?review_reason=excess&status=sent"
        )
        expect(data).toMatchObject({ count: 1, refunds: [{ id: first.id }] })
      })

      it("calls a person when the bank shows another amount than it asked for", async () => {
        const { orderId, chargeId } = await world.buy()
        const refund = await world.showRefund(chargeId)
        bank().pay({ qr: refund.qr, amount: 5, fromAccountId: SHOP })
        await world.tickRefunds()
        expect(await world.refund(refund.id)).toMatchObject({
          status: "pending",
          review_reason: "mismatch",
        })
        expect(await world.books(orderId)).toMatchObject({ refunded: 0 })
      })

      it.each(["abaakhppxxx@abaa", "ABAAKHPP@abaa"])(
        "is refused to %s, an account of a bank's own",
        async (fromAccountId) => {
          const { chargeId } = await world.buy("usd", { fromAccountId })
          const refund = await world.openRefund(chargeId)
          expect(refund.khqr_refusal).toContain("an account of the bank's own")
          const { status, data } = await world.act(
            `/khqr/refunds/${refund.id}/khqr`
          )
          expect({ status, data }).toEqual({
            status: 409,
            data: {
              type: "not_allowed",
              code: "not_possible",
              message: refund.khqr_refusal,
            },
          })
          expect((await world.refund(refund.id)).status).toBe("due")
        }
      )

      it("is called off before it is shown, and its money is free again", async () => {
        const { chargeId } = await world.buy()
        const refund = await world.openRefund(chargeId)
        const { data } = await world.act(`/khqr/refunds/${refund.id}/cancel`, {
          reason: "The customer keeps it",
        })
        expect(data.refund.status).toBe("canceled")
        expect((await world.openRefund(chargeId)).amount).toBe("11")
      })
    })

    describe("a transfer by hand", () => {
      it("is confirmed by the bank, and booked", async () => {
        const { orderId, chargeId } = await world.buy()
        const refund = await world.openRefund(chargeId)
        const hash = world.send()
        const { status, data } = await world.act(
          `/khqr/refunds/${refund.id}/sent`,
          { hash: hash.toUpperCase() }
        )
        expect({ status, data }).toMatchObject({
          status: 200,
          data: {
            refund: {
              status: "sent",
              method: "by_hand",
              bank_hash: hash,
              verified_at: expect.any(String),
            },
            message: "The bank confirms the transfer.",
          },
        })
        await world.tickRefunds()
        expect(await world.books(orderId)).toMatchObject({
          total: 0,
          pending: 0,
          refunded: 11,
        })
      })

      it("is refused when the bank knows another transfer by its hash, or none, and says what differs", async () => {
        const { chargeId } = await world.buy()
        const payment = bank().transactions.at(-1)!
        const other = await world.buy()
        const refund = await world.openRefund(chargeId)
        const used = world.send()
        const usedElsewhere = await world.openRefund(other.chargeId)
        await world.act(`/khqr/refunds/${usedElsewhere.id}/sent`, {
          hash: used,
        })

        const refusals: [hash: string, words: string][] = [
          ["ab".repeat(32), "no transfer with this hash"],
          [
            world.send({ fromAccountId: "somebody@devb" }),
            "not from khqr_demo",
          ],
          [world.send({ toAccountId: "somebody@devb" }), `not to ${PAYER}`],
          [world.send({ amount: 10.99 }), "over 10.99 USD, not 11 USD"],
          [world.send({ currency: "KHR" }), "over 11 KHR, not 11 USD"],
          [
            world.send({ trackingStatus: "REFUNDED_BY_RECEIVER" }),
            "failed or came back",
          ],
          [used, `refund ${usedElsewhere.id}`],
          [payment.hash, `payment of charge ${chargeId}`],
        ]
        for (const [hash, words] of refusals) {
          const { status, data } = await world.act(
            `/khqr/refunds/${refund.id}/sent`,
            { hash }
          )
          expect({ words, status, message: data.message }).toEqual({
            words,
            status: 400,
            message: expect.stringContaining(words),
          })
        }
        expect((await world.refund(refund.id)).status).toBe("due")
      })

      it("is taken on a person's word while the bank is down, says so, and is confirmed later", async () => {
        const { orderId, chargeId } = await world.buy()
        const refund = await world.openRefund(chargeId)
        const hash = world.send()
        bank().setFault({ kind: "server_error" })
        const unsure = await world.act(`/khqr/refunds/${refund.id}/sent`, {
          hash,
        })
        expect(unsure).toMatchObject({
          status: 200,
          data: {
            refund: { status: "sent", verified_at: null, bank_hash: hash },
            message: expect.stringContaining("on your word, unconfirmed"),
          },
        })
        bank().clearFaults()
        await world.endPauses()

        const wrong = await world.act(`/khqr/refunds/${refund.id}/sent`, {
          hash: world.send(),
        })
        expect(wrong.status).toBe(409)
        const sure = await world.act(`/khqr/refunds/${refund.id}/sent`, {
          hash,
        })
        expect(sure.data.refund.verified_at).toEqual(expect.any(String))
        await world.tickRefunds()
        expect(await world.books(orderId)).toMatchObject({
          refunded: 11,
          refunds: [11],
        })
      })

      it("is taken with the bank's reference, or by a transfer to another account, for one whose account is a bank's own", async () => {
        const { orderId, chargeId } = await world.buy("usd", {
          fromAccountId: "abaakhppxxx@abaa",
        })
        const refund = await world.openRefund(chargeId, { amount: "3" })
        const { data } = await world.act(`/khqr/refunds/${refund.id}/sent`, {
          reference: "100FT36118473",
          note: "To the account he told on the phone",
        })
        expect(data).toMatchObject({
          refund: {
            status: "sent",
            method: "by_hand",
            reference: "100FT36118473",
            verified_at: null,
          },
          message: expect.stringContaining("on your word"),
        })
        // To whichever account: the payer's names nobody. Amount and sender have to agree.
        const rest = await world.openRefund(chargeId)
        const toAccountId = "sok_dara@aclb"
        const refused = await world.act(`/khqr/refunds/${rest.id}/sent`, {
          hash: world.send({ toAccountId, amount: 7 }),
        })
        expect(refused.status).toBe(400)
        const sent = await world.act(`/khqr/refunds/${rest.id}/sent`, {
          hash: world.send({ toAccountId, amount: 8 }),
        })
        expect(sent.data.refund.verified_at).toEqual(expect.any(String))
        await world.tickRefunds()
        expect(await world.books(orderId)).toMatchObject({ refunded: 11 })
      })

      it("needs a hash or a reference", async () => {
        const { chargeId } = await world.buy()
        const refund = await world.openRefund(chargeId)
        for (const body of [{}, { note: "sent" }, { hash: "abcd" }]) {
          const { status } = await world.act(
            `/khqr/refunds/${refund.id}/sent`,
            body
          )
          expect(status).toBe(400)
        }
      })
    })

    it("opens nothing for a charge that brought no money", async () => {
      const { chargeId } = await world.checkout()
      expect(
        await world.act(`/khqr/charges/${chargeId}/refunds`)
      ).toMatchObject({
        status: 409,
        data: { message: expect.stringContaining("nothing to send back") },
      })
    })

    it.each([
      "status=gone",
      "review=closed",
      "limit=0",
      "limit=201",
      "offset=-1",
      "to=me",
    ])("lists nothing for %s, and says what is wrong", async (query) => {
      const { status, data } = await world.ask(`/khqr/refunds?${query}`)
      expect(status).toBe(400)
      expect(data.message).toMatch(/status|review|limit|offset|to/)
    })

    it.each([
      { amount: "0" },
      { amount: "1.234" },
      { amount: "-1" },
      { amount: 5 },
    ])("opens nothing over $amount, with a readable 400", async (body) => {
      const { chargeId } = await world.buy()
      const { status, data } = await world.act(
        `/khqr/charges/${chargeId}/refunds`,
        body
      )
      expect(status).toBe(400)
      expect(data.message).toContain("amount")
    })

    it("announces each step on the bus", async () => {
      const heard: unknown[] = []
      const bus = world.container.resolve("event_bus")
      for (const what of ["due", "sent", "expired", "canceled", "review"]) {
        bus.subscribe(`khqr.refund.${what}`, async ({ name, data }) => {
          heard.push([name, data])
        })
      }
      const { chargeId } = await world.buy()
      const gone = await world.openRefund(chargeId)
      await world.act(`/khqr/refunds/${gone.id}/cancel`, { reason: "no" })
      const refund = await world.showRefund(chargeId)
      bank().pay({ qr: refund.qr, fromAccountId: SHOP })
      await world.tickRefunds()
      expect(heard).toEqual([
        ["khqr.refund.due", { id: gone.id, charge_id: chargeId }],
        ["khqr.refund.canceled", { id: gone.id, charge_id: chargeId }],
        ["khqr.refund.due", { id: refund.id, charge_id: chargeId }],
        ["khqr.refund.sent", { id: refund.id, charge_id: chargeId }],
      ])
    })
  },
})
