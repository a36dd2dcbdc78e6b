import { createHash } from "node:crypto"
import { z } from "@medusajs/framework/zod"

/**
 * The bare token out of what a person pasted: without `Bearer `, quotes, blanks
 * and line breaks, and without the name of the variable before a JWT. Empty when
 * nothing usable is left.
 */
export const cleanToken = (pasted: string): string => {
  const bare = pasted
    .replace(/[\s"'`\u200b\ufeff]/g, "")
    .replace(/^\w+=(?=([Bb]earer:?)?eyJ)/, "")
    .replace(/^(authorization:)?bearer:?/i, "")
  return /^[\x21-\x7e]+$/.test(bare) ? bare : ""
}

/** What a token says about itself; `null` where it says nothing usable. */
export type TokenClaims = {
  /** `data.id` as Bakong writes it, else the standard `sub`. */
  subject: string | null
  /** Epoch ms. */
  issuedAt: number | null
  /** Epoch ms. */
  expiresAt: number | null
}

/** Longer "tokens" are no tokens, and would only cost time. */
const MAX_TOKEN_LENGTH = 16_384
const BASE64 = /^[\w+/-]+={0,2}$/
/** 9999-12-31 in seconds: the last moment worth believing. */
const LAST_SECOND = 253_402_300_799

const said = <T>(schema: z.ZodType<T>) => schema.nullable().catch(null)

const Name = z
  .union([z.string(), z.number()])
  .transform((name) => String(name).trim() || null)

/** RFC 7519 NumericDate: seconds, perhaps with a fraction. */
const Moment = z
  .number()
  .positive()
  .max(LAST_SECOND)
  .transform((seconds) => Math.floor(seconds * 1000))

const Claims = z.object({
  data: said(z.object({ id: said(Name) })),
  sub: said(Name),
  iat: said(Moment),
  exp: said(Moment),
})

/**
 * Reads a JWT's payload on this machine, without verifying its signature: that is
 * the bank's business. `null` when the text is no JWT. Never throws.
 *
 * @param token as `cleanToken` returns it.
 */
export const readTokenClaims = (token: string): TokenClaims | null => {
  const parts = token.length > MAX_TOKEN_LENGTH ? [] : token.split(".")
  if (parts.length !== 3 || !parts.every((part) => BASE64.test(part))) {
    return null
  }
  const [header, payload] = parts.map(parsePart)
  const claims = Claims.safeParse(payload)
  if (!z.object({}).safeParse(header).success || !claims.success) {
    return null
  }
  const { data, sub, iat, exp } = claims.data
  return { subject: data?.id ?? sub, issuedAt: iat, expiresAt: exp }
}

/**
 * Names a token without telling it: 64 hex digits, equal for equal tokens.
 *
 * @param token as `cleanToken` returns it.
 */
export const fingerprintOf = (token: string): string =>
  createHash("sha256").update(token).digest("hex")

/** `Buffer` reads base64 and base64url alike, with or without padding. */
const parsePart = (part: string): unknown => {
  try {
    return JSON.parse(Buffer.from(part, "base64").toString())
  } catch {
    return undefined
  }
}
