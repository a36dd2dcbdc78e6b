import { DAY, HOUR } from "./world"

/** Where the bank's day begins is not known. */
export type BankDay = "phnom-penh" | "utc"

const OFFSET: Record<BankDay, number> = { "phnom-penh": 7 * HOUR, utc: 0 }

/** A token's day at the bank: so many calls are served, and those beyond are refused and not counted. */
export class Bank {
  served = 0
  refused = 0
  protected day_ = NaN
  protected count_ = 0

  /** @param limit calls a day, `null` for none */
  constructor(
    protected readonly limit_: number | null,
    protected readonly bankDay_: BankDay
  ) {}

  /** @param at epoch ms, not before the last call's */
  serves(at: number): boolean {
    const day = dayOf(at, this.bankDay_)
    if (day !== this.day_) {
      this.day_ = day
      this.count_ = 0
    }
    if (this.limit_ !== null && this.count_ >= this.limit_) {
      this.refused++
      return false
    }
    this.count_++
    this.served++
    return true
  }
}

export function dayOf(at: number, bankDay: BankDay): number {
  return Math.floor((at + OFFSET[bankDay]) / DAY)
}

/** When the bank's day after that of `at` begins. */
export function nextReset(at: number, bankDay: BankDay): number {
  return (dayOf(at, bankDay) + 1) * DAY - OFFSET[bankDay]
}
