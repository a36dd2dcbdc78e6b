/**
 * Orders per minute, when many have paid at the same moment.
 *
 * "Medusa": the storefront completes the carts over `POST /store/carts/:id/complete`, three at
 * the same time, with a session of Medusa's manual provider. Its orders are not captured.
 * "Medusa, captured": the same, and each payment is then captured as in the dashboard; that is
 * where our orders are, too.
 * "ours": the clock completes the carts and captures, three at the same time. From the moment
 * at which the first payment is in the ledger to the last charge that is settled; "with the
 * wait": from the bank's record on, so with up to 2 s in which the clock has not looked yet.
 *
 * They take turns, and each turn's carts are made outside the time.
 */
import { median, rounded, sleep } from "./numbers.mjs"
import { MANUAL, OURS } from "./shop.mjs"

const ORDERS = 30
const QUICK_ORDERS = 10
const WARM_UP_ORDERS = 6
const AT_ONCE = 3
const LONGEST_WAIT_MS = 120_000
const WANTED = 0.9

/** @param {{ rounds: number, quick: boolean }} options a round is two turns of ours and of Medusa's */
export async function benchSettle({ store, bank, sql }, { rounds, quick }) {
  const count = quick ? QUICK_ORDERS : ORDERS
  const ways = {
    ours: (count) => ours({ store, bank, sql, count }),
    medusa: async (count) => ({ rate: await medusa({ store, sql, count }) }),
    captured: async (count) => ({
      rate: await medusa({ store, sql, count, capture: true }),
    }),
  }
  const rates = { ours: [], waited: [], medusa: [], captured: [] }
  for (const way of Object.values(ways)) {
    await way(WARM_UP_ORDERS)
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of ["ours", "medusa", "captured", "medusa", "ours"]) {
      const { rate, waited } = await ways[name](count)
      rates[name].push(rate)
      rates.waited.push(...(waited ? [waited] : []))
    }
  }
  return describe(rates, count)
}

async function ours({ store, bank, sql, count }) {
  const sessions = await open(store, count, OURS)
  const ids = sessions.map(({ id }) => id)
  const paid = sessions.map(({ data }) => bank.pay({ qr: data.qr })[0])
  const end = Date.now() + LONGEST_WAIT_MS
  while (Date.now() < end) {
    await sleep(200)
    const [done] = await sql(
      `SELECT count(*)::int AS orders, min(found_at) AS first, max(settled_at) AS last
       FROM khqr_charge WHERE payment_session_id = ANY(?) AND status = 'completed'`,
      [ids]
    )
    if (done.orders === count) {
      const perMinute = (from) => (count * 60_000) / (done.last - from)
      return {
        rate: perMinute(done.first),
        waited: perMinute(paid[0].createdDateMs),
      }
    }
  }
  throw new Error(`Not all ${count} orders after ${LONGEST_WAIT_MS / 1_000} s`)
}

async function medusa({ store, sql, count, capture = false }) {
  const carts = []
  await open(store, count, MANUAL, carts)
  const work = [...carts]
  const start = performance.now()
  await atOnce(AT_ONCE, async () => {
    for (let cart = work.pop(); cart; cart = work.pop()) {
      await store.complete(cart)
      if (capture) {
        const [payment] = await sql(
          "SELECT id FROM payment WHERE payment_collection_id = ?",
          [cart.collectionId]
        )
        await store.capture(payment.id)
      }
    }
  })
  return (count * 60_000) / (performance.now() - start)
}

async function open(store, count, provider, carts = []) {
  const sessions = []
  await atOnce(AT_ONCE, async () => {
    while (carts.length < count) {
      const at = carts.push(undefined) - 1
      carts[at] = await store.prepare({ delivery: true })
      sessions[at] = await store.openSession(carts[at], provider)
    }
  })
  return sessions
}

function atOnce(count, work) {
  return Promise.all(Array.from({ length: count }, work))
}

function describe(rates, count) {
  const base = median(rates.medusa)
  const ways = {
    "ours, with the wait": rates.waited,
    ours: rates.ours,
    "Medusa, captured": rates.captured,
    Medusa: rates.medusa,
  }
  const rows = Object.entries(ways).map(([way, all]) => ({
    way,
    perMinute: Math.round(median(all)),
    slowest: Math.round(Math.min(...all)),
    fastest: Math.round(Math.max(...all)),
    turns: all.length,
    ordersPerTurn: count,
    ratio: rounded(median(all) / base),
  }))
  const ratio = rounded(median(rates.ours) / base)
  return {
    rows,
    wanted: [
      {
        wanted: `orders per minute, ours / Medusa: >= ${WANTED}`,
        measured: ratio,
        reached: ratio >= WANTED,
      },
    ],
  }
}
