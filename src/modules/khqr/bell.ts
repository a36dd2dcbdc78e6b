import { randomUUID } from "node:crypto"
import type { Socket } from "node:net"

import type { Logger } from "@medusajs/framework/types"
import type { Knex } from "@medusajs/framework/mikro-orm/knex"

/** What is rung through PostgreSQL's NOTIFY, to whoever listens in any process of the shop. */
export type Ring =
  /** The clock has something to do at once. */
  | { type: "due" }
  /** The shopper's view of a payment session is another one now. */
  | { type: "changed"; payment_session_id: string }

export const BELL_CHANNEL = "khqr"

/*
 * To be executed in the transaction that makes the change: PostgreSQL delivers at
 * the commit, and never when there is none.
 */
export const RING_DUE = `SELECT pg_notify('${BELL_CHANNEL}', 'due')`

/** For a select list: rings for the clock, if the value is true. */
export const RING_DUE_IF = `(SELECT count(pg_notify('${BELL_CHANNEL}', 'due')) WHERE ?::boolean)`

/** For a select list: rings for each of the pages that show a charge, told by SQL expressions. */
export function ringChanged(...sessions: string[]): string {
  const pages = sessions.map((session) => `(${session})`).join(", ")
  return `(SELECT count(pg_notify('${BELL_CHANNEL}', 'changed:' || page)) FROM (VALUES ${pages}) AS pages (page) WHERE page IS NOT NULL)`
}

/** One statement for several rings; none for none. */
export function ringAll(
  rings: Ring[]
): { statement: string; values: string[] } | null {
  const marks = rings.map(() => `pg_notify('${BELL_CHANNEL}', ?)`)
  return rings.length === 0
    ? null
    : { statement: `SELECT ${marks.join(", ")}`, values: rings.map(payloadOf) }
}

function payloadOf(ring: Ring): string {
  return ring.type === "due" ? "due" : `changed:${ring.payment_session_id}`
}

/** `null` for what is not for those who listen. */
export function readRing(payload: string | undefined): Ring | null {
  if (payload === "due") {
    return { type: "due" }
  }
  const [, payment_session_id] = /^changed:(.+)$/.exec(payload ?? "") ?? []
  return payment_session_id ? { type: "changed", payment_session_id } : null
}

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
const KEEP_ALIVE_MS = 10_000

/** How often the bell rings for itself to hear whether it hears. */
const ECHO_EACH_MS = 30_000
const ECHO_WITHIN_MS = 5_000

/** What we use of a connection of node-postgres. */
type Connection = {
  query(text: string): Promise<unknown>
  end(): Promise<void>
  unref?(): void
  on(event: "end", listener: () => void): void
  on(event: "error", listener: (error: Error) => void): void
  on(
    event: "notification",
    listener: (message: { channel: string; payload?: string }) => void
  ): void
  connection?: { stream?: Socket }
}

/**
 * Hears the rings of all processes on one connection of its own. Nothing rests on
 * it but speed: who listens must look by themselves as well, and more often while
 * `isListening` is false.
 */
export class Bell {
  protected readonly listeners_ = new Set<(ring: Ring) => void>()
  protected connection_: Connection | undefined
  protected timer_: NodeJS.Timeout | undefined
  protected pauseMs_ = FIRST_PAUSE_MS
  protected echo_: { nonce: string; heard: () => void } | undefined
  protected isConnecting_ = false
  protected isListening_ = false
  protected isMissed_ = false
  protected isClosed_ = false

  constructor(
    protected readonly knex_: Knex,
    protected readonly logger_: Pick<Logger, "warn" | "info" | "error">
  ) {}

  /** Connects at the first call. @returns takes the listener away */
  hear(listener: (ring: Ring) => void): () => void {
    this.listeners_.add(listener)
    if (!this.connection_ && !this.isConnecting_ && !this.timer_) {
      void this.connect_()
    }
    return () => void this.listeners_.delete(listener)
  }

  /** Whether a ring was heard here that was sent over another connection, and none was missed since. */
  get isListening(): boolean {
    return this.isListening_
  }

  async close(): Promise<void> {
    this.isClosed_ = true
    this.isListening_ = false
    clearTimeout(this.timer_)
    this.listeners_.clear()
    const connection = this.connection_
    this.connection_ = undefined
    await connection?.end().catch(() => undefined)
  }

