import fc from "fast-check"

import { sameMoney } from "../../modules/khqr/medusa-amount"
import {
  amountToBook,
  CHARGE_STATUSES,
  EVIDENCES,
  isAccepted,
  isPaidLate,
  RESOLUTIONS,
  REVIEW_REASONS,
} from "../../modules/khqr/state"
import {
  decideSettlement,
  halfCompleted,
  type LooseEnd,
  type Settlement,
  type Situation,
} from "../settlement"

const EXPIRES_AT = new Date("2026-11-21T03:10:00Z")

const after = (ms: number) => new Date(EXPIRES_AT.getTime() + ms)

type Parts = {
  [K in keyof Situation]?: Situation[K] extends string
    ? Situation[K]
    : Partial<Situation[K]> | null
}

/** A paid charge of an open cart of 11 dollars, with what a test wants otherwise. */
function situation(changes: Parts = {}): Situation {
  const merge = <T extends object>(usual: T, change?: Partial<T> | null) =>
    change === null ? null : { ...usual, ...change }

  return {
    charge: merge(
      {
        id: "khqr_1",
        status: "paid",
        review_reason: null,
        resolution: null,
        evidence: "khqr",
        accepted_total: null,
        amount: "11",
        khqr_amount: "11",
        currency_code: "usd",
        paid_amount: "11",
        paid_currency: "USD",
        paid_at: after(-60_000),
        expires_at: EXPIRES_AT,
        superseded_at: null,
      },
      changes.charge as Partial<Situation["charge"]>
    )!,
    latePayments: changes.latePayments ?? "honour",
    session: merge<NonNullable<Situation["session"]>>(
      {
        status: "pending",
        amount: "11",
        currency_code: "usd",
        payment: null,
      },
      changes.session
    ),
    collection: merge<NonNullable<Situation["collection"]>>(
      {
        id: "paycol_1",
        amount: "11",
        has_other_payment: false,
        rival_session_ids: [],
        khqr_sessions: [],
      },
      changes.collection
    ),
    cart: merge<NonNullable<Situation["cart"]>>(
      { id: "cart_1", total: "11", currency_code: "usd", order: null },
      changes.cart
    ),
  }
}

const decide = (changes?: Parts): Settlement =>
  decideSettlement(situation(changes))

const COMPLETE: Settlement = {
  action: "complete_cart",
  cartId: "cart_1",
  reopenSession: false,
  bookAmount: null,
  healCollection: false,
  rivalSessionIds: [],
  undoneOrderIds: [],
}

const BOOK: Settlement = {
  action: "book_payment",
  reopenSession: false,
  bookAmount: null,
  rivalSessionIds: [],
}

const ADOPT: Settlement = {
  action: "adopt",
  cartId: "cart_1",
  collectionId: "paycol_1",
  sessionId: null,
  amount: "11",
  currencyCode: "usd",
}

const review = (reason: string) => ({
  action: "review",
  reason,
  message: expect.stringMatching(/\w/),
})

const LATE = { paid_at: after(60_001) }
const ORDERED = {
  order: { id: "order_1", total: "11", capture_ids: ["capt_1"] },
}
const BOOKED = {
  payment: { id: "pay_1", charge_id: "khqr_1", capture_ids: ["capt_1"] },
  status: "captured",
}

