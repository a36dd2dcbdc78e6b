import fc from "fast-check"
import { MathBN } from "@medusajs/framework/utils"

import { bookingNote, decideBooking } from "../refund-booking"
import {
  coverOf,
  isCovered,
  isSentBack,
  leftToRefund,
  refundFault,
  reverseKhqrFault,
  sum,
  transferFaults,
} from "../refund-rules"
import { REFUND_STATUSES } from "../refund-state"
import type { Refund } from "../types"
import { backTransfer, refund } from "./refund-world"
import { charge } from "./world"

const paidCharge = (changes = {}) =>
  charge({
    status: "completed",
    paid_amount: "11",
    paid_currency: "USD",
    payer_account: "sok_dara@devb",
    ...changes,
  })

describe("what is left to refund", () => {
  it("is what came less what is owed, shown or sent; what ran out or was called off is free again", () => {
    const rows = REFUND_STATUSES.map((status) =>
      refund({ status, amount: "2.50" })
    )
    expect(leftToRefund(paidCharge(), rows)).toBe("3.5")
  })

  it("is exact where floats are not", () => {
    const rows = [refund({ amount: "0.10" }), refund({ amount: "0.20" })]
    expect(leftToRefund(paidCharge({ paid_amount: "0.3" }), rows)).toBe("0")
  })

  it("is what came in review too, which is not what was asked", () => {
    expect(leftToRefund(paidCharge({ paid_amount: "5" }), [])).toBe("5")
  })
})

describe("a payment finer than a bank sends", () => {
  it("is sent back to the cent or the riel below, and is then all sent back", () => {
    const came = fc.record({
      currency: fc.constantFrom("usd", "khr"),
      whole: fc.integer({ min: 1, max: 1_000_000 }),
      // As floats leave it: behind the last digit that counts, or between two.
      tail: fc.constantFrom("", "000000000002", "3", "7", "499999"),
      isBelow: fc.boolean(),
    })
    fc.assert(
      fc.property(came, ({ currency, whole, tail, isBelow }) => {
        const units = currency === "usd" ? `${whole}.00` : `${whole}.`
        // What floats make of it from below, too.
        const paid_amount = isBelow
          ? MathBN.sub(whole, "0.000000000002").toFixed()
          : `${units}${tail}`.replace(/\.$/, "")
        const of = paidCharge({
          amount: paid_amount,
          khqr_amount: paid_amount,
          currency_code: currency,
          paid_amount,
          paid_currency: currency.toUpperCase(),
        })
        const left = leftToRefund(of, [])
        expect(left).toBe(String(whole))
        const all = [
          refund({ status: "sent", amount: left, currency_code: currency }),
        ]
        expect(leftToRefund(of, all)).toBe("0")
        expect(isSentBack(of, all)).toBe(true)
        expect(isSentBack(of, [])).toBe(false)
      })
    )
  })
})

describe("a refund of a paid charge", () => {
  const fault = (changes: object) => refundFault(charge(changes))
  const paid = { status: "paid", review_reason: null } as const

  it("waits while the charge is on its way to its order", () => {
    expect(fault(paid)).toContain("order of this payment is being made")
    expect(fault({ ...paid, resolution: "settle" })).toContain("being made")
    expect(fault({ ...paid, resolution: "attach" })).toContain("being made")
    expect(
      fault({
        ...paid,
        review_reason: "orphaned",
        resolved_at: new Date(0),
        resolution: "settle",
      })
    ).toContain("being made")
  })

  it("is possible in review, closed, and once it is completed", () => {
    expect(fault({ ...paid, review_reason: "orphaned" })).toBeNull()
    for (const resolution of ["refund", "dismiss", "withdraw"]) {
      expect(fault({ ...paid, resolution })).toBeNull()
    }
    expect(fault({ status: "completed" })).toBeNull()
    expect(fault({ status: "pending" })).toContain("No money is on record")
  })

  it("waits while the bank shows a second transfer for an order that is made", () => {
    const twice = {
      status: "completed",
      review_reason: "duplicate",
      second_hash: "ab".repeat(32),
    }
    expect(fault(twice)).toContain("dismiss the review")
    expect(fault({ ...twice, resolved_at: new Date(0) })).toBeNull()
    expect(fault({ ...twice, status: "paid" })).toBeNull()
  })
})

