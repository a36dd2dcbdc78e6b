import type { InferTypeOf } from "@medusajs/framework/types"

import type KhqrCharge from "./models/charge"
import type KhqrEvent from "./models/event"
import type KhqrRefund from "./models/refund"
import type { Announcement } from "./state"

export type Charge = InferTypeOf<typeof KhqrCharge>
export type Refund = InferTypeOf<typeof KhqrRefund>
export type ChargeMode = Charge["mode"]
export type ChargeHistoryEntry = InferTypeOf<typeof KhqrEvent>

/** Who did it: the shopper's browser, Medusa's payment module, our clock, or an admin's id. */
export type Actor = "shopper" | "medusa" | "clock" | (string & {})

/**
 * A moment when a payment is likely: the shopper looks at the page again, says that they
 * paid, or another system of the shop's says that money came.
 */
export type SignalKind = "returned" | "claims_paid" | "announced"

/** A change of a charge that the shop may want to hear of, as `khqr.charge.<what>`. */
export type ChargeAnnouncement = { charge_id: string; what: Announcement }

/** The same of a refund, as `khqr.refund.<what>`. */
export type RefundAnnouncement = {
  refund_id: string
  what: "due" | "sent" | "expired" | "canceled" | "review"
}
