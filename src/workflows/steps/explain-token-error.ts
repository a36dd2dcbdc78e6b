import { MedusaError } from "@medusajs/framework/utils"

import { BakongError } from "../../bakong"

/** What a person was about to do with the token. */
export type TokenErrand = "registration" | "verification" | "renewal"

const NO_REGISTRATION =
  "This server does not offer registration any more: request the token on Bakong's website and paste it."

const ELSEWHERE: Record<TokenErrand, string> = {
  registration: NO_REGISTRATION,
  verification: NO_REGISTRATION,
  renewal:
    "This server does not offer renewals any more: request a new token on Bakong's website and paste it.",
}

/** Bakong's own codes for an e-mail address and its registration. */
const BY_CODE: Record<number, string> = {
  7: "Bakong could not send its e-mail: try again later.",
  8: "This e-mail address is registered already: renew its token, or paste the one you have.",
  10: "This e-mail address is not registered with Bakong: register it first, or set bakong.email to the one that is.",
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
  switch (error.kind) {
    case "endpoint_closed":
      return ELSEWHERE[errand]
    case "forbidden":
      return "Bakong turned this server away (HTTP 403): it may be open to callers in Cambodia only. Set bakong.proxyUrl, or do this from a machine there and paste the token."
    case "rejected":
      return errand === "verification"
        ? `Bakong does not take this code (${error.message}). It is good once, and only the latest one is: have another one mailed.`
        : (BY_CODE[error.code ?? 0] ?? `Bakong refused: ${error.message}.`)
    case "rate_limited":
    case "quota_spent":
      return `Bakong takes no more calls for now (${error.message}). Try again later.`
    case "unauthorized":
      return `Bakong refused: ${error.message}.`
    case "unavailable":
    case "unreadable":
      return `Bakong could not be asked (${error.message}). Try again later.`
  }
}
