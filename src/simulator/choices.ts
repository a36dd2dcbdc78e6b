import type { Choices } from "./settings"
import type { Quirks, TokenSettings } from "./types"

const SWITCH = [false, true] as const

export const QUIRKS: Choices<Quirks> = {
  amountAsString: SWITCH,
  withoutErrorCode: SWITCH,
  floatDates: SWITCH,
  listItems: ["data", "transaction", "inline"],
  listOrder: ["asked", "reversed"],
  listLength: ["full", "short", "long"],
  listDuplicated: SWITCH,
  listFirstItem: ["right", "unreadable", "service_failed"],
  hostedNotPaid: ["not_found", "null", "empty_404"],
  hostedQr: [
    "right",
    "other_amount",
    "other_currency",
    "other_bill_number",
    "garbled",
  ],
  hostedPaid: [
    "right",
    "other_amount",
    "other_currency",
    "other_bill_number",
    "other_hash",
  ],
}

export const TOKEN_SETTINGS: Choices<TokenSettings> = {
  registration: [true, false],
  renewalRevokes: SWITCH,
}
