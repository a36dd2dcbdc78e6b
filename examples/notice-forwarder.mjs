#!/usr/bin/env node
/**
 * Reads the bank's payment notices, from a Telegram group or from an SMS gateway, and
 * tells the shop what came: amount, currency and, where the notice has it, the KHQR's
 * reference. The text itself goes nowhere. Node 20, no dependencies; how to set it up
 * is in docs/outside-signals.md.
 *
 *   MEDUSA_URL=https://shop.example.com MEDUSA_SECRET_KEY=sk_… \
 *   TELEGRAM_BOT_TOKEN=… TELEGRAM_CHAT_ID=-100… node notice-forwarder.mjs
 */
import { createHash, timingSafeEqual } from "node:crypto"
import { realpathSync } from "node:fs"
import { readFile, rename, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import { finished } from "node:stream/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

// --- What notices look like. Banks differ, and change them: put yours here. ---

/** How a currency is written before its amount, and after it. */
export const CURRENCIES = [
  {
    currency_code: "usd",
    before: String.raw`(?:US\s?)?\$|USD`,
    after: String.raw`USD|(?:US\s?)?\$(?!\s?\d)|US\s?dollars?|dollars?|ដុល្លារ`,
  },
  {
    currency_code: "khr",
    before: String.raw`៛|KHR`,
    after: String.raw`KHR|៛(?!\s?\d)|riels?|រៀល`,
  },
]

/** What stands before an amount that is not the one that came. */
export const OTHER_AMOUNTS =
  /(?:\b(?:balance|fees?|charges?|discount|total sales|sales total)\b|សមតុល្យ|ថ្លៃសេវា|កម្រៃ|បញ្ចុះតម្លៃ|បញ្ចុះតំលៃ)[^\d\n]{0,20}$/iu

/** Notices of money that went out, or of none. */
export const NOT_INCOMING =
  /\byou(?:'ve| have)? (?:just )?(?:paid|sent|transferred|withdrawn)\b|\boutgoing\b|\bwithdr[ae]w(?:n|als?)?\b|\bdebited\b|\brefunded\b|\bfailed\b|\botp\b|បានផ្ទេរទៅ|បរាជ័យ/iu

/** The plugin's own bill numbers, which some banks repeat in the notice. */
export const REFERENCE = /(?<![A-Z0-9])KH[2-9A-HJKMNP-TV-Z]{13}(?![A-Z0-9])/

// --- From a text to an amount ---

/** A group of three after a space may be a thousand, or another number: such an amount is not read. */
const NO_GROUP_BEFORE = String.raw`(?!(?<=(?<!\d)\d{1,3}\s)\d{3}(?!\d))`
const NO_GROUP_AFTER = String.raw`(?!\s\d{3}(?!\d))`

const AMOUNT = String.raw`(?<![\d.,])${NO_GROUP_BEFORE}(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,12})(?:\.\d{1,2}|${NO_GROUP_AFTER})(?!\d|[.,]\d)`

const MONEY = new RegExp(
  CURRENCIES.flatMap(({ before, after }, i) => [
    String.raw`(?<![A-Za-z−-])(?:${before})\s{0,3}:?\s{0,3}(?<b${i}>${AMOUNT})`,
    String.raw`(?<![−-])(?<a${i}>${AMOUNT})\s{0,3}(?:(?:${after})(?![A-Za-z])|\(\s?(?:${after})\s?\))`,
  ]).join("|"),
  "giu"
)

/** Telegram's own limit; nobody sends a longer notice. */
const LONGEST_TEXT = 4_096

/**
 * The first amount of a notice that is not a balance, a fee or the like.
 *
 * @param {string} text
 * @returns {{ amount: string, currency_code: "usd" | "khr", reference?: string } | null}
 *   `null` when it speaks of no money that came
 */
export function readNotice(text) {
  const plain = withoutSpelling(text.slice(0, LONGEST_TEXT))
  if (NOT_INCOMING.test(plain)) {
    return null
  }
  for (const found of plain.matchAll(MONEY)) {
    const money = moneyOf(found.groups)
    if (money && !OTHER_AMOUNTS.test(plain.slice(0, found.index))) {
      const reference = REFERENCE.exec(plain)?.[0]
      return { ...money, ...(reference ? { reference } : {}) }
    }
  }
  return null
}

/** Khmer digits, wide characters, hard spaces and the invisible ones between Khmer words. */
function withoutSpelling(text) {
  return text
    .normalize("NFKC")
    .replace(/[\u200B-\u200D\u2060\uFEFF]/g, "")
    .replace(/[០-៩]/g, (digit) => String(digit.codePointAt(0) - 0x17e0))
}

function moneyOf(groups) {
  for (const [i, { currency_code }] of CURRENCIES.entries()) {
    const written = groups[`b${i}`] ?? groups[`a${i}`]
    if (written !== undefined) {
      const [whole, fraction = ""] = written.replaceAll(",", "").split(".")
      const isZero = /^0*$/.test(whole + fraction)
      // There is no part of a riel.
      const isOdd = currency_code === "khr" && !/^0*$/.test(fraction)
      const amount =
        fraction && currency_code === "usd" ? `${whole}.${fraction}` : whole
      return isZero || isOdd ? null : { amount, currency_code }
    }
  }
  return null
}

// --- To the shop ---

/** The plan has asked by itself meanwhile. */
const STALE_AFTER_MS = 15 * 60_000

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

/** The shop does not take our key, and never will. */
class WrongKey extends Error {}

class Shop {
  #url
  #authorization
  #signal

  constructor({ url, secretKey }, signal) {
    this.#url = new URL(`${url.replace(/\/+$/, "")}/admin/khqr/signals`)
    this.#authorization = `Basic ${Buffer.from(`${secretKey}:`).toString("base64")}`
    this.#signal = signal
  }

  /**
   * Tries until the shop has heard it or it is too old to matter.
   *
   * @param notice what `readNotice` found, perhaps with `paid_at`
   * @param {number} since epoch ms at which the notice came
   * @param {(done: boolean) => void} tried is told after each try
   * @throws {WrongKey}
   */
  async announce(notice, since, tried = () => {}) {
    const name = `${notice.amount} ${notice.currency_code.toUpperCase()}`
    for (let failures = 0; ; failures++) {
      if (Date.now() - since > STALE_AFTER_MS) {
        log(`${name}: given up, the notice is too old`)
        return
      }
      const { done, words, retryAfterMs } = await this.#post(notice)
      log(`${name}: ${words}`)
      tried(done)
      if (done) {
        return
      }
      await sleep(retryAfterMs ?? pauseAfter(failures), undefined, {
        signal: this.#signal,
      })
    }
  }

  async #post(notice) {
    let answer
    let body
    try {
      answer = await fetch(this.#url, {
        method: "POST",
        headers: {
          authorization: this.#authorization,
          "content-type": "application/json",
        },
        body: JSON.stringify(notice),
        redirect: "error",
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(10_000)]),
      })
      body = await answer.json().catch(() => ({}))
    } catch (error) {
      this.#signal.throwIfAborted()
      return {
        done: false,
        words: `the shop did not answer: ${causeOf(error)}`,
      }
    }
    if (answer.status === 401 || answer.status === 403) {
      throw new WrongKey(
        `The shop refuses the key (${answer.status}): set MEDUSA_SECRET_KEY to a secret API key of the shop, sk_…`
      )
    }
    const words = String(body.message ?? `HTTP ${answer.status}`)
    if (answer.status === 429 || answer.status >= 500) {
      const seconds = Number(answer.headers.get("retry-after"))
      return {
        done: false,
        words,
        retryAfterMs: seconds > 0 ? seconds * 1_000 : undefined,
      }
    }
    return { done: true, words }
  }
}