describe("An order whose completion was interrupted", () => {
  it("lets go of the links to an order that was undone", () => {
    expect(decide({ cart: { undone_order_ids: ["order_undone"] } })).toEqual({
      ...COMPLETE,
      undoneOrderIds: ["order_undone"],
    })
  })

  const left = (loose_ends: LooseEnd[]) => ({
    order: { id: "order_1", total: "11", capture_ids: [], loose_ends },
  })

  it.each<LooseEnd[][]>([
    [["cart"]],
    [["collection", "completed_at"]],
    [["cart", "collection", "completed_at"]],
  ])("is tied to what it belongs to before it is paid: %j", (looseEnds) => {
    expect(decide({ cart: left(looseEnds) })).toEqual({
      action: "tie_up",
      cartId: "cart_1",
      collectionId: "paycol_1",
      orderId: "order_1",
      looseEnds,
    })
    expect(decide({ cart: left([]) })).toMatchObject({ action: "book_payment" })
  })

  it("is not touched for a charge in review, nor for one that another KHQR's payment has overtaken", () => {
    expect(
      decide({
        charge: { review_reason: "amount_mismatch" },
        cart: left(["cart"]),
      }).action
    ).toBe("done")
    expect(
      decide({
        session: { payment: { ...BOOKED.payment, charge_id: "khqr_2" } },
        cart: left(["cart"]),
      })
    ).toEqual(review("duplicate"))
  })

  it("counts as half completed until it is tied up, paid, and tells of its captures", () => {
    const half = (parts: Parts) => halfCompleted(situation(parts))
    const found = { cartId: "cart_1", orderId: "order_1" }
    expect(half({ cart: left([]) })).toEqual(found)
    expect(half({ cart: left([]), session: BOOKED })).toEqual(found)
    expect(half({ cart: ORDERED, session: BOOKED })).toBeNull()
    expect(
      half({
        cart: { order: { ...ORDERED.order, loose_ends: ["collection"] } },
        session: BOOKED,
      })
    ).toEqual(found)
  })

  it("is no half completion where there is none, or where nothing is to be done", () => {
    expect(halfCompleted(situation())).toBeNull()
    expect(
      halfCompleted(
        situation({ charge: { status: "completed" }, cart: left([]) })
      )
    ).toBeNull()
    expect(
      halfCompleted(
        situation({
          session: null,
          cart: left([]),
          collection: { has_other_payment: true },
        })
      )
    ).toBeNull()
  })

  it("may be one that is about to be undone, where the session of the paid KHQR is gone and nothing pays the order", () => {
    expect(halfCompleted(situation({ session: null, cart: left([]) }))).toEqual(
      { cartId: "cart_1", orderId: "order_1" }
    )
  })
})

describe("A paid charge", () => {
  it("completes its open cart", () => {
    expect(decide()).toEqual(COMPLETE)
  })

  it("completes a cart whose total is the same number in another spelling", () => {
    expect(decide({ cart: { total: "11.00" } })).toEqual(COMPLETE)
    expect(decide({ session: { amount: "11.0" } })).toEqual(COMPLETE)
  })

  it("completes a cart for which the payment was booked and the order not made", () => {
    expect(
      decide({ session: BOOKED, collection: { has_other_payment: true } })
    ).toEqual(COMPLETE)
  })

  it("completes although it was superseded: money is money", () => {
    expect(decide({ charge: { superseded_at: after(-1) } })).toEqual(COMPLETE)
  })

  it("heals the collection's amount that a vetoed deletion left behind", () => {
    expect(decide({ collection: { amount: "14" } })).toEqual({
      ...COMPLETE,
      healCollection: true,
    })
    expect(decide({ collection: { amount: "11.000" } })).toEqual(COMPLETE)
  })

  it.each(["canceled", "error", "requires_more"])(
    "opens a session again that is %s",
    (status) => {
      expect(decide({ session: { status } })).toEqual({
        ...COMPLETE,
        reopenSession: true,
      })
      expect(decide({ session: { status }, cart: null })).toEqual({
        ...BOOK,
        reopenSession: true,
      })
    }
  )

  it("does not touch the status of a session that has its payment", () => {
    expect(decide({ session: { ...BOOKED, status: "captured" } })).toEqual(
      COMPLETE
    )
  })

  it("books only its payment where the order exists without one", () => {
    expect(decide({ cart: ORDERED })).toEqual(BOOK)
  })

  it("books only its payment where there is no cart", () => {
    expect(decide({ cart: null })).toEqual(BOOK)
  })

  it("is done when order and payment exist", () => {
    expect(decide({ session: BOOKED, cart: ORDERED })).toEqual({
      action: "done",
      orderId: "order_1",
    })
  })

  it("is done when the payment exists and there is no cart", () => {
    expect(decide({ session: BOOKED, cart: null })).toEqual({
      action: "done",
      orderId: null,
    })
  })

  it("is done, not in review, when it was late and all exists already", () => {
    expect(
      decide({
        charge: LATE,
        latePayments: "review",
        session: BOOKED,
        cart: ORDERED,
        collection: { has_other_payment: true },
      })
    ).toEqual({ action: "done", orderId: "order_1" })
  })
})

