const DAY_MS = 86_400_000

/** From this many days before its end on, a token is renewed. */
export const RENEW_DAYS_LEFT = 7

/** The merchant is told when so many days are left; 0: it has expired. */
export const WARNING_DAYS = [0, 1, 3, 7, 14] as const

/** What the rules need to know of a token. */
export type KnownToken = {
  fingerprint: string
  /** It is the one of the option `bakong.token`. */
  is_option: boolean
  /** False when the token in the database cannot be decrypted. */
  is_readable: boolean
  issued_at: Date | null
  /** `null`: the token does not say; only the bank can tell. */
  expires_at: Date | null
  /** When we first saw it. */
  created_at: Date
  answered_at: Date | null
  refused_at: Date | null
}

/**
 * The latest issued first. The option's token goes before others of the same
 * moment, and before all when it does not say when it was issued: whoever set
 * it meant it.
 */
export function byPreference<T extends KnownToken>(tokens: readonly T[]): T[] {
  return [...tokens].sort(
    (a, b) =>
      compare(issued(b), issued(a)) ||
      Number(b.is_option) - Number(a.is_option) ||
      compare(b.created_at.getTime(), a.created_at.getTime()) ||
      (a.fingerprint < b.fingerprint ? -1 : 1)
  )
}

/** The tokens that may be shown to the bank, the best first: readable, not expired, not refused. */
export function usableTokens<T extends KnownToken>(
  tokens: readonly T[],
  now: number
): T[] {
  return byPreference(
    tokens.filter((token) => token.is_readable && isAlive(token, now))
  )
}

/** Neither expired by its own word nor refused by the bank. */
export function isAlive(token: KnownToken, now: number): boolean {
  return token.refused_at === null && !isExpired(token, now)
}

export function isExpired(
  { expires_at }: Pick<KnownToken, "expires_at">,
  now: number
): boolean {
  return expires_at !== null && expires_at.getTime() <= now
}

/**
 * The token that is to be renewed now, before or after its end; `null` while
 * one lives that outlasts the week. After a refusal nothing is due before the
 * end: a refused token is renewed at once or not at all.
 */
export function tokenToRenew<T extends KnownToken>(
  tokens: readonly T[],
  now: number
): T | null {
  const usable = usableTokens(tokens, now)
  if (usable.length > 0) {
    const allEndSoon = usable.every(
      ({ expires_at }) =>
        expires_at !== null && daysLeft(expires_at, now) <= RENEW_DAYS_LEFT
    )
    return allEndSoon ? usable[0] : null
  }
  return lapsedToken(tokens, now)
}

/** Where the latest token of all has lapsed, refused or not, and no other is left. */
export function lapsedToken<T extends KnownToken>(
  tokens: readonly T[],
  now: number
): T | null {
  const latest: T | undefined = byPreference(tokens)[0]
  const anyAlive = tokens.some((token) => isAlive(token, now))
  return latest && !anyAlive && isExpired(latest, now) ? latest : null
}

/** Begun days count: 7 until a week before the end has passed, 0 from the end on. */
export function daysLeft(expiresAt: Date, now: number): number {
  return Math.max(0, Math.ceil((expiresAt.getTime() - now) / DAY_MS))
}

/** The warning that applies by now, or `null` when it is too early for any. */
export function warningFor(expiresAt: Date, now: number): number | null {
  const days = daysLeft(expiresAt, now)
  return WARNING_DAYS.find((threshold) => days <= threshold) ?? null
}

/** Tokens that need not be kept any more, now that the bank has answered a better one. */
export function tokensToForget<T extends KnownToken>(
  tokens: readonly T[],
  answered: T
): T[] {
  const ranked = byPreference(tokens)
  return ranked.slice(ranked.indexOf(answered) + 1)
}

function issued({ issued_at, is_option }: KnownToken): number {
  return issued_at?.getTime() ?? (is_option ? Infinity : -Infinity)
}

/** Infinities cannot be subtracted from each other. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}
