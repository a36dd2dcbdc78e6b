import fc from "fast-check"

import { sameMoney } from "../medusa-amount"
import { isAskable } from "../pace"
import {
  amountToBook,
  type ChargeStatus,
  hasMoney,
  isAccepted,
  mayBeLate,
  isUnproven,
  needsPerson,
  RECEIPT_SKEW_MS,
  type Resolution,
  RESOLUTIONS,
  resolutionsOf,
} from "../state"
import type { Charge } from "../types"
import { type Cut, CUTS, Town } from "./town"
import {
  ATTEMPT_FAILED,
  DAY,
  HOUR,
  later,
  MINUTE,
  SECOND,
  unknown,
  UNKNOWN_REASONS,
} from "./world"

/*
 * Shoppers, a bank, persons of the shop and the clock do what they like, in any
 * order, to a whole shop of rules. After each step, and once all is quiet, the
 * promises of the ledger hold.
 */

const FORWARD: ChargeStatus[] = [
  "pending",
  "failed",
  "expired",
  "paid",
  "completed",
]

/** Of the list that is there now; `undefined` where there is none. */
function pick<T>(list: Iterable<T>, at: number): T | undefined {
  const all = [...list]
  return all[at % Math.max(all.length, 1)]
}

type Real = { town: Town }

/** What the commands may look at before they run. */
type Model = { steps: number }

abstract class Step implements fc.Command<Model, Real> {
  check(): boolean {
    return true
  }

  run(model: Model, { town }: Real): void {
    model.steps += 1
    const before = new Map(town.charges)
    this.act(town)
    holds(EACH_STEP, town, before)
  }

  abstract act(town: Town): void

  /** What it was, with what it was done to, for whoever reads a failure. */
  toString(): string {
    const { ...values } = this
    return `${this.constructor.name}(${Object.values(values)
      .map((value) => JSON.stringify(value))
      .join(", ")})`
  }
}

// The shopper

class OpenSession extends Step {
  constructor(
    readonly cart: number,
    readonly how: "again" | "in a second tab"
  ) {
    super()
  }
  act(town: Town) {
    town.openSession(
      pick(town.carts, this.cart)!,
      this.how === "in a second tab"
    )
  }
}

class Renew extends Step {
  constructor(readonly session: number) {
    super()
  }
  act(town: Town) {
    const session = pick(town.sessions.values(), this.session)
    if (session && !town.cartOf(session.collectionId)!.order) {
      town.renew(session)
    }
  }
}

class ChangeCart extends Step {
  constructor(
    readonly cart: number,
    readonly total: string,
    readonly when: "asked" | "before a charge knows its cart"
  ) {
    super()
  }
  act(town: Town) {
    const cart = pick(town.carts, this.cart)!
    // The clock links a charge before it asks about it: what is being settled is known.
    const isKnown = town.stale.some(
      ({ chargeId }) => town.charges.get(chargeId)!.cart_id === cart.id
    )
    town.changeCart(cart, this.total, this.when !== "asked" && !isKnown)
  }
}

class CompleteFromStorefront extends Step {
  constructor(readonly cart: number) {
    super()
  }
  act(town: Town) {
    town.complete(pick(town.carts, this.cart)!)
  }
}

/** Another means of payment, or an order that is to be paid later. */
class OrderOtherwise extends Step {
  constructor(
    readonly cart: number,
    readonly payment: "paid otherwise" | "unpaid"
  ) {
    super()
  }
  act(town: Town) {
    const cart = pick(town.carts, this.cart)!
    const hasPaid = [...town.charges.values()].some(
      (row) => row.cart_id === cart.id && hasMoney(row)
    )
    if (!cart.order && !hasPaid) {
      cart.order = {
        id: town.name("order"),
        total: cart.total,
        capture_ids: [],
      }
      cart.otherPayment = this.payment === "paid otherwise"
    }
  }
}

const HOW_IT_IS_PAID = {
  right: {},
  less: { amount: "5" },
  "in riel": { currency: "KHR" },
  "to another": { toAccountId: "x@y" },
  "without a time": { createdAt: null },
} as const

class Pay extends Step {
  constructor(
    readonly charge: number,
    readonly how: keyof typeof HOW_IT_IS_PAID
  ) {
    super()
  }
  act(town: Town) {
    const to = pick(town.charges.values(), this.charge)
    if (to) {
      town.pay(to, HOW_IT_IS_PAID[this.how])
    }
  }
}

