/**
 * How soon the pages know, and what it costs the server: open event streams beside pages that
 * poll `GET /store/khqr/payment-sessions/:id` each 2 s.
 *
 * One Medusa does everything (`workerMode: "shared"`), freshly started. Each page has a session
 * of its own; their charges are rows written here, static ones, about which the bank is never
 * asked: it is the pages that are measured. A change is a commit that turns the page's "the bank
 * does not answer" on or off and rings the bell in the same transaction, as the ledger does.
 * Time runs from before the commit is sent to the arrival at the reader; the readers are in
 * processes of their own.
 *
 * "steady": each page's charge changes once a minute (at least five a second altogether), for
 * that is about how long a page is open. "all at once": the charge of every page changes in one
 * commit. Memory is what the server has more than before the first stream, after a garbage
 * collection: RSS, and beside it heap and buffers alone. Statements are those that leave the
 * server's process; the plain clock's, without any stream, are taken off in `ownQueries`.
 *
 * Polling is carried when all are answered, 99 of 100 before the page would ask again. The
 * numbers grow until that fails; the answers a second at that point say how many servers 5,000
 * polling pages would need.
 */
import { fork, spawnSync } from "node:child_process"
import { join } from "node:path"
import { load } from "./load.mjs"
import { quantile, rounded, sleep } from "./numbers.mjs"
import { addressOf, now } from "./stream.mjs"
import { root } from "../scripts/setup.mjs"

const READERS = 2
/** One address may have only so many streams. */
const WARM_UP_STREAMS = 300
const SPARE_FILES = 500
const IDLE_MS = 8_000
/** As many as one list call may bring news of. */
const RINGS_AT_ONCE = 50
const ARRIVES_WITHIN_MS = 20_000
const POLL_EACH_MS = 2_000
const POLLERS = [50, 100, 200, 400, 800, 1_600, 3_200, 5_000]
const WANTED = { p99Ms: 1_000, queriesPerSecond: 2, kilobytes: 30 }

/** @param {{ rounds: number, streams: number[] }} options a round is a second of changes */
export async function benchPush(shop, { rounds, streams }) {
  const levels = withinFiles(streams)
  const most = Math.max(levels.at(-1), WARM_UP_STREAMS)
  const pages = await insertPages(shop.sql, most)
  const news = await openNews(shop)
  const readers = Array.from({ length: READERS }, () => startReader(news))
  try {
    const before = await warmUp(shop, readers, pages)
    const rows = []
    let opened = 0
    for (const level of levels) {
      await openPages(shop, readers, pages.slice(opened, level))
      opened = level
      rows.push(
        ...(await streamsOf(shop, news, pages.slice(0, level), before, rounds))
      )
    }
    const delays = await ask(readers, () => ({ task: "close" }))
    await sleep(5_000)
    const polls = await pollsOf(shop, news, readers, pages, { before, rounds })
    const readerDelay = Math.max(
      ...delays.map(({ loopDelayP99Ms }) => loopDelayP99Ms)
    )
    return describe({ rows, polls, readerDelay, most: levels.at(-1) })
  } finally {
    readers.forEach(({ child }) => child.kill())
    await shop.sql("DELETE FROM khqr_charge WHERE id LIKE 'khqr_push%'")
  }
}

/** Each stream is a file to the server and one to its reader. */
function withinFiles(streams) {
  const { stdout } = spawnSync("/bin/sh", ["-c", "ulimit -Hn"], {
    encoding: "utf8",
  })
  const limit = Number(stdout.trim()) || Infinity
  const levels = streams.filter((count) => count + SPARE_FILES <= limit)
  if (levels.length < streams.length) {
    console.log(
      `Not measured: ${streams.slice(levels.length).join(", ")} streams, for a process may open ${limit} files here (ulimit -n)`
    )
  }
  return levels
}

async function insertPages(sql, count) {
  await sql("DELETE FROM khqr_charge WHERE id LIKE 'khqr_push%'")
  await sql(
    `INSERT INTO khqr_charge (id, reference, md5, qr, mode, payment_session_id, amount, currency_code,
       khqr_amount, account_id, issued_at, expires_at)
     SELECT 'khqr_push' || n, 'PUSH' || n, md5('push'), repeat('0', 180), 'static', 'payses_push' || n,
       '12.5', 'usd', '12.50', 'phsar_toul@devb', now(), now() + interval '1 hour'
     FROM generate_series(1, ${count}) n`
  )
  await sql("ANALYZE khqr_charge")
  return Array.from({ length: count }, (_, i) => ({
    sessionId: `payses_push${i + 1}`,
    from: addressOf(i),
  }))
}

/* Readers */

