import { MedusaError } from "@medusajs/framework/utils"

import type { Question } from "../../gateways"
import { buildKhqr, KhqrError } from "../../khqr"
import { newReference } from "./reference"
import { refundClosesAt } from "./refund-state"
import type { Charge, Refund } from "./types"

/** Of the name in tag 59. */
const NAME_LENGTH = 25

export type ReverseKhqr = {
  qr: string
  md5: string
  reference: string
  expiresAt: Date
}

/**
 * A KHQR to the payer's own account: the merchant scans it with their bank's app,
 * and the bank tells of it as it does of any.
 *
 * @throws MedusaError INVALID_DATA for an account or an amount that KHQR cannot carry
 */
export function buildReverseKhqr(
  refund: Pick<Refund, "payer_account" | "amount" | "currency_code">,
  charge: Pick<Charge, "reference">,
  expiresInSeconds: number,
  now: Date
): ReverseKhqr {
  const reference = newReference()
  const expiresAt = new Date(now.getTime() + expiresInSeconds * 1_000)
  try {
    const { qr, md5 } = buildKhqr(
      {
        receiver: {
          type: "individual",
          accountId: refund.payer_account ?? "",
        },
        merchantName: `Refund ${charge.reference}`.slice(0, NAME_LENGTH),
        amount: refund.amount,
        currency: refund.currency_code === "khr" ? "KHR" : "USD",
        billNumber: reference,
        expiresAt: expiresAt.getTime(),
      },
      now.getTime()
    )
    return { qr, md5, reference, expiresAt }
  } catch (error) {
    if (error instanceof KhqrError) {
      throw new MedusaError(
        MedusaError.Types.INVALID_DATA,
        `No KHQR can be made to ${refund.payer_account}: ${error.message}. Send the money by hand.`
      )
    }
    throw error
  }
}

/** What the gateway is asked of a reverse KHQR: the same as of any. */
export function toRefundQuestion(refund: Refund, now: Date): Question {
  const closes = refundClosesAt(refund)
  return {
    charge_id: refund.id,
    md5: refund.md5!,
    reference: refund.reference!,
    khqr_amount: refund.amount,
    currency_code: refund.currency_code,
    gateway_ref: null,
    closing: refund.status === "pending" && closes !== null && closes <= now,
  }
}
