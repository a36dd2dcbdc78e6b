import { BakongError } from "../../../bakong"
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

/** What is wrong with the form of a token: half a JWT, or nothing that Bakong issues. */
export type Malformation = "cut_off" | "foreign"

type Environment = "production" | "test"

const PASTE = "POST /admin/khqr/token"
const RENEW = "POST /admin/khqr/token/renew"
const REGISTER = "POST /admin/khqr/token/register"

/** Bakong's code for an e-mail address that is not registered. */
const NOT_REGISTERED = 10

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
    ? `There is no token for ${means.baseUrl}. Paste one (${PASTE}), register for one (${REGISTER}), or set bakong.token and restart`
    : `There is no token for ${means.baseUrl}. Set bakong.token and restart, or set bakong.encryptionKey, restart, and paste one (${PASTE})`
}

/** The end of a sentence that begins with the name of the token. */
export function malformed(malformation: Malformation): string {
  return malformation === "cut_off"
    ? "is not whole: it has three parts with dots between them"
    : "is none of Bakong's: it would have three parts with dots between them"
}

export function malformedOption(
  malformation: Malformation,
  means: TokenMeans
): string {
  const paste = means.canStore ? `, or paste it (${PASTE})` : ""
  return `bakong.token ${malformed(malformation)}. Set the whole token and restart${paste}`
}

export function tooOld(expiresAt: Date, means: TokenMeans): string {
  const renew =
    cannotRenewBecause(means) === null ? `, or renew it (${RENEW})` : ""
  return `This token expired on ${dayOf(expiresAt)}: take a newer one${renew}.`
}

export function undecryptable(
  means: TokenMeans,
  renewalError: string | null
): string {
  const reason = means.canStore
    ? "bakong.encryptionKey is not the one it was encrypted with"
    : "bakong.encryptionKey is not set"
  const told = renewalError ? ` Renewing failed: ${renewalError}.` : ""
  return `The token in the database cannot be decrypted: ${reason}.${told} Set the former key again, or give a new token: ${howToReplace(means)}`
}

/** Why a renewal failed, for the end of a sentence. */
export function renewalError(fault: Error): string {
  const isUnknownAddress =
    fault instanceof BakongError && fault.code === NOT_REGISTERED
  const mend = isUnknownAddress
    ? "; set bakong.email to the address that the token is registered with"
    : ""
  return `${withoutDot(fault.message)}${mend}`
}

/** Bakong's own words often end with a dot, and ours go on after them. */
export function withoutDot(text: string): string {
  return text.replace(/[.\s]+$/, "")
}

type Dated = { issued_at: Date | null }

/** Why a token that was just kept is not the one in use. */
export function keptUnused(
  kept: Dated,
  used: Dated & { is_option: boolean }
): string {
  const because = `The token is kept, and ${used.is_option ? "bakong.token" : "another one"} is used`
  if (used.is_option && used.issued_at === null) {
    return `${because}: it does not say when it was issued, and goes before all others. To use the kept one, take bakong.token out and restart.`
  }
  if (kept.issued_at === null && used.issued_at !== null) {
    return `${because}: the kept one does not say when it was issued, and one that does goes before it.`
  }
  if (kept.issued_at && used.issued_at && used.issued_at > kept.issued_at) {
    return `${because} because it was issued later.`
  }
  return used.is_option
    ? `${because}: both were issued at the same moment.`
    : `${because}: it came later.`
}

/** The newest token was refused, and one that ranks below it is in use. */
export function newestRefused(
  newest: Described & {
    is_option: boolean
    source: string
    created_at: Date
  },
  means: TokenMeans,
  now: number
): string {
  const name = newest.is_option
    ? "bakong.token"
    : newest.source === "renewed"
      ? `The token that a renewal brought on ${dayOf(newest.created_at)}`
      : `The token ${newest.source} on ${dayOf(newest.created_at)}`
  return `${name} was refused${suspicion(newest, means, now)}. Another one is used`
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
  if (cannotRenewBecause(means) === null) {
    return `Renew it (${RENEW}), paste a new one (${PASTE}), or set one as bakong.token and restart`
  }
  return means.canStore
    ? `Paste a new token (${PASTE}), or set it as bakong.token and restart`
    : "Set a new token as bakong.token and restart"
}

/** A refusal may have been a passing fault. */
function howToTryAgain(means: TokenMeans): string {
  const where = means.canStore ? "" : ` (${PASTE})`
  return `When Bakong takes the same token again, paste it once more${where}; by itself it is tried again once a day`
}
