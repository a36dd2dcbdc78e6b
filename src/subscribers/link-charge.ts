import { setTimeout as pause } from "node:timers/promises"

import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"

import { KHQR_MODULE } from "../modules/khqr"
import type KhqrModuleService from "../modules/khqr/service"
import { linkCharges } from "../workflows/steps/link-charges"

/** The shopper gets their answer first, and charges issued together are linked together. */
const GATHER_MS = 250

let waiting: string[] = []

/**
 * A new charge learns its cart within a moment, before the shopper can change the
 * cart or open another session. Where this does not run, the clock does it.
 */
export default async function linkCharge({
  event,
  container,
}: SubscriberArgs<{ id: string }>): Promise<void> {
  waiting.push(event.data.id)
  if (waiting.length > 1) {
    return
  }
  await pause(GATHER_MS)
  const id = waiting
  waiting = []
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  await linkCharges(
    await khqr.listKhqrCharges({ id }, { take: id.length }),
    container
  )
}

export const config: SubscriberConfig = { event: "khqr.charge.issued" }
