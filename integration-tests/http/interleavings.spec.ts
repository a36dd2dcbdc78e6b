import fc from "fast-check"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { sameMoney } from "../../src/modules/khqr/medusa-amount"
import {
  amountToBook,
  hasMoney,
  resolutionsOf,
  type Resolution,
} from "../../src/modules/khqr/state"
import type { Charge } from "../../src/modules/khqr/types"
import type { FaultKind } from "../../src/simulator/types"
import { createAdmin, type Admin } from "./admin"
import { startBank, World, type Currency } from "./world"

/*
 * What the model of the rules does a thousand times, done to a real shop a few
 * times: a real Medusa and PostgreSQL, the simulator as its bank. What is done
 * is random; KHQR_SEED=… does it again, and KHQR_PATH=… the one sequence of it
 * that a failure names.
 */

const SEED = Number(process.env.KHQR_SEED ?? Date.now() % 2 ** 31)
const PATH = process.env.KHQR_PATH
const SEQUENCES = Number(process.env.KHQR_SEQUENCES ?? 25)

const FAULTS = ["down", "html", "server_error", "truncated"] as const

const ACTIONS = [
  "open a session again",
  "open two sessions at once",
  "change the cart",
  "pay what is shown",
  "pay what is shown",
  "pay an old KHQR",
  "pay each KHQR",
  "pay less",
  "let time pass",
  "the bank is down",
  "the bank shows a web page",
  "the bank is back",
  "tick",
  "tick",
  "two ticks at once",
  "complete from the storefront",
  "renew",
  "bring a receipt",
  "bring a receipt for another KHQR",
  "confirm by hand",
  "settle",
  "attach to the cart's order",
  "refund",
  "dismiss",
] as const

type Action = (typeof ACTIONS)[number]