/** Typed in by hand: the right receiver and amount, and nothing of the KHQR. */
class PayByHand extends Step {
  constructor(readonly charge: number) {
    super()
  }
  act(town: Town) {
    const to = pick(town.charges.values(), this.charge)
    if (to) {
      town.pay(to, { md5: null })
    }
  }
}

class GiveBack extends Step {
  constructor(readonly transfer: number) {
    super()
  }
  act(town: Town) {
    const transfer = pick(town.transfers, this.transfer)
    if (transfer) {
      transfer.returned = true
    }
  }
}

// The bank

class Ask extends Step {
  constructor(
    readonly charge: number,
    readonly answer:
      "true" | "attempt failed" | (typeof UNKNOWN_REASONS)[number]
  ) {
    super()
  }
  act(town: Town) {
    const of = pick(town.charges.values(), this.charge)
    if (!of || !isAskable(of)) {
      return
    }
    if (this.answer === "true") {
      return town.ask(of)
    }
    if (this.answer !== "attempt failed") {
      return town.ask(of, unknown(this.answer))
    }
    // A bank that has the money does not say so.
    if (town.answerTo(of.id).type === "not_found") {
      town.ask(of, ATTEMPT_FAILED)
    }
  }
}

class Deliver extends Step {
  constructor(readonly answer: number) {
    super()
  }
  act(town: Town) {
    if (town.underWay.length > 0) {
      town.deliver(this.answer % town.underWay.length)
    }
  }
}

class AskWhatIsDue extends Step {
  act(town: Town) {
    town.askWhatIsDue()
  }
}

// The shop's people

class TakeReceipt extends Step {
  constructor(
    readonly charge: number,
    readonly transfer: number
  ) {
    super()
  }
  act(town: Town) {
    const of = pick(town.charges.values(), this.charge)
    const transfer = pick(town.transfers, this.transfer)
    if (of && transfer) {
      town.takeReceipt(of, transfer.hash)
    }
  }
}

class Confirm extends Step {
  constructor(readonly charge: number) {
    super()
  }
  act(town: Town) {
    const of = pick(town.charges.values(), this.charge)
    if (of) {
      town.confirm(of)
    }
  }
}

class Resolve extends Step {
  constructor(
    readonly review: number,
    readonly resolution: Resolution,
    readonly order: number
  ) {
    super()
  }
  act(town: Town) {
    const of = pick(
      [...town.charges.values()].filter((row) =>
        resolutionsOf(row).includes(this.resolution)
      ),
      this.review
    )
    const order = pick(
      town.carts.filter((cart) => cart.order && !isPaidOrder(town, cart)),
      this.order
    )
    if (of && (this.resolution !== "attach" || order)) {
      town.resolve(of, this.resolution, order ?? null)
    }
  }
}

// The clock

class Settle extends Step {
  constructor(
    readonly due: number,
    readonly cut: Cut | null
  ) {
    super()
  }
  act(town: Town) {
    const due = pick(town.due("next_settle_at"), this.due)
    if (due) {
      town.settle(due.id, this.cut)
    }
  }
}

/** Somebody decides what is to be done, and is slow to do it. */
class DecideNow extends Step {
  constructor(readonly due: number) {
    super()
  }
  act(town: Town) {
    const due = pick(town.due("next_settle_at"), this.due)
    if (due) {
      town.stale.push(town.decide(due.id))
    }
  }
}

class CarryOutLater extends Step {
  constructor(readonly decision: number) {
    super()
  }
  act(town: Town) {
    const decision = pick(town.stale, this.decision)
    if (decision) {
      town.stale.splice(town.stale.indexOf(decision), 1)
      town.carryOutDecision(decision, null)
    }
  }
}

class Wait extends Step {
  constructor(readonly ms: number) {
    super()
  }
  act(town: Town) {
    town.now = later(town.now, this.ms)
  }
}

// What holds

type Before = Map<string, Charge>

type Promises = Record<
  string,
  (row: Charge, town: Town, before: Charge | undefined) => boolean
>

const moneyOf = (row: Charge) =>
  JSON.stringify([
    row.bank_hash,
    row.payer_account,
    row.paid_amount,
    row.paid_currency,
    row.paid_to,
    row.paid_at,
    row.found_at,
    row.evidence,
  ])

const isPaidOrder = (town: Town, cart: { collectionId: string }) =>
  town.cartOf(cart.collectionId)!.otherPayment ||
  town.payments.some(
    ({ session }) => session.collectionId === cart.collectionId
  )

