import type { KhqrCharge } from "./client"
import { clockJumps, stopwatch } from "./clock"
import { EventStreamParser } from "./event-stream"

export type StreamParts = {
  open(signal: AbortSignal): Promise<Response>
  /** The server was told what is known already, and is silent as long as that holds. */
  isResumed: boolean
  /** From now on this connection tells what happens. */
  onLive: () => void
  onCharge: (charge: KhqrCharge, eventId: string) => void
  /** @param milliseconds as the server wants it */
  onRetry: (milliseconds: number) => void
}

/** Why a connection is over. */
export type StreamEnd =
  /** It never told anything: refused, held up by a proxy, or no event stream at all. */
  | { type: "refused" }
  /** Broken, ended or fallen silent. */
  | { type: "cut"; livedMs: number }
  /** This device slept, or its clock was set. */
  | { type: "clock_jump" }

/** A proxy that collects the answer before it passes it on looks like this. */
const FIRST_WORD_MS = 4_000
/** The server says something each 15 s. */
const SILENCE_MS = 40_000
const CHECK_MS = 1_000

/**
 * One connection to the event stream, from its opening to its end. Not `EventSource`, which can
 * send no publishable key.
 *
 * @param closed ends it; nothing is told after that
 */
export async function followStream(
  parts: StreamParts,
  closed: AbortSignal
): Promise<StreamEnd> {
  const abort = new AbortController()
  const cut = () => abort.abort()
  closed.addEventListener("abort", cut)

  const age = stopwatch()
  let silence = stopwatch()
  const hasJumped = clockJumps()
  let isLive = false
  let liveAt = 0
  let isClockWrong = false

  const checking = setInterval(() => {
    isClockWrong = hasJumped()
    const isDead = isLive ? silence() > SILENCE_MS : age() > FIRST_WORD_MS
    if (isClockWrong || isDead) {
      clearInterval(checking)
      cut()
    }
  }, CHECK_MS)

  function live(): void {
    if (!isLive) {
      isLive = true
      liveAt = age()
      parts.onLive()
    }
  }

  const parser = new EventStreamParser({
    onEvent({ type, data, lastEventId }) {
      if (type !== "charge" || abort.signal.aborted) {
        return
      }
      const charge = readCharge(data)
      live()
      parts.onCharge(charge, lastEventId)
    },
    onRetry: parts.onRetry,
  })

  try {
    const response = await parts.open(abort.signal)
    if (response.ok && isEventStream(response)) {
      // The parser knows a byte order mark itself.
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
      const reader = response.body!.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done || abort.signal.aborted) {
          break
        }
        silence = stopwatch()
        if (parts.isResumed) {
          live()
        }
        parser.feed(decoder.decode(value, { stream: true }))
      }
    }
  } catch {
    // However it failed, the connection is of no use; what is wrong with it, a plain request will tell.
  } finally {
    clearInterval(checking)
    closed.removeEventListener("abort", cut)
    cut()
  }

  if (isClockWrong) {
    return { type: "clock_jump" }
  }
  return isLive ? { type: "cut", livedMs: age() - liveAt } : { type: "refused" }
}

function isEventStream(response: Response): boolean {
  const type = response.headers.get("content-type") ?? ""
  return /^text\/event-stream\b/i.test(type) && response.body !== null
}

/** @throws when it is none: whoever wrote this is not the shop's backend. */
function readCharge(data: string): KhqrCharge {
  const { charge } = JSON.parse(data) as { charge?: KhqrCharge }
  if (!charge) {
    throw new TypeError("An event without a charge")
  }
  return charge
}