  protected async connect_(): Promise<void> {
    // The shop's own connections are closed: nobody is left to listen for.
    if (this.isClosed_ || !this.knex_.client.pool) {
      return
    }
    this.isConnecting_ = true
    let connection: Connection | undefined
    try {
      connection =
        (await this.knex_.client.acquireRawConnection()) as Connection
      this.attend_(connection)
      await connection.query(
        "SET application_name = 'medusa-payment-khqr bell'"
      )
      await connection.query(`LISTEN ${BELL_CHANNEL}`)
    } catch (error) {
      this.isConnecting_ = false
      this.lose_(connection, (error as Error).message)
      return
    }
    this.isConnecting_ = false
    await this.prove_(connection)
  }

  protected attend_(connection: Connection): void {
    if (this.isClosed_) {
      void connection.end().catch(() => undefined)
      throw new Error("the bell was closed")
    }
    this.connection_ = connection
    connection.on("error", (error) => this.lose_(connection, error.message))
    connection.on("end", () => this.lose_(connection, "the connection ended"))
    connection.on("notification", ({ channel, payload }) => {
      if (channel === BELL_CHANNEL) {
        this.ring_(payload)
      }
    })
    connection.connection?.stream?.setKeepAlive(true, KEEP_ALIVE_MS)
    // To listen is no reason to keep a process.
    connection.unref?.()
  }

  /**
   * Rings over another connection and waits for it here. LISTEN alone proves nothing:
   * a pooler that shares connections takes it and delivers no ring, and a connection
   * that a firewall has forgotten looks alive.
   */
  protected async prove_(connection: Connection): Promise<void> {
    const nonce = randomUUID()
    let timer: NodeJS.Timeout | undefined
    const heard = new Promise<boolean>((resolve) => {
      this.echo_ = { nonce, heard: () => resolve(true) }
      timer = setTimeout(() => resolve(false), ECHO_WITHIN_MS)
      timer.unref()
    })
    try {
      await this.knex_.raw(`SELECT pg_notify('${BELL_CHANNEL}', ?)`, [
        `echo:${nonce}`,
      ])
    } catch (error) {
      clearTimeout(timer)
      // Whoever could not ring has not shown that nobody hears.
      return this.isListening_
        ? this.proveLater_(connection)
        : this.lose_(connection, (error as Error).message)
    }
    const isHeard = await heard
    clearTimeout(timer)
    if (this.connection_ !== connection) {
      return
    }
    if (!isHeard) {
      return this.lose_(connection, "its own ring was not heard")
    }
    if (this.isMissed_) {
      this.logger_.info("KHQR: notifications of the database are heard again")
    }
    this.isListening_ = true
    this.isMissed_ = false
    this.pauseMs_ = FIRST_PAUSE_MS
    this.proveLater_(connection)
  }

  protected proveLater_(connection: Connection): void {
    this.later_(ECHO_EACH_MS, () => {
      if (this.connection_ === connection) {
        void this.prove_(connection)
      }
    })
  }

  protected ring_(payload: string | undefined): void {
    if (payload === `echo:${this.echo_?.nonce}`) {
      this.echo_?.heard()
      return
    }
    const ring = readRing(payload)
    for (const listener of ring ? this.listeners_ : []) {
      try {
        listener(ring!)
      } catch (error) {
        this.logger_.error(
          `KHQR: who listens to the database failed: ${(error as Error).message}`
        )
      }
    }
  }

  /** Once for each connection, whichever of its ends is noticed first. */
  protected lose_(connection: Connection | undefined, why: string): void {
    if (this.isClosed_ || this.connection_ !== connection) {
      return
    }
    this.connection_ = undefined
    this.isListening_ = false
    void connection?.end().catch(() => undefined)
    if (!this.isMissed_) {
      this.isMissed_ = true
      this.logger_.warn(
        `KHQR: notifications of the database are not heard (${why}); changes are found by looking, a little later. A pooler must be in session mode.`
      )
    }
    const pauseMs = this.pauseMs_
    this.pauseMs_ = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    this.later_(pauseMs, () => void this.connect_())
  }

  protected later_(ms: number, work: () => void): void {
    clearTimeout(this.timer_)
    if (this.isClosed_) {
      return
    }
    this.timer_ = setTimeout(() => {
      this.timer_ = undefined
      work()
    }, ms)
    this.timer_.unref()
  }
}
