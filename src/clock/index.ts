import type { MedusaContainer } from "@medusajs/framework/types"

import { KHQR_MODULE } from "../modules/khqr"
import type KhqrModuleService from "../modules/khqr/service"
import { Clock } from "./clock"

const clocks = new WeakMap<KhqrModuleService, Clock>()

/** The process's clock. It goes from the first tick on, so only where jobs run. */
export function clockOf(container: MedusaContainer): Clock {
  // A step is given modules that carry the context of its workflow, each time
  // other ones. Those of a scope are the shop's own.
  const shop = container.createScope() as MedusaContainer
  const khqr = shop.resolve<KhqrModuleService>(KHQR_MODULE)
  const known = clocks.get(khqr)
  if (known) {
    return known
  }
  const clock = new Clock(shop)
  clocks.set(khqr, clock)
  const deafen = khqr.bell.hear(({ type }) => {
    if (type === "due") {
      clock.wake()
    }
  })
  khqr.beforeShutdown(() => {
    deafen()
    return clock.stop()
  })
  return clock
}

/** All that is due now, to its end. */
export function tick(container: MedusaContainer): Promise<void> {
  return clockOf(container).tick()
}
