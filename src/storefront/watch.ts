import type { KhqrCharge, KhqrClientError, KhqrUpdate } from "./client"
import { followStream, type StreamEnd } from "./stream"

export type WatchParts = {
  /** @param lastEventId what is known already; the server need not say it again */
  openStream(lastEventId: string | null, signal: AbortSignal): Promise<Response>
  /** @throws KhqrClientError */
  retrieve(): Promise<KhqrCharge>
  onChange: (update: KhqrUpdate) => void
}

/** How long the stream may take before the plain request is asked beside it. */
const PATIENCE_MS = 1_500
const STREAM_AGAIN_MS = 60_000
const RETRY_MS = 2_000
const SHORTEST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 10_000
/** A connection that does not last has told little. */
const SHORT_LIFE_MS = 10_000
const MOST_SHORT_LIVES = 3

const POLL_MS = 2_000
/** A late payment may still turn these into an order: look, but seldom. */
const POLL_CLOSED_MS = 5_000
const POLL_FAILED_MS = 1_000
const LONGEST_POLL_MS = 10_000

/**
 * Follows a session by the event stream, and by plain requests as long as the stream tells nothing:
 * refused, held up on the way, or not there in an older backend. What is wrong with the shop or the
 * network, the plain request says as well, so that there is one way to say it.
 *
 * A page that nobody sees is silent. To the server a stream or a request means that somebody looks,
 * and it asks the bank for whom looks; a hidden page that went on would spend the shop's questions
 * on nobody. What happened meanwhile is told at once when the page is looked at again, and the
 * order needs no page. The first view is asked for even then, so that there is something to
 * be looked at.
 */
export class SessionWatch {
  #parts: WatchParts
  #isLooking = false

  #connection: AbortController | null = null
  /** As the stream told it last, while nothing else has told anything since. */
  #lastEventId: string | null = null
  #isRefused = false
  #shortLives = 0
  #retryMs = RETRY_MS
  #connectTimer: Timer
  #patienceTimer: Timer

  /** The present round of plain requests; an answer to an earlier one is not told. */
  #polling: object | null = null
  #failures = 0
  #pollTimer: Timer

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  start(): void {
    this.#listen("addEventListener")
    if (isHidden()) {
      this.#poll()
    } else {
      this.#look()
    }
  }

  stop(): void {
    this.#listen("removeEventListener")
    this.#lookAway()
  }

