import { generateEntityId } from "@medusajs/framework/utils"

import type { CallPurpose } from "../../../bakong"
import type { Database, Sql } from "../database"
import {
  claim,
  freshQuota,
  giveBack,
  hear,
  rollOver,
  type Claim,
  type QuotaNews,
  type QuotaState,
  type Ticket,
} from "../quota"

const COLUMNS = [
  "day",
  "used",
  "utc_day",
  "used_utc",
  "receipts",
  "refused",
  "learned_limit",
  "spent_at",
  "spent_by",
  "next_probe_at",
  "lifted_at",
  "paused_until",
  "list_closed_until",
] as const satisfies (keyof QuotaState)[]

/** What a change of the quota may bring to the merchant's ears. */
export type QuotaChange = { before: QuotaState; after: QuotaState }

/**
 * Keeps `khqr_quota`: each change is one short transaction that holds the day's
 * row, so that no two processes are granted the same call.
 */
export class QuotaBook {
  constructor(protected readonly database_: Database) {}

  /** Counts the call before it is sent. */
  async claim(
    tokenKey: string,
    limit: number | null,
    purpose: CallPurpose,
    now: Date
  ): Promise<{ claim: Claim; change: QuotaChange }> {
    return this.database_.transaction(async (sql) => {
      const before = await this.lock_(sql, tokenKey, now)
      const made = claim(before, limit, purpose, now)
      await this.write_(sql, tokenKey, made.state)
      return { claim: made, change: { before, after: made.state } }
    })
  }

  async hear(
    tokenKey: string,
    ticket: Ticket,
    news: QuotaNews,
    limit: number | null,
    now: Date
  ): Promise<QuotaChange> {
    return this.change_(tokenKey, now, (state) =>
      hear(state, ticket, news, limit, now)
    )
  }

  async giveBack(tokenKey: string, ticket: Ticket, now: Date): Promise<void> {
    await this.change_(tokenKey, now, (state) => giveBack(state, ticket, now))
  }

  /** The list endpoint is closed to this token until then; `null` when it answered. */
  async closeList(
    tokenKey: string,
    until: Date | null,
    now: Date
  ): Promise<void> {
    await this.change_(tokenKey, now, (state) => ({
      ...state,
      list_closed_until: until,
    }))
  }

  /**
   * As it is now, without waiting for anybody.
   * @param sql of a transaction that is open
   */
  async read(
    tokenKey: string,
    now: Date,
    sql: Sql = this.database_.sql
  ): Promise<QuotaState> {
    const [row] = await sql<QuotaState>(
      `SELECT ${COLUMNS.join(", ")} FROM khqr_quota WHERE token_key = ? AND deleted_at IS NULL ORDER BY day DESC LIMIT 1`,
      [tokenKey]
    )
    return row ? rollOver(row, now) : freshQuota(now)
  }

  protected async change_(
    tokenKey: string,
    now: Date,
    rule: (state: QuotaState) => QuotaState
  ): Promise<QuotaChange> {
    return this.database_.transaction(async (sql) => {
      const before = await this.lock_(sql, tokenKey, now)
      const after = rule(before)
      await this.write_(sql, tokenKey, after)
      return { before, after }
    })
  }

  /** Today's row, which the first call of a day writes from yesterday's. */
  protected async lock_(
    sql: Sql,
    tokenKey: string,
    now: Date
  ): Promise<QuotaState> {
    const latest = await this.latest_(sql, tokenKey)
    const state = latest ? rollOver(latest, now) : freshQuota(now)
    if (latest?.day === state.day) {
      return state
    }
    const values = COLUMNS.map((column) => state[column])
    await sql(
      `INSERT INTO khqr_quota (id, token_key, ${COLUMNS.join(", ")})
       VALUES (?, ?, ${COLUMNS.map(() => "?").join(", ")})
       ON CONFLICT (token_key, day) WHERE deleted_at IS NULL DO NOTHING`,
      [generateEntityId(undefined, "khqrquota"), tokenKey, ...values]
    )
    // Somebody may have been faster, and have asked since.
    return rollOver((await this.latest_(sql, tokenKey)) ?? state, now)
  }

  protected async latest_(
    sql: Sql,
    tokenKey: string
  ): Promise<QuotaState | undefined> {
    const [row] = await sql<QuotaState>(
      `SELECT ${COLUMNS.join(", ")} FROM khqr_quota
       WHERE token_key = ? AND deleted_at IS NULL
         AND day = (SELECT max(day) FROM khqr_quota WHERE token_key = ? AND deleted_at IS NULL)
       FOR UPDATE`,
      [tokenKey, tokenKey]
    )
    return row
  }

  protected async write_(
    sql: Sql,
    tokenKey: string,
    state: QuotaState
  ): Promise<void> {
    const [, ...columns] = COLUMNS
    await sql(
      `UPDATE khqr_quota SET ${columns.map((column) => `${column} = ?`).join(", ")}, updated_at = now()
       WHERE token_key = ? AND day = ? AND deleted_at IS NULL`,
      [...columns.map((column) => state[column]), tokenKey, state.day]
    )
  }
}