type Shown = { sessionId: string; chargeId: string; qr: string }

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-interleavings",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let admin: Admin

    beforeAll(() => world.open())

    /** One shopper, one cart, all the KHQRs they ever saw, and the persons of the shop. */
    class Purchase {
      readonly shown: Shown[] = []
      private constructor(
        readonly cartId: string,
        readonly collectionId: string
      ) {}

      static async begin(currency: Currency): Promise<Purchase> {
        const started = await world.checkout(currency)
        const purchase = new Purchase(started.cartId, started.collectionId)
        purchase.shown.push(started)
        return purchase
      }

      get latest(): Shown {
        return this.shown.at(-1)!
      }

      async charges(): Promise<Charge[]> {
        const ids = this.shown.map(({ chargeId }) => chargeId)
        return world.khqr.listKhqrCharges(
          { $or: [{ id: ids }, { cart_id: this.cartId }] },
          { order: { issued_at: "ASC" } }
        )
      }

      async do(action: Action): Promise<void> {
        switch (action) {
          case "open a session again":
            return this.open()
          case "open two sessions at once":
            await Promise.all([this.open(), this.open()])
            return
          case "change the cart":
            await world.post(`/store/carts/${this.cartId}/line-items`, {
              variant_id: world.shop.variants["palm-sugar"],
              quantity: 1,
            })
            return
          case "pay what is shown":
            bank().pay({ qr: this.latest.qr })
            return
          case "pay an old KHQR":
            bank().pay({ qr: this.shown[0].qr })
            return
          case "pay each KHQR":
            this.shown.forEach(({ qr }) => bank().pay({ qr }))
            return
          case "pay less":
            bank().pay({ qr: this.latest.qr, amount: 5 })
            return
          case "let time pass":
            for (const { id } of await this.charges()) {
              await world.age(id, 13 * 60_000)
            }
            return
          case "the bank is down":
            return spoil(FAULTS[0])
          case "the bank shows a web page":
            return spoil(FAULTS[1])
          case "the bank is back":
            return this.mendBank()
          case "tick":
            return world.tick()
          case "two ticks at once":
            await world.makeDue()
            await Promise.all([world.tickElsewhere(), world.tickElsewhere()])
            return
          case "complete from the storefront":
            await world.complete(this.cartId)
            return
          case "renew":
            return this.renew()
          case "bring a receipt":
            return this.bringReceipt(this.latest)
          case "bring a receipt for another KHQR":
            return this.bringReceipt(this.shown[0])
          case "confirm by hand":
            return this.staff(this.latest.chargeId, "confirm", {
              reference: "FT1",
              reason: "Seen in the app",
            })
          case "settle":
          case "refund":
          case "dismiss":
            return this.decide(action)
          case "attach to the cart's order":
            return this.decide("attach")
        }
      }

      /** The bank is back, the clock runs until nothing is due, and every KHQR's time is over. */
      async comeToRest(): Promise<void> {
        await this.mendBank()
        await world.circuitCloses()
        await world.tick()
        for (const { id } of await this.charges()) {
          await world.age(id, 13 * 60_000)
        }
        for (let round = 0; round < 12; round++) {
          await world.tick()
          const due = await world.sql(
            "UPDATE khqr_charge SET next_settle_at = now(), leased_until = NULL WHERE next_settle_at IS NOT NULL RETURNING id"
          )
          if (due.length === 0) {
            return
          }
        }
        throw new Error("Something is left to settle")
      }

      private async open(): Promise<void> {
        const { data } = await world.openSession(this.collectionId)
        const sessions = data.payment_collection?.payment_sessions ?? []
        for (const session of sessions) {
          this.saw(session.id, session.data.charge_id, session.data.qr)
        }
      }

      private async renew(): Promise<void> {
        const { sessionId } = this.latest
        const { status, data } = await world.post(
          `/store/khqr/payment-sessions/${sessionId}/renew`
        )
        expect(status).toBeLessThan(500)
        if (status === 200 && data.charge.qr) {
          this.saw(sessionId, data.charge.id, data.charge.qr)
        }
      }

      private saw(sessionId: string, chargeId: string, qr: string): void {
        if (!this.shown.some((known) => known.qr === qr)) {
          this.shown.push({ sessionId, chargeId, qr })
        }
      }

      private async bringReceipt({ sessionId }: Shown): Promise<void> {
        const transfer = this.transfers().at(-1)
        if (transfer) {
          const { status } = await world.post(
            `/store/khqr/payment-sessions/${sessionId}/receipt`,
            { hash: transfer.hash }
          )
          expect(status === 503 || status < 500).toBe(true)
        }
      }

      private async decide(resolution: Resolution): Promise<void> {
        const waiting = (await this.charges()).find((charge) =>
          resolutionsOf(charge).includes(resolution)
        )
        const [order] = await this.orders()
        if (waiting && (resolution !== "attach" || order)) {
          await this.staff(waiting.id, "resolve", {
            resolution,
            reason: "Talked to the shopper",
            ...(resolution === "attach" ? { order_id: order.id } : {}),
          })
        }
      }

      private async staff(
        chargeId: string,
        what: string,
        body: object
      ): Promise<void> {
        const { status } = await api.post(
          `/admin/khqr/charges/${chargeId}/${what}`,
          body,
          { ...admin, validateStatus: () => true }
        )
        expect(status).toBeLessThan(500)
      }

      private async mendBank(): Promise<void> {
        bank().clearFaults()
        await world.endPauses()
      }

      transfers() {
        const qrs = this.shown.map(({ qr }) => qr)
        return bank().transactions.filter(({ qr }) => qrs.includes(qr))
      }

      async orders(): Promise<{ id: string }[]> {
        return world.sql(
          `SELECT "order".id FROM "order" JOIN order_cart ON order_cart.order_id = "order".id
           WHERE order_cart.cart_id = ? AND "order".deleted_at IS NULL`,
          [this.cartId]
        )
      }

      async payments(): Promise<
        { charge_id: string; amount: string; currency_code: string }[]
      > {
        return world.sql(
          `SELECT payment.data->>'charge_id' AS charge_id, sum(capture.amount)::text AS amount, payment.currency_code
           FROM payment JOIN capture ON capture.payment_id = payment.id
           JOIN cart_payment_collection AS link ON link.payment_collection_id = payment.payment_collection_id
           WHERE link.cart_id = ? AND payment.deleted_at IS NULL AND payment.canceled_at IS NULL
           GROUP BY payment.id`,
          [this.cartId]
        )
      }
    }

    function spoil(kind: FaultKind): void {
      bank().clearFaults()
      bank().setFault({ kind })
    }

    const brief = (charge: Charge) => ({
      id: charge.id,
      status: charge.status,
      review_reason: charge.review_reason,
      resolution: charge.resolution,
      evidence: charge.evidence,
      paid: charge.paid_amount,
      last_outcome: charge.last_outcome,
      unknowns: charge.unknowns,
      next_check_at: charge.next_check_at,
    })

    /** Simulator, ledger and Medusa tell the same. */
    async function booksAgree(purchase: Purchase): Promise<void> {
      const [charges, orders, payments] = await Promise.all([
        purchase.charges(),
        purchase.orders(),
        purchase.payments(),
      ])
      const completed = charges.filter(({ status }) => status === "completed")
      const seen = {
        charges: charges.map(brief),
        orders,
        payments,
        transfers: purchase.transfers().map(({ hash, amount }) => ({
          hash,
          amount,
        })),
      }
      const hold = (what: string, holds: boolean) => {
        if (!holds) {
          throw new Error(`Not so: ${what}\n${JSON.stringify(seen, null, 1)}`)
        }
      }

      hold("one order at most", orders.length <= 1)
      hold("one completed charge at most", completed.length <= 1)
      hold(
        "an order is paid by a completed charge, and the other way round",
        orders.length === completed.length && payments.length === orders.length
      )
      for (const charge of completed) {
        const came = amountToBook(charge)
        const [payment] = payments
        hold("the order's payment names it", payment.charge_id === charge.id)
        hold(
          "what came is what is booked",
          payment.currency_code === came.currency_code &&
            sameMoney(payment.amount, came.amount)
        )
      }
      for (const charge of charges) {
        hold(
          "paid is completed, or a person has it",
          charge.status !== "paid" || charge.review_reason !== null
        )
        hold(
          "unpaid is over, or a person has it",
          hasMoney(charge) ||
            charge.status === "expired" ||
            charge.review_reason !== null
        )
        const own = bank().transactions.filter(({ qr }) => qr === charge.qr)
        hold(
          "what was paid for is known to be",
          own.length === 0 ||
            hasMoney(charge) ||
            charge.review_reason === "hash_used"
        )
        if (!hasMoney(charge)) {
          continue
        }
        const transfer = purchase
          .transfers()
          .find(({ hash }) => hash === charge.bank_hash)
        hold(
          "money on record is the bank's, or a person's word",
          transfer
            ? sameMoney(charge.paid_amount!, String(transfer.amount))
            : charge.evidence === "staff"
        )
        hold(
          "the KHQR's own transfer, unless it came by a receipt",
          charge.evidence !== "khqr" || transfer!.qr === charge.qr
        )
      }
    }

    async function sumsAgree(): Promise<void> {
      const sumOf = async (query: string) =>
        Object.fromEntries(
          (await world.sql<{ currency: string; sum: string }>(query)).map(
            ({ currency, sum }) => [currency, Number(sum)]
          )
        )
      const ledger = await sumOf(
        // What a person confirmed was booked as they said, whatever the bank shows later.
        `SELECT currency_code AS currency, sum(CASE evidence
           WHEN 'staff' THEN COALESCE(session_amount, amount)
           ELSE paid_amount END::numeric) AS sum
         FROM khqr_charge WHERE status = 'completed' GROUP BY 1`
      )
      const medusa = await sumOf(
        `SELECT payment.currency_code AS currency, sum(capture.amount) AS sum
         FROM capture JOIN payment ON payment.id = capture.payment_id
         WHERE payment.canceled_at IS NULL GROUP BY 1`
      )
      const orders = await sumOf(
        `SELECT currency_code AS currency, sum(amount) AS sum
         FROM order_transaction WHERE reference = 'capture' AND deleted_at IS NULL GROUP BY 1`
      )
      expect(medusa).toEqual(ledger)
      expect(orders).toEqual(ledger)
      const twice = await world.sql(
        "SELECT bank_hash FROM khqr_charge WHERE bank_hash IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
      )
      expect(twice).toEqual([])
    }

    it("keeps simulator, ledger and Medusa in agreement, whatever happens in whatever order", async () => {
      process.stdout.write(`interleavings: KHQR_SEED=${SEED}\n`)
      admin = await createAdmin(getContainer(), api)
      const until = Date.now() + 70_000
      let sequences = 0
      let completed = 0
      let reviewed = 0

      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom<Currency>("usd", "khr"),
          fc.array(fc.constantFrom(...ACTIONS), {
            minLength: 4,
            maxLength: 12,
            size: "max",
          }),
          async (currency, actions) => {
            // A machine that does other things besides does fewer of them, each to its end.
            if (Date.now() > until) {
              return
            }
            await world.sql("DELETE FROM khqr_attempt")
            const purchase = await Purchase.begin(currency)
            for (const action of actions) {
              await purchase.do(action)
            }
            await purchase.comeToRest()
            await booksAgree(purchase)
            const charges = await purchase.charges()
            sequences += 1
            completed += charges.some(({ status }) => status === "completed")
              ? 1
              : 0
            reviewed += charges.some((charge) => charge.review_reason) ? 1 : 0
          }
        ),
        {
          seed: SEED,
          path: PATH,
          numRuns: SEQUENCES,
          endOnFailure: true,
        }
      )

      await sumsAgree()
      process.stdout.write(
        `interleavings: ${sequences} sequences, ${completed} with an order, ${reviewed} with a review\n`
      )
      expect(sequences).toBeGreaterThan(0)
    })
  },
})
