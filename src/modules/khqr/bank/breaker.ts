import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleType,
  type CircuitBreakerPolicy,
} from "cockatiel"

import type { Exchange, UnknownReason } from "../../../bakong"

/** So many calls in a row that brought no answer open the circuit. */
const FAILURES_TO_OPEN = 5

const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 60_000

/** What speaks of the bank's being away, not of one charge or of our token. */
const FAILURES: UnknownReason[] = ["unavailable", "unreadable"]

export type BreakerState = {
  state: "closed" | "open" | "half_open"
  /** When the next call is let through, if open. */
  retry_at: Date | null
}

class Failure extends Error {
  constructor(readonly exchange: Exchange) {
    super(exchange.trouble?.reason)
  }
}

/**
 * While the bank does not answer, most calls are not sent: each would wait for its
 * time-out, and may cost a question. One of a process after each pause tries.
 */
export class Breaker {
  protected readonly policy_: CircuitBreakerPolicy
  protected retryAt_: number | null = null

  constructor() {
    this.policy_ = circuitBreaker(handleType(Failure), {
      breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
      halfOpenAfter: new DelegateBackoff<{ attempt: number }>(({ attempt }) => {
        const pause = Math.min(
          FIRST_PAUSE_MS * 2 ** Math.min(Math.max(0, attempt - 1), 10),
          LONGEST_PAUSE_MS
        )
        this.retryAt_ = Date.now() + pause
        return pause
      }),
    })
  }

  get state(): BreakerState {
    switch (this.policy_.state) {
      case CircuitState.Open:
      case CircuitState.Isolated:
        return {
          state: "open",
          retry_at: this.retryAt_ === null ? null : new Date(this.retryAt_),
        }
      case CircuitState.HalfOpen:
        return { state: "half_open", retry_at: null }
      case CircuitState.Closed:
        return { state: "closed", retry_at: null }
    }
  }

  /** Ms until a call is let through; 0 when one is. */
  get pauseMs(): number {
    return this.policy_.state === CircuitState.Open
      ? Math.max(0, (this.retryAt_ ?? 0) - Date.now())
      : 0
  }

  /** @returns `null` when the call was not sent. */
  async run(send: () => Promise<Exchange>): Promise<Exchange | null> {
    try {
      return await this.policy_.execute(async () => {
        const exchange = await send()
        if (exchange.trouble && FAILURES.includes(exchange.trouble.reason)) {
          throw new Failure(exchange)
        }
        return exchange
      })
    } catch (error) {
      if (error instanceof Failure) {
        return error.exchange
      }
      if (error instanceof BrokenCircuitError) {
        return null
      }
      throw error
    }
  }
}
