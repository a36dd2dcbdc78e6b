import type { Charge } from "./types"

const OUR_KEYS = [
  "session_id",
  "charge_id",
  "qr",
  "md5",
  "mode",
  "amount",
  "currency_code",
  "expires_at",
  "merchant_name",
  "locale",
] as const

export type KhqrSessionData = {
  session_id: string
  charge_id: string
  qr: string
  md5: string
  /** `static`: the payer types the amount. */
  mode: Charge["mode"]
  /** As KHQR writes it. */
  amount: string
  currency_code: string
  /** ISO 8601. */
  expires_at: string
  merchant_name: string
  /** The one thing the shopper may send. */
  locale?: "en" | "km"
}

/**
 * What a payment session says of its charge. It is public and nothing in it is
 * ever trusted: the ledger is.
 *
 * Medusa stores `{ ...what the client sent, ...what we return }`, so each key
 * the client made up is answered with `undefined`, which JSON leaves out.
 */
export function sessionDataOf(
  charge: Charge,
  merchantName: string,
  sent: Record<string, unknown> = {}
): Record<string, unknown> & KhqrSessionData {
  const foreign = Object.keys(sent)
    .filter((key) => !(OUR_KEYS as readonly string[]).includes(key))
    .map((key) => [key, undefined])
  return {
    ...Object.fromEntries(foreign),
    session_id: charge.payment_session_id,
    charge_id: charge.id,
    qr: charge.qr,
    md5: charge.md5,
    mode: charge.mode,
    amount: charge.khqr_amount,
    currency_code: charge.currency_code,
    expires_at: charge.expires_at.toISOString(),
    merchant_name: merchantName,
    locale:
      sent.locale === "en" || sent.locale === "km" ? sent.locale : undefined,
  }
}
