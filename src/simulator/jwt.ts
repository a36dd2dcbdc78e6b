import { createHmac, timingSafeEqual } from "node:crypto"

/** Claims of a Bakong token; `iat` and `exp` are epoch seconds. */
export type TokenClaims = { data: { id: string }; iat: number; exp: number }

const encode = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString("base64url")

const sign = (text: string, secret: string): string =>
  createHmac("sha256", secret).update(text).digest("base64url")

/** A JWT signed with HS256, as Bakong's tokens are. */
export const signToken = (claims: TokenClaims, secret: string): string => {
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`
  return `${text}.${sign(text, secret)}`
}

/** The claims of a token signed with `secret`, expired or not; `null` of any other. */
export const readToken = (
  token: string,
  secret: string
): TokenClaims | null => {
  const [header, payload, signature] = token.split(".")
  if (!header || !payload || !signature) {
    return null
  }
  const expected = Buffer.from(sign(`${header}.${payload}`, secret))
  const given = Buffer.from(signature)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return null
  }
  return JSON.parse(Buffer.from(payload, "base64url").toString())
}
