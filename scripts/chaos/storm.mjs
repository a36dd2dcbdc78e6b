import { openStage } from "../shop/stage.mjs"
import { readBooks } from "./books.mjs"
import { checkBooks } from "./check.mjs"
import { Random, sleep } from "./random.mjs"
import { Shopper } from "./shoppers.mjs"
import { Store } from "./store.mjs"
import { makeWeather } from "./weather.mjs"

/** The bank's answers are waited for no longer, so that its silences are many and short. */
const BANK_TIMEOUT_MS = 1_500

/** Past the KHQR's time and the grace: a "not found" is now proof. */
const CLOSING_S = 721

/** Times the wanted pause between two kills, while nobody gets anything done. */
const LONGEST_WORK = 5

const CALM_WITHIN_MS = 10 * 60_000

/**
 * Purchases amid faults at the bank and a server that is killed every few seconds; then calm,
 * until nothing is due; then the check.
 *
 * @param {object} options
 * @param {number} options.purchases
 * @param {number} options.seed
 * @param {number} options.killEvery seconds of work between two kills
 * @param {number} options.parallel shoppers at once
 * @param {string} options.name of the database and the logs
 * @param {(line: string) => void} options.tell
 */
export async function storm({
  purchases,
  seed,
  killEvery,
  parallel,
  name,
  tell,
}) {
  const stage = await openStage({
    name,
    env: { BAKONG_TIMEOUT_MS: String(BANK_TIMEOUT_MS) },
  })
  const desk = deskOf(stage)
  try {
    const server = new KilledServer(stage)
    await server.start()
    tell("The shop is open")
    const over = new AbortController()
    const begin = Date.now()
    const store = new Store(() => server.url, server.shop.publishableKey)
    const world = {
      store,
      bank: stage.bank,
      shop: server.shop,
      age: desk.age,
      receipts: [],
    }
    const weather = makeWeather({
      bank: stage.bank,
      random: new Random(seed ^ 0xbad),
      endPauses: desk.endPauses,
      signal: over.signal,
    })
    const kills = server.killEach(
      killEvery,
      new Random(seed ^ 0xdead),
      over.signal
    )
    const visits = shopping({ world, purchases, parallel, seed, tell, server })
    let told
    try {
      told = await Promise.race([
        visits,
        server.died(),
        weather.then(() => visits),
        kills.then(() => visits),
      ])
    } finally {
      over.abort()
    }
    const [faults] = await Promise.all([weather, kills])
    const stormed = Date.now()
    // One more for those who were at work when the last shopper left.
    await server.killAndStart()
    tell("The storm is over: waiting until nothing is due")
    await desk.calm(server)
    const calm = Date.now()
    const books = await readBooks(stage)
    const result = checkBooks(books)
    const minutes = (calm - begin) / 60_000
    return {
      ...result,
      options: { purchases, seed, killEvery, parallel },
      seconds: {
        storm: (stormed - begin) / 1_000,
        calm: (calm - stormed) / 1_000,
      },
      ordersPerMinute: result.counts.orders / minutes,
      kills: server.kills,
      restartSeconds: server.restarts,
      faults,
      stories: told.stories,
      refused: told.refused,
      http: store.counts,
      histories: () => desk.histories(result.checks),
      stage,
    }
  } catch (error) {
    await stage.close()
    throw error
  }
}

/** The one server of the shop, always at the same address. */
class KilledServer {
  constructor(stage) {
    this.stage = stage
    this.kills = 0
    this.restarts = []
    /** Shoppers who have left. */
    this.left = 0
  }

  get shop() {
    return this.server.shop
  }

  get url() {
    return this.server.url
  }

  async start() {
    const begin = Date.now()
    this.server = await this.stage.startServer({ port: this.server?.port })
    this.restarts.push((Date.now() - begin) / 1_000)
    this.watch()
  }

  /** One that ends without our doing is a fault. */
  watch() {
    const { server } = this
    server.failed().catch((error) => {
      if (this.killed !== server) {
        this.fell?.(error)
      }
    })
  }

  died() {
    return new Promise((_, reject) => {
      this.fell = reject
    })
  }

  async killAndStart() {
    this.killed = this.server
    this.kills++
    await this.server.kill()
    await this.start()
  }

  async killEach(seconds, random, signal) {
    for (;;) {
      const pause = random.between(0.6, 1.4) * seconds * 1_000
      const next = Date.now() + pause
      const latest = Date.now() + LONGEST_WORK * pause
      const left = this.left
      // On a machine that is busy with other things the shop is to get something done, too.
      while (Date.now() < next || (this.left === left && Date.now() < latest)) {
        if (signal.aborted) {
          return
        }
        await sleep(100)
      }
      await this.killAndStart()
    }
  }
}

