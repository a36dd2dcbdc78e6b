export type ServerClock = {
  /** The server's time, epoch milliseconds. */
  now(): number
}

/**
 * The server's clock as far as this page knows it; it runs on by itself until the server is heard
 * again. A QR may be hidden a moment early, never shown late: see {@link stopwatch}.
 *
 * @param serverTime `server_time` of the charge that was heard just now
 */
export function serverClock(serverTime: string): ServerClock {
  const server = Date.parse(serverTime)
  const elapsed = stopwatch()

  return { now: () => server + elapsed() }
}

/**
 * Milliseconds since it was started. The local wall clock may be set wrongly and the monotonic one
 * stands still while a phone sleeps, so it is the larger of what both say.
 */
export function stopwatch(): () => number {
  const wall = Date.now()
  const monotonic = performance.now()

  return () => Math.max(Date.now() - wall, performance.now() - monotonic)
}

/**
 * Whether the two local clocks have parted since it was asked last: the device slept or its clock
 * was set, and what was measured by them is worth nothing until the server is heard again.
 */
export function clockJumps(): () => boolean {
  let wall = Date.now()
  let monotonic = performance.now()

  return () => {
    const parted = Date.now() - wall - (performance.now() - monotonic)
    wall = Date.now()
    monotonic = performance.now()
    return Math.abs(parted) > JUMP_MS
  }
}

const JUMP_MS = 2_000

/** Milliseconds as `4:05`; nothing left as `0:00`. */
export function formatRemaining(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}