  #look(): void {
    if (this.#isLooking) {
      return
    }
    this.#isLooking = true
    this.#shortLives = 0
    this.#failures = 0
    if (this.#isRefused) {
      this.#poll()
    }
    // With the server's time, and told even if nothing has changed.
    void this.#connect(null)
  }

  #lookAway(): void {
    this.#isLooking = false
    this.#connection?.abort()
    this.#connection = null
    clearTimeout(this.#connectTimer)
    clearTimeout(this.#patienceTimer)
    this.#endPolling()
  }

  async #connect(lastEventId: string | null): Promise<void> {
    const connection = new AbortController()
    this.#connection?.abort()
    this.#connection = connection
    this.#lastEventId = lastEventId
    clearTimeout(this.#connectTimer)
    clearTimeout(this.#patienceTimer)
    this.#patienceTimer = setTimeout(() => this.#poll(), PATIENCE_MS)

    const end = await followStream(
      {
        open: (signal) => this.#parts.openStream(lastEventId, signal),
        isResumed: lastEventId !== null,
        onLive: () => {
          clearTimeout(this.#patienceTimer)
          this.#isRefused = false
          this.#endPolling()
        },
        onCharge: (charge, eventId) => {
          this.#lastEventId = eventId || null
          this.#tell({ charge, error: null })
        },
        onRetry: (milliseconds) => {
          this.#retryMs = milliseconds
        },
      },
      connection.signal
    )
    if (connection === this.#connection) {
      this.#connection = null
      clearTimeout(this.#patienceTimer)
      this.#goOnAfter(end)
    }
  }

  #goOnAfter(end: StreamEnd): void {
    if (end.type === "clock_jump") {
      void this.#connect(null)
      return
    }
    if (end.type === "cut") {
      this.#shortLives = end.livedMs < SHORT_LIFE_MS ? this.#shortLives + 1 : 0
      if (this.#shortLives < MOST_SHORT_LIVES) {
        const pause = jittered(this.#retryMs * 2 ** this.#shortLives)
        this.#connectAfter(
          Math.min(Math.max(pause, SHORTEST_RETRY_MS), LONGEST_RETRY_MS)
        )
        return
      }
      this.#shortLives = 0
    }
    this.#isRefused = true
    this.#lastEventId = null
    this.#poll()
    this.#connectAfter(jittered(STREAM_AGAIN_MS))
  }

  #connectAfter(milliseconds: number): void {
    this.#connectTimer = setTimeout(
      () => void this.#connect(this.#lastEventId),
      milliseconds
    )
  }

  #poll(): void {
    if (!this.#polling) {
      this.#polling = {}
      void this.#ask(this.#polling)
    }
  }

  #endPolling(): void {
    this.#polling = null
    this.#failures = 0
    clearTimeout(this.#pollTimer)
  }

  async #ask(round: object): Promise<void> {
    clearTimeout(this.#pollTimer)
    const update = await this.#parts.retrieve().then(
      (charge): KhqrUpdate => ({ charge, error: null }),
      (error: KhqrClientError): KhqrUpdate => ({ charge: null, error })
    )
    if (round !== this.#polling) {
      return
    }
    const isBack = this.#failures > 0 && !update.error
    this.#failures = update.error ? this.#failures + 1 : 0
    this.#tell(update)
    if (round !== this.#polling) {
      return
    }
    if (!this.#isLooking) {
      this.#endPolling()
      return
    }
    this.#pollTimer = setTimeout(
      () => void this.#ask(round),
      pauseAfter(update, this.#failures)
    )
    // A stream that goes on from the event before this would not take the fault back.
    if (this.#lastEventId !== null || (isBack && !this.#connection)) {
      void this.#connect(null)
    }
  }

  #tell(update: KhqrUpdate): void {
    if (update.charge?.status === "completed") {
      this.stop()
    }
    this.#parts.onChange(update)
  }

  #onVisibility = (): void => {
    if (isHidden()) {
      this.#lookAway()
    } else {
      this.#look()
    }
  }

  /** A page with an open connection could not be kept for the way back. */
  #onPageHide = (): void => this.#lookAway()

  #onPageShow = (): void => {
    if (!isHidden()) {
      this.#look()
    }
  }

  /** Somebody is here, whatever an app's web view says about visibility. */
  #onFocus = (): void => {
    if (!this.#isLooking) {
      this.#look()
    } else if (this.#failures > 0) {
      this.#askNow()
    } else if (!this.#connection && !this.#isRefused) {
      void this.#connect(this.#lastEventId)
    }
  }

  /** The old connection may be dead without knowing it. */
  #onNetworkChange = (): void => {
    if (this.#isLooking) {
      this.#askNow()
      void this.#connect(this.#lastEventId)
    }
  }

  #askNow(): void {
    if (this.#polling) {
      this.#polling = {}
      void this.#ask(this.#polling)
    }
  }

  #listen(change: "addEventListener" | "removeEventListener"): void {
    if (typeof document !== "undefined") {
      document[change]("visibilitychange", this.#onVisibility)
      globalThis[change]("pagehide", this.#onPageHide)
      globalThis[change]("pageshow", this.#onPageShow)
      globalThis[change]("focus", this.#onFocus)
      globalThis[change]("online", this.#onNetworkChange)
      globalThis[change]("offline", this.#onNetworkChange)
    }
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined

/** Whom a restart has cut off must not come back all at once. */
function jittered(milliseconds: number): number {
  return milliseconds * (0.75 + Math.random() / 2)
}

/** Milliseconds until the next plain request. */
function pauseAfter({ charge }: KhqrUpdate, failures: number): number {
  if (!charge) {
    return Math.min(POLL_FAILED_MS * 2 ** (failures - 1), LONGEST_POLL_MS)
  }
  const { status, in_review, closed } = charge
  return status === "expired" || status === "failed" || in_review || closed
    ? POLL_CLOSED_MS
    : POLL_MS
}

function isHidden(): boolean {
  return (
    typeof document !== "undefined" && document.visibilityState === "hidden"
  )
}