// --- From Telegram ---

/** How long Telegram may hold a request when there is nothing new. */
const LONG_POLL_S = 50

class Telegram {
  #base
  #chatId
  #stateFile
  #shop
  #signal

  constructor({ apiUrl, token, chatId, stateFile }, shop, signal) {
    this.#base = `${apiUrl.replace(/\/+$/, "")}/bot${token}`
    this.#chatId = chatId
    this.#stateFile = stateFile
    this.#shop = shop
    this.#signal = signal
  }

  async run() {
    let offset = await this.#readOffset()
    for (let failures = 0; ;) {
      let updates
      try {
        updates = await this.#updatesFrom(offset)
        failures = 0
      } catch (error) {
        this.#signal.throwIfAborted()
        log(`Telegram did not answer: ${causeOf(error)}`)
        await sleep(pauseAfter(failures++), undefined, { signal: this.#signal })
        continue
      }
      for (const update of updates) {
        await this.#forward(update.message ?? update.channel_post)
        // Kept after the shop has heard it: a notice may be told twice, and none is lost.
        offset = update.update_id + 1
        await this.#keepOffset(offset)
      }
    }
  }

  async #updatesFrom(offset) {
    const query = new URLSearchParams({
      timeout: String(LONG_POLL_S),
      allowed_updates: JSON.stringify(["message", "channel_post"]),
      ...(offset === undefined ? {} : { offset: String(offset) }),
    })
    const answer = await fetch(`${this.#base}/getUpdates?${query}`, {
      redirect: "error",
      signal: AbortSignal.any([
        this.#signal,
        AbortSignal.timeout((LONG_POLL_S + 15) * 1_000),
      ]),
    })
    const body = await answer.json()
    if (!body.ok) {
      throw new Error(String(body.description ?? `HTTP ${answer.status}`))
    }
    return body.result
  }

  async #forward(message) {
    // Anybody may write to a bot: only the shop's own group is read.
    if (String(message?.chat?.id) !== this.#chatId) {
      return
    }
    const notice = readNotice(String(message.text ?? message.caption ?? ""))
    if (!notice) {
      log("Telegram: a message without an amount that came")
      return
    }
    const posted = message.date * 1_000
    const paid_at = new Date(posted).toISOString()
    await this.#shop.announce({ ...notice, paid_at }, posted)
  }

