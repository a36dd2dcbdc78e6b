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
export async function benchSettle(shop, { rounds, quick }) {
  const count = quick ? QUICK_ORDERS : ORDERS
  const ways = {
    ours: (orders) => ours(shop, orders),
    medusa: (orders) => medusa(shop, orders),
    captured: (orders) => medusa(shop, orders, { capture: true }),
  }
  const turns = { ours: [], medusa: [], captured: [] }
  for (const way of Object.values(ways)) {
    await way(WARM_UP_ORDERS)
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of ["ours", "medusa", "captured", "medusa", "ours"]) {
      turns[name].push(await ways[name](count))
    }
  }
  return describe(turns, count)
}

async function ours({ store, bank, sql, probe }, count) {
  const sessions = await open(store, count, OURS)
  const ids = sessions.map(({ id }) => id)
  const { cpuMs } = await probe("reset")
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
        ...(await usePerOrder(probe, cpuMs, count)),
      }
    }
  }
  throw new Error(`Not all ${count} orders after ${LONGEST_WAIT_MS / 1_000} s`)
}

async function medusa({ store, sql, probe }, count, { capture = false } = {}) {
  const carts = []
  await open(store, count, MANUAL, carts)
  const work = [...carts]
  const { cpuMs } = await probe("reset")
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
  return {
    rate: (count * 60_000) / (performance.now() - start),
    ...(await usePerOrder(probe, cpuMs, count)),
  }
}

async function usePerOrder(probe, cpuMsBefore, count) {
  const { queries, cpuMs } = await probe("usage")
  return { statements: queries / count, cpuMs: (cpuMs - cpuMsBefore) / count }
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

function describe(turns, count) {
  const of = (way, key) => turns[way].map((turn) => turn[key])
  const base = median(of("medusa", "rate"))
  const row = (way, rates, name) => ({
    way,
    perMinute: Math.round(median(rates)),
    slowest: Math.round(Math.min(...rates)),
    fastest: Math.round(Math.max(...rates)),
    statementsPerOrder: Math.round(median(of(name, "statements"))),
    processorMsPerOrder: rounded(median(of(name, "cpuMs")), 1),
    turns: rates.length,
    ordersPerTurn: count,
    ratio: rounded(median(rates) / base),
  })
  const ratio = rounded(median(of("ours", "rate")) / base)
  return {
    rows: [
      row("ours, with the wait", of("ours", "waited"), "ours"),
      row("ours", of("ours", "rate"), "ours"),
      row("Medusa, captured", of("captured", "rate"), "captured"),
      row("Medusa", of("medusa", "rate"), "medusa"),
    ],
    wanted: [
      {
        wanted: `orders per minute, ours / Medusa: >= ${WANTED}`,
        measured: ratio,
        reached: ratio >= WANTED,
      },
    ],
  }
}
