import { generateEntityId } from "@medusajs/framework/utils"

import type { Database, Sql } from "../database"
import type { TOKEN_SOURCES } from "../models/token"

export type TokenSource = (typeof TOKEN_SOURCES)[number]

/** A row of `khqr_token`. */
export type TokenRow = {
  id: string
  fingerprint: string
  token_key: string
  source: TokenSource
  base_url: string
  ciphertext: string | null
  issued_at: Date | null
  expires_at: Date | null
  answered_at: Date | null
  refused_at: Date | null
  renewal_started_at: Date | null
  renewal_error: string | null
  warned_days: number | null
  created_at: Date
}

export type NewToken = Pick<
  TokenRow,
  | "fingerprint"
  | "token_key"
  | "source"
  | "ciphertext"
  | "issued_at"
  | "expires_at"
>

const COLUMNS =
  "id, fingerprint, token_key, source, base_url, ciphertext, issued_at, expires_at, answered_at, refused_at, renewal_started_at, renewal_error, warned_days, created_at"

/** A renewal that this process has claimed. */
export type Renewal<T extends TokenRow = TokenRow> = {
  /** The token, as it was before. */
  of: T
  startedAt: Date
  afterRefusal: boolean
}

const INSERT = `INSERT INTO khqr_token
  (id, fingerprint, token_key, source, base_url, ciphertext, issued_at, expires_at, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (fingerprint) WHERE deleted_at IS NULL DO UPDATE SET`

/**
 * `khqr_token` for one host. Claims are single statements, or happen while all
 * candidates are locked, so that of many processes one acts.
 */
export class TokenLedger {
  constructor(
    protected readonly database_: Database,
    protected readonly baseUrl_: string
  ) {}

  /** What is kept for the host, and what is known of the option's token. */
  async list(optionFingerprint: string | null): Promise<TokenRow[]> {
    return this.select_(this.database_.sql, optionFingerprint, "")
  }

  /** The same, locked in one order until the work is done. */
  async withLocked<T>(
    optionFingerprint: string | null,
    work: (rows: TokenRow[], sql: Sql) => Promise<T>
  ): Promise<T> {
    return this.database_.transaction(async (sql) =>
      work(await this.select_(sql, optionFingerprint, "FOR UPDATE"), sql)
    )
  }

  /**
   * Writes down that the option has this token. What another host thought of it
   * says nothing here, but a renewal that was tried is not tried again for that.
   */
  async see(token: NewToken, now: number): Promise<void> {
    await this.database_.sql(
      `${INSERT} base_url = EXCLUDED.base_url, token_key = EXCLUDED.token_key,
         answered_at = NULL, refused_at = NULL, updated_at = now()
       WHERE khqr_token.base_url <> EXCLUDED.base_url`,
      this.values_(token, now)
    )
  }

  /** Keeps a token. One that was refused gets another chance: a person insists. */
  async keep(token: NewToken, now: number): Promise<void> {
    await this.database_.sql(
      `${INSERT} base_url = EXCLUDED.base_url, token_key = EXCLUDED.token_key,
         source = EXCLUDED.source,
         ciphertext = COALESCE(EXCLUDED.ciphertext, khqr_token.ciphertext),
         answered_at = CASE WHEN khqr_token.base_url = EXCLUDED.base_url THEN khqr_token.answered_at END,
         refused_at = NULL, renewal_error = NULL, updated_at = now()`,
      this.values_(token, now)
    )
  }

  /** What other hosts have answered: which registrations are theirs. */
  async listAnsweredElsewhere(): Promise<
    Pick<TokenRow, "base_url" | "token_key">[]
  > {
    return this.database_.sql(
      "SELECT DISTINCT base_url, token_key FROM khqr_token WHERE base_url <> ? AND answered_at IS NOT NULL AND deleted_at IS NULL",
      [this.baseUrl_]
    )
  }

  /** The bank takes a token that it had refused. What was begun for the refusal stays known. */
  async takeBack(fingerprint: string): Promise<void> {
    await this.database_.sql(
      `UPDATE khqr_token SET refused_at = NULL, renewal_error = NULL, updated_at = now()
       WHERE fingerprint = ? AND base_url = ? AND refused_at IS NOT NULL AND deleted_at IS NULL`,
      [fingerprint, this.baseUrl_]
    )
  }

  /** Lets a refused token be tried as though nothing had been: true for the one who did. */
  async forgetRefusal(
    id: string,
    refusedBefore: Date,
    startedBefore: Date
  ): Promise<boolean> {
    const forgotten = await this.database_.sql(
      `UPDATE khqr_token SET refused_at = NULL, renewal_started_at = NULL, renewal_error = NULL, updated_at = now()
       WHERE id = ? AND refused_at <= ?
         AND (renewal_started_at IS NULL OR renewal_error IS NOT NULL OR renewal_started_at <= ?)
       RETURNING id`,
      [id, refusedBefore, startedBefore]
    )
    return forgotten.length > 0
  }

  /**
   * Claims the renewal of a token that is not refused or has lapsed: one process
   * at a time, and not again for a while after a failure. A claim without an end
   * runs out.
   */
  async claimRenewal(
    id: string,
    now: number,
    pauses: { leaseMs: number; afterFailureMs: number }
  ): Promise<boolean> {
    const claimed = await this.database_.sql(
      `UPDATE khqr_token SET renewal_started_at = ?, renewal_error = NULL, updated_at = now()
       WHERE id = ? AND (refused_at IS NULL OR expires_at <= ?) AND (renewal_started_at IS NULL
         OR renewal_started_at <= CASE WHEN renewal_error IS NULL THEN ?::timestamptz ELSE ?::timestamptz END)
       RETURNING id`,
      [
        new Date(now),
        id,
        new Date(now),
        new Date(now - pauses.leaseMs),
        new Date(now - pauses.afterFailureMs),
      ]
    )
    return claimed.length > 0
  }

