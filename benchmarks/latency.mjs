/**
 * How long after the bank has the transfer there is an order, and the shopper's page knows; and
 * how many calls to the bank that takes. The whole stack, on the real clock: a Medusa, its
 * database, the simulated bank over HTTP, and a reader of the page's event stream. There is no
 * quota (`dailyRequestLimit: null`), and the bank answers at once: the times are the plan's,
 * the clock's, Medusa's and the stream's.
 *
 * "alone": one session is open at a time. "200 beside": 200 more are open, each with its page
 * looking and none of them paid, while four shoppers at a time pay theirs. Payments come 1 to
 * 4 s after the QR is shown, at evenly spread moments, so that no schedule is met at a lucky one.
 *
 * Times from the bank's `createdDateMs`: `order` to `created_at` of Medusa's order, `settled` to
 * the charge's `settled_at`, `paid` and `completed` to the arrival of the event at the reader
 * (where both came as one, `paid` is `completed`).
 *
 * "naive" is OUR RESTATEMENT of the usual poller, no one's published code: one question for each
 * open KHQR each 3 s. Its calls are computed from the sessions that were open, second by second,
 * and measured by a poller that asks the same bank about the same KHQRs. Calls of ours are all
 * checks that the bank was sent in the time; one about many charges counts once.
 */
import { quantile, rounded, sleep, spread } from "./numbers.mjs"
import { OURS } from "./shop.mjs"
import { addressOf, openStream } from "./stream.mjs"

const PAYS_AFTER_MS = [1_000, 4_000]
const PAYERS = 4
const PURCHASES_EACH = 25
const QUICK_PURCHASES_EACH = 2
const NAIVE_POLL_MS = 3_000
const NAIVE_FOR_MS = 15_000
const LONGEST_WAIT_MS = 60_000
const CHECKS = /check_transaction/
const WANTED = { p50: 1.6, p95: 2.8, calls: 1 / 20 }

/** @param {{ rounds: number, open: number, quick: boolean }} options a round is a purchase alone */
export async function benchLatency(shop, { rounds, open, quick }) {
  // The first is not counted.
  await purchase(shop, PAYS_AFTER_MS[0])
  const alone = await during(shop, 0, async (tally) => {
    const purchases = []
    for (let i = 0; i < rounds; i++) {
      purchases.push(
        await purchase(shop, spread(i, rounds, ...PAYS_AFTER_MS), tally)
      )
    }
    return purchases
  })
  const others = []
  try {
    await openOthers(shop, open, others)
    const each = quick ? QUICK_PURCHASES_EACH : PURCHASES_EACH
    const total = each * PAYERS
    const crowd = await during(shop, open, async (tally) => {
      const purchases = []
      let next = 0
      await atOnce(PAYERS, async () => {
        while (next < total) {
          const wait = spread(next++, total, ...PAYS_AFTER_MS)
          purchases.push(await purchase(shop, wait, tally))
        }
      })
      return purchases
    })
    const naive = await pollNaively(shop.bank, others)
    return describe({ alone, crowd, naive, open })
  } finally {
    for (const { stream, qr } of others) {
      stream.close()
      shop.bank.fail(qr)
    }
  }
}

/** Counts the calls and the session seconds of `work`. */
async function during({ bank, probe }, beside, work) {
  const before = bank.requests.length
  const { cpuMs } = await probe("reset")
  const start = performance.now()
  const tally = { sessionMs: 0 }
  const purchases = await work(tally)
  const elapsed = performance.now() - start
  const usage = await probe("usage")
  return {
    purchases,
    server: {
      queriesPerSecond: rounded((usage.queries * 1_000) / elapsed, 1),
      processor: rounded((usage.cpuMs - cpuMs) / elapsed),
      loopDelayP99Ms: rounded(usage.loopDelayP99Ms, 1),
    },
    seconds: elapsed / 1_000,
    calls: checksSince(bank, before),
    sessionSeconds: (beside * elapsed + tally.sessionMs) / 1_000,
  }
}

function checksSince(bank, before) {
  return bank.requests
    .slice(before)
    .filter(({ endpoint }) => CHECKS.test(endpoint)).length
}

