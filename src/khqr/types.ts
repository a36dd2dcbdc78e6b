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
  /**
   * Exact decimal as KHQR writes it: KHR whole ("1000"), USD whole ("11") or with
   * two digits ("0.50"); absent in a static KHQR.
   */
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
  alternateLanguage?: {
    language: string
    merchantName: string
    merchantCity?: string
  }
  /** Epoch milliseconds (99.00). Banks write it into some static KHQRs too. */
  createdAt?: number
  /** Epoch milliseconds (99.01); dynamic only, missing in strings of before 2024. */
  expiresAt?: number
}

/** What a decoded KHQR says: its fields and whether it is static (01 = 11) or dynamic (12). */
export type DecodedKhqr = KhqrFields & {
  pointOfInitiation: "static" | "dynamic"
}

type BuildKhqrDetails = Omit<
  KhqrFields,
  "amount" | "createdAt" | "expiresAt" | "merchantCity" | "merchantCategoryCode"
> & {
  /** Default `Phnom Penh`. */
  merchantCity?: string
  /** Four digits; default `5999`, miscellaneous shops. */
  merchantCategoryCode?: string
  /**
   * Lets tag 64 (`alternateLanguage`) hold Khmer. Off by default: what a bank hashes
   * for such a string is unsure, and the md5 is how a payment is found.
   */
  allowNonAscii?: boolean
}

/** A KHQR for one amount, to be paid before `expiresAt`. */
export type BuildDynamicKhqrInput = BuildKhqrDetails & {
  type?: "dynamic"
  /** Decimal, exact in the currency: `toKhqrAmount` makes one. */
  amount: string
  /** Epoch milliseconds, after `now` and at most ten minutes after it. */
  expiresAt: number
}

/** A KHQR without amount, payable again and again. Only by saying so. */
export type BuildStaticKhqrInput = BuildKhqrDetails & {
  type: "static"
  amount?: undefined
  expiresAt?: undefined
}

export type BuildKhqrInput = BuildDynamicKhqrInput | BuildStaticKhqrInput

/** A string ready to be shown, and the hash by which Bakong knows it. */
export type BuiltKhqr = {
  qr: string
  /** 32 lower-case hex digits over the UTF-8 bytes of `qr`. */
  md5: string
  /** What `qr` says, read back from it. */
  fields: DecodedKhqr
}
