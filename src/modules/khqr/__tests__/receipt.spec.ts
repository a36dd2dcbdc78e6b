import fc from "fast-check"

import {
  chargeForTransfer,
  explainRefusal,
  hashesNamedBy,
  lookUps,
  namesOf,
  namesSame,
  payableByReceipt,
  RECEIPT_HASH,
  rivalWindow,
} from "../receipt"
import { receiptFault } from "../state"
import { charge, DAY, ISSUED_AT, later, MINUTE, transfer } from "./world"

const NOW = later(ISSUED_AT, 30 * MINUTE)
const paidAfter = (minutes: number) =>
  transfer({ createdAt: later(ISSUED_AT, minutes * MINUTE).getTime() })

describe("A receipt", () => {
  it("has 8 or 64 characters", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(..."0123456789abcdef"),
          maxLength: 70,
        }),
        (text) => {
          expect(RECEIPT_HASH.test(text)).toBe([8, 64].includes(text.length))
        }
      )
    )
    expect(RECEIPT_HASH.test("1234567g")).toBe(false)
  })

  it("may pay what has no money, the newest first", () => {
    const old = charge({ id: "old", status: "expired" })
    const newer = charge({ id: "new", issued_at: NOW })
    const paid = charge({ id: "paid", status: "paid" })
    expect(payableByReceipt([old, paid, newer]).map(({ id }) => id)).toEqual([
      "new",
      "old",
    ])
  })

  it("is looked up once for each amount that was asked for, and a whole hash once", () => {
    const asked = [
      charge(),
      charge(),
      charge({ khqr_amount: "44000", currency_code: "khr" }),
    ]
    expect(lookUps("a".repeat(64), asked)).toEqual([{ full: "a".repeat(64) }])
    expect(lookUps("deadbeef", asked)).toEqual([
      { short: "deadbeef", amount: "11", currency: "USD" },
      { short: "deadbeef", amount: "44000", currency: "KHR" },
    ])
  })

  it("pays the newest charge that it can be for, or none with the reason of the newest", () => {
    const old = charge({ id: "old" })
    const newer = charge({
      id: "new",
      issued_at: later(ISSUED_AT, 20 * MINUTE),
    })
    expect(chargeForTransfer([newer, old], paidAfter(3), "staff", NOW)).toEqual(
      {
        charge: old,
      }
    )
    expect(
      chargeForTransfer([newer, old], paidAfter(21), "staff", NOW)
    ).toEqual({
      charge: newer,
    })
    expect(
      chargeForTransfer([newer, old], paidAfter(-6), "staff", NOW)
    ).toEqual({
      fault: "This transfer is older than the KHQR",
    })
  })

  it("never pays a charge with which its transfer disagrees", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            minutes: fc.integer({ min: -60, max: 60 }),
            khqr_amount: fc.constantFrom("11", "11.00", "12"),
            account_id: fc.constantFrom("lucky_shop@aclb", "other@devb"),
          }),
          { minLength: 1 }
        ),
        fc.integer({ min: -60, max: 60 }),
        (made, minutes) => {
          const charges = made.map(({ minutes, ...rest }, n) =>
            charge({
              ...rest,
              id: `khqr_${n}`,
              issued_at: later(ISSUED_AT, minutes * MINUTE),
            })
          )
          const paid = paidAfter(minutes)
          const found = chargeForTransfer(charges, paid, "staff", NOW)
          const fits = charges.filter(
            (c) => receiptFault(c, paid, NOW) === null
          )
          expect("charge" in found ? found.charge : undefined).toBe(fits[0])
        }
      )
    )
  })

  it("is for staff alone when its transfer was made more than a day after the KHQR's time", () => {
    const one = charge({ mode: "static", expires_at: later(ISSUED_AT, DAY) })
    const at = (ms: number) =>
      transfer({ createdAt: later(ISSUED_AT, 2 * DAY + ms).getTime() })
    const now = later(ISSUED_AT, 30 * DAY)
    const inTime = at(5 * MINUTE)
    const late = at(5 * MINUTE + 1)
    expect(chargeForTransfer([one], inTime, "shopper", now)).toEqual({
      charge: one,
    })
    expect(chargeForTransfer([one], late, "shopper", now)).toEqual({
      fault: expect.stringContaining("Show the receipt to the shop"),
    })
    expect(chargeForTransfer([one], late, "staff", now)).toEqual({
      charge: one,
    })
  })

  it("names its transfer by its hash or eight of its characters or more, and by nothing else", () => {
    const hex = fc.string({
      unit: fc.constantFrom(..."0123456789abcdef"),
      minLength: 64,
      maxLength: 64,
    })
    fc.assert(
      fc.property(hex, hex, fc.nat(70), (hash, other, length) => {
        const begun = hash.slice(0, length)
        expect(namesOf(hash).includes(begun)).toBe(length >= 8)
        expect(namesSame(begun, hash)).toBe(length >= 8)
        const named = hashesNamedBy(begun)
        expect(named !== null).toBe(length >= 8)
        for (const some of named ? [hash, other] : []) {
          expect(some >= named!.$gte && some < named!.$lt).toBe(
            some.startsWith(begun)
          )
        }
      })
    )
    // Numbers of a bank's own, one of which happens to begin the other.
    expect(namesSame("10002000", "1000200011")).toBe(false)
    expect(hashesNamedBy("ft26325xyz")).toBeNull()
  })

  it("asks about others by the transfer's own time, with room for both clocks", () => {
    const at = later(ISSUED_AT, MINUTE)
    expect(rivalWindow(paidAfter(1))).toEqual({
      issuedBefore: later(at, 5 * MINUTE),
      settledByAnswerAfter: later(at, 5 * MINUTE),
      vouchedAfter: later(at, -5 * MINUTE),
    })
  })

  it("is refused in words that say what to do, or what is wrong with it", () => {
    expect(explainRefusal("receipt_unknown")).toContain("do not pay again")
    expect(explainRefusal("receipt_mismatch", "It is too old")).toBe(
      "It is too old."
    )
  })
})