describe("A cart whose taxes are in its prices", () => {
  it("is completed although Medusa's divisions left their noise on its total", () => {
    for (const total of [
      "10.999999999999999999997",
      "11.0000000000000000076",
    ]) {
      expect(decide({ cart: { total } })).toEqual(COMPLETE)
      expect(decide({ collection: { amount: total } })).toEqual(COMPLETE)
      expect(decide({ charge: { amount: total, khqr_amount: "11" } })).toEqual(
        COMPLETE
      )
    }
  })

  it("is not completed when it really costs something else", () => {
    expect(decide({ cart: { total: "11.001" } })).toEqual(
      review("order_failed")
    )
  })
})

describe("A collection with more than one session", () => {
  it("keeps only the paid one before its cart is completed", () => {
    expect(
      decide({ collection: { rival_session_ids: ["payses_2", "payses_3"] } })
    ).toEqual({ ...COMPLETE, rivalSessionIds: ["payses_2", "payses_3"] })
  })

  it("knows of the others where only the payment is missing: the older goes first", () => {
    const collection = { rival_session_ids: ["payses_2"] }
    expect(decide({ cart: ORDERED, collection })).toEqual({
      ...BOOK,
      rivalSessionIds: ["payses_2"],
    })
  })
})

describe("What an interruption left behind", () => {
  const REPAIR = {
    action: "repair",
    orderId: "order_1",
    healCollection: false,
    unknownCaptureIds: [],
  }

  it("is an order that does not know of its capture", () => {
    const order = { ...ORDERED.order, capture_ids: [] }
    expect(decide({ session: BOOKED, cart: { order } })).toEqual({
      ...REPAIR,
      unknownCaptureIds: ["capt_1"],
    })
  })

  it("is a collection that asks for more than the order costs", () => {
    expect(
      decide({ session: BOOKED, cart: ORDERED, collection: { amount: "20.5" } })
    ).toEqual({ ...REPAIR, healCollection: true })
  })

  it("is not a collection that asks for what an edited order costs", () => {
    const order = { ...ORDERED.order, total: "20.5" }
    expect(
      decide({
        session: BOOKED,
        cart: { order },
        collection: { amount: "20.5" },
      })
    ).toEqual({ action: "done", orderId: "order_1" })
  })
})

describe("Two paid KHQRs of one session", () => {
  it("are told apart by the charge that the payment names", () => {
    const payment = { ...BOOKED.payment, charge_id: "khqr_2" }
    expect(decide({ session: { ...BOOKED, payment }, cart: ORDERED })).toEqual(
      review("duplicate")
    )
    expect(
      decide({
        session: { ...BOOKED, payment: { ...payment, charge_id: null } },
        cart: ORDERED,
      })
    ).toEqual({ action: "done", orderId: "order_1" })
  })
})

describe("A paid charge that Medusa cannot take", () => {
  it("is orphaned when its session is gone and nobody knows its cart, or that is gone too", () => {
    expect(decide({ session: null, collection: null, cart: null })).toEqual(
      review("orphaned")
    )
    expect(decide({ session: null, cart: null })).toEqual(review("orphaned"))
    expect(decide({ session: null, cart: { total: null } })).toEqual(
      review("orphaned")
    )
    expect(decide({ session: null, collection: null })).toEqual(
      review("orphaned")
    )
  })

  it("is orphaned when its collection is gone", () => {
    expect(decide({ collection: null, cart: null })).toEqual(review("orphaned"))
  })

  it.each([
    ["the cart is open", {}],
    ["the order exists", ORDERED],
    ["there is no cart", null],
  ])("is a duplicate when another payment exists and %s", (_, cart) => {
    expect(decide({ cart, collection: { has_other_payment: true } })).toEqual(
      review("duplicate")
    )
  })

  it.each([
    ["costs more", { total: "14" }],
    ["costs less", { total: "10.99" }],
    ["is in another currency", { currency_code: "khr" }],
    ["costs nothing", { total: "0" }],
    ["has no currency", { currency_code: null }],
    ["is gone", { total: null, currency_code: null }],
  ])("makes no order of a cart that %s", (_, cart) => {
    expect(decide({ cart })).toEqual(review("order_failed"))
    expect(decide({ cart, charge: LATE })).toEqual(review("paid_late"))
  })

  it("tells a person what the cart costs and what was paid for", () => {
    expect(decide({ cart: { total: "14" } })).toMatchObject({
      message: "The cart now costs 14 usd, the KHQR asked for 11 usd",
    })
  })
})

