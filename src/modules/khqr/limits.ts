import { MathBN } from "@medusajs/framework/utils"

import { formatKhqrAmount, type KhqrCurrency } from "../../khqr"

export type AmountLimits = { min?: string; max?: string }

/** Exact. */
export function isBelow(a: string, b: string): boolean {
  return MathBN.lt(a, b)
}

/** Why an amount is not to be paid by KHQR, for the shopper; `null` when it may. */
export function limitFault(
  amount: string,
  currency: KhqrCurrency,
  { min, max }: AmountLimits = {}
): string | null {
  const bound =
    min !== undefined && isBelow(amount, min)
      ? `from ${formatKhqrAmount(min, currency)}`
      : max !== undefined && isBelow(max, amount)
        ? `up to ${formatKhqrAmount(max, currency)}`
        : null
  return bound === null
    ? null
    : `KHQR can be used for amounts ${bound}, and ${formatKhqrAmount(amount, currency)} is to be paid. Choose another way to pay.`
}