  async #readOffset() {
    try {
      const { offset } = JSON.parse(await readFile(this.#stateFile, "utf8"))
      return Number.isSafeInteger(offset) ? offset : undefined
    } catch (error) {
      if (error.code === "ENOENT") {
        return undefined
      }
      throw error
    }
  }

  /** Written beside and moved: who is killed amid it leaves the old one. */
  async #keepOffset(offset) {
    const draft = `${this.#stateFile}.new`
    await writeFile(draft, JSON.stringify({ offset }))
    await rename(draft, this.#stateFile)
  }
}

// --- From an SMS gateway ---

const LONGEST_BODY = 16_384
const MOST_UNDER_WAY = 100

/**
 * `POST /sms` with `Authorization: Bearer <secret>`; the text as JSON, as a form or plain.
 * 202 says that the shop has heard it. After anything else the gateway may send it again.
 */
function serveSms({ host, port, secret }, shop, onFault) {
  const underWay = new Set()
  const server = createServer(async (request, response) => {
    const answer = async (status, body) => {
      if (!response.headersSent) {
        response
          .writeHead(status, { "content-type": "application/json" })
          .end(JSON.stringify(body))
      }
      await finished(response).catch(() => {})
    }
    const notYet = async (status, message) => {
      if (!response.headersSent) {
        response.setHeader("retry-after", "60")
      }
      await answer(status, { message })
    }
    if (request.method !== "POST" || request.url !== "/sms") {
      return answer(404, { message: "POST /sms" })
    }
    if (!isSame(request.headers.authorization ?? "", `Bearer ${secret}`)) {
      return answer(401, { message: "Authorization: Bearer <SMS_SECRET>" })
    }
    const { text, fault } = await readSms(request)
    if (text === undefined) {
      return answer(400, { message: fault })
    }
    const notice = readNotice(text)
    if (!notice) {
      log("SMS: a message without an amount that came")
      return answer(200, { read: false })
    }
    // The gateway sends again what we are still trying to tell.
    const name = createHash("sha256").update(text).digest("hex")
    if (underWay.has(name) || underWay.size >= MOST_UNDER_WAY) {
      return notYet(503, "The shop has not answered yet")
    }
    underWay.add(name)
    try {
      await shop.announce(notice, Date.now(), (done) =>
        done
          ? void answer(202, { read: true })
          : void notYet(503, "The shop has not answered yet")
      )
    } catch (error) {
      await notYet(502, "The shop has not heard it: read the forwarder's log")
      onFault(error)
    } finally {
      underWay.delete(name)
    }
  })
  server.requestTimeout = 10_000
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      log(`SMS: POST http://${host}:${server.address().port}/sms`)
      resolve(server)
    })
  })
}

/** @returns the text, or what is wrong with the request */
async function readSms(request) {
  const chunks = []
  let length = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += chunk.length
      if (length > LONGEST_BODY) {
        return { fault: `The body is longer than ${LONGEST_BODY} bytes` }
      }
      chunks.push(chunk)
    }
  } catch {
    return { fault: "The body broke off" }
  }
  const body = Buffer.concat(chunks).toString("utf8")
  const type = request.headers["content-type"] ?? ""
  if (type.includes("json")) {
    try {
      return textOf(JSON.parse(body))
    } catch {
      return { fault: "The body is not JSON, and its content-type says it is" }
    }
  }
  return type.includes("form-urlencoded")
    ? textOf(Object.fromEntries(new URLSearchParams(body)))
    : { text: body }
}

