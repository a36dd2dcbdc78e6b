import { MedusaError } from "@medusajs/framework/utils"

import { BakongError } from "../../bakong"
import { withoutDot } from "../../modules/khqr/bank/token-texts"

/** What a person was about to do with the token. */
export type TokenErrand = "registration" | "verification" | "renewal"

const NO_REGISTRATION =
  "This server does not offer registration any more: request the token on Bakong's website and paste it (POST /admin/khqr/token)."

const ELSEWHERE: Record<TokenErrand, string> = {
  registration: NO_REGISTRATION,
  verification: NO_REGISTRATION,
  renewal:
    "This server does not offer renewals any more: request a new token on Bakong's website and paste it (POST /admin/khqr/token).",
}

/** Bakong's own codes for an e-mail address and its registration. */
const BY_CODE: Record<number, string> = {
  7: "Bakong could not send its e-mail: try again later.",
  8: "This e-mail address is registered already: renew its token (POST /admin/khqr/token/renew), or paste the one you have (POST /admin/khqr/token).",
  10: "This e-mail address is not registered with Bakong: set bakong.email to the address that the token is registered with, or register it (POST /admin/khqr/token/register).",
}

/** Runs what asks the bank; its refusal becomes a sentence for the person who asked. */
export async function explained<T>(
  errand: TokenErrand,
  work: () => Promise<T>
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof BakongError
      ? new MedusaError(MedusaError.Types.NOT_ALLOWED, explain(error, errand))
      : error
  }
}

function explain(error: BakongError, errand: TokenErrand): string {
  const words = withoutDot(error.message)
  switch (error.kind) {
    case "endpoint_closed":
      return ELSEWHERE[errand]
    case "forbidden":
      return "Bakong turned this server away (HTTP 403): it may be open to callers in Cambodia only. Set bakong.proxyUrl, or do this from a machine there and paste the token (POST /admin/khqr/token)."
    case "rejected":
      return errand === "verification"
        ? "Bakong does not take this code: look at the mail again, or register again for a new one."
        : (BY_CODE[error.code ?? 0] ?? `Bakong refused: ${words}.`)
    case "rate_limited":
    case "quota_spent":
      return `Bakong takes no more calls for now (${words}). Try again later.`
    case "unauthorized":
      return `Bakong refused: ${words}.`
    case "unavailable":
    case "unreadable":
      return `Bakong could not be asked (${words}). Try again later.`
  }
}
