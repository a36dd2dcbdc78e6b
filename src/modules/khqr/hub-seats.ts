import { networkOf } from "./attempts"

/** Streams for one payment session: a shopper's tabs, and those of who helps them. */
export const STREAMS_PER_SESSION = 20

export type SeatLimits = { perProcess: number; perAddress: number }

/** Whom a stream counts against. */
export type Seat = { session: string; network: string }

/** How many streams are open, and for whom. Pure. */
export class Seats {
  protected readonly sessions_ = new Map<string, number>()
  protected readonly networks_ = new Map<string, number>()
  protected taken_ = 0

  get taken(): number {
    return this.taken_
  }

  /** @returns `null` when one of the limits is reached */
  take(session: string, address: string, limits: SeatLimits): Seat | null {
    const network = networkOf(address)
    if (
      this.taken_ >= limits.perProcess ||
      (this.networks_.get(network) ?? 0) >= limits.perAddress ||
      (this.sessions_.get(session) ?? 0) >= STREAMS_PER_SESSION
    ) {
      return null
    }
    this.count_(session, network, 1)
    return { session, network }
  }

  /** Once for each seat. */
  free({ session, network }: Seat): void {
    this.count_(session, network, -1)
  }

  protected count_(session: string, network: string, by: 1 | -1): void {
    this.taken_ += by
    add(this.sessions_, session, by)
    add(this.networks_, network, by)
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) {
    counts.delete(key)
  } else {
    counts.set(key, count)
  }
}