function startReader(news) {
  const child = fork(join(root, "benchmarks", "push-reader.mjs"), {
    execArgv: [
      "--require",
      join(root, "scripts", "shop", "end-with-parent.cjs"),
    ],
    // What npm's or a terminal's Ctrl-C would end, we end.
    detached: true,
  })
  const reader = { child, answer: undefined }
  child.on("message", ({ seen, done, failed }) => {
    seen?.forEach((page) => news.arrived(...page))
    if (done) {
      reader.answer.resolve(done)
    } else if (failed) {
      reader.answer.reject(new Error(failed))
    }
  })
  child.once("exit", (code, signal) =>
    reader.answer?.reject(new Error(`A reader ended with ${signal ?? code}`))
  )
  return reader
}

/** Each reader its task; resolves with their answers. */
function ask(readers, taskOf) {
  return Promise.all(
    readers.map(
      (reader, i) =>
        new Promise((resolve, reject) => {
          reader.answer = { resolve, reject }
          reader.child.send(taskOf(i))
        })
    )
  )
}

function share(pages, i) {
  return pages.filter((_, at) => at % READERS === i)
}

function openPages({ url, publishableKey: key }, readers, pages) {
  return ask(readers, (i) => ({
    task: "open",
    url,
    key,
    pages: share(pages, i),
  }))
}

/* Changes */

/** What is changed and when its page knows. */
async function openNews({ transaction }) {
  const { ringAll } = await load("src", "modules", "khqr", "bell.ts")
  const waiting = new Map()
  let took = []
  return {
    arrived: (sessionId, bank, at) => {
      const change = waiting.get(sessionId)
      if (change?.bank === bank) {
        waiting.delete(sessionId)
        took.push(at - change.at)
      }
    },
    isWaiting: (sessionId) => waiting.has(sessionId),
    /** All in one commit. */
    change: async (sessionIds, bank) => {
      const rings = sessionIds.map((payment_session_id) => ({
        type: "changed",
        payment_session_id,
      }))
      const at = await transaction(async (sql) => {
        await sql(
          `UPDATE khqr_charge SET unknowns = ?, last_outcome = ?, updated_at = now()
           WHERE payment_session_id = ANY(?)`,
          bank === "ok"
            ? [0, "not_found", sessionIds]
            : [2, "unknown:timeout", sessionIds]
        )
        while (rings.length > 0) {
          const { statement, values } = ringAll(rings.splice(0, RINGS_AT_ONCE))
          await sql(statement, values)
        }
        const before = now()
        sessionIds.forEach((id) => waiting.set(id, { bank, at: before }))
        return before
      })
      return at
    },
    /** Times to arrival since the last call; those that do not come are `lost`. */
    take: async () => {
      const end = Date.now() + ARRIVES_WITHIN_MS
      while (waiting.size > 0 && Date.now() < end) {
        await sleep(50)
      }
      const lost = waiting.size
      waiting.clear()
      const times = took
      took = []
      return { times, lost }
    },
  }
}

/** For so many seconds; pages whose last change is not there yet are left out. */
async function changeSteadily(news, pages, seconds) {
  const perSecond = Math.max(5, pages.length / 60)
  const stride = Math.max(1, Math.floor(pages.length * 0.618))
  const states = new Map()
  const start = performance.now()
  const pending = []
  for (let n = 0; n < perSecond * seconds; n++) {
    await sleep(start + (n * 1_000) / perSecond - performance.now())
    const { sessionId } = pages[(n * stride) % pages.length]
    if (!news.isWaiting(sessionId)) {
      const bank =
        states.get(sessionId) === "unreachable" ? "ok" : "unreachable"
      states.set(sessionId, bank)
      pending.push(news.change([sessionId], bank))
    }
  }
  await Promise.all(pending)
}

/* Measuring */

/** @returns what the server is and does without a stream */
async function warmUp(shop, readers, pages) {
  await openPages(shop, readers, pages.slice(0, WARM_UP_STREAMS))
  await sleep(1_000)
  await ask(readers, () => ({ task: "close" }))
  await sleep(5_000)
  const memory = await shop.probe("memory")
  const idle = await use(shop, () => sleep(IDLE_MS))
  return { memory, idle }
}

/** Statements and processor time a second, during `work`. */
async function use({ probe }, work) {
  const start = performance.now()
  const { cpuMs } = await probe("reset")
  const result = await work()
  const seconds = (performance.now() - start) / 1_000
  const usage = await probe("usage")
  return {
    result,
    queries: usage.queries / seconds,
    cpu: (usage.cpuMs - cpuMs) / seconds,
    loopDelayP99Ms: usage.loopDelayP99Ms,
    most: usage.most,
  }
}

