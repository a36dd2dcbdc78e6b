import type { Logger } from "@medusajs/framework/types"

import type { DueWork } from "./claims"
import type { Database } from "./database"

/**
 * How long a charge stays claimed after a sign of life of whoever works on it:
 * who is killed holds it no longer than this, whatever they had begun.
 */
export const LEASE_MS = 20_000

/** Three may fail, or come late, before a lease is lost. */
const BEAT_MS = 5_000

/**
 * The charges, or refunds, this process is at work on. Their leases are extended while the
 * work goes on, by the database's clock, so that a claim may be short for one
 * who vanishes and long for one who waits for the bank or for Medusa's lock.
 */
export class Leases {
  /** By id: until when, epoch ms, the work may go on at the most. */
  protected readonly held_ = new Map<string, number>()
  protected timer_: NodeJS.Timeout | undefined

  constructor(
    protected readonly database_: Database,
    protected readonly logger_: Pick<Logger, "warn">,
    protected readonly table_: DueWork["table"] = "khqr_charge"
  ) {}

  /** @param until work that goes on for longer than this is given up for lost */
  hold(ids: string[], until: Date): void {
    for (const id of ids) {
      this.held_.set(id, until.getTime())
    }
    if (this.held_.size > 0 && !this.timer_) {
      this.timer_ = setInterval(() => void this.extend(new Date()), BEAT_MS)
      // Work that is under way is no reason to keep a process.
      this.timer_.unref()
    }
  }

  /** The work is over, well or not: a lease that is still in the table runs out. */
  end(ids: string[]): void {
    for (const id of ids) {
      this.held_.delete(id)
    }
    if (this.held_.size === 0) {
      clearInterval(this.timer_)
      this.timer_ = undefined
    }
  }

  /** A sign of life for all that are held. */
  async extend(now: Date): Promise<void> {
    this.end(
      [...this.held_]
        .filter(([, until]) => until <= now.getTime())
        .map(([id]) => id)
    )
    const ids = [...this.held_.keys()]
    if (ids.length === 0) {
      return
    }
    try {
      // A row that somebody holds locked is being worked on; it is not waited for.
      await this.database_.sql(
        `UPDATE ${this.table_} SET leased_until = now() + make_interval(secs => ?) WHERE id IN (
           SELECT id FROM ${this.table_}
           WHERE id IN (${ids.map(() => "?").join(", ")}) AND leased_until IS NOT NULL
           FOR UPDATE SKIP LOCKED
         )`,
        [LEASE_MS / 1_000, ...ids]
      )
    } catch (error) {
      this.logger_.warn(
        `KHQR: ${ids.length} rows of ${this.table_} are worked on, and their leases could not be extended: ${(error as Error).message}`
      )
    }
  }
}
