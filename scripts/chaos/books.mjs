/** Reads what ledger and Medusa have, as plain rows, and what the bank shows. */

/** @returns what is compared at the end; amounts are exact decimals as text */
export async function readBooks({ sql, bank }) {
  const [charges, payments, orders, collections] = await Promise.all([
    sql(`SELECT id, reference, md5, status, review_reason, evidence, amount, currency_code, bank_hash,
        paid_amount, paid_currency, payment_session_id, payment_collection_id, cart_id, order_id,
        superseded_at, next_settle_at, leased_until > now() AS is_leased, last_outcome
      FROM khqr_charge WHERE deleted_at IS NULL ORDER BY issued_at, id`),
    // The order by way of the cart, as the settlement finds it.
    sql(`SELECT p.id, p.data->>'charge_id' AS charge_id, p.amount::text, p.currency_code,
        p.payment_collection_id AS collection_id, p.payment_session_id AS session_id, p.canceled_at,
        (SELECT coalesce(sum(c.amount), 0)::text FROM capture c WHERE c.payment_id = p.id AND c.deleted_at IS NULL) AS captured,
        (SELECT coalesce(sum(r.amount), 0)::text FROM refund r WHERE r.payment_id = p.id AND r.deleted_at IS NULL) AS refunded,
        ARRAY(SELECT l.order_id FROM order_payment_collection l WHERE l.payment_collection_id = p.payment_collection_id AND l.deleted_at IS NULL) AS order_ids
      FROM payment p WHERE p.deleted_at IS NULL`),
    sql(`SELECT o.id, o.display_id, o.currency_code, o.status, o.canceled_at,
        (SELECT s.totals->>'current_order_total' FROM order_summary s WHERE s.order_id = o.id AND s.deleted_at IS NULL ORDER BY s.version DESC LIMIT 1) AS total,
        (SELECT s.totals->>'pending_difference' FROM order_summary s WHERE s.order_id = o.id AND s.deleted_at IS NULL ORDER BY s.version DESC LIMIT 1) AS pending,
        (SELECT coalesce(sum(t.amount), 0)::text FROM order_transaction t WHERE t.order_id = o.id AND t.deleted_at IS NULL) AS transactions,
        ARRAY(SELECT l.cart_id FROM order_cart l WHERE l.order_id = o.id AND l.deleted_at IS NULL) AS cart_ids,
        ARRAY(SELECT l.payment_collection_id FROM order_payment_collection l WHERE l.order_id = o.id AND l.deleted_at IS NULL) AS collection_ids
      FROM "order" o WHERE o.deleted_at IS NULL AND o.is_draft_order = false`),
    sql(`SELECT l.cart_id, l.payment_collection_id AS id, c.amount::text, c.captured_amount::text, c.status,
        k.completed_at
      FROM cart_payment_collection l JOIN payment_collection c ON c.id = l.payment_collection_id
      JOIN cart k ON k.id = l.cart_id
      WHERE l.deleted_at IS NULL AND c.deleted_at IS NULL`),
  ])
  return {
    charges,
    payments,
    orders,
    collections,
    transfers: transfersOf(bank),
  }
}

/** The bank shows one transfer of a KHQR, its first; further ones stand on the merchant's statement only. */
function transfersOf(bank) {
  const shown = new Map()
  const hidden = []
  for (const transfer of bank.transactions) {
    if (shown.has(transfer.md5)) {
      hidden.push(transfer)
    } else {
      shown.set(transfer.md5, transfer)
    }
  }
  return { shown: [...shown.values()], hidden }
}

/** Exact: amounts have two decimals at most, in both currencies. */
export function cents(amount) {
  const value = Math.round(Number(amount) * 100)
  if (!Number.isSafeInteger(value)) {
    throw new Error(`No amount: ${amount}`)
  }
  return value
}

export function inMoney(value, currency) {
  return `${(value / 100).toLocaleString("en", {
    minimumFractionDigits: currency === "khr" ? 0 : 2,
  })} ${currency.toUpperCase()}`
}

/** @returns {Record<string, number>} cents by currency */
export function sumByCurrency(rows, amountOf, currencyOf) {
  const sums = { khr: 0, usd: 0 }
  for (const row of rows) {
    sums[currencyOf(row).toLowerCase()] += cents(amountOf(row))
  }
  return sums
}
