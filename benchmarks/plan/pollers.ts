/**
 * Others' ways of asking, restated: a timer per open session, or one for all, that asks
 * until the money is found or the KHQR's time is over, whatever the bank answers. They know
 * no quota, hear no signals, and take a session that was not found in its time for unpaid.
 */
import { Bank } from "./bank"
import type { Run } from "./measure"
import { LATENCY_MS, type Rules } from "./ours"
import { Queue } from "./queue"
import { LIVES_MS, SECOND, type Visit } from "./world"

export type Poller = {
  name: string
  /** When a session is asked about next; epoch ms. */
  next(issuedAt: number, asked: number | null): number
}

const afterSeconds = (seconds: number) => seconds * SECOND

export const POLLERS: Poller[] = [
  each("naive, each 3 s", () => 3),
  each("naive, each 10 s", () => 10),
  each("2 s, then 10 s after a minute", (age) => (age < 60 ? 2 : 10)),
  doubling("doubling, 2 to 60 s", 2, 60),
  {
    name: "cron, each 60 s",
    next: (issuedAt, asked) =>
      (Math.floor((asked ?? issuedAt) / afterSeconds(60)) + 1) *
      afterSeconds(60),
  },
]

function each(name: string, pause: (age: number) => number): Poller {
  return {
    name,
    next: (issuedAt, asked) => {
      const from = asked ?? issuedAt
      return from + afterSeconds(pause((from - issuedAt) / SECOND))
    },
  }
}

function doubling(name: string, first: number, longest: number): Poller {
  return {
    name,
    // After 2, 6, 14, 30, 62 s the next pause is as long as all so far and 2 s more.
    next: (issuedAt, asked) => {
      const from = asked ?? issuedAt
      const pause = (from - issuedAt) / SECOND + first
      return from + afterSeconds(Math.min(longest, pause))
    },
  }
}

export function runPoller(visits: Visit[], rules: Rules, poller: Poller): Run {
  const bank = new Bank(rules.limit, rules.bankDay)
  const foundAt = new Float64Array(visits.length).fill(Infinity)
  const queue = new Queue<number>()
  let falseExpiries = 0
  visits.forEach(({ issuedAt }, visit) =>
    queue.push(poller.next(issuedAt, null), visit)
  )
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { at, what: visit } = next
    const { issuedAt, recordedAt, paidAt } = visits[visit]
    if (at > issuedAt + LIVES_MS) {
      falseExpiries += paidAt < Infinity ? 1 : 0
      continue
    }
    if (bank.serves(at) && recordedAt <= at + LATENCY_MS / 2) {
      foundAt[visit] = at + LATENCY_MS
    } else {
      queue.push(poller.next(issuedAt, at), visit)
    }
  }
  return {
    foundAt,
    calls: bank.served + bank.refused,
    refused: bank.refused,
    held: 0,
    falseExpiries,
  }
}