async function streamsOf(shop, news, pages, before, rounds) {
  const level = pages.length
  const all = pages.map(({ sessionId }) => sessionId)
  // Until who looks at what has been written down.
  await sleep(4_000)
  const memory = await shop.probe("memory")
  const quiet = await use(shop, () => sleep(IDLE_MS))
  await news.take()
  const steady = await use(shop, () => changeSteadily(news, pages, rounds))
  const steadyNews = await news.take()
  // All are the same again, and then all change.
  await news.change(all, "ok")
  await news.take()
  await news.change(all, "unreachable")
  const atOnce = await news.take()
  await news.change(all, "ok")
  await news.take()
  const kilobytes = (key) =>
    (total(memory, key) - total(before.memory, key)) / level / 1_000
  const common = { streams: level }
  return [
    {
      ...common,
      what: "quiet",
      queries: rounded(quiet.queries),
      ownQueries: rounded(quiet.queries - before.idle.queries),
      rssKB: rounded(kilobytes("rss"), 1),
      heapKB: rounded(kilobytes("heap"), 1),
      cpuMsPerPage: rounded((quiet.cpu - before.idle.cpu) / level, 4),
    },
    {
      ...common,
      what: "steady",
      ...arrivals(steadyNews),
      queries: rounded(steady.queries),
      ownQueries: rounded(steady.queries - before.idle.queries),
      cpuMsPerPage: rounded((steady.cpu - before.idle.cpu) / level, 4),
      loopDelayP99Ms: rounded(steady.loopDelayP99Ms, 1),
    },
    { ...common, what: "all at once", ...arrivals(atOnce) },
  ]
}

function total({ rss, heapUsed, external }, key) {
  return key === "rss" ? rss : heapUsed + external
}

function arrivals({ times, lost }) {
  return times.length === 0
    ? { changes: lost, lost }
    : {
        p50Ms: rounded(quantile(times, 0.5), 1),
        p99Ms: rounded(quantile(times, 0.99), 1),
        changes: times.length + lost,
        lost,
      }
}

async function pollsOf(shop, news, readers, pages, { before, rounds }) {
  const { url, publishableKey: key } = shop
  const rows = []
  const forMs = (rounds + 4) * 1_000
  for (const level of POLLERS.filter((count) => count <= pages.length)) {
    const asked = pages.slice(0, level)
    await news.take()
    const used = await use(shop, async () => {
      const polled = ask(readers, (i) => ({
        task: "poll",
        url,
        key,
        pages: share(asked, i),
        everyMs: POLL_EACH_MS,
        forMs,
      }))
      // The first answers come before anything changes.
      await sleep(POLL_EACH_MS)
      await changeSteadily(news, asked, rounds - 1)
      return polled
    })
    const took = used.result.flatMap((reader) => reader.took)
    const sum = (name) =>
      used.result.reduce((count, reader) => count + reader[name], 0)
    const p99 = quantile(took, 0.99)
    const carried = sum("failed") === 0 && p99 <= POLL_EACH_MS
    rows.push({
      polling: level,
      what: carried ? "carried" : "not carried",
      ...arrivals(await news.take()),
      queries: rounded(used.queries),
      ownQueries: rounded(used.queries - before.idle.queries),
      answersPerSecond: rounded((sum("answered") * 1_000) / forMs, 1),
      answerP99Ms: rounded(p99, 1),
      refused: sum("failed"),
      cpuMsPerPage: rounded((used.cpu - before.idle.cpu) / level, 4),
      loopDelayP99Ms: rounded(used.loopDelayP99Ms, 1),
    })
    if (!carried) {
      break
    }
    await shop.sql(
      "UPDATE khqr_charge SET unknowns = 0 WHERE id LIKE 'khqr_push%'"
    )
  }
  return rows
}

function describe({ rows, polls, readerDelay, most }) {
  const of = (what) =>
    rows.find((row) => row.streams === most && row.what === what)
  const [quiet, steady] = [of("quiet"), of("steady")]
  const beside =
    polls.filter(({ what }) => what === "carried").at(-1) ?? polls[0]
  const reach = (what, measured, limit) => ({
    wanted: `${most} streams: ${what} <= ${limit}`,
    measured,
    reached: measured !== undefined && measured <= limit,
  })
  return {
    rows: [
      ...rows,
      ...polls,
      {
        what: `${most} streams / ${beside.polling} polling (${beside.what}), processor time a page`,
        ratio: rounded(steady.cpuMsPerPage / beside.cpuMsPerPage, 4),
      },
      {
        what: "servers like this one for 5000 polling pages",
        ratio: rounded(
          5_000 /
            (POLL_EACH_MS / 1_000) /
            Math.max(...polls.map(({ answersPerSecond }) => answersPerSecond)),
          1
        ),
      },
      {
        what: "delay of the readers' own event loops, p99",
        loopDelayP99Ms: rounded(readerDelay, 1),
      },
    ],
    wanted: [
      reach(
        "p99 after a commit, steady, ms",
        steady.lost ? undefined : steady.p99Ms,
        WANTED.p99Ms
      ),
      reach(
        "statements a second of the streams' own, quiet or steady",
        Math.max(quiet.ownQueries, steady.ownQueries),
        WANTED.queriesPerSecond
      ),
      reach(
        "kB a stream, RSS or heap",
        Math.max(quiet.rssKB, quiet.heapKB),
        WANTED.kilobytes
      ),
    ],
  }
}
