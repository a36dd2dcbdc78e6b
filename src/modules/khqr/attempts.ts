import { createHash, randomBytes } from "node:crypto"
import { isIPv6 } from "node:net"

import type { Database } from "./database"

/** Tries are counted for this long from the first of them. */
export const ATTEMPT_WINDOW_MS = 3_600_000

/** Receipts that a shopper may bring for one payment session within the window. */
export const RECEIPTS_PER_SESSION = 5

/** Receipts that may come from one address within the window, for whichever sessions. */
export const RECEIPTS_PER_ADDRESS = 20

/**
 * Tries from one address within the window for which the bank was asked, also those that
 * it did not answer and that count as none: a question costs one of the day's in any case.
 */
export const RECEIPT_QUESTIONS_PER_ADDRESS = 60

/** Receipts that staff may try for one charge within the window: each may cost three of the day's questions. */
export const RECEIPTS_PER_CHARGE_BY_STAFF = 20

/** What is tried, by whom or for what, and how often within the window. */
export type AttemptLimit = {
  id: string
  most: number
  /** Counts also what the bank did not answer. */
  countsAll?: true
  /** `ATTEMPT_WINDOW_MS`, unless it is shorter. */
  windowMs?: number
}

/**
 * Counts one try against each limit, the first one first, and stops at the first
 * that is reached. One statement each, so that tries at the same time count too.
 *
 * @returns `null`, or how many ms to wait for the next try; a refused try is not counted
 */
export async function countAttempt(
  database: Database,
  limits: AttemptLimit[],
  now: Date
): Promise<number | null> {
  const counted: AttemptLimit[] = []
  for (const limit of limits) {
    const waitMs = await countOne(database, limit, now)
    if (waitMs !== null) {
      await uncountAttempt(database, counted)
      return waitMs
    }
    counted.push(limit)
  }
  return null
}

async function countOne(
  { sql }: Database,
  { id, most, windowMs = ATTEMPT_WINDOW_MS }: AttemptLimit,
  now: Date
): Promise<number | null> {
  const over = new Date(now.getTime() - windowMs)
  const counted = await sql(
    `INSERT INTO khqr_attempt AS known (id, window_started_at, count) VALUES (?, ?, 1)
     ON CONFLICT (id) DO UPDATE SET
       count = CASE WHEN known.window_started_at <= ? THEN 1 ELSE known.count + 1 END,
       window_started_at = CASE WHEN known.window_started_at <= ? THEN excluded.window_started_at ELSE known.window_started_at END
     WHERE known.window_started_at <= ? OR known.count < ?
     RETURNING id`,
    [id, now, over, over, over, most]
  )
  if (counted.length > 0) {
    return null
  }
  const [known] = await sql<{ window_started_at: Date }>(
    "SELECT window_started_at FROM khqr_attempt WHERE id = ? AND deleted_at IS NULL",
    [id]
  )
  const started = known?.window_started_at.getTime() ?? now.getTime()
  return Math.max(1_000, started + windowMs - now.getTime())
}

/** Takes a try back that told nothing, but where all are counted. */
export async function uncountAttempt(
  { sql }: Database,
  limits: AttemptLimit[]
): Promise<void> {
  for (const { id } of limits.filter(({ countsAll }) => !countsAll)) {
    await sql(
      "UPDATE khqr_attempt SET count = count - 1 WHERE id = ? AND count > 0",
      [id]
    )
  }
}

/** @returns how many counts were deleted whose window is over */
export async function tidyAttempts(
  { sql }: Database,
  now: Date
): Promise<number> {
  const rows = await sql(
    "DELETE FROM khqr_attempt WHERE window_started_at <= ? RETURNING id",
    [new Date(now.getTime() - ATTEMPT_WINDOW_MS)]
  )
  return rows.length
}

/**
 * An address as it is remembered: nobody learns it from the table. One household
 * has a whole IPv6 network of 2^64 addresses, which counts as one.
 */
export function hashAddress(address: string, salt: string): string {
  return createHash("sha256")
    .update(`${salt}:${networkOf(address)}`)
    .digest("hex")
}

/** An IPv4 address as it is, also within IPv6; of an IPv6 address its first 64 bits. */
export function networkOf(address: string): string {
  const text = address.trim().toLowerCase().replace(/%.*$/, "")
  const ipv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (ipv4) {
    return ipv4[1]
  }
  if (!isIPv6(text)) {
    return text
  }
  const [head, tail] = text.split("::")
  const first = head ? head.split(":") : []
  const last = tail ? tail.split(":") : []
  const missing = tail === undefined ? 0 : 8 - first.length - last.length
  return [...first, ...Array<string>(Math.max(0, missing)).fill("0"), ...last]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")
}

const SALT = "address_salt"

/** The shop's own, made once: the same address is another hash in another shop. */
export async function addressSalt({ sql }: Database): Promise<string> {
  await sql(
    "INSERT INTO khqr_setting (id, value) VALUES (?, ?::jsonb) ON CONFLICT (id) DO NOTHING",
    [SALT, JSON.stringify({ salt: randomBytes(32).toString("hex") })]
  )
  const [{ value }] = await sql<{ value: { salt: string } }>(
    "SELECT value FROM khqr_setting WHERE id = ? AND deleted_at IS NULL",
    [SALT]
  )
  return value.salt
}
