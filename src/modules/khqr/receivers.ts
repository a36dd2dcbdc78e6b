import type { KhqrCurrency, KhqrReceiver } from "../../khqr"
import type { KhqrOptions } from "./options"

type Account = Pick<KhqrOptions["merchant"], "accountId"> &
  (
    | { type: "merchant"; merchantId: string; acquiringBank: string }
    | {
        type: "individual"
        accountInformation?: string
        acquiringBank?: string
      }
  )

/** Who is paid in this currency. */
export function receiverFor(
  { merchant, receivers }: KhqrOptions,
  currency: KhqrCurrency
): KhqrReceiver {
  const own = currency === "USD" ? receivers.usd : receivers.khr
  return receiverOf(own ?? merchant)
}

/** The account alone, out of an option that may say more. */
export function receiverOf(account: Account): KhqrReceiver {
  return account.type === "merchant"
    ? {
        type: "merchant",
        accountId: account.accountId ?? "",
        merchantId: account.merchantId,
        acquiringBank: account.acquiringBank,
      }
    : {
        type: "individual",
        accountId: account.accountId ?? "",
        accountInformation: account.accountInformation,
        acquiringBank: account.acquiringBank,
      }
}

/** Each account that may be paid, once, with the option that names it. */
export function receivingAccounts(
  options: KhqrOptions
): { option: string; accountId: string }[] {
  const { merchant, receivers } = options
  const named = [
    {
      option: receivers.usd ? "receivers.usd.accountId" : "merchant.accountId",
      accountId: (receivers.usd ?? merchant).accountId,
    },
    {
      option: receivers.khr ? "receivers.khr.accountId" : "merchant.accountId",
      accountId: (receivers.khr ?? merchant).accountId,
    },
  ]
  const seen = new Set<string>()
  return named.flatMap(({ option, accountId }) => {
    if (!accountId || seen.has(accountId)) {
      return []
    }
    seen.add(accountId)
    return [{ option, accountId }]
  })
}

/** What every KHQR of the shop says of the merchant, besides who is paid. */
export function printedFields({ merchant }: Pick<KhqrOptions, "merchant">) {
  return {
    merchantName: merchant.name,
    merchantCity: merchant.city,
    merchantCategoryCode: merchant.categoryCode,
    storeLabel: merchant.storeLabel,
    terminalLabel: merchant.terminalLabel,
  }
}
