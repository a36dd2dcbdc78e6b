import { generateEntityId } from "@medusajs/framework/utils"

import type { CallPurpose, Exchange, OutgoingCall } from "../../../bakong"
import type { Database } from "../database"
import type { Actor } from "../types"
import { hideSecrets } from "./tokens"

const ACTORS: Record<CallPurpose, Actor> = {
  check: "clock",
  closing: "clock",
  account: "clock",
  token: "clock",
  deeplink: "shopper",
  manual: "admin",
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

/**
 * Deletes calls that are older than `before`, some at a time, so that a long
 * backlog locks nothing for long. Proofs stay.
 *
 * @returns how many were deleted
 */
export async function tidyCalls(
  { sql }: Database,
  before: Date,
  batch = 1_000
): Promise<number> {
  let deleted = 0
  for (;;) {
    const rows = await sql(
      `DELETE FROM khqr_event WHERE id IN (
         SELECT id FROM khqr_event
         WHERE kind = 'call' AND is_proof = false AND deleted_at IS NULL AND created_at < ?
         ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED
       ) RETURNING id`,
      [before, batch]
    )
    deleted += rows.length
    if (rows.length < batch) {
      return deleted
    }
  }
}
