import { nextReset, type BankDay } from "./bank"
import { CLOSES_MS, DAY, BEGIN, SECOND, type Visit } from "./world"

/** What became of the visits under one way of asking. */
export type Run = {
  /** By visit: when the answer "paid" was there; `Infinity`: never. */
  foundAt: Float64Array
  /** Calls that left. */
  calls: number
  /** Of these, refused by the bank. */
  refused: number
  /** Calls that our own gate held back; they cost nothing. */
  held: number
  /** Paid, and taken for unpaid when its time was over. */
  falseExpiries: number
}

export type Figures = {
  orders: number
  calls: number
  callsPerOrder: number
  /** Seconds from the payer's confirmation to the answer; `Infinity` where so many were never found. */
  p50: number
  p95: number
  p99: number
  mean: number
  /** Seconds from the bank's record to the answer. */
  recordP50: number
  recordP95: number
  /** Share of the paid orders. */
  sameDay: number
  lost: number
  refused: number
  held: number
  falseExpiries: number
}

/** @param days only visits of these days, [from, to); calls are then not told */
export function figuresOf(
  visits: Visit[],
  run: Run,
  bankDay: BankDay,
  days?: [from: number, to: number]
): Figures {
  const waited: number[] = []
  const waitedAtBank: number[] = []
  let sameDay = 0
  let orders = 0
  let lost = 0
  visits.forEach((visit, i) => {
    const day = (visit.issuedAt - BEGIN) / DAY
    if (
      visit.paidAt === Infinity ||
      (days && (day < days[0] || day >= days[1]))
    ) {
      return
    }
    const foundAt = run.foundAt[i]
    orders++
    waited.push((foundAt - visit.paidAt) / SECOND)
    waitedAtBank.push((foundAt - visit.recordedAt) / SECOND)
    sameDay += isSameDay(visit, foundAt, bankDay) ? 1 : 0
    lost += foundAt === Infinity ? 1 : 0
  })
  // A search sorts them thousands of times: numbers alone sort faster.
  const waits = Float64Array.from(waited).sort()
  const sinceRecord = Float64Array.from(waitedAtBank).sort()
  return {
    orders,
    calls: run.calls,
    callsPerOrder: run.calls / orders,
    p50: quantile(waits, 0.5),
    p95: quantile(waits, 0.95),
    p99: quantile(waits, 0.99),
    mean: waits.reduce((sum, wait) => sum + wait, 0) / orders,
    recordP50: quantile(sinceRecord, 0.5),
    recordP95: quantile(sinceRecord, 0.95),
    sameDay: sameDay / orders,
    lost,
    refused: run.refused,
    held: run.held,
    falseExpiries: run.falseExpiries,
  }
}

/**
 * Found before the bank's day began anew, which is when a spent quota is there
 * again; or within the KHQR's own time, for those who pay around that midnight.
 */
export function isSameDay(
  visit: Visit,
  foundAt: number,
  bankDay: BankDay
): boolean {
  return (
    foundAt < nextReset(visit.paidAt, bankDay) ||
    foundAt <= visit.issuedAt + CLOSES_MS + SECOND
  )
}

/** The nearest rank; `sorted` may end in `Infinity`, which nothing can be interpolated with. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}