async function purchase(shop, payAfter, tally = { sessionMs: 0 }) {
  const { store, bank, sql } = shop
  const { id, data } = await store.openSession(
    await store.prepare({ delivery: true }),
    OURS
  )
  const opened = performance.now()
  const seen = {}
  let orderId
  const stream = await openStream({
    url: shop.url,
    key: shop.publishableKey,
    sessionId: id,
    onCharge: (charge, at) => {
      seen[charge.status] ??= at
      orderId ??= charge.order_id
    },
  })
  try {
    await sleep(payAfter)
    const [{ createdDateMs: paid }] = bank.pay({ qr: data.qr })
    const end = performance.now() + LONGEST_WAIT_MS
    while (!orderId && performance.now() < end) {
      await sleep(20)
    }
    if (!orderId) {
      throw new Error(`No order of ${id} after ${LONGEST_WAIT_MS / 1_000} s`)
    }
    tally.sessionMs += performance.now() - opened
    const [row] = await sql(
      `SELECT o.created_at, charge.settled_at, charge.found_at FROM "order" o
       JOIN khqr_charge charge ON charge.order_id = o.id WHERE o.id = ?`,
      [orderId]
    )
    return {
      found: row.found_at - paid,
      order: row.created_at - paid,
      settled: row.settled_at - paid,
      paid: (seen.paid ?? seen.completed) - paid,
      completed: seen.completed - paid,
    }
  } finally {
    stream.close()
  }
}

async function openOthers({ store, url, publishableKey: key }, count, others) {
  let next = 0
  await atOnce(PAYERS, async () => {
    while (next < count) {
      const from = addressOf(next++)
      const prepared = await store.prepare({ delivery: false })
      const { id, data } = await store.openSession(prepared, OURS)
      const stream = await openStream({
        url,
        key,
        sessionId: id,
        from,
        onCharge: () => {},
      })
      others.push({ qr: data.qr, md5: data.md5, stream })
    }
  })
}

/** Asks for each open KHQR each 3 s, as each of their pages would. */
async function pollNaively(bank, others) {
  const start = performance.now()
  let calls = 0
  await Promise.all(
    others.map(async ({ md5 }, i) => {
      await sleep((i / others.length) * NAIVE_POLL_MS)
      while (performance.now() - start < NAIVE_FOR_MS) {
        const asked = performance.now()
        const response = await fetch(
          `${bank.url}/v1/check_transaction_by_md5`,
          {
            method: "POST",
            headers: {
              "content-type": "application/json",
              authorization: `Bearer ${bank.token}`,
            },
            body: JSON.stringify({ md5 }),
          }
        )
        await response.text()
        calls++
        await sleep(Math.max(0, asked + NAIVE_POLL_MS - performance.now()))
      }
    })
  )
  return { perSecond: calls / ((performance.now() - start) / 1_000) }
}

function atOnce(count, work) {
  return Promise.all(Array.from({ length: count }, work))
}

function describe({ alone, crowd, naive, open }) {
  const beside = `${open} beside`
  const rows = [
    ...times("alone", alone),
    ...times(beside, crowd),
    calls("alone", alone),
    calls(beside, crowd),
    { situation: "alone", what: "the server meanwhile", ...alone.server },
    { situation: beside, what: "the server meanwhile", ...crowd.server },
    {
      situation: beside,
      what: "naive: calls a second, measured",
      perSecond: rounded(naive.perSecond),
      ratio: rounded(crowd.calls / crowd.seconds / naive.perSecond, 4),
    },
  ]
  const order = (situation, share) =>
    quantile(
      (situation === "alone" ? alone : crowd).purchases.map(
        (purchase) => purchase.order
      ),
      share
    ) / 1_000
  const reach = (what, measured, most) => ({
    wanted: `${what}: <= ${most}`,
    measured: rounded(measured, 3),
    reached: measured <= most,
  })
  return {
    rows,
    wanted: [
      ...["alone", beside].flatMap((situation) => [
        reach(
          `${situation}: record to order, p50, s`,
          order(situation, 0.5),
          WANTED.p50
        ),
        reach(
          `${situation}: record to order, p95, s`,
          order(situation, 0.95),
          WANTED.p95
        ),
      ]),
      reach(
        `${beside}: calls / naive's`,
        crowd.calls / naiveCalls(crowd),
        WANTED.calls
      ),
    ],
  }
}

function times(situation, { purchases }) {
  const names = {
    found: "record to the ledger (paid)",
    paid: "record to the page: paid",
    order: "record to the order",
    settled: "record to the charge settled",
    completed: "record to the page: completed",
  }
  return Object.entries(names).map(([key, what]) => {
    const all = purchases.map((purchase) => purchase[key] / 1_000)
    return {
      situation,
      what,
      p50S: rounded(quantile(all, 0.5)),
      p95S: rounded(quantile(all, 0.95)),
      p99S: rounded(quantile(all, 0.99)),
      samples: all.length,
    }
  })
}

function calls(situation, { purchases, seconds, calls: ours, sessionSeconds }) {
  const naive = naiveCalls({ sessionSeconds })
  return {
    situation,
    what: "calls a second: ours, naive's computed",
    perSecond: rounded(ours / seconds),
    naivePerSecond: rounded(naive / seconds),
    callsPerOrder: rounded(ours / purchases.length),
    ratio: rounded(ours / naive, 4),
  }
}

/** One at each 3 s of each open session. */
function naiveCalls({ sessionSeconds }) {
  return sessionSeconds / (NAIVE_POLL_MS / 1_000)
}
