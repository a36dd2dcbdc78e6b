import fc from "fast-check"

import {
  attachFault,
  confirmFault,
  decisionFault,
  describeOutcomeOf,
  paidAtFault,
  settleFault,
  totalFault,
  type OrderToPay,
} from "../desk-decisions"
import {
  CHARGE_STATUSES,
  RESOLUTIONS,
  resolutionsOf,
  REVIEW_REASONS,
} from "../state"
import { charge, ISSUED_AT, later, MINUTE } from "./world"

const inReview = charge({
  status: "paid",
  review_reason: "amount_mismatch",
  paid_amount: "5",
  paid_currency: "USD",
})

const order = (changes: Partial<OrderToPay> = {}): OrderToPay => ({
  id: "order_1",
  display_id: 7,
  currency_code: "usd",
  is_canceled: false,
  outstanding: "11",
  ...changes,
})

describe("A decision", () => {
  it("is taken exactly where the rules of the charge allow it and no money is on its way back", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CHARGE_STATUSES),
        fc.option(fc.constantFrom(...REVIEW_REASONS)),
        fc.boolean(),
        fc.constantFrom(...RESOLUTIONS),
        fc.array(fc.constantFrom("due", "pending", "sent", "canceled")),
        (status, review_reason, isResolved, resolution, statuses) => {
          const some = charge({
            status,
            review_reason,
            resolved_at: isResolved ? ISSUED_AT : null,
            resolution: isResolved ? "dismiss" : null,
          })
          const refunds = statuses.map((status, n) => ({
            id: `khqrref_${n}`,
            status: status as "due",
          }))
          const goesBack = statuses.some((s) => s === "due" || s === "pending")
          const wentBack = statuses.includes("sent")
          const isFree =
            resolution === "refund" ||
            (!goesBack && !(wentBack && resolution !== "dismiss"))
          expect(decisionFault(some, resolution, refunds) === null).toBe(
            resolutionsOf(some).includes(resolution) && isFree
          )
        }
      )
    )
  })

  it("that is not possible is refused with what is", () => {
    expect(
      decisionFault({ ...inReview, review_reason: "duplicate" }, "settle", [])
    ).toContain("Possible: attach, refund, dismiss.")
    expect(
      decisionFault(inReview, "dismiss", [{ id: "khqrref_1", status: "due" }])
    ).toContain("refund khqrref_1")
    expect(
      decisionFault(
        charge({ status: "completed", order_id: "order_1" }),
        "settle",
        []
      )
    ).toBe(
      "This charge is completed with order order_1: there is nothing to resolve."
    )
  })
})

describe("Money that is to be attached to an order", () => {
  it("pays one that wants some of it", () => {
    expect(attachFault(inReview, order())).toBeNull()
    expect(attachFault(inReview, order({ outstanding: "0.01" }))).toBeNull()
    expect(attachFault(inReview, order({ currency_code: "USD" }))).toBeNull()
  })

  it.each([
    [
      { outstanding: "0" },
      "#7 has nothing outstanding (0 USD), and 5 USD came",
    ],
    [{ outstanding: "-3" }, "nothing outstanding (-3 USD)"],
    [{ outstanding: "0.0000001" }, "nothing outstanding"],
    [
      { currency_code: "khr" },
      "is in KHR (11 KHR outstanding), and 5 USD came",
    ],
    [{ is_canceled: true }, "is canceled: 5 USD cannot be attached"],
    [{ display_id: null, outstanding: "0" }, "Order order_1 has"],
  ])("is refused for %j with the amounts", (changes, words) => {
    expect(attachFault(inReview, order(changes))).toContain(words)
  })
})

describe("Settling by hand", () => {
  it("is for a paid charge that nobody has to decide about", () => {
    const paid = charge({ status: "paid" })
    expect(settleFault(paid)).toBeNull()
    expect(settleFault(inReview)).toMatch(
      /^A person has to decide first.*Resolve it/
    )
    expect(settleFault(charge())).toContain("No money is on record")
    expect(
      settleFault({ ...inReview, resolved_at: ISSUED_AT, resolution: "refund" })
    ).toContain("A person has decided already (refund)")
  })
})

describe("A payment that a person vouches for", () => {
  it("was made between the KHQR and now, but for the difference of clocks", () => {
    const now = later(ISSUED_AT, 10 * MINUTE)
    expect(paidAtFault(charge(), ISSUED_AT, now)).toBeNull()
    expect(paidAtFault(charge(), now, now)).toBeNull()
    expect(paidAtFault(charge(), later(now, 1), now)).toContain("future")
    expect(
      paidAtFault(charge(), later(ISSUED_AT, -5 * MINUTE - 1), now)
    ).toContain("2026-11-21T03:00:00.000Z")
  })

  it("is not needed where money is on record", () => {
    expect(confirmFault(charge({ status: "expired" }))).toBeNull()
    expect(confirmFault(inReview)).toContain("5 USD is on record")
  })
})

describe("What has become of a charge", () => {
  it.each([
    [
      inReview,
      "the words",
      "5 USD came, 11 USD was asked: no order is made, a person decides: the words",
    ],
    [
      charge({ status: "completed", order_id: "order_1" }),
      null,
      "Completed with order order_1",
    ],
    [
      charge({ status: "completed" }),
      null,
      "Completed: the payment is recorded",
    ],
    [
      { ...inReview, resolved_at: ISSUED_AT, resolution: "dismiss" as const },
      null,
      "Closed: dismiss",
    ],
    [
      charge({ status: "paid" }),
      "Tax is away",
      "Not settled yet, it is tried again by itself: Tax is away",
    ],
  ])("is told in words", (some, news, words) => {
    expect(describeOutcomeOf(some, news)).toBe(words)
  })
})

describe("What the cart cost when a person looked", () => {
  it("is what it costs now, however it is written, or is told with both", () => {
    expect(totalFault(undefined, null)).toBeNull()
    expect(totalFault("11.00", "11")).toBeNull()
    expect(totalFault("20.5", "495.5")).toMatch(/495\.5 now.*20\.5/)
    expect(totalFault("20.5", null)).toMatch(/no cart.*20\.5/)
  })
})
