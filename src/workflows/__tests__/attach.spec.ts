import { decideSettlement, type Attached, type Situation } from "../settlement"

const ORDER: NonNullable<Attached["order"]> = {
  id: "order_1",
  is_canceled: false,
  currency_code: "usd",
  outstanding: "30",
  total: "30",
  capture_ids: [],
}

/** 5 dollars that a person attached to an order of 30; 11 were asked. */
function situation(
  attached: Partial<Attached>,
  around: Partial<Situation> = {}
): Situation {
  return {
    charge: {
      id: "khqr_1",
      status: "paid",
      review_reason: null,
      resolution: "attach",
      evidence: "khqr",
      amount: "11",
      khqr_amount: "11",
      currency_code: "usd",
      paid_amount: "5",
      paid_currency: "USD",
      paid_at: new Date(0),
      expires_at: new Date(0),
      superseded_at: null,
    } as Situation["charge"],
    latePayments: "review",
    session: null,
    collection: null,
    cart: null,
    attached: { order: ORDER, collection: null, is_moved: false, ...attached },
    ...around,
  }
}

const ATTACH = {
  action: "attach",
  orderId: "order_1",
  collection: null,
  amount: "5",
  currencyCode: "usd",
}

const inOrder = (
  payment: NonNullable<Situation["session"]>["payment"]
): Partial<Situation> => ({
  session: { status: "pending", amount: "5", currency_code: "usd", payment },
  collection: {
    id: "paycol_order",
    amount: "5",
    has_other_payment: false,
    rival_session_ids: [],
    khqr_sessions: [],
  } as Situation["collection"],
})

const MOVED = {
  collection: { id: "paycol_order", cart_id: null },
  is_moved: true,
}

describe("A charge that a person attached to an order", () => {
  it("goes to the order, wherever it comes from", () => {
    expect(decideSettlement(situation({}))).toEqual(ATTACH)
    expect(decideSettlement(situation({}, inOrder(null)))).toEqual(ATTACH)
  })

  it("goes on where an interrupted attempt has stopped, also when nothing is outstanding any more", () => {
    const collection = { id: "paycol_order", cart_id: "cart_1" }
    const order = { ...ORDER, outstanding: "0" }
    expect(
      decideSettlement(situation({ collection, order }, inOrder(null)))
    ).toEqual({ ...ATTACH, collection })
  })

  it("is booked once it is there, and done once it is booked", () => {
    expect(decideSettlement(situation(MOVED, inOrder(null)))).toEqual({
      action: "book_payment",
      reopenSession: false,
      bookAmount: null,
      rivalSessionIds: [],
    })
    const payment = {
      id: "pay_1",
      charge_id: "khqr_1",
      capture_ids: ["capt_1"],
    }
    const order = { ...ORDER, capture_ids: ["capt_1"] }
    expect(
      decideSettlement(situation({ ...MOVED, order }, inOrder(payment)))
    ).toEqual({ action: "done", orderId: "order_1" })
  })

  it("is repaired when the order does not know of its capture", () => {
    const payment = {
      id: "pay_1",
      charge_id: "khqr_1",
      capture_ids: ["capt_1"],
    }
    expect(decideSettlement(situation(MOVED, inOrder(payment)))).toMatchObject({
      action: "repair",
      orderId: "order_1",
      unknownCaptureIds: ["capt_1"],
    })
  })

  it.each([
    ["is canceled since", { ...ORDER, is_canceled: true }, "order_failed"],
    ["is gone", null, "order_failed"],
    ["was paid since", { ...ORDER, outstanding: "0" }, "duplicate"],
    ["is in riel", { ...ORDER, currency_code: "khr" }, "currency_mismatch"],
  ])("comes back to a person when the order %s", (_, order, reason) => {
    expect(decideSettlement(situation({ order }))).toMatchObject({
      action: "review",
      reason,
    })
  })
})
