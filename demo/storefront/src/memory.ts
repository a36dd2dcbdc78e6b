/** What the browser remembers between visits. */
export type Memory = {
  locale?: "en" | "km"
  currency?: "usd" | "khr"
  cartId?: string
  /** Of the last KHQR shown: through it a finished cart leads to its order. */
  paymentSessionId?: string
}

const KEY = "phsar-toul"

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

export function forgetCart(): void {
  remember({ cartId: undefined, paymentSessionId: undefined })
}
