import type { IncomingMessage, ServerResponse } from "node:http"
import type { Server } from "node:net"

import type { ChargeView } from "./view"

/** A reader with more than this before them does not read. */
const MOST_UNSENT = 64 * 1_024

/** Nor does one who has taken nothing for this long. */
const UNSENT_FOR_MS = 30_000

/**
 * A stream ends after this long, and its reader comes back: one who vanished without
 * a word (a phone out of reach) would hold their place until the system gives up,
 * which may be a quarter of an hour.
 */
const LIVES_MS = 600_000
const LIVES_MORE_MS = 60_000

/** How soon a reader is to come back, as the browser's own `EventSource` takes it. */
const RETRY_MS = 2_000

/** With a comment that no reader sees, a proxy does not take the stream for dead. */
const HEARTBEAT = ": \n\n"

const OPENING = `retry: ${RETRY_MS}\n\n`

const HEADERS = {
  "Content-Type": "text/event-stream",
  // A proxy that compresses would wait for more to compress.
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no",
}

/** JSON has no line breaks of its own, so one line of data is enough. */
export function chargeEvent(id: string, charge: ChargeView): string {
  return `event: charge\nid: ${id}\ndata: ${JSON.stringify({ charge })}\n\n`
}

/** A response, with `flush` where a middleware compresses it. */
type Response = ServerResponse & { flush?(): void }

/** One open `text/event-stream`. Small, since there are thousands. */
export class EventStream {
  /** Of the event that the reader has seen last. */
  lastId: string | null
  readonly endsAt: number
  protected unsentSince_: number | null = null

  constructor(
    req: IncomingMessage,
    protected readonly res_: Response,
    now: number
  ) {
    const seen = req.headers["last-event-id"]
    this.lastId = typeof seen === "string" ? seen : null
    this.endsAt = now + LIVES_MS + Math.random() * LIVES_MORE_MS
    res_.on("error", destroyed)
  }

  get server(): Server | undefined {
    const socket = this.res_.socket as { server?: Server } | null
    return socket?.server
  }

  get isOver(): boolean {
    return this.res_.writableEnded || this.res_.destroyed
  }

  /** @param first the event with which it begins, if any */
  begin(first: string): void {
    this.res_.writeHead(200, HEADERS)
    this.write_(OPENING + first)
  }

  send(event: string, id: string): void {
    this.lastId = id
    this.write_(event)
  }

  beat(): void {
    this.write_(HEARTBEAT)
  }

  /** The reader is told that nothing more comes. */
  end(): void {
    this.res_.end()
  }

  drop(): void {
    this.res_.destroy()
  }

  /** Whether something of what was written is still here. */
  get isUnsent(): boolean {
    return this.res_.writableLength > 0
  }

  /** To be asked now and then, at least while `isUnsent`. */
  isStuck(now: number): boolean {
    const unsent = this.res_.writableLength
    this.unsentSince_ = unsent === 0 ? null : (this.unsentSince_ ?? now)
    return (
      unsent > MOST_UNSENT ||
      (this.unsentSince_ !== null && now - this.unsentSince_ >= UNSENT_FOR_MS)
    )
  }

  protected write_(text: string): void {
    if (!this.isOver) {
      this.res_.write(text)
      this.res_.flush?.()
    }
  }
}

/** What is written to a reader who is gone is no fault of ours. */
function destroyed(this: ServerResponse): void {
  this.destroy()
}
