import { bookableCharge, chargeToShow } from "../session-charges"
import { charge, EXPIRES_AT, ISSUED_AT, later, MINUTE, SECOND } from "./world"

const NOW = later(ISSUED_AT, MINUTE)

describe("The charge of a session that matters to the shopper", () => {
  const completed = charge({ id: "completed", status: "completed" })
  const paid = charge({ id: "paid", status: "paid" })
  const inReview = charge({
    id: "in_review",
    status: "paid",
    review_reason: "amount_mismatch",
  })
  const shown = charge({ id: "shown", status: "expired" })
  const superseded = charge({
    id: "superseded",
    superseded_at: NOW,
    // A clock that was set back must not bring an old KHQR back.
    issued_at: later(ISSUED_AT, MINUTE),
  })
  const older = charge({ id: "older", superseded_at: NOW })
  const sentBack = charge({
    id: "sent_back",
    status: "paid",
    review_reason: "duplicate",
    resolution: "refund",
  })
  const inOrder = [
    completed,
    paid,
    inReview,
    shown,
    superseded,
    older,
    sentBack,
  ]

  it("is the completed, the paid, the one in review, the shown, then the newest, then what was sent back", () => {
    for (let from = 0; from < inOrder.length; from++) {
      const charges = inOrder.slice(from)
      expect(chargeToShow(charges)).toBe(inOrder[from])
      expect(chargeToShow([...charges].reverse())).toBe(inOrder[from])
    }
  })

  it("is the paid one although it was superseded by another", () => {
    const late = { ...paid, superseded_at: NOW }

    expect(chargeToShow([shown, late])).toBe(late)
  })

  it("is none where there is none, and leaves the list in its order", () => {
    const charges = [older, superseded, shown]
    chargeToShow(charges)

    expect(charges).toEqual([older, superseded, shown])
    expect(chargeToShow([])).toBeUndefined()
  })
})

describe("The charge for which Medusa may book a payment", () => {
  const PAID = { status: "paid" as const, paid_at: NOW }
  const LATE = {
    status: "paid" as const,
    paid_at: later(EXPIRES_AT, 61 * SECOND),
  }
  const NEWER = { id: "khqr_2", issued_at: NOW }

  it("is the one that is paid, shown or not", () => {
    const paid = charge({ ...PAID, superseded_at: NOW })
    const charges = [charge(NEWER), paid]

    expect(bookableCharge(charges, "honour")).toBe(paid)
    expect(bookableCharge([...charges].reverse(), "honour")).toBe(paid)
  })

  it.each(["pending", "failed", "expired"] as const)(
    "is none that is %s",
    (status) => {
      expect(bookableCharge([charge({ status })], "honour")).toBeUndefined()
    }
  )

  it("is none that a person looks at", () => {
    const inReview = charge({ ...PAID, review_reason: "amount_mismatch" })
    expect(bookableCharge([inReview], "honour")).toBeUndefined()
  })

  it("is none for less than the session asks for by now", () => {
    const paid = charge(PAID)
    expect(
      bookableCharge([paid, charge({ ...NEWER, amount: "20" })], "honour")
    ).toBeUndefined()
    expect(
      bookableCharge(
        [paid, charge({ ...NEWER, currency_code: "khr" })],
        "honour"
      )
    ).toBeUndefined()
    expect(
      bookableCharge([paid, charge({ ...NEWER, amount: "11.00" })], "honour")
    ).toBe(paid)
  })

  it("is a late one only where the shop honours it", () => {
    const late = charge(LATE)
    expect(bookableCharge([late], "honour")).toBe(late)
    expect(bookableCharge([late], "review")).toBeUndefined()
    expect(bookableCharge([charge(PAID)], "review")).toBeDefined()
  })

  it("is a late one that a person confirmed, for what the session asks and nothing else", () => {
    const confirmed = charge({ ...LATE, evidence: "staff" })
    expect(bookableCharge([confirmed], "review")).toBe(confirmed)
    expect(
      bookableCharge([confirmed, charge({ ...NEWER, amount: "20" })], "review")
    ).toBeUndefined()
  })

  it("is one that a person took, whatever came and whatever is asked for by now", () => {
    for (const taken of [
      { resolution: "settle" as const },
      { resolution: "attach" as const },
    ]) {
      const late = charge({ ...LATE, ...taken, paid_amount: "5" })
      const newer = charge({ ...NEWER, amount: "20" })
      expect(bookableCharge([late, newer], "review")).toBe(late)
    }
  })

  it("is the one that a person took, before one that brought what is asked for", () => {
    const taken = charge({
      ...PAID,
      resolution: "settle",
      paid_amount: "5",
    })
    const right = charge({ ...PAID, ...NEWER })
    expect(bookableCharge([right, taken], "honour")).toBe(taken)
    expect(bookableCharge([taken, right], "honour")).toBe(taken)
  })

  it.each(["refund", "dismiss"] as const)(
    "is none of which a person decided %s",
    (resolution) => {
      const closed = charge({
        ...PAID,
        review_reason: "duplicate",
        resolution,
      })
      expect(bookableCharge([closed], "honour")).toBeUndefined()
    }
  )

  it("is one of another amount that a person took only once the session asks for that", () => {
    const taken = charge({
      status: "paid",
      evidence: "khqr",
      resolution: "settle",
      paid_amount: "5",
      paid_currency: "USD",
    })
    expect(bookableCharge([taken], "honour")).toBeUndefined()
    expect(
      bookableCharge([{ ...taken, session_amount: "11" }], "honour")
    ).toBeUndefined()
    expect(
      bookableCharge([{ ...taken, session_amount: "5.00" }], "honour")?.id
    ).toBe(taken.id)
  })

  it("is not one that brought what was asked once the session was set to something else", () => {
    const right = charge({
      status: "paid",
      evidence: "khqr",
      paid_amount: "11",
      paid_currency: "USD",
    })
    const set = charge({ id: "khqr_2", session_amount: "5" })
    expect(bookableCharge([right], "honour")?.id).toBe(right.id)
    expect(bookableCharge([right, set], "honour")).toBeUndefined()
  })

  it("is none of none", () => {
    expect(bookableCharge([], "honour")).toBeUndefined()
  })
})