/** Gateways name it in their own ways. */
function textOf(fields) {
  const text =
    fields?.text ?? fields?.message ?? fields?.body ?? fields?.content
  return typeof text === "string"
    ? { text }
    : {
        fault:
          "No text: send it as text, message, body or content, with the Content-Type that it has",
      }
}

// --- The process ---

/** The one place that reads the environment. @throws {Error} that names all that is missing or wrong */
export function readSettings(env) {
  const faults = []
  const need = (name, why, isRight = () => true) => {
    const value = env[name] ?? ""
    if (!value || !isRight(value)) {
      faults.push(`${name}: ${why}`)
    }
    return value
  }
  const shop = {
    url: need(
      "MEDUSA_URL",
      "where Medusa is, https://shop.example.com",
      isAddress
    ),
    secretKey: need(
      "MEDUSA_SECRET_KEY",
      "a secret API key of the shop, sk_…",
      (key) => /^sk_[\x21-\x7e]+$/.test(key)
    ),
  }
  const telegram = env.TELEGRAM_BOT_TOKEN
    ? {
        apiUrl: env.TELEGRAM_API_URL
          ? need(
              "TELEGRAM_API_URL",
              "the address of a Bot API server, https://…; or leave it out",
              isAddress
            )
          : "https://api.telegram.org",
        token: env.TELEGRAM_BOT_TOKEN,
        chatId: need(
          "TELEGRAM_CHAT_ID",
          "the group's id, as -1001234567890",
          (id) => /^-?\d+$/.test(id)
        ),
        stateFile: env.STATE_FILE ?? "notice-forwarder.state.json",
      }
    : null
  const sms = env.SMS_PORT
    ? {
        host: env.SMS_HOST ?? "127.0.0.1",
        port: Number(
          need(
            "SMS_PORT",
            "the port to listen on, a whole number up to 65535, as 9300",
            (port) => /^\d+$/.test(port) && Number(port) <= 65_535
          )
        ),
        secret: need("SMS_SECRET", "what the SMS gateway has to send with it"),
      }
    : null
  if (!telegram && !sms) {
    faults.push("TELEGRAM_BOT_TOKEN or SMS_PORT: where notices come from")
  }
  if (faults.length > 0) {
    throw new Error(`Set in the environment\n  ${faults.join("\n  ")}`)
  }
  return { shop, telegram, sms }
}

/** Without a user name and a password, which fetch does not take. */
function isAddress(text) {
  if (!URL.canParse(text)) {
    return false
  }
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && !username && !password
}

/** Runs until `signal` is aborted. @throws {WrongKey} */
async function run(settings, stop) {
  const shop = new Shop(settings.shop, stop.signal)
  const server =
    settings.sms &&
    (await serveSms(settings.sms, shop, (error) => stop.abort(error)))
  try {
    if (settings.telegram) {
      await new Telegram(settings.telegram, shop, stop.signal).run()
    } else {
      await new Promise((_, reject) =>
        stop.signal.addEventListener("abort", () => reject(stop.signal.reason))
      )
    }
  } finally {
    server?.close()
    server?.closeAllConnections()
  }
}

function pauseAfter(failures) {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
}

/** In constant time, whatever the lengths. */
function isSame(a, b) {
  const digest = (text) => createHash("sha256").update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** Of fetch: its own message says nothing, and its URL may hold the bot's token. */
function causeOf(error) {
  return error.cause?.code ?? error.cause?.message ?? error.message
}

/** Amounts and answers; never a text, a name or a key. */
function log(words) {
  console.log(`${new Date().toISOString()} ${words}`)
}

async function main() {
  const stop = new AbortController()
  for (const name of ["SIGINT", "SIGTERM"]) {
    process.once(name, () => stop.abort())
  }
  try {
    await run(readSettings(process.env), stop)
  } catch (error) {
    const reason = stop.signal.reason ?? error
    if (reason.name !== "AbortError") {
      console.error(reason.message)
      process.exitCode = 1
    }
  }
}

if (
  process.argv[1] &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  await main()
}