describe("what Medusa may book", () => {
  const riel = paidCharge({
    amount: "44000.4",
    khqr_amount: "44000",
    currency_code: "khr",
    paid_amount: "44000",
    paid_currency: "KHR",
  })
  const sent = (amount: string, currency_code = "khr") =>
    refund({ status: "sent", amount, currency_code })
  const RIEL = { amount: "44000.4", currency_code: "khr" }
  const DOLLARS = { amount: "11", currency_code: "usd" }

  it("is what went back, and with the last of it the fraction that never came", () => {
    expect(coverOf(riel, [], RIEL)).toBe("0")
    expect(coverOf(riel, [sent("20000")], RIEL)).toBe("20000")
    expect(coverOf(riel, [sent("20000"), sent("24000")], RIEL)).toBe("44000.4")
    expect(isSentBack(riel, [sent("43999")])).toBe(false)
  })

  it("is no more than what was captured, also where too much went back", () => {
    expect(coverOf(riel, [sent("44000"), sent("44000")], RIEL)).toBe("44000.4")
  })

  it("is what came where a person took another amount", () => {
    const other = paidCharge({ paid_amount: "5" })
    const captured = { ...DOLLARS, amount: "5" }
    expect(coverOf(other, [sent("5", "usd")], captured)).toBe("5")
  })

  it("is nothing of what went back in another currency than Medusa captured", () => {
    const contradicted = paidCharge({
      paid_amount: "44000",
      paid_currency: "KHR",
    })
    expect(coverOf(contradicted, [sent("1000")], DOLLARS)).toBe("0")
    expect(coverOf(contradicted, [sent("44000")], DOLLARS)).toBe("0")
    expect(leftToRefund(contradicted, [sent("5", "usd")])).toBe("44000")
  })

  it("is what never came, too, of a payment that a person withdrew", () => {
    const withdrawn = (changes: object) =>
      paidCharge({ resolution: "withdraw", ...changes })
    const unseen = withdrawn({ bank_hash: null })
    expect(coverOf(unseen, [], DOLLARS)).toBe("11")
    expect(leftToRefund(unseen, [])).toBe("0")

    const two = withdrawn({ bank_hash: "ab", paid_amount: "2" })
    expect(coverOf(two, [], DOLLARS)).toBe("9")
    expect(coverOf(two, [sent("2", "usd")], DOLLARS)).toBe("11")
    expect(leftToRefund(two, [])).toBe("2")

    const other = withdrawn({
      bank_hash: "ab",
      paid_amount: "44000",
      paid_currency: "KHR",
    })
    expect(coverOf(other, [], DOLLARS)).toBe("11")

    const whole = withdrawn({ bank_hash: "ab" })
    expect(coverOf(whole, [], DOLLARS)).toBe("0")
  })

  it("does not count less than half of a cent or of a riel", () => {
    expect(isCovered("20000.4", "20000", "khr")).toBe(true)
    expect(isCovered("20000.5", "20000", "khr")).toBe(false)
    expect(isCovered("4.004", "4", "usd")).toBe(true)
    expect(isCovered("4.005", "4", "USD")).toBe(false)
  })
})

describe("a reverse KHQR", () => {
  const fault = (
    payer_account: string | null,
    currency_code = "usd",
    findsAnyKhqr = true
  ) =>
    reverseKhqrFault(
      { payer_account, currency_code },
      { pooledAccounts: ["wing_collect@wing"] },
      { findsAnyKhqr }
    )

  it.each([
    "abaakhppxxx@abaa",
    "ABAAKHPP@abaa",
    "acldkhpp@acld",
    " cadikhpp@cadi",
  ])("is refused to %s, which is named by a bank's BIC", (account) => {
    expect(fault(account)).toContain("an account of the bank's own")
  })

  it("is refused to an account that the shop calls pooled", () => {
    expect(fault("Wing_Collect@wing")).toContain("an account of the bank's own")
  })

  it.each([
    "sok_dara@devb",
    "abaa@abaa",
    "abaakhppxx@abaa",
    "abaakhppxxxx@abaa",
    "abaathbk@abaa",
    "x.abaakhpp@abaa",
  ])("is made to %s", (account) => {
    expect(fault(account)).toBeNull()
  })

  it("is refused with the reason where the payer is unknown, the currency no KHQR's, or the gateway not Bakong's", () => {
    expect(fault(null)).toContain("did not say from which account")
    expect(fault("sok_dara@devb", "thb")).toContain("USD and KHR")
    expect(fault("sok_dara@devb", "usd", false)).toContain("gateway")
  })
})

describe("a transfer that staff name", () => {
  const faults = (changes = {}, of = refund()) =>
    transferFaults(
      of,
      backTransfer(changes),
      ["lucky_shop@aclb"],
      ["wing_collect@wing"]
    )

  it("is the refund when sender, receiver, currency and amount agree", () => {
    expect(faults()).toEqual([])
    expect(
      faults({ fromAccountId: "Lucky_Shop@ACLB", amount: "11.00" })
    ).toEqual([])
  })

  it("is told all that differs", () => {
    expect(
      faults({
        fromAccountId: null,
        toAccountId: "somebody@devb",
        amount: "10.99",
      })
    ).toEqual([
      "it was sent from an account that the bank does not tell, not from lucky_shop@aclb",
      "it went to somebody@devb, not to sok_dara@devb",
      "it is over 10.99 USD, not 11 USD",
    ])
  })

  it.each([null, "abaakhppxxx@abaa", "wing_collect@wing"])(
    "may go anywhere where the payer's account is %s, which names nobody",
    (payer_account) => {
      const of = refund({ payer_account })
      expect(faults({ toAccountId: "somebody@devb" }, of)).toEqual([])
      expect(faults({ toAccountId: "somebody@devb", amount: "1" }, of)).toEqual(
        ["it is over 1 USD, not 11 USD"]
      )
    }
  )
})