describe("A charge paid after its time", () => {
  it.each([
    ["60 s", 60_000, COMPLETE, COMPLETE],
    ["60.001 s", 60_001, COMPLETE, review("paid_late")],
    ["a day", 86_400_000, COMPLETE, review("paid_late")],
  ])(
    "%s late is honoured, or reviewed if the shop says so",
    (_, ms, honoured, reviewed) => {
      const charge = { paid_at: after(ms) }

      expect(decide({ charge, latePayments: "honour" })).toEqual(honoured)
      expect(decide({ charge, latePayments: "review" })).toEqual(reviewed)
    }
  )

  it("is a duplicate first", () => {
    expect(
      decide({
        charge: LATE,
        latePayments: "review",
        collection: { has_other_payment: true },
      })
    ).toEqual(review("duplicate"))
  })

  it("opens the session that its expiry canceled", () => {
    expect(decide({ charge: LATE, session: { status: "canceled" } })).toEqual({
      ...COMPLETE,
      reopenSession: true,
    })
  })
})

describe("An expired charge", () => {
  const EXPIRED = { status: "expired" as const, paid_at: null }
  const DONE = { action: "done", orderId: null }

  it("cancels its session", () => {
    expect(decide({ charge: EXPIRED })).toEqual({ action: "cancel_session" })
    expect(decide({ charge: EXPIRED, cart: null, collection: null })).toEqual({
      action: "cancel_session",
    })
  })

  it("leaves a session alone that shows another KHQR by now", () => {
    expect(decide({ charge: { ...EXPIRED, superseded_at: after(1) } })).toEqual(
      DONE
    )
  })

  it("leaves a session alone that is gone or has a payment", () => {
    expect(decide({ charge: EXPIRED, session: null })).toEqual(DONE)
    expect(decide({ charge: EXPIRED, session: BOOKED })).toEqual(DONE)
    expect(decide({ charge: EXPIRED, session: BOOKED, cart: ORDERED })).toEqual(
      DONE
    )
  })
})

describe("A charge that is not to be booked", () => {
  const DONE = { action: "done", orderId: null }

  it("cancels its session when it still failed at its closing", () => {
    const FAILED = { status: "failed" as const, paid_at: null }
    expect(decide({ charge: FAILED })).toEqual({ action: "cancel_session" })
    expect(decide({ charge: FAILED, session: null })).toEqual(DONE)
  })

  it.each(["pending", "completed"] as const)(
    "is left alone while it is %s",
    (status) => {
      expect(decide({ charge: { status } })).toEqual(DONE)
    }
  )

  it("is left alone while a person looks at it", () => {
    expect(decide({ charge: { review_reason: "paid_late" } })).toEqual(DONE)
  })

  it("goes to review when its session asks for another amount by now", () => {
    const nine = { amount: "9", khqr_amount: "9", paid_amount: "9" }
    expect(decide({ charge: nine })).toEqual(review("amount_mismatch"))
    expect(
      decide({ charge: { currency_code: "khr", paid_currency: "KHR" } })
    ).toEqual(review("currency_mismatch"))
    expect(decide({ charge: { amount: "11.00" } })).toEqual(COMPLETE)
  })
})

