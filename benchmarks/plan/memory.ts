import type { ShopHistory } from "../../src/modules/khqr/plan"
import { standsForShopper, tell } from "../../src/modules/khqr/shop-history"
import type { SimCharge } from "./ours"
import { DAY, HOUR } from "./world"

/** As `ShopHistoryReader`, which reads tables. */
const READ_EACH_MS = 600_000
const MOST_CHARGES = 4_000
const CHARGES_OF_MS = 60 * DAY
const ARRIVALS_OF_MS = 28 * DAY

/** What the shop would know of its own past: nothing in the beginning. */
export class Memory {
  /** By visit, in the order of their issue. */
  protected readonly charges_: SimCharge[] = []
  protected readAt_ = -Infinity
  protected read_!: ShopHistory

  /** A charge is new, or another than it was. */
  changed(charge: SimCharge): void {
    this.charges_[charge.visit] = charge
  }

  /** The same object until it is read anew. */
  asOf(now: Date): ShopHistory {
    if (now.getTime() >= this.readAt_ + READ_EACH_MS) {
      this.readAt_ = now.getTime()
      this.read_ = this.readNow_(now)
    }
    return this.read_
  }

  protected readNow_(now: Date): ShopHistory {
    const past = this.since_(now, CHARGES_OF_MS).slice(-MOST_CHARGES)
    return {
      ...tell(past.reverse(), now),
      arrivals: arrivalsOf(this.since_(now, ARRIVALS_OF_MS)),
    }
  }

  /** Oldest first. */
  protected since_(now: Date, ms: number): SimCharge[] {
    const from = now.getTime() - ms
    const first = this.charges_.findIndex(
      ({ issued_at }) => issued_at.getTime() > from
    )
    return first === -1 ? [] : this.charges_.slice(first)
  }
}

function arrivalsOf(charges: SimCharge[]): ShopHistory["arrivals"] {
  const counts = new Map<number, number>()
  for (const { issued_at } of charges.filter(standsForShopper)) {
    const hour = Math.floor(issued_at.getTime() / HOUR)
    counts.set(hour, (counts.get(hour) ?? 0) + 1)
  }
  return [...counts].map(([hour, charges]) => ({ hour, charges }))
}
