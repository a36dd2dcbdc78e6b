import { RENEW_DAYS_LEFT } from "../../modules/khqr/bank/token-choice"
import type { TokenState } from "../../modules/khqr/bank/tokens"
import { about, type Finding } from "../finding"

const { ok, warning, failure, skipped } = about("token")

/** From this many days on somebody has to do something, where the token does not renew itself. */
const SOON_DAYS = 14

const SOURCES: Record<NonNullable<TokenState["source"]>, string> = {
  option: "from bakong.token",
  pasted: "pasted by an admin",
  registered: "registered by an admin",
  renewed: "renewed by itself",
}

/**
 * Whether there is a token the bank takes, and for how long.
 *
 * @param accepted whether the bank has just taken it; `null` when that was not told
 */
export function checkToken(
  state: TokenState,
  accepted: boolean | null
): Finding {
  if (!state.usable) {
    return failure(explain(state), mendOf(state))
  }
  const source = SOURCES[state.source ?? "option"]
  const told = accepted ? "accepted" : "not tried"
  if (state.expires_at === null || state.days_left === null) {
    return warning(
      `${told}, ${source}; it does not say when it expires, as Bakong's own do`,
      "ask the National Bank for a token that says it, or nobody can warn before its end"
    )
  }
  const days = `${state.days_left} ${state.days_left === 1 ? "day" : "days"} left`
  const says = `${told}, ${source}, ${days}, ${describeRenewal(state)}`
  if (state.last_renewal_error !== null) {
    return warning(
      `${says}; the last renewal failed: ${state.last_renewal_error}`,
      `it is tried again each day in the last week; ${howToReplace(state)} before then if that fails`
    )
  }
  return state.days_left <= SOON_DAYS && !state.can_renew
    ? warning(says, `${howToRenew(state)}, or ${howToReplace(state)}`)
    : accepted
      ? ok(says)
      : skipped(says)
}

function explain(state: TokenState): string {
  switch (state.problem) {
    case "expired":
      return `expired on ${dayOf(state.expires_at)}${renewalError(state)}`
    case "refused":
      return `Bakong refuses it (HTTP 401)${validUntil(state)}${renewalError(state)}`
    case "undecryptable":
      return "the one in the database cannot be decrypted: bakong.encryptionKey is not the one it was kept with"
    case "malformed":
      return "bakong.token is not whole, or none of Bakong's: theirs have three parts with dots between them"
    default:
      return "there is none"
  }
}

function mendOf(state: TokenState): string {
  switch (state.problem) {
    case "undecryptable":
      return `set the former bakong.encryptionKey again, or ${howToReplace(state)}`
    case "refused":
      return `it was revoked or replaced, or is of another server (production and test have their own): ${howToReplace(state)}`
    case "malformed":
      return "copy the whole token into bakong.token"
    default:
      return howToReplace(state)
  }
}

const howToReplace = ({ can_store }: TokenState): string =>
  can_store
    ? "set a new one as bakong.token, or paste it (POST /admin/khqr/token)"
    : "set a new one as bakong.token"

const howToRenew = ({ can_store }: TokenState): string =>
  can_store
    ? "set bakong.email, and it renews itself"
    : "set bakong.email and bakong.encryptionKey, and it renews itself"

function describeRenewal(state: TokenState): string {
  if (!state.can_renew) {
    return `does not renew itself (${state.can_store ? "no bakong.email" : "needs bakong.email and bakong.encryptionKey"})`
  }
  return state.days_left !== null && state.days_left <= RENEW_DAYS_LEFT
    ? "is renewed at the next daily run"
    : "renews itself in its last week"
}

const renewalError = ({ last_renewal_error }: TokenState): string =>
  last_renewal_error === null ? "" : `; renewing failed: ${last_renewal_error}`

const validUntil = ({ expires_at }: TokenState): string =>
  expires_at === null || expires_at.getTime() <= Date.now()
    ? ""
    : `, though by its own word it is good until ${dayOf(expires_at)}`

const dayOf = (date: Date | null): string =>
  date?.toISOString().slice(0, 10) ?? "an unknown day"
