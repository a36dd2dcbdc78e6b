/**
 * How long a payment takes to become an order, and what it costs in calls to the bank.
 *
 * "ours": the shopper's page asks our `GET /store/khqr/payment-sessions/:id`; the clock job asks
 * the bank and completes the cart.
 *
 * "naive storefront": OUR RESTATEMENT of the usual way, no one's published code. The page polls
 * the bank for the md5 every 3 s from the moment the QR is shown and then completes the cart
 * over the store API; its session is one of Medusa's manual provider. It cannot lose a race
 * with the shopper here, for its page is never closed, and it would need the bank's token in
 * the browser. Its order is not captured; ours is.
 *
 * Time runs from the moment the bank has the transfer. `seen`: until the shopper's page knows of
 * the order (ours: asked every 250 ms when alone, every second in a crowd, as the payment
 * element does). `order`: until `created_at` of Medusa's order. Calls are all those whose body
 * names a KHQR of the purchases; one about many counts once. The shopper pays 1 to 4 s after
 * the QR is shown, at evenly spread moments, so that neither schedule is met at a lucky one: a
 * person takes longer, and calls grow with that for both alike.
 */
import { median, quantile, rounded, sleep, spread } from "./numbers.mjs"
import { load, MANUAL, OURS } from "./shop.mjs"

const CROWD = 20
const CROWD_ROUNDS = 2
const LOOKS_MS = 250
const CROWD_LOOKS_MS = 1_000
const NAIVE_POLL_MS = 3_000
const LONGEST_WAIT_MS = 120_000
const PAYS_AFTER_MS = [1_000, 4_000]

/** @param {{ rounds: number }} options a round is two purchases of each kind */
export async function benchOrders({ store, bank }, { rounds }) {
  const { buildKhqr } = await load("src", "khqr", "index.ts")
  const ways = {
    ours: (looksMs) => oursOf({ store, looksMs }),
    naive: () => naiveOf({ store, bank, buildKhqr }),
  }
  const alone = await race(ways, ["ours", "naive", "naive", "ours"], rounds, {
    bank,
    looksMs: LOOKS_MS,
    count: 1,
    total: rounds * 2,
    store,
  })
  const crowd = await race(ways, ["ours", "naive"], CROWD_ROUNDS, {
    bank,
    looksMs: CROWD_LOOKS_MS,
    count: CROWD,
    total: CROWD_ROUNDS,
    store,
  })
  return [
    ...describe("one at a time", alone),
    ...describe(`${CROWD} paid at once`, crowd),
  ]
}

async function race(
  ways,
  order,
  rounds,
  { bank, looksMs, count, total, store }
) {
  const results = { ours: [], naive: [] }
  // The first of each is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const name of order) {
      const way = ways[name](looksMs)
      const number = results[name].length / count
      const purchases = await buy(
        way,
        bank,
        store,
        count,
        spread(number, total, ...PAYS_AFTER_MS)
      )
      if (round >= 0) {
        results[name].push(...purchases)
      }
    }
  }
  return results
}

/** All pay at the same moment, `payAfter` ms after the last QR is shown. */
async function buy(way, bank, store, count, payAfter) {
  const opened = []
  for (let i = 0; i < count; i++) {
    opened.push(await store.prepare({ delivery: true }))
  }
  const before = bank.requests.length
  const shown = await Promise.all(opened.map((prepared) => way.show(prepared)))
  const orders = shown.map((one) => way.wait(one))
  await sleep(payAfter)
  const paid = shown.map(({ qr }) => bank.pay({ qr })[0].createdDateMs)
  const seen = await Promise.all(orders)
  const md5s = new Set(shown.map(({ md5 }) => md5))
  const calls = bank.requests
    .slice(before)
    .filter(({ body }) => namesOneOf(body, md5s)).length
  return Promise.all(
    seen.map(async ({ orderId, at }, i) => {
      const order = await store.order(orderId)
      return {
        seen: at - paid[i],
        order: Date.parse(order.created_at) - paid[i],
        calls: calls / count,
      }
    })
  )
}

function namesOneOf(body, md5s) {
  const named = Array.isArray(body) ? body : [body?.md5]
  return named.some((md5) => md5s.has(md5))
}

function oursOf({ store, looksMs }) {
  return {
    show: async (prepared) => {
      const { id, data } = await store.openSession(prepared, OURS)
      return { sessionId: id, qr: data.qr, md5: data.md5 }
    },
    wait: ({ sessionId }) =>
      until(looksMs, async () => {
        const { status, order_id } = await store.charge(sessionId)
        return status === "completed" ? order_id : undefined
      }),
  }
}

function naiveOf({ store, bank, buildKhqr }) {
  let bills = 0
  return {
    show: async (prepared) => {
      const { id } = await store.openSession(prepared, MANUAL)
      const now = Date.now()
      const { qr, md5 } = buildKhqr(
        {
          receiver: { type: "individual", accountId: "phsar_toul@devb" },
          currency: "USD",
          amount: prepared.amount.toFixed(2),
          merchantName: "Phsar Toul Demo",
          billNumber: `${now}${bills++}`.slice(-20),
          storeLabel: id.slice(-20),
          expiresAt: now + 600_000,
        },
        now
      )
      return { prepared, qr, md5 }
    },
    wait: ({ prepared, md5 }) =>
      until(NAIVE_POLL_MS, async () =>
        (await isPaid(bank, md5)) ? store.complete(prepared) : undefined
      ),
  }
}

async function isPaid(bank, md5) {
  const response = await fetch(`${bank.url}/v1/check_transaction_by_md5`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${bank.token}`,
    },
    body: JSON.stringify({ md5 }),
  })
  return (await response.json()).responseCode === 0
}

/** Looks first after a pause, for nobody pays at once. */
async function until(pauseMs, look) {
  const end = Date.now() + LONGEST_WAIT_MS
  while (Date.now() < end) {
    await sleep(pauseMs)
    const orderId = await look()
    if (orderId) {
      return { orderId, at: Date.now() }
    }
  }
  throw new Error(`No order after ${LONGEST_WAIT_MS / 1_000} s`)
}

function describe(situation, results) {
  return ["ours", "naive"].map((name) => {
    const of = (key) => results[name].map((purchase) => purchase[key])
    const seconds = (milliseconds) => rounded(milliseconds / 1_000)
    const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length
    const ratio =
      median(of("seen")) / median(results.naive.map(({ seen }) => seen))
    return {
      situation,
      way: name === "ours" ? "ours" : "naive storefront (our restatement)",
      seenMedianS: seconds(median(of("seen"))),
      seenP95S: seconds(quantile(of("seen"), 0.95)),
      orderMedianS: seconds(median(of("order"))),
      orderP95S: seconds(quantile(of("order"), 0.95)),
      callsPerOrder: rounded(mean(of("calls"))),
      purchases: results[name].length,
      ratio: rounded(ratio),
    }
  })
}
