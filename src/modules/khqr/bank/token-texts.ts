import { daysLeft, isExpired, RENEW_DAYS_LEFT } from "./token-choice"

/** What can be done about a token, by the plugin's options. */
export type TokenMeans = {
  baseUrl: string
  canStore: boolean
  hasEmail: boolean
}

type Described = {
  expires_at: Date | null
  refused_at: Date | null
  renewal_error: string | null
}

type Environment = "production" | "test"

const NBC_HOST = /^(sit-)?api-bakong\.nbc\.(gov|org)\.kh$/

/** Bakong's two environments issue tokens of their own; `null` for a relay or a simulator. */
export function environmentOf(baseUrl: string): Environment | null {
  const match = NBC_HOST.exec(new URL(baseUrl).hostname)
  return match ? (match[1] ? "test" : "production") : null
}

/** `null` when a token can be renewed by itself. */
export function cannotRenewBecause(means: TokenMeans): string | null {
  const missing = [
    ...(means.hasEmail ? [] : ["bakong.email"]),
    ...(means.canStore ? [] : ["bakong.encryptionKey"]),
  ]
  return missing.length === 0
    ? null
    : `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set: a token is renewed with the e-mail it is registered with, and kept in the database, encrypted`
}

export const cannotStore =
  "A token is kept in the database only encrypted, and bakong.encryptionKey is not set. Set it (make one with: openssl rand -base64 32), or put the token into bakong.token"

export function missing(means: TokenMeans): string {
  return means.canStore
    ? `There is no token for ${means.baseUrl}. Paste or register one in the dashboard, or set bakong.token`
    : `There is no token for ${means.baseUrl}. Set bakong.token, or set bakong.encryptionKey and paste one in the dashboard`
}

export function undecryptable(means: TokenMeans): string {
  const reason = means.canStore
    ? "bakong.encryptionKey is not the one it was encrypted with"
    : "bakong.encryptionKey is not set"
  return `The token in the database cannot be decrypted: ${reason}. Set the former key again, or give a new token: ${howToReplace(means)}`
}

export function expired(token: Described, means: TokenMeans): string {
  const told = token.renewal_error
    ? ` Renewing it failed: ${token.renewal_error}.${
        cannotRenewBecause(means) === null
          ? " It is tried again by itself, every half hour while payments wait."
          : ""
      }`
    : ""
  return `The token expired on ${dayOf(token.expires_at!)}.${told} Nothing is asked until there is a new one; nothing expires and nothing is lost. ${howToReplace(means)}`
}

/** A refusal by the bank; `renewing`: somebody is at it. */
export function refused(
  token: Described,
  means: TokenMeans,
  now: number,
  renewing: boolean
): string {
  const told = renewing
    ? "It is being renewed."
    : token.renewal_error
      ? `Renewing it failed: ${token.renewal_error}.`
      : ""
  return [
    `${means.baseUrl} refuses the token${suspicion(token, means, now)}.`,
    told,
    "Nothing is asked until there is a new one; nothing expires and nothing is lost.",
    renewing ? "" : `${howToReplace(means)}. ${howToTryAgain(means)}`,
  ]
    .filter(Boolean)
    .join(" ")
}

/** How soon the token ends, and what will or must be done. */
export function expiring(
  token: Described,
  means: TokenMeans,
  now: number
): string {
  if (isExpired({ expires_at: token.expires_at }, now)) {
    return expired(token, means)
  }
  const days = daysLeft(token.expires_at!, now)
  const when = `The token expires in ${days} ${days === 1 ? "day" : "days"}, on ${dayOf(token.expires_at!)}.`
  if (token.renewal_error && days > RENEW_DAYS_LEFT) {
    return `Renewing the token failed: ${token.renewal_error}. The one in use is valid until ${dayOf(token.expires_at!)}, and it is renewed by itself in its last week`
  }
  if (token.renewal_error) {
    return `${when} Renewing it failed: ${token.renewal_error}. It is tried again each day. ${howToReplace(means)}`
  }
  if (cannotRenewBecause(means) === null) {
    return `${when} It is renewed by itself in its last week`
  }
  return `${when} Set bakong.encryptionKey and bakong.email, and it is renewed by itself, or give a new token before then: ${howToReplace(means)}`
}

export const unknownExpiry =
  "The token does not say when it expires, as Bakong's own do: whether it is good shows when the bank is asked, and nobody can warn before its end"

export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}

function suspicion(token: Described, means: TokenMeans, now: number): string {
  if (isExpired(token, now)) {
    return `, which expired on ${dayOf(token.expires_at!)}`
  }
  const other = {
    production: "the test environment (https://sit-api-bakong.nbc.gov.kh)",
    test: "production (https://api-bakong.nbc.gov.kh)",
    none: "another server (production and SIT have tokens of their own)",
  }[environmentOf(means.baseUrl) ?? "none"]
  const until = token.expires_at
    ? `, though it is valid until ${dayOf(token.expires_at)} by its own word`
    : ""
  return `${until}: it was revoked or replaced, or it belongs to ${other}`
}

function howToReplace(means: TokenMeans): string {
  return means.canStore
    ? "Paste a new token in the dashboard, or set it as bakong.token"
    : "Set a new token as bakong.token"
}

/** A refusal may have been a passing fault. */
function howToTryAgain(means: TokenMeans): string {
  const byHand =
    cannotRenewBecause(means) === null
      ? "paste it once more, or renew it there"
      : "paste it once more in the dashboard"
  return `When Bakong takes the same token again, ${byHand}; by itself it is tried again once a day`
}
