/** What the browser remembers between visits. */
export type Memory = {
  locale?: "en" | "km"
  currency?: "usd" | "khr"
  cartId?: string
  /** Of the last KHQR shown: through it a finished cart leads to its order. */
  paymentSessionId?: string
  /** Of the KHQRs shown that are not known to be over, newest first. */
  shownSessionIds?: string[]
}

const KEY = "phsar-toul"
const MOST_EARLIER_SESSIONS = 5

export function recall(): Memory {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}")
  } catch {
    return {}
  }
}

export function remember(change: Memory): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...recall(), ...change }))
  } catch {
    // Storage may be full or forbidden: the shop works until the page closes.
  }
}

/** A later cart, total or currency gets another KHQR, but money may still come for this one. */
export function rememberSession(id: string): void {
  const earlier = shownSessions().filter((one) => one !== id)
  remember({
    paymentSessionId: id,
    shownSessionIds: [id, ...earlier.slice(0, MOST_EARLIER_SESSIONS)],
  })
}

export function shownSessions(): string[] {
  return recall().shownSessionIds ?? []
}

/** Its order was seen, or the bank proved that it is not paid. */
export function forgetSession(id: string | undefined): void {
  remember({ shownSessionIds: shownSessions().filter((one) => one !== id) })
}

export function forgetCart(): void {
  remember({ cartId: undefined, paymentSessionId: undefined })
}