async function shopping({ world, purchases, parallel, seed, tell, server }) {
  const stories = {}
  const refused = []
  let next = 0
  let done = 0
  const lane = async () => {
    while (next < purchases) {
      const number = next++
      const shopper = new Shopper(world, new Random(seed * 1_000_003 + number))
      stories[shopper.story] = (stories[shopper.story] ?? 0) + 1
      const refusal = await shopper.live()
      if (refusal) {
        refused.push(`${shopper.story}: ${refusal}`)
      }
      server.left = ++done
      if (done % 50 === 0) {
        tell(
          `${done} of ${purchases} shoppers have left, ${server.kills} kills`
        )
      }
    }
  }
  await Promise.all(Array.from({ length: parallel }, lane))
  return { stories, refused }
}

/** What moves time along, by the ledger's own rows, and waits for the shop. */
function deskOf({ sql }) {
  const age = (chargeId, seconds) =>
    sql(
      `UPDATE khqr_charge SET issued_at = issued_at - make_interval(secs => ?), expires_at = expires_at - make_interval(secs => ?) WHERE id = ?`,
      [seconds, seconds, chargeId]
    )

  /** As if the hour were over for which the shop leaves a bank alone that refused it. */
  const endPauses = async () => {
    await sql(
      "UPDATE khqr_quota SET paused_until = NULL, spent_at = NULL, spent_by = NULL, next_probe_at = NULL, learned_limit = NULL, list_closed_until = NULL"
    )
    await sql(
      "UPDATE khqr_token SET refused_at = NULL, renewal_started_at = NULL, renewal_error = NULL"
    )
    await sql(
      "UPDATE khqr_charge SET next_check_at = now() WHERE next_check_at > now() AND unknowns > 0 AND leased_until IS NULL"
    )
  }

  /** Who failed and was asked about after the closing as well stays as it is: the bank says so for ever. */
  const makeDue = async () => {
    const checks = await sql(
      `UPDATE khqr_charge SET next_check_at = now() - interval '1 second'
       WHERE next_check_at IS NOT NULL AND (status = 'pending'
         OR (status = 'failed' AND (last_checked_at IS NULL OR last_checked_at < expires_at + interval '2 minutes')))
       RETURNING id`
    )
    const settlements = await sql(
      "UPDATE khqr_charge SET next_settle_at = now() WHERE next_settle_at IS NOT NULL RETURNING id"
    )
    return checks.length + settlements.length
  }

  const idle = async (server, until) => {
    for (;;) {
      const [{ busy }] = await sql(
        "SELECT count(*)::int AS busy FROM khqr_charge WHERE leased_until > now() OR next_settle_at <= now() OR next_check_at <= now()"
      )
      if (busy === 0) {
        return
      }
      if (Date.now() > until) {
        throw new Error(
          `${busy} charges are still being worked on: ${server.url}`
        )
      }
      await sleep(500)
    }
  }

  const calm = async (server) => {
    const until = Date.now() + CALM_WITHIN_MS
    await endPauses()
    await idle(server, until)
    // All that was paid is found now; what is still open was not paid in time.
    await makeDue()
    await idle(server, until)
    await sql(
      `UPDATE khqr_charge SET issued_at = issued_at - make_interval(secs => ${CLOSING_S}), expires_at = expires_at - make_interval(secs => ${CLOSING_S}) WHERE status IN ('pending', 'failed')`
    )
    while ((await makeDue()) > 0) {
      await idle(server, until)
    }
    // The looks at what came late: expired charges are asked about once more.
    await sql(
      "UPDATE khqr_charge SET next_check_at = now() - interval '1 second' WHERE status IN ('expired', 'failed') AND next_check_at IS NOT NULL"
    )
    do {
      await idle(server, until)
    } while ((await makeDue()) > 0)
  }

  const histories = async (checks) => {
    const ids = new Set(
      checks.flatMap(({ faults }) =>
        faults.flatMap((fault) => fault.match(/khqr_01\w+/g) ?? [])
      )
    )
    const told = {}
    for (const id of [...ids].slice(0, 20)) {
      told[id] = await sql(
        "SELECT created_at, kind, actor, status, review_reason, message FROM khqr_event WHERE charge_id = ? ORDER BY created_at, id",
        [id]
      )
    }
    return told
  }

  return { age, endPauses, calm, histories }
}
