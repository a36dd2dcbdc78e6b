import type { ShopHistory } from "../../src/modules/khqr/plan"
import { tell } from "../../src/modules/khqr/shop-history"
import type { SimCharge } from "./ours"
import { HOUR } from "./world"

/** As the reader of the shop's past, which reads tables. */
const READ_EACH_MS = 600_000
const MOST_CHARGES = 4_000
const ARRIVALS_HOURS = 28 * 24

/** What the shop would know of its own past: nothing in the beginning. */
export class Memory {
  /** By visit, in the order of their issue. */
  protected readonly charges_: SimCharge[] = []
  protected readonly arrivals_: ShopHistory["arrivals"] = []
  protected readAt_ = -Infinity
  protected read_!: ShopHistory

  issued(charge: SimCharge): void {
    this.charges_[charge.visit] = charge
    const hour = Math.floor(charge.issued_at.getTime() / HOUR)
    const last = this.arrivals_.at(-1)
    if (last?.hour === hour) {
      last.charges++
    } else {
      this.arrivals_.push({ hour, charges: 1 })
    }
  }

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
    const hour = Math.floor(now.getTime() / HOUR)
    const arrivals = this.arrivals_.filter(
      (entry) => entry.hour > hour - ARRIVALS_HOURS
    )
    return {
      ...tell(this.charges_.slice(-MOST_CHARGES).reverse(), now),
      arrivals: arrivals.map((entry) => ({ ...entry })),
    }
  }
}
