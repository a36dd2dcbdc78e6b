import type { ShopHistory } from "./plan"

/**
 * When shoppers pay, counted from the issue of the KHQR: the shop's own payments,
 * smoothed, beside a guess that gives way to them.
 */
export class PaymentTimes {
  /** Log seconds and weights of what was seen, in a few bins. */
  protected readonly kernels_: { at: number; weight: number }[]
  protected readonly bandwidth_: number
  protected readonly seen_: number

  constructor(payments: ShopHistory["payments"]) {
    const logs = payments.map(({ seconds }) =>
      Math.log(Math.min(Math.max(seconds, SHORTEST_S), LONGEST_S))
    )
    this.seen_ = logs.length
    this.kernels_ = binned(logs)
    this.bandwidth_ = Math.max(
      NARROWEST,
      1.06 * spreadOf(logs) * Math.max(1, logs.length) ** -0.2
    )
  }

  /** Of the shoppers who pay, the share that has paid by then. @param age seconds since the issue */
  paidBy(age: number): number {
    if (age <= 0) {
      return 0
    }
    const log = Math.log(age)
    const own = this.kernels_.reduce(
      (sum, { at, weight }) =>
        sum + weight * normalCdf((log - at) / this.bandwidth_),
      0
    )
    const guess = normalCdf((log - GUESS.logMedian) / GUESS.sigma)
    return (own + GUESS.weight * guess) / (this.seen_ + GUESS.weight)
  }
}

/** Payments outside are somebody's clock, or a night's sleep. */
const SHORTEST_S = 3
const LONGEST_S = 1_800

/** Before a shop has payments of its own: half within 40 s, nearly all within three minutes. */
const GUESS = { logMedian: Math.log(40), sigma: 0.75, weight: 12 }

const NARROWEST = 0.12
const BIN = 0.1

function binned(logs: number[]): { at: number; weight: number }[] {
  const bins = new Map<number, number>()
  for (const log of logs) {
    const bin = Math.round(log / BIN)
    bins.set(bin, (bins.get(bin) ?? 0) + 1)
  }
  return [...bins].map(([bin, weight]) => ({ at: bin * BIN, weight }))
}

function spreadOf(logs: number[]): number {
  if (logs.length < 2) {
    return GUESS.sigma
  }
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0)
  return Math.sqrt(squares / (logs.length - 1))
}

/** Abramowitz and Stegun 26.2.17; the error is below 1e-7. */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 +
      t *
        (-0.356563782 +
          t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return z >= 0 ? 1 - tail : tail
}