describe("A paid charge whose session is gone", () => {
  const gone = (changes: Parts = {}) => decide({ session: null, ...changes })
  const khqrSession = (amount: string, currency_code = "usd") => ({
    id: "payses_2",
    amount,
    currency_code,
  })

  it("is adopted by its cart when that is open, unpaid and asks for the same", () => {
    expect(gone()).toEqual(ADOPT)
    expect(gone({ cart: { total: "11.00" } })).toEqual(ADOPT)
  })

  it("goes to a KHQR session that asks for the same, and to no other", () => {
    const offer = (khqr_sessions: ReturnType<typeof khqrSession>[]) =>
      gone({ collection: { khqr_sessions } })

    expect(offer([khqrSession("11.0")])).toEqual({
      ...ADOPT,
      sessionId: "payses_2",
    })
    expect(offer([khqrSession("14"), khqrSession("11", "khr")])).toEqual(ADOPT)
  })

  it.each([
    ["costs more", { total: "14" }],
    ["costs less", { total: "10.99" }],
    ["is in another currency", { currency_code: "khr" }],
  ])("is orphaned when its cart %s", (_, cart) => {
    expect(gone({ cart })).toEqual(review("orphaned"))
  })

  it("is adopted by a cart of another total once a person takes it, in the cart's currency", () => {
    const charge = { resolution: "settle" as const }
    expect(gone({ charge, cart: { total: "14" } })).toEqual(ADOPT)
    expect(
      gone({ charge: { ...charge, paid_amount: "5" }, cart: { total: "14" } })
    ).toEqual({ ...ADOPT, amount: "5" })
    expect(gone({ charge, cart: { currency_code: "khr" } })).toEqual(
      review("orphaned")
    )
  })

  it("is a duplicate when its cart is paid in another way", () => {
    const collection = { has_other_payment: true }
    expect(gone({ collection })).toEqual(review("duplicate"))
    expect(gone({ collection, cart: ORDERED })).toEqual(review("duplicate"))
    expect(gone({ collection, charge: { resolution: "settle" } })).toEqual(
      review("duplicate")
    )
  })

  it("waits for a person where an order was made that nobody paid", () => {
    expect(gone({ cart: ORDERED })).toMatchObject({
      reason: "orphaned",
      message: expect.stringContaining("order_1"),
    })
  })

  it("is not adopted when it is late and the shop wants to see late ones, unless a person takes it", () => {
    const late = { charge: LATE, latePayments: "review" as const }
    expect(gone({ charge: LATE })).toEqual(ADOPT)
    expect(gone(late)).toEqual(review("paid_late"))
    expect(
      gone({ ...late, charge: { ...LATE, resolution: "settle" } })
    ).toEqual(ADOPT)
  })
})

describe("A charge that a person took as it is", () => {
  const FIVE = { paid_amount: "5" }
  const accepted = { ...FIVE, resolution: "settle" as const }

  it("completes its cart for what came", () => {
    expect(decide({ charge: accepted })).toEqual({
      ...COMPLETE,
      bookAmount: "5",
    })
    expect(decide({ charge: FIVE })).toEqual(review("amount_mismatch"))
  })

  it("asks a session for what came once", () => {
    expect(decide({ charge: accepted, session: { amount: "5" } })).toEqual(
      COMPLETE
    )
  })

  it("leaves the collection at what the order costs", () => {
    expect(
      decide({
        charge: accepted,
        session: { amount: "5" },
        collection: { amount: "11" },
      })
    ).toEqual(COMPLETE)
  })

  it("completes a cart that costs something else by now", () => {
    expect(
      decide({ charge: { resolution: "settle" }, cart: { total: "14" } })
    ).toEqual(COMPLETE)
  })

  it("pays the order that it was attached to", () => {
    expect(
      decide({ charge: { ...FIVE, resolution: "attach" }, cart: ORDERED })
    ).toEqual({ ...BOOK, bookAmount: "5" })
  })

  it("is honoured although it was late", () => {
    for (const taken of [
      { resolution: "settle" as const },
      { evidence: "staff" as const },
    ]) {
      expect(
        decide({ charge: { ...LATE, ...taken }, latePayments: "review" })
      ).toEqual(COMPLETE)
    }
  })

  it("is not settled into a cart that costs something else than when they looked", () => {
    const settle = { ...accepted, accepted_total: "20.5" }
    expect(decide({ charge: settle, cart: { total: "20.50" } })).toMatchObject({
      action: "complete_cart",
    })
    expect(decide({ charge: settle, cart: { total: "495.5" } })).toEqual(
      review("order_failed")
    )
    expect(
      decide({ charge: settle, cart: { total: "495.5" }, session: null })
    ).toEqual(review("order_failed"))
  })

  it("is another cart's total for nobody who only confirmed the payment", () => {
    expect(
      decide({ charge: { evidence: "staff" }, cart: { total: "486" } })
    ).toEqual(review("order_failed"))
    expect(
      decide({
        charge: { evidence: "staff" },
        cart: { total: "486" },
        session: null,
      })
    ).toEqual(review("orphaned"))
  })

  it("is never booked in another currency, nor beside another payment, nor into a cart that is gone", () => {
    expect(decide({ charge: { ...accepted, paid_currency: "KHR" } })).toEqual(
      review("currency_mismatch")
    )
    expect(
      decide({ charge: accepted, collection: { has_other_payment: true } })
    ).toEqual(review("duplicate"))
    expect(
      decide({ charge: accepted, cart: { total: null, currency_code: null } })
    ).toEqual(review("order_failed"))
    expect(
      decide({ charge: accepted, cart: { currency_code: "khr" } })
    ).toEqual(review("order_failed"))
  })

  it.each(["refund", "dismiss"] as const)(
    "is not the one of which they decided %s",
    (resolution) => {
      expect(
        decide({ charge: { ...FIVE, resolution, review_reason: "duplicate" } })
      ).toEqual({ action: "done", orderId: null })
    }
  )
})

