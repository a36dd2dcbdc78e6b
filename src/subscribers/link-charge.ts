import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"

import { KHQR_MODULE } from "../modules/khqr"
import type KhqrModuleService from "../modules/khqr/service"
import { linkCharges } from "../workflows/steps/link-charges"

/**
 * A new charge learns its cart at once, before the shopper can change the cart or
 * open another session. Where this does not run, the clock does it.
 */
export default async function linkCharge({
  event,
  container,
}: SubscriberArgs<{ id: string }>): Promise<void> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  await linkCharges([await khqr.retrieveKhqrCharge(event.data.id)], container)
}

export const config: SubscriberConfig = { event: "khqr.charge.issued" }
