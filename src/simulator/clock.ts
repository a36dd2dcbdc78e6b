import {
  expectOnly,
  type Fields,
  InputError,
  readOptionalBoolean,
  readOptionalInteger,
} from "./input"
import type { ClockState } from "./types"

/** 9999-12-31, the last moment a `Date` header can tell. */
export const LAST_MOMENT = 253_402_300_799_999

/** The bank's clock: the caller's, moved or stopped by a test. */
export class SimulatedClock {
  protected readonly base_: () => number
  protected offset_ = 0
  protected frozenAt_: number | null = null

  constructor(base: () => number) {
    this.base_ = base
  }

  readonly now = (): number => this.frozenAt_ ?? this.base_() + this.offset_

  get state(): ClockState {
    return { now: this.now(), frozen: this.frozenAt_ !== null }
  }

  /** @throws {InputError} */
  set(input: Fields): void {
    expectOnly(input, ["now", "frozen"])
    const now = readOptionalInteger(input, "now", { min: 1, max: LAST_MOMENT })
    if (now === undefined) {
      throw new InputError("now", "is missing")
    }
    const isFrozen = readOptionalBoolean(input, "frozen") ?? false
    this.offset_ = now - this.base_()
    this.frozenAt_ = isFrozen ? now : null
  }

  /** @throws {InputError} */
  advance(input: Fields): void {
    expectOnly(input, ["advanceMs"])
    const advanceMs = readOptionalInteger(input, "advanceMs", {
      min: -LAST_MOMENT,
      max: LAST_MOMENT,
    })
    if (advanceMs === undefined) {
      throw new InputError("advanceMs", "is missing")
    }
    const target = this.now() + advanceMs
    if (target < 1 || target > LAST_MOMENT) {
      throw new InputError("advanceMs", "leads out of the years 1970 to 9999")
    }
    this.offset_ += advanceMs
    if (this.frozenAt_ !== null) {
      this.frozenAt_ = target
    }
  }

  reset(): void {
    this.offset_ = 0
    this.frozenAt_ = null
  }
}