  /** A person's wish: only another renewal that is under way stands against it. */
  async claimRenewalByHand(
    id: string,
    now: number,
    leaseMs: number
  ): Promise<boolean> {
    const claimed = await this.database_.sql(
      `UPDATE khqr_token SET renewal_started_at = ?, renewal_error = NULL, updated_at = now()
       WHERE id = ? AND (renewal_started_at IS NULL OR renewal_error IS NOT NULL OR renewal_started_at <= ?)
       RETURNING id`,
      [new Date(now), id, new Date(now - leaseMs)]
    )
    return claimed.length > 0
  }

  /**
   * Claims the renewal that brings the first token, which has no row yet. The
   * claim stays for a while after a success: another may have looked before it.
   */
  async claimFirstRenewal(now: number, leaseMs: number): Promise<boolean> {
    const claimed = await this.database_.sql(
      `INSERT INTO khqr_setting (id, value) VALUES (?, ?)
       ON CONFLICT (id) DO UPDATE SET value = EXCLUDED.value, updated_at = now()
       WHERE (khqr_setting.value->>'started_at')::timestamptz <= ? RETURNING id`,
      [
        this.firstRenewal_,
        JSON.stringify({ started_at: new Date(now) }),
        new Date(now - leaseMs),
      ]
    )
    return claimed.length > 0
  }

  async releaseFirstRenewal(): Promise<void> {
    await this.database_.sql("DELETE FROM khqr_setting WHERE id = ?", [
      this.firstRenewal_,
    ])
  }

  /** A renewal that was not sent has not been tried; and the refusal that it was to answer may come again. */
  async releaseRenewal({
    of: before,
    startedAt,
    afterRefusal,
  }: Renewal): Promise<void> {
    await this.database_.sql(
      `UPDATE khqr_token SET renewal_started_at = ?, renewal_error = ?,
         refused_at = CASE WHEN ? THEN NULL ELSE refused_at END, updated_at = now()
       WHERE id = ? AND renewal_started_at = ?`,
      [
        before.renewal_started_at,
        before.renewal_error,
        afterRefusal,
        before.id,
        startedAt,
      ]
    )
  }

  /** A renewal failed. Of a token that the bank has taken back meanwhile it is no fault any more. Returns when it was refused, as it is now. */
  async noteRenewalError(
    id: string,
    error: string,
    afterRefusal: boolean
  ): Promise<Date | null> {
    const [row] = await this.database_.sql<Pick<TokenRow, "refused_at">>(
      `UPDATE khqr_token SET renewal_error = CASE WHEN ? AND refused_at IS NULL THEN NULL ELSE ? END, updated_at = now()
       WHERE id = ? RETURNING refused_at`,
      [afterRefusal, error, id]
    )
    return row?.refused_at ? new Date(row.refused_at) : null
  }

  /** A renewal after a refusal that never came to an end: true for the one who notices first. */
  async giveUpRenewal(
    id: string,
    startedBefore: number,
    error: string
  ): Promise<boolean> {
    const given = await this.database_.sql(
      `UPDATE khqr_token SET renewal_error = ?, updated_at = now()
       WHERE id = ? AND refused_at IS NOT NULL AND renewal_error IS NULL
         AND renewal_started_at >= refused_at AND renewal_started_at <= ?
       RETURNING id`,
      [error, id, new Date(startedBefore)]
    )
    return given.length > 0
  }

  /** True for the one who is to tell the merchant. */
  async claimWarning(id: string, days: number): Promise<boolean> {
    const claimed = await this.database_.sql(
      `UPDATE khqr_token SET warned_days = ?, updated_at = now()
       WHERE id = ? AND (warned_days IS NULL OR warned_days > ?) RETURNING id`,
      [days, id, days]
    )
    return claimed.length > 0
  }

  protected get firstRenewal_(): string {
    return `first_renewal ${this.baseUrl_}`
  }

  protected async select_(
    sql: Sql,
    optionFingerprint: string | null,
    suffix: string
  ): Promise<TokenRow[]> {
    const rows = await sql<TokenRow>(
      `SELECT ${COLUMNS} FROM khqr_token
       WHERE deleted_at IS NULL
         AND ((base_url = ? AND ciphertext IS NOT NULL) OR fingerprint = ?)
       ORDER BY id ${suffix}`,
      [this.baseUrl_, optionFingerprint]
    )
    return rows.map(withDates)
  }

  protected values_(token: NewToken, now: number): unknown[] {
    return [
      generateEntityId(undefined, "khqrtok"),
      token.fingerprint,
      token.token_key,
      token.source,
      this.baseUrl_,
      token.ciphertext,
      token.issued_at,
      token.expires_at,
      new Date(now),
    ]
  }
}

/** Some connections of Medusa return times as text. */
function withDates(row: TokenRow): TokenRow {
  const date = (value: Date | null) => value && new Date(value)
  return {
    ...row,
    issued_at: date(row.issued_at),
    expires_at: date(row.expires_at),
    answered_at: date(row.answered_at),
    refused_at: date(row.refused_at),
    renewal_started_at: date(row.renewal_started_at),
    created_at: new Date(row.created_at),
  }
}
