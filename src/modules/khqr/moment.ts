/** Cambodia keeps UTC+7 all year. */
const PHNOM_PENH_OFFSET_MS = 7 * 3_600_000

/** `20:54 (Phnom Penh)`, with the date before it when that is another day than `now`'s there. */
export function phnomPenhTime(at: Date, now: Date): string {
  const [day, time] = localTime(at)
  const [today] = localTime(now)
  return `${day === today ? time : `${day} ${time}`} (Phnom Penh)`
}

function localTime(at: Date): [day: string, time: string] {
  const iso = new Date(at.getTime() + PHNOM_PENH_OFFSET_MS).toISOString()
  return [iso.slice(0, 10), iso.slice(11, 16)]
}

export const HOUR_MS = 3_600_000

export function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1_000
}

export function after(moment: Date, ms: number): Date {
  return new Date(moment.getTime() + ms)
}

export function latest(a: Date, b: Date): Date {
  return a.getTime() > b.getTime() ? a : b
}

export function earliest(a: Date, b: Date): Date {
  return a.getTime() < b.getTime() ? a : b
}