describe("Whatever Medusa has", () => {
  const amount = fc.constantFrom("11", "11.00", "10.99", "14", "0", "-11")
  const currency = fc.constantFrom("usd", "khr")
  const moment = fc.integer({ min: -600_000, max: 600_000 }).map(after)
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary)

  const anySituation: fc.Arbitrary<Situation> = fc.record({
    charge: fc.record({
      id: fc.constant("khqr_1"),
      status: fc.constantFrom(...CHARGE_STATUSES),
      review_reason: maybe(fc.constantFrom(...REVIEW_REASONS)),
      resolution: maybe(fc.constantFrom(...RESOLUTIONS)),
      evidence: maybe(fc.constantFrom(...EVIDENCES)),
      accepted_total: maybe(amount),
      amount,
      khqr_amount: amount,
      currency_code: currency,
      paid_amount: maybe(amount),
      paid_currency: maybe(fc.constantFrom("USD", "KHR")),
      paid_at: maybe(moment),
      expires_at: fc.constant(EXPIRES_AT),
      superseded_at: maybe(moment),
    }),
    latePayments: fc.constantFrom("honour", "review"),
    session: maybe(
      fc.record({
        status: fc.constantFrom("pending", "canceled", "captured", "error"),
        amount,
        currency_code: currency,
        payment: maybe(
          fc.record({
            id: fc.constant("pay_1"),
            charge_id: fc.constantFrom(null, "khqr_1", "khqr_2"),
            capture_ids: fc.constantFrom([], ["capt_1"]),
          })
        ),
      })
    ),
    collection: maybe(
      fc.record({
        id: fc.constant("paycol_1"),
        amount,
        has_other_payment: fc.boolean(),
        rival_session_ids: fc.constantFrom([], ["payses_2"]),
        khqr_sessions: fc.array(
          fc.record({
            id: fc.constantFrom("payses_2", "payses_3"),
            amount,
            currency_code: currency,
          }),
          { maxLength: 2 }
        ),
      })
    ),
    cart: maybe(
      fc.record({
        id: fc.constant("cart_1"),
        total: maybe(amount),
        currency_code: maybe(currency),
        order: maybe(
          fc.record({
            id: fc.constant("order_1"),
            total: amount,
            capture_ids: fc.constantFrom([], ["capt_1"]),
          })
        ),
      })
    ),
  })

  /** Promises that hold for each answer to each situation. */
  const PROMISES: Record<
    string,
    (situation: Situation, settlement: Settlement) => boolean
  > = {
    "A cart is completed at another total only when a person took the money": (
      { charge, session, cart },
      { action }
    ) =>
      action !== "complete_cart" ||
      (cart!.currency_code === session!.currency_code &&
        (sameMoney(cart!.total!, session!.amount) || isAccepted(charge))),

    "A payment is booked for what came, in the currency in which it came": (
      { charge, session },
      settlement
    ) => {
      if (!("bookAmount" in settlement) || session!.payment !== null) {
        return true
      }
      const came = amountToBook(charge)
      return (
        came.currency_code === session!.currency_code &&
        sameMoney(came.amount, settlement.bookAmount ?? session!.amount)
      )
    },

    "A session is asked for another amount only when a person took the money": (
      { charge, session },
      settlement
    ) =>
      !("bookAmount" in settlement) ||
      settlement.bookAmount === null ||
      (isAccepted(charge) && session!.payment === null),

    "A charge whose session is gone is adopted only by a cart that is open, unpaid and asks for the same, or when a person took the money":
      ({ charge, latePayments, session, collection, cart }, settlement) => {
        if (settlement.action !== "adopt") {
          return true
        }
        const came = amountToBook(charge)
        return (
          (session === null || collection === null) &&
          charge.status === "paid" &&
          charge.review_reason === null &&
          cart!.order === null &&
          !collection!.has_other_payment &&
          came.currency_code === cart!.currency_code &&
          (isAccepted(charge) ||
            (sameMoney(came.amount, cart!.total!) &&
              (latePayments === "honour" || !isPaidLate(charge))))
        )
      },

    "A charge is adopted for what came, by a session that asks for just that": (
      { charge, collection },
      settlement
    ) => {
      if (settlement.action !== "adopt") {
        return true
      }
      const came = amountToBook(charge)
      const asks = ({ amount, currency_code }: typeof came) =>
        currency_code === came.currency_code && sameMoney(amount, came.amount)
      const { sessionId, amount, currencyCode } = settlement
      return (
        asks({ amount, currency_code: currencyCode }) &&
        (sessionId === null
          ? !collection!.khqr_sessions.some(asks)
          : collection!.khqr_sessions.some(
              (session) => session.id === sessionId && asks(session)
            ))
      )
    },

    "Money is booked only for a paid charge that nobody has to look at": (
      { charge },
      { action }
    ) =>
      !["complete_cart", "book_payment", "adopt"].includes(action) ||
      (charge.status === "paid" && charge.review_reason === null),

    "A cart is completed only while it has no order": ({ cart }, { action }) =>
      action !== "complete_cart" || cart!.order === null,

    "Without a session nothing is booked": ({ session }, { action }) =>
      session !== null || ["done", "review", "adopt"].includes(action),

    "Paid and wanted by nobody, it goes to a person": (
      { session, charge },
      { action }
    ) =>
      session !== null ||
      charge.status !== "paid" ||
      charge.review_reason !== null ||
      action === "review" ||
      action === "adopt",

    "An expired charge books nothing": ({ charge }, { action }) =>
      charge.status !== "expired" ||
      action === "done" ||
      action === "cancel_session",

    "Only an unpaid charge cancels, and never a session with a payment": (
      { charge, session },
      { action }
    ) =>
      action !== "cancel_session" ||
      (["expired", "failed"].includes(charge.status) &&
        session!.payment === null),

    "A payment is booked only where there is none": (
      { session, collection },
      { action }
    ) =>
      action !== "book_payment" ||
      (session!.payment === null && !collection!.has_other_payment),

    "A second payment never makes an order": (
      { session, collection },
      { action }
    ) =>
      !collection?.has_other_payment ||
      session?.payment != null ||
      !["complete_cart", "book_payment", "adopt"].includes(action),

    "A paid charge is done only when its payment is there, and no order awaited":
      ({ charge, session, cart }, { action }) =>
        action !== "done" ||
        charge.status !== "paid" ||
        charge.review_reason !== null ||
        (session!.payment !== null && (cart === null || cart.order !== null)),

    "A session is opened again only when it has no payment": (
      { session },
      settlement
    ) =>
      !("reopenSession" in settlement) ||
      settlement.reopenSession ===
        (session!.payment === null && session!.status !== "pending"),
  }

  it("every promise is kept, and nothing it was given is changed", () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const copy = structuredClone(given)
        const settlement = decideSettlement(given)
        const broken = Object.keys(PROMISES).filter(
          (name) => !PROMISES[name](given, settlement)
        )

        expect(broken).toEqual([])
        expect(given).toEqual(copy)
      }),
      { numRuns: 10_000 }
    )
  })
})
