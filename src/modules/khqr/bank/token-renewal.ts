import {
  byPreference,
  isExpired,
  usableTokens,
  type KnownToken,
} from "./token-choice"

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Less than a day, so that a daily job does not skip every other day. */
export const ABOUT_A_DAY_MS = 20 * HOUR_MS

/** A bank that refuses a token this soon after a renewal will refuse the next one too. */
const RENEWED_LATELY_MS = HOUR_MS

const FIRST_PAUSE_MS = 5 * MINUTE_MS
const LONGEST_PAUSE_MS = 30 * MINUTE_MS

/** A token and what became of the attempts to renew it. */
export type RenewableToken = KnownToken & {
  source: string
  /** When the last renewal was begun. */
  renewal_started_at: Date | null
  /** Why it failed. `null` also once the bank has taken a token back that it had refused. */
  renewal_error: string | null
}

/**
 * The token that is to be tried again although the bank refused it, once a day
 * and one at a time: the refusal may have been a passing fault, also of
 * something on the way. One that the bank has known before goes first.
 */
export function tokenToTryAgain<T extends KnownToken>(
  tokens: readonly T[],
  now: number
): T | null {
  const wasLately = tokens.some(
    ({ refused_at }) =>
      refused_at !== null && now - refused_at.getTime() < ABOUT_A_DAY_MS
  )
  if (wasLately || usableTokens(tokens, now).length > 0) {
    return null
  }
  const refused = byPreference(
    tokens.filter(
      (token) =>
        token.is_readable && token.refused_at !== null && !isExpired(token, now)
    )
  )
  return (
    refused.find(({ answered_at }) => answered_at !== null) ??
    refused[0] ??
    null
  )
}

/** The token of the last attempt to renew one: what became of it matters, whichever token is the latest. */
export function lastTried<T extends RenewableToken>(
  tokens: readonly T[]
): T | null {
  const tried = tokens.filter((token) => triedAt(token) > 0)
  return tried.sort((a, b) => triedAt(b) - triedAt(a))[0] ?? null
}

/** Whether a refused token is itself what a renewal has just brought: another one would be no better. */
export function isRenewedInVain(token: RenewableToken, now: number): boolean {
  const ageMs = now - token.created_at.getTime()
  return (
    token.source === "renewed" &&
    ageMs < (token.answered_at === null ? ABOUT_A_DAY_MS : RENEWED_LATELY_MS)
  )
}

/**
 * Whether the one renewal was had that a refusal of this token may cost. One
 * that was tried because the token was about to end, and failed, is none.
 */
export function isRenewalSpent<T extends RenewableToken>(
  token: T,
  tokens: readonly T[],
  now: number
): boolean {
  const startedAt = token.renewal_started_at
  if (startedAt === null) {
    return false
  }
  const ageMs = now - startedAt.getTime()
  const hasBroughtOne = tokens.some(
    ({ source, created_at, fingerprint }) =>
      source === "renewed" &&
      created_at >= startedAt &&
      fingerprint !== token.fingerprint
  )
  return hasBroughtOne
    ? ageMs < RENEWED_LATELY_MS
    : token.renewal_error === null && ageMs < ABOUT_A_DAY_MS
}

/**
 * For how many ms a renewal is not tried again after it failed: a day while the
 * token lives; after its end nothing else can be asked, so 5, 10, 20 and then
 * each 30 minutes.
 */
export function pauseAfterFailure(
  {
    expires_at,
    renewal_started_at,
  }: Pick<RenewableToken, "expires_at" | "renewal_started_at">,
  now: number
): number {
  if (!expires_at || !isExpired({ expires_at }, now)) {
    return ABOUT_A_DAY_MS
  }
  const triedAt = renewal_started_at ?? expires_at
  const afterEndMs = Math.max(0, triedAt.getTime() - expires_at.getTime())
  return Math.min(FIRST_PAUSE_MS + afterEndMs, LONGEST_PAUSE_MS)
}

/**
 * Whether the merchant is to hear that a renewal failed: after the end of the
 * token, once a day.
 *
 * @param token as it was before that renewal
 */
export function isFailureNews(
  {
    expires_at,
    renewal_started_at,
    renewal_error,
  }: Pick<
    RenewableToken,
    "expires_at" | "renewal_started_at" | "renewal_error"
  >,
  now: number
): boolean {
  if (!expires_at || !renewal_started_at || renewal_error === null) {
    return true
  }
  const daysAfterEnd = (at: number) =>
    Math.floor((at - expires_at.getTime()) / DAY_MS)
  return (
    !isExpired({ expires_at }, now) ||
    daysAfterEnd(renewal_started_at.getTime()) !== daysAfterEnd(now)
  )
}

/** The refusal of a token that a renewal has brought is the end of that renewal. */
function triedAt({
  renewal_started_at,
  renewal_error,
  refused_at,
}: RenewableToken): number {
  const failedAt = renewal_error === null ? null : refused_at
  return Math.max(renewal_started_at?.getTime() ?? 0, failedAt?.getTime() ?? 0)
}
