import { cents, inMoney, sumByCurrency } from "./books.mjs"

/**
 * What must hold when the storm is over.
 *
 * @returns {{ checks: { name: string, faults: string[] }[], sums: object[], counts: object }}
 */
export function checkBooks(books) {
  const { charges, payments, orders, collections, transfers } = books
  const ofHash = groupBy(
    charges.filter((one) => one.bank_hash),
    "bank_hash"
  )
  const ofMd5 = groupBy(charges, "md5")
  const ofCharge = groupBy(payments, "charge_id")
  const ofCart = groupBy(
    orders.flatMap((order) =>
      order.cart_ids.map((cart_id) => ({ ...order, cart_id }))
    ),
    "cart_id"
  )
  const completed = charges.filter(({ status }) => status === "completed")
  const reviewed = charges.filter(isReviewed)
  const hasMoney = charges.filter(isPaid)
  // Killed amid a completion, Medusa leaves an order that it had begun; nobody's money is in it.
  const isLeft = ({ id, collection_ids }) =>
    !payments.some(({ collection_id }) =>
      collection_ids.includes(collection_id)
    ) && !completed.some(({ order_id }) => order_id === id)
  const checks = []
  const check = (name, rows, faultOf) =>
    checks.push({ name, faults: rows.map(faultOf).filter(Boolean) })

  check(
    "Each transfer that the bank shows is on record, with one charge",
    transfers.shown,
    ({ hash, md5, amount, currency }) => {
      const names = (ofHash.get(hash) ?? []).map(nameOf)
      return names.length === 1
        ? undefined
        : `${amount} ${currency} (${hash.slice(0, 8)}), paid to ${(ofMd5.get(md5) ?? []).map(describe).join(", ")}, is with ${names.join(", ") || "no charge"}`
    }
  )
  check(
    "Each charge whose KHQR was paid is completed or in review",
    transfers.shown.flatMap(({ md5 }) => ofMd5.get(md5) ?? []),
    (charge) =>
      charge.status === "completed" || isReviewed(charge)
        ? undefined
        : describe(charge)
  )
  check("No charge is paid and waits for nobody", hasMoney, (charge) =>
    charge.status === "paid" && !isReviewed(charge)
      ? describe(charge)
      : undefined
  )
  const known = new Set(
    [...transfers.shown, ...transfers.hidden].map(({ hash }) => hash)
  )
  check("No charge has money that nobody sent", hasMoney, (charge) =>
    known.has(charge.bank_hash) ? undefined : describe(charge)
  )
  check(
    "No charge is expired whose KHQR was paid",
    transfers.shown.flatMap(({ md5 }) => ofMd5.get(md5) ?? []),
    (charge) =>
      charge.status === "expired" && !isReviewed(charge)
        ? describe(charge)
        : undefined
  )
  check(
    "Each completed charge has one order with one captured payment of the same money",
    completed,
    (charge) => faultOfCompleted(charge, ofCharge, orders)
  )
  check("No charge in review has an order's payment", reviewed, (charge) =>
    charge.status !== "completed" && (ofCharge.get(charge.id) ?? []).length > 0
      ? `${describe(charge)} has payment ${ofCharge.get(charge.id)[0].id}`
      : undefined
  )
  check(
    "Each payment that Medusa booked is a completed charge's",
    payments,
    (payment) =>
      completed.some(({ id }) => id === payment.charge_id) &&
      payment.refunded === "0"
        ? undefined
        : `${payment.id} over ${payment.captured} ${payment.currency_code} for ${payment.charge_id}, refunded ${payment.refunded}`
  )
  check("No cart has two orders", [...ofCart], ([cartId, of]) =>
    of.length > 1
      ? `${cartId}: ${of.map(({ id }) => id).join(", ")}`
      : undefined
  )
  check(
    "No payment collection has two orders or two payments",
    collections,
    ({ id, cart_id }) => {
      const of = orders.filter(({ collection_ids }) =>
        collection_ids.includes(id)
      )
      const booked = payments.filter(
        ({ collection_id, canceled_at }) => collection_id === id && !canceled_at
      )
      return of.length > 1 || booked.length > 1
        ? `${id} of ${cart_id}: orders ${of.map(({ id }) => id).join(", ")}, payments ${booked.map(({ id }) => id).join(", ")}`
        : undefined
    }
  )
  check(
    "Each order that money came for is paid, to the cent, and its books say so",
    orders.filter((order) => !isLeft(order)),
    (order) => faultOfOrder(order, collections)
  )
  check("Nothing is left to do", charges, (charge) =>
    charge.next_settle_at !== null || charge.is_leased
      ? describe(charge)
      : undefined
  )

  const sums = compareSums({ transfers, charges: hasMoney, reviewed, payments })
  check(
    "The sums of bank, ledger and Medusa agree in each currency",
    sums,
    ({ currency, ...sum }) =>
      sum.bank === sum.ledger && sum.ledger === sum.captured + sum.review
        ? undefined
        : Object.entries(sum)
            .map(([name, value]) => `${name} ${inMoney(value, currency)}`)
            .join(", ")
  )
  const counts = {
    charges: charges.length,
    transfers: transfers.shown.length,
    "second transfers of a KHQR, which the bank does not show":
      transfers.hidden.length,
    orders: orders.filter((order) => !isLeft(order)).length,
    "orders without money, left by killed completions":
      orders.filter(isLeft).length,
    ...countBy(charges, ({ status, review_reason }) =>
      review_reason ? `${status}, in review: ${review_reason}` : status
    ),
  }
  return { checks, sums, counts }
}

