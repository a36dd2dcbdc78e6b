import type { MedusaContainer } from "@medusajs/framework/types"

import { clockOf } from "../clock"
import { TICK_MS } from "../clock/clock"

/** Only wakes: Medusa ticks again when this has ended, and an order may take its time. */
export default function wake(container: MedusaContainer): Promise<void> {
  clockOf(container).wake()
  return Promise.resolve()
}

export const config = {
  name: "khqr-clock",
  schedule: { interval: TICK_MS },
}
