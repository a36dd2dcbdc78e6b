import type { BigNumberInput } from "@medusajs/framework/types"
import { BigNumber, MathBN, MedusaError } from "@medusajs/framework/utils"

/** Far below a hundredth of a riel, far above the noise of Medusa's 20-digit divisions. */
export const NOISE = "0.000001"

/**
 * Medusa's amount as a decimal string without exponent.
 * @throws MedusaError INVALID_DATA when it is no number
 */
export function exactDecimal(amount: BigNumberInput): string {
  try {
    return new BigNumber(amount).bigNumber!.toFixed()
  } catch {
    throw new MedusaError(
      MedusaError.Types.INVALID_DATA,
      `amount: ${JSON.stringify(amount)} is not a number.`
    )
  }
}

/**
 * Whether two of Medusa's amounts are the same money. A cart with taxes in its
 * prices costs 29.999999999999999999997 in one place and 30 in another. What
 * the bank says is compared exactly instead, with `sameAmount`.
 */
export function sameMoney(a: string, b: string): boolean {
  return MathBN.lt(MathBN.abs(MathBN.sub(a, b)), NOISE)
}