describe("telling Medusa", () => {
  const sent = (id: string, amount: string, changes: Partial<Refund> = {}) =>
    refund({ id, amount, status: "sent", ...changes })
  const payment = (...refunds: [amount: string, note?: string][]) => ({
    id: "pay_1",
    currency_code: "usd",
    captured: "11",
    refunds: refunds.map(([amount, note], n) => ({
      id: `ref_${n}`,
      amount,
      note: note ?? null,
    })),
  })
  const decide = (
    own: Refund,
    others: Refund[],
    of: ReturnType<typeof payment> | null,
    changes = {}
  ) =>
    decideBooking({
      refund: own,
      refunds: [own, ...others],
      charge: paidCharge(changes),
      payment: of,
    })

  it("books what was sent", () => {
    expect(decide(sent("a", "4"), [], payment())).toEqual({
      action: "book",
      payment_id: "pay_1",
      amount: "4",
    })
  })

  it("books nothing of what went back in another currency, whatever the bank says now of the payment", () => {
    const riel = sent("a", "1000", { currency_code: "khr" })
    const told = { paid_amount: "44000", paid_currency: "KHR" }
    expect(decide(riel, [], payment(), told).action).toBe("nothing")
    const all = sent("a", "44000", { currency_code: "khr" })
    expect(decide(all, [], payment(), told).action).toBe("nothing")
  })

  it("books what went back of a payment that was withdrawn, and leaves what never came to a person", () => {
    const of = { resolution: "withdraw", bank_hash: "ab", paid_amount: "2" }
    expect(decide(sent("a", "2"), [], payment(), of)).toMatchObject({
      action: "book",
      amount: "2",
    })
  })

  it("finds what it booked before an interruption, and what a person booked", () => {
    const own = sent("a", "4")
    expect(
      decide(own, [sent("b", "7")], payment(["4", bookingNote("a")])).action
    ).toBe("done")
    expect(decide(own, [], payment(["4"])).action).toBe("done")
  })

  it("books the rest where a person booked a part", () => {
    expect(decide(sent("a", "4"), [], payment(["1.5"]))).toMatchObject({
      amount: "2.5",
    })
  })

  it("has nothing to book on while there is no payment, and waits, or does not", () => {
    const own = sent("a", "11")
    const without = (changes: object) => decide(own, [], null, changes).action
    expect(without({ status: "paid" })).toBe("wait")
    expect(without({ status: "paid", resolution: "refund" })).toBe("nothing")
    expect(without({ status: "paid", resolution: "dismiss" })).toBe("nothing")
    expect(without({ status: "paid", resolution: "withdraw" })).toBe("nothing")
    expect(without({ status: "completed" })).toBe("fail")
  })

  it("adds up to what went back and never to more, in whatever order and however often it is interrupted", () => {
    const cents = fc.integer({ min: 1, max: 400 })
    fc.assert(
      fc.property(
        fc.array(cents, { minLength: 1, maxLength: 6 }),
        fc.array(
          fc.record({
            which: fc.nat(5),
            /** Medusa booked it and we were gone before we knew. */
            interrupted: fc.boolean(),
          }),
          { maxLength: 20 }
        ),
        fc.boolean(),
        (amounts, tries, withFraction) => {
          const money = amounts.map((n) => MathBN.div(n, 100).toFixed())
          const came = sum(money)
          const captured = withFraction ? sum([came, "0.003"]) : came
          const rows = money.map((amount, n) => sent(`r${n}`, amount))
          const booked: { id: string; amount: string; note: string | null }[] =
            []
          const run = (n: number, interrupted: boolean) => {
            const row = rows[n % rows.length]
            const decision = decideBooking({
              refund: row,
              refunds: rows,
              charge: paidCharge({
                amount: captured,
                khqr_amount: came,
                paid_amount: came,
              }),
              payment: {
                id: "pay_1",
                currency_code: "usd",
                captured,
                refunds: booked,
              },
            })
            if (decision.action === "book") {
              booked.push({
                id: `ref_${booked.length}`,
                amount: decision.amount,
                note: bookingNote(row.id),
              })
            }
            const total = sum(booked.map(({ amount }) => amount))
            expect(MathBN.lte(total, captured)).toBe(true)
            if (!interrupted) {
              row.booked_at = new Date()
            }
          }
          tries.forEach(({ which, interrupted }) => run(which, interrupted))
          rows.forEach((_, n) => run(n, false))
          expect(sum(booked.map(({ amount }) => amount))).toBe(captured)
        }
      ),
      { numRuns: 1_000 }
    )
  })
})