const transferOf = ({ bank_hash }: Charge, { transfers }: Town) =>
  transfers.find(({ hash }) => hash === bank_hash)

/** Sentences that hold for each charge after each step. */
const EACH_STEP: Promises = {
  "It goes forward only": (row, _, before) =>
    !before || FORWARD.indexOf(row.status) >= FORWARD.indexOf(before.status),

  "It never loses money on record": (row, _, before) =>
    !before ||
    !hasMoney(before) ||
    moneyOf(row) === moneyOf(before) ||
    (isUnproven(before) && row.evidence === "staff" && !isUnproven(row)) ||
    // A word that was taken back is not money, and may turn out true.
    before.resolution === "withdraw" ||
    row.resolution === "withdraw",

  "One transfer pays one charge": (row, { charges }) =>
    row.bank_hash === null ||
    [...charges.values()].every(
      ({ id, bank_hash }) => id === row.id || bank_hash !== row.bank_hash
    ),

  "It expired because the bank found nothing at its closing": (row, town) =>
    row.status !== "expired" ||
    (town.notFoundAt.get(row.id) ?? 0) >= +row.expires_at + 120_000,

  "It is paid by a transfer that the bank has, or by a person who is named for ever":
    (row, town) => {
      if (!hasMoney(row)) {
        return row.evidence === null && row.paid_at === null
      }
      const transfer = transferOf(row, town)
      switch (row.evidence) {
        case "khqr":
          return transfer?.md5 === row.id
        case "receipt":
          return (
            transfer !== undefined &&
            transfer.toAccountId === row.account_id &&
            transfer.currency.toLowerCase() === row.currency_code &&
            transfer.amount === row.khqr_amount &&
            transfer.createdAt !== null &&
            transfer.createdAt >= +row.issued_at - RECEIPT_SKEW_MS
          )
        default:
          return (
            town.confirmed.has(row.id) &&
            (row.bank_hash === null || transfer?.md5 === row.id)
          )
      }
    },

  "Money is an order, on its way to one, before a person, or decided": (row) =>
    row.status !== "paid" ||
    row.next_settle_at !== null ||
    row.review_reason !== null,

  "Nothing is settled while a person looks": (row) =>
    row.status !== "paid" ||
    row.review_reason === null ||
    row.next_settle_at === null,

  "It is completed by its own payment, for what came": (row, town) => {
    const own = town.payments.filter(
      ({ payment }) => payment.chargeId === row.id
    )
    if (own.length !== 1) {
      return own.length === 0 && row.status !== "completed"
    }
    const [{ payment }] = own
    const came = amountToBook(row)
    return (
      hasMoney(row) &&
      (sameMoney(payment.amount, came.amount) || isContradicted(row)) &&
      (payment.currency_code === came.currency_code || isContradicted(row))
    )
  },

  "It is completed once for its cart, and with an order": (row, town) =>
    row.status !== "completed" ||
    (town.cartOf(row.payment_collection_id)!.order !== null &&
      [...town.charges.values()].every(
        (other) =>
          other.id === row.id ||
          other.status !== "completed" ||
          other.cart_id !== row.cart_id
      )),

  "Its order is paid once": (row, town) => {
    const cart = town.cartOf(row.payment_collection_id)
    const times = town.payments.filter(
      ({ session }) => session.collectionId === cart?.collectionId
    ).length
    return times + (cart?.otherPayment ? 1 : 0) <= 1
  },

  "Its order costs what came, unless a person took the money": (row, town) => {
    const cart = town.cartOf(row.payment_collection_id)
    return (
      row.status !== "completed" ||
      isAccepted(row) ||
      row.evidence === "staff" ||
      needsPerson(row) ||
      sameMoney(cart!.order!.total, amountToBook(row).amount)
    )
  },

  "It is honoured late only where the shop does so, or a person": (row, town) =>
    row.status !== "completed" ||
    +row.paid_at! <= +row.expires_at + MINUTE ||
    town.latePayments === "honour" ||
    mayBeLate(row) ||
    row.review_reason !== null,

  "Its session shows one KHQR": (row, { charges }) =>
    row.superseded_at !== null ||
    [...charges.values()].every(
      (other) =>
        other.id === row.id ||
        other.superseded_at !== null ||
        other.payment_session_id !== row.payment_session_id
    ),
}