function faultOfCompleted(charge, ofCharge, orders) {
  const [payment, ...others] = ofCharge.get(charge.id) ?? []
  if (!payment || others.length > 0) {
    return `${describe(charge)} has ${payment ? others.length + 1 : "no"} payments`
  }
  const isSame =
    payment.currency_code === charge.currency_code &&
    cents(payment.captured) === cents(charge.amount) &&
    cents(payment.amount) === cents(charge.amount)
  if (!isSame) {
    return `${describe(charge)} has a payment of ${payment.amount}, captured ${payment.captured} ${payment.currency_code}`
  }
  const of = orders.filter(({ cart_ids }) => cart_ids.includes(charge.cart_id))
  return of.length === 1 &&
    of[0].id === charge.order_id &&
    payment.order_ids.includes(of[0].id)
    ? undefined
    : `${describe(charge)} names order ${charge.order_id}; its cart has ${of.map(({ id }) => id).join(", ") || "none"}, its payment ${payment.order_ids.join(", ") || "none"}`
}

function faultOfOrder(order, collections) {
  const collection = collections.find(({ id }) =>
    order.collection_ids.includes(id)
  )
  if (!collection || order.cart_ids.length !== 1) {
    return `${order.id} over ${order.total} ${order.currency_code} has ${order.cart_ids.length} carts and ${order.collection_ids.length} payment collections`
  }
  const isPaid =
    cents(order.transactions) === cents(order.total) &&
    cents(order.pending) === 0 &&
    collection.status === "completed" &&
    cents(collection.captured_amount) === cents(order.total) &&
    cents(collection.amount) === cents(order.total) &&
    collection.completed_at !== null
  return isPaid
    ? undefined
    : `${order.id} over ${order.total}: transactions ${order.transactions}, pending ${order.pending}; ${collection.id} is ${collection.status} with ${collection.captured_amount} of ${collection.amount} captured; its cart was completed at ${collection.completed_at?.toISOString() ?? "no time"}`
}

function compareSums({ transfers, charges, reviewed, payments }) {
  const hashes = new Set(charges.map(({ bank_hash }) => bank_hash))
  // A receipt may show the second transfer of a KHQR; the bank knows it by its hash.
  const told = [
    ...transfers.shown,
    ...transfers.hidden.filter(({ hash }) => hashes.has(hash)),
  ]
  const bank = sumByCurrency(
    told,
    (one) => one.amount,
    (one) => one.currency
  )
  const paid = (rows) =>
    sumByCurrency(
      rows,
      (one) => one.paid_amount,
      (one) => one.paid_currency
    )
  const ledger = paid(charges)
  const review = paid(reviewed.filter((charge) => charge.status === "paid"))
  const captured = sumByCurrency(
    payments,
    (one) => one.captured,
    (one) => one.currency_code
  )
  return Object.keys(bank).map((currency) => ({
    currency,
    bank: bank[currency],
    ledger: ledger[currency],
    captured: captured[currency],
    review: review[currency],
  }))
}

const isPaid = ({ status }) => status === "paid" || status === "completed"
const isReviewed = ({ review_reason }) => review_reason !== null
const nameOf = ({ id }) => id

function describe({ id, status, review_reason, last_outcome }) {
  return `${id} (${status}${review_reason ? `, in review: ${review_reason}` : ""}, last answer ${last_outcome})`
}

function groupBy(rows, key) {
  const groups = new Map()
  for (const row of rows) {
    groups.set(row[key], [...(groups.get(row[key]) ?? []), row])
  }
  return groups
}

function countBy(rows, nameOfRow) {
  const counts = {}
  for (const row of rows) {
    const name = nameOfRow(row)
    counts[name] = (counts[name] ?? 0) + 1
  }
  return Object.fromEntries(Object.entries(counts).sort())
}
