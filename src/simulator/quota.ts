import {
  expectOnly,
  type Fields,
  readOptionalChoice,
  readOptionalInteger,
} from "./input"
import {
  QUOTA_REFUSALS,
  QUOTA_RESETS,
  QUOTA_TOKENLESS,
  type QuotaSettings,
  type QuotaState,
} from "./types"

const DAY_MS = 86_400_000

const OFFSET_MS: Record<QuotaSettings["resetsAt"], number> = {
  phnom_penh: 7 * 3_600_000,
  utc: 0,
}

const UNLIMITED: QuotaSettings = {
  dailyRequestLimit: null,
  resetsAt: "phnom_penh",
  refusesWith: "code_17",
  tokenless: "all",
}

/**
 * How many calls a day are answered. Each account has a count of its own; a call of
 * which nobody can tell whose it is burdens them all, or none.
 */
export class Quota {
  protected readonly now_: () => number
  protected readonly initial_: QuotaSettings
  protected settings_: QuotaSettings
  protected day_: number
  protected nobodys_ = 0
  protected readonly accounts_ = new Map<string, number>()

  /** @throws {InputError} */
  constructor(now: () => number, input: Fields) {
    this.now_ = now
    this.settings_ = { ...UNLIMITED, ...readSettings(input) }
    this.initial_ = this.settings_
    this.day_ = this.today_()
  }

  get state(): QuotaState {
    this.turnPage_()
    const accounts = [...this.accounts_.keys()].map((account) => [
      account,
      this.usedBy_(account),
    ])
    return {
      ...this.settings_,
      used: this.usedBy_(null),
      accounts: Object.fromEntries(accounts),
      nextResetAt:
        (this.day_ + 1) * DAY_MS - OFFSET_MS[this.settings_.resetsAt],
    }
  }

  /** Counts a call; true when the day's quota was spent before it. */
  count(account: string | null): boolean {
    this.turnPage_()
    if (account === null && this.settings_.tokenless === "none") {
      return false
    }
    if (account === null) {
      this.nobodys_ += 1
    } else {
      this.accounts_.set(account, (this.accounts_.get(account) ?? 0) + 1)
    }
    return (
      this.usedBy_(account) > (this.settings_.dailyRequestLimit ?? Infinity)
    )
  }

  /** What was used today stays used. @throws {InputError} */
  set(input: Fields): void {
    this.turnPage_()
    this.settings_ = { ...this.settings_, ...readSettings(input) }
    this.day_ = this.today_()
  }

  reset(): void {
    this.settings_ = this.initial_
    this.clear_()
  }

  protected usedBy_(account: string | null): number {
    const own =
      account === null
        ? Math.max(0, ...this.accounts_.values())
        : (this.accounts_.get(account) ?? 0)
    return own + this.nobodys_
  }

  protected turnPage_(): void {
    if (this.today_() !== this.day_) {
      this.clear_()
    }
  }

  protected clear_(): void {
    this.day_ = this.today_()
    this.nobodys_ = 0
    this.accounts_.clear()
  }

  protected today_(): number {
    const offset = OFFSET_MS[this.settings_.resetsAt]
    return Math.floor((this.now_() + offset) / DAY_MS)
  }
}

const readSettings = (input: Fields): Partial<QuotaSettings> => {
  expectOnly(input, [
    "dailyRequestLimit",
    "resetsAt",
    "refusesWith",
    "tokenless",
  ])
  const dailyRequestLimit =
    input.dailyRequestLimit === null
      ? null
      : readOptionalInteger(input, "dailyRequestLimit", {
          min: 0,
          max: 1_000_000_000,
        })
  const resetsAt = readOptionalChoice(input, "resetsAt", QUOTA_RESETS)
  const refusesWith = readOptionalChoice(input, "refusesWith", QUOTA_REFUSALS)
  const tokenless = readOptionalChoice(input, "tokenless", QUOTA_TOKENLESS)
  return {
    ...(dailyRequestLimit !== undefined && { dailyRequestLimit }),
    ...(resetsAt !== undefined && { resetsAt }),
    ...(refusesWith !== undefined && { refusesWith }),
    ...(tokenless !== undefined && { tokenless }),
  }
}
