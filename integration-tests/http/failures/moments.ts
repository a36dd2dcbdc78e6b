const SECOND = 1_000
const DAY = 86_400 * SECOND

export type Moment = {
  paid: string
  /** By the bank's clock, ms after the KHQR's own time. */
  after: number
  late: boolean
}

/** When a transfer may have been made; a minute is the difference that two clocks may have. */
export const MOMENTS: Moment[] = [
  { paid: "1 s before the KHQR's end", after: -SECOND, late: false },
  { paid: "at the KHQR's end", after: 0, late: false },
  { paid: "59 s after it", after: 59 * SECOND, late: false },
  { paid: "60 s after it", after: 60 * SECOND, late: false },
  { paid: "1 ms more than 60 s after it", after: 60_001, late: true },
  { paid: "61 s after it", after: 61 * SECOND, late: true },
  { paid: "a day after it", after: DAY, late: true },
]

/** Ours is behind or ahead by 5 minutes, or they agree. */
export const CLOCKS = [
  { clock: "5 minutes behind the bank's", bankAheadMs: 300_000 },
  { clock: "5 minutes ahead of the bank's", bankAheadMs: -300_000 },
]
