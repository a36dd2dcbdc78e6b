/** ISO codes of the two currencies KHQR knows (EMVCo tag 53: 840 and 116). */
export type KhqrCurrency = "USD" | "KHR"

/** How a KHR amount with a fraction (Medusa's taxes make them) becomes whole riel. */
export type KhrRounding = 1 | 100 | "refuse"

/** Who is paid. `individual` is written as tag 29, `merchant` as tag 30. */
export type KhqrReceiver =
  | {
      type: "individual"
      /** Bakong account, `name@bank`, at most 32 characters (29.00). */
      accountId: string
      /** For example the phone or account number behind the Bakong account (29.01), ≤32. */
      accountInformation?: string
      /** 29.02, ≤32. */
      acquiringBank?: string
    }
  | {
      type: "merchant"
      /** Bakong account of the acquiring bank, `name@bank`, at most 32 characters (30.00). */
      accountId: string
      /** 30.01, ≤32. */
      merchantId: string
      /** 30.02, ≤32. */
      acquiringBank: string
    }

/** What a KHQR says besides its format. Optional fields are absent, never empty. */
export type KhqrFields = {
  receiver: KhqrReceiver
  /** Exact decimal in canonical form ("11", "0.5", "12.34"); absent in a static KHQR. */
  amount?: string
  currency: KhqrCurrency
  merchantName: string
  merchantCity: string
  /** Four digits (52). */
  merchantCategoryCode: string
  /** 15. */
  unionPayAccount?: string
  /** 62.01 */
  billNumber?: string
  /** 62.02 */
  mobileNumber?: string
  /** 62.03 */
  storeLabel?: string
  /** 62.07 */
  terminalLabel?: string
  /** 62.08 */
  purpose?: string
  /** 64 */
  alternateLanguage?: { language: string; merchantName: string; merchantCity?: string }
  /** Epoch milliseconds (99.00); dynamic only. */
  createdAt?: number
  /** Epoch milliseconds (99.01); dynamic only. */
  expiresAt?: number
}
