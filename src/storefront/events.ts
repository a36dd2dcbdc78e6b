import type { KhqrCharge, KhqrClientError } from "./client"

export type KhqrChargeDetail = { charge: KhqrCharge }
export type KhqrCompletedDetail = {
  charge: KhqrCharge
  /** `null` when the payment was not for a cart. */
  orderId: string | null
}
export type KhqrErrorDetail = { error: KhqrClientError }

export type KhqrEventMap = {
  /** The money is there; the order may still be on its way. */
  "khqr:paid": CustomEvent<KhqrChargeDetail>
  /** The order exists. Also fired when the element is shown after that. */
  "khqr:completed": CustomEvent<KhqrCompletedDetail>
  /** The bank saw no payment in time. The element offers a new QR. */
  "khqr:expired": CustomEvent<KhqrChargeDetail>
  /** The bank says that the transfer failed. The element offers a new QR. */
  "khqr:failed": CustomEvent<KhqrChargeDetail>
  /**
   * Once per outage or refusal; the element goes on trying by itself. Of kind
   * `not_found` or `conflict` the cart has changed: read it again, and give
   * the element the session it has now. The element offers no new QR then.
   */
  "khqr:error": CustomEvent<KhqrErrorDetail>
}

export type Tell = <K extends keyof KhqrEventMap>(
  type: K,
  detail: KhqrEventMap[K]["detail"]
) => void
