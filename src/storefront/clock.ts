export type ServerClock = {
  /** The server's time, epoch milliseconds. */
  now(): number
}

/**
 * The server's clock as far as this page knows it. The local wall clock may be
 * set wrongly and the monotonic one stands still while a phone sleeps, so the
 * time since the last answer is the larger of what both say: a QR may be
 * hidden a moment early, never shown late.
 */
export function serverClock(serverTime: string): ServerClock {
  const server = Date.parse(serverTime)
  const wall = Date.now()
  const monotonic = performance.now()

  return {
    now: () =>
      server + Math.max(Date.now() - wall, performance.now() - monotonic),
  }
}

/** Milliseconds as `4:05`; nothing left as `0:00`. */
export function formatRemaining(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}
