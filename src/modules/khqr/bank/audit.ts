import { generateEntityId } from "@medusajs/framework/utils"

import type { CallPurpose, Exchange, OutgoingCall } from "../../../bakong"
import type { Database } from "../database"
import type { Actor } from "../types"
import { hideSecrets } from "./tokens"

const ACTORS: Record<CallPurpose, Actor> = {
  check: "clock",
  closing: "clock",
  refund: "clock",
  account: "clock",
  token: "clock",
  deeplink: "shopper",
  receipt: "shopper",
  manual: "admin",
  issue: "medusa",
}

/** PostgreSQL's text holds no NUL, and a gateway's error page may. */
const NUL = /\u0000/g

/**
 * One row of `khqr_event` for each call that left. The answer is kept as it
 * arrived, except where it holds a token or a piece of one.
 */
export async function writeCall(
  { sql }: Database,
  { purpose, chargeIds }: OutgoingCall,
  { call, answer }: Exchange
): Promise<void> {
  const row = {
    id: generateEntityId(undefined, "khqrev"),
    kind: "call",
    actor: ACTORS[purpose],
    message: call.message.replace(NUL, ""),
    request_id: call.requestId,
    charge_ids: JSON.stringify(chargeIds),
    endpoint: call.endpoint,
    http_status: call.httpStatus,
    response_code: call.responseCode,
    error_code: call.errorCode,
    duration_ms: call.durationMs,
    answer:
      purpose === "token" || !answer
        ? null
        : hideSecrets(answer.text.replace(NUL, "")),
    created_at: new Date(call.askedAt),
  }
  const columns = Object.keys(row)
  await sql(
    `INSERT INTO khqr_event (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    Object.values(row)
  )
}

/** An answer that proved nothing helps for some days to explain a failure. */
const ANSWERS_KEPT_MS = 3 * 86_400_000

/**
 * Deletes calls that are older than `before`, and the answers of those older than
 * three days; some at a time, so that a long backlog locks nothing for long.
 * Proofs stay whole.
 *
 * @returns how many calls were deleted
 */
export async function tidyCalls(
  database: Database,
  before: Date,
  now: Date
): Promise<number> {
  await inBatches(
    database,
    "UPDATE khqr_event SET answer = NULL",
    "answer IS NOT NULL",
    new Date(now.getTime() - ANSWERS_KEPT_MS)
  )
  return inBatches(database, "DELETE FROM khqr_event", "true", before)
}

const BATCH = 1_000

async function inBatches(
  { sql }: Database,
  statement: string,
  condition: string,
  before: Date
): Promise<number> {
  let done = 0
  for (;;) {
    const rows = await sql(
      `${statement} WHERE id IN (
         SELECT id FROM khqr_event
         WHERE kind = 'call' AND is_proof = false AND deleted_at IS NULL AND ${condition} AND created_at < ?
         ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED
       ) RETURNING id`,
      [before, BATCH]
    )
    done += rows.length
    if (rows.length < BATCH) {
      return done
    }
  }
}
