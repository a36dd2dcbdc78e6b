import type { CallPurpose, CheckAnswer, Gate } from "../bakong"

/** What a gateway is asked about a charge. */
export type Question = {
  charge_id: string
  md5: string
  /** Ours, the bill number in tag 62.01. */
  reference: string
  /** As the KHQR has it, an exact decimal. */
  khqr_amount: string
  /** Lower case. */
  currency_code: string
  /** Of the gateway that made the KHQR; `null` when we made it ourselves. */
  gateway_ref: string | null
  /** A "not found" now would end the charge: a share of the day's calls is kept for it. */
  closing: boolean
  /** Asked only where it costs no call of its own: in a list with others. Default false. */
  rides?: boolean
}

/** One charge's answer, ready to be written down. */
export type CheckResult = { charge_id: string } & CheckAnswer

/** What a KHQR has to carry. */
export type QrRequest = {
  reference: string
  /** Exact decimal as KHQR writes it. */
  amount: string
  currency: "USD" | "KHR"
  /** Epoch ms. */
  expiresAt: number
}

export type MadeQr = {
  /** The EMVCo string, strictly decodable. */
  qr: string
  /** What the gateway knows it by, at most 255 characters. */
  ref: string
  deeplink: string | null
}

export type TransferHash =
  /** 64 hex characters. */
  | { full: string }
  /** The first 8 hex characters; amount as an exact decimal. */
  | { short: string; amount: string; currency: "USD" | "KHR" }

export type GatewayAbilities = {
  /** It makes the KHQR itself, by `makeQr`; else we build it from `merchant`. */
  makesQr: boolean
  /** `deeplink` works. */
  deeplinks: boolean
  /** Transfers can be looked up by the hash on a receipt. */
  findsByHash: boolean
  /** The receiver's account can be looked up. */
  checksAccounts: boolean
  /** Up to 50 charges cost one call: then others go along with those that are due. */
  asksInLists: boolean
  /** It uses a Bakong token, which lapses after 90 days and can be renewed. */
  usesBakongToken: boolean
}

/** A way to have KHQRs paid: what the ledger needs of it and nothing more. */
export interface Gateway {
  /** Shown in health and logs: `open-api`, `hosted`. */
  readonly name: string
  readonly can: GatewayAbilities

  /**
   * Asks about charges. Never throws: what went wrong is an unknown outcome.
   * A charge that is missing in the result was not asked about.
   */
  check(questions: Question[], purpose: CallPurpose): Promise<CheckResult[]>

  /** @throws BakongError when there is none. Only with `can.makesQr`. */
  makeQr?(request: QrRequest): Promise<MadeQr>

  /**
   * A link that opens the payer's app with this KHQR.
   * @throws BakongError, or Error for a link that must not be shown. Only with `can.deeplinks`.
   */
  deeplink?(charge: { id: string; qr: string }): Promise<string>

  /**
   * Looks a transfer up by what a receipt shows. Never throws. Only with `can.findsByHash`.
   * @param purpose Default `manual`.
   */
  findByHash?(hash: TransferHash, purpose?: CallPurpose): Promise<CheckAnswer>

  /**
   * Whether the account exists.
   * @throws BakongError when that is not told. Only with `can.checksAccounts`.
   */
  accountExists?(accountId: string): Promise<boolean>

  /** Closes kept connections; a call under way ends as `unavailable`. */
  close(): void
}

/**
 * Makes a shop's own gateway. Every call it makes has to pass `gate`, which counts
 * it, writes it down and may refuse it.
 */
export type GatewayFactory = (tools: {
  gate: Gate
  logger: { warn(message: string): void; info(message: string): void }
}) => Gateway