/** A person's word, of which the bank knew otherwise after it was booked. */
const isContradicted = (row: Charge) =>
  row.evidence === "staff" && row.bank_hash !== null

/** Sentences that hold once nothing is due any more. */
const IN_THE_END: Promises = {
  ...EACH_STEP,

  "Nothing is left to settle": (row) => row.next_settle_at === null,

  "Nothing is left to ask": (row) => row.next_check_at === null,

  "Unpaid it is over, by the bank's word, or before a person": (row) =>
    hasMoney(row) ||
    row.status === "expired" ||
    row.review_reason !== null ||
    // It still failed at its closing.
    (row.status === "failed" &&
      +row.last_checked_at! >= +row.expires_at + 2 * MINUTE),

  "Money is an order, or before a person, or decided": (row) =>
    row.status !== "paid" || row.review_reason !== null,
}

function holds(promises: Promises, town: Town, before: Before): void {
  for (const row of town.charges.values()) {
    for (const [name, isKept] of Object.entries(promises)) {
      if (!isKept(row, town, before.get(row.id))) {
        throw new Error(`${row.id}: not kept: ${name}\n${JSON.stringify(row)}`)
      }
    }
  }
}

/** The bank answers, nothing is cut off any more, and the clock runs until nothing is due. */
function quiesce(town: Town): void {
  while (town.underWay.length > 0) {
    town.deliver(0)
  }
  for (let rounds = 0; rounds < 500; rounds++) {
    const before = new Map(town.charges)
    town.askWhatIsDue()
    for (const { id } of town.due("next_settle_at")) {
      town.settle(id, null)
    }
    holds(EACH_STEP, town, before)
    const moments = [...town.charges.values()].flatMap((row) =>
      [row.next_check_at, row.next_settle_at].flatMap((at) => at ?? [])
    )
    if (moments.length === 0) {
      return
    }
    // In strides of a minute: how often a living KHQR is asked about is another test's.
    const next = Math.min(...moments.map((at) => +at))
    town.now = new Date(Math.max(next, +town.now + MINUTE))
  }
  throw new Error("It never comes to rest")
}

/** Each transfer that the bank told of is at one place, and no payment was made up. */
function accountsAgree(town: Town): void {
  for (const hash of town.toldAsPaid) {
    const { returned } = town.transfers.find((known) => known.hash === hash)!
    const places = [...town.charges.values()].filter(
      (row) =>
        row.bank_hash === hash &&
        (row.status === "completed" || row.review_reason !== null)
    ).length
    const isShown = town.reviews.some((note) => note.includes(hash))
    if (places !== 1 && !isShown && !returned) {
      throw new Error(`Transfer ${hash} is at ${places} places`)
    }
  }
  for (const currency of ["usd", "khr"]) {
    const rows = [...town.charges.values()].filter(
      (row) => isBooked(row, town) && !isContradicted(row)
    )
    const booked = sum(
      town.payments
        .filter(
          ({ payment }) =>
            payment.currency_code === currency &&
            rows.some(({ id }) => id === payment.chargeId)
        )
        .map(({ payment }) => payment.amount)
    )
    const came = sum(
      rows
        .map(amountToBook)
        .filter(({ currency_code }) => currency_code === currency)
        .map(({ amount }) => amount)
    )
    if (booked !== came) {
      throw new Error(`${booked} ${currency} are booked, ${came} came`)
    }
  }
}

/** Completed, or contradicted by the bank while it was about to be. */
const isBooked = (row: Charge, town: Town) =>
  row.status === "completed" ||
  town.payments.some(({ payment }) => payment.chargeId === row.id)

/** In hundredths: exact. */
const sum = (amounts: string[]) =>
  amounts.reduce((total, amount) => total + Math.round(Number(amount) * 100), 0)

const index = fc.nat(7)

const weighted = (
  weight: number,
  step: fc.Arbitrary<Step>
): fc.Arbitrary<Step>[] => Array.from({ length: weight }, () => step)

/** The likelier ones stand there more often. */
const STEPS: fc.Arbitrary<Step>[] = [
  ...weighted(
    3,
    fc
      .tuple(
        index,
        fc.constantFrom("again" as const, "in a second tab" as const)
      )
      .map((args) => new OpenSession(...args))
  ),
  ...weighted(
    1,
    index.map((session) => new Renew(session))
  ),
  ...weighted(
    1,
    fc
      .tuple(
        index,
        fc.constantFrom("11", "14", "44000"),
        fc.constantFrom(
          "asked" as const,
          "before a charge knows its cart" as const
        )
      )
      .map((args) => new ChangeCart(...args))
  ),
  ...weighted(
    1,
    fc
      .tuple(
        index,
        fc.constantFrom("paid otherwise" as const, "unpaid" as const)
      )
      .map((args) => new OrderOtherwise(...args))
  ),
  ...weighted(
    1,
    index.map((cart) => new CompleteFromStorefront(cart))
  ),
  ...weighted(
    2,
    fc
      .tuple(
        index,
        fc.constantFrom(
          "right" as const,
          "right" as const,
          ...(Object.keys(HOW_IT_IS_PAID) as (keyof typeof HOW_IT_IS_PAID)[])
        )
      )
      .map((args) => new Pay(...args))
  ),
  ...weighted(
    1,
    index.map((charge) => new PayByHand(charge))
  ),
  ...weighted(
    1,
    index.map((transfer) => new GiveBack(transfer))
  ),
  ...weighted(
    3,
    fc
      .tuple(
        index,
        fc.oneof(
          { weight: 4, arbitrary: fc.constant("true" as const) },
          { weight: 1, arbitrary: fc.constant("attempt failed" as const) },
          { weight: 1, arbitrary: fc.constantFrom(...UNKNOWN_REASONS) }
        )
      )
      .map((args) => new Ask(...args))
  ),
  ...weighted(
    4,
    index.map((answer) => new Deliver(answer))
  ),
  ...weighted(
    2,
    fc.constant(0).map(() => new AskWhatIsDue())
  ),
  ...weighted(
    2,
    fc.tuple(index, index).map((args) => new TakeReceipt(...args))
  ),
  ...weighted(
    1,
    index.map((charge) => new Confirm(charge))
  ),
  ...weighted(
    3,
    fc
      .tuple(index, fc.constantFrom(...RESOLUTIONS), index)
      .map((args) => new Resolve(...args))
  ),
  ...weighted(
    3,
    fc
      .tuple(index, fc.constantFrom(null, null, ...CUTS))
      .map((args) => new Settle(...args))
  ),
  ...weighted(
    1,
    index.map((due) => new DecideNow(due))
  ),
  ...weighted(
    1,
    index.map((decision) => new CarryOutLater(decision))
  ),
  ...weighted(
    3,
    fc
      .constantFrom(
        SECOND,
        MINUTE,
        9 * MINUTE,
        12 * MINUTE,
        HOUR,
        DAY,
        -5 * MINUTE
      )
      .map((ms) => new Wait(ms))
  ),
]

describe("Two KHQRs of one session, both paid, of which a person takes the one that brought less", () => {
  it.each([
    ["it is settled first", [0, 1]],
    ["the other is settled first", [1, 0]],
  ])(
    "are booked for the one that brought what the session asks when %s",
    (_, order) => {
      const town = new Town("honour")
      town.openSession(town.carts[0], false)
      town.now = later(town.now, 11 * MINUTE)
      town.renew([...town.sessions.values()][0])
      const [less, right] = [...town.charges.values()]
      town.pay(less, { amount: "5" })
      town.pay(right, {})
      town.now = later(town.now, MINUTE)
      town.askWhatIsDue()
      town.resolve(town.charges.get(less.id)!, "settle", null)

      for (const at of order) {
        town.settle([less, right][at].id, null)
      }
      quiesce(town)

      expect(town.payments.map(({ payment }) => payment)).toMatchObject([
        { chargeId: right.id, amount: "11" },
      ])
      expect(town.charges.get(right.id)!.status).toBe("completed")
      expect(town.charges.get(less.id)!.review_reason).toBe("duplicate")
      accountsAgree(town)
    }
  )
})

describe("Whatever shoppers, bank, persons and clock do to a shop", () => {
  it("every promise is kept, after each step and in the end", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("honour" as const, "review" as const),
        fc.commands(STEPS, { maxCommands: 60, size: "+1" }),
        (latePayments, commands) => {
          const town = new Town(latePayments)
          fc.modelRun(() => ({ model: { steps: 0 }, real: { town } }), commands)
          quiesce(town)
          holds(IN_THE_END, town, town.charges)
          accountsAgree(town)
        }
      ),
      { numRuns: Number(process.env.MODEL_RUNS ?? 10_000) }
    )
  }, 120_000)
})
