import { InputError } from "./input"
import { readToken, signToken } from "./jwt"

export const TOKEN_LIFETIME_SECONDS = 90 * 86_400

/** The account of `simulator.token` and of every e-mail known from the start. */
export const FIRST_ACCOUNT = "simulator"

/** Whose token came with a call, and whether it opens anything. */
export type Bearer = {
  hasToken: boolean
  authorized: boolean
  /** Also of an expired or revoked token; `null` when it is not one of ours. */
  account: string | null
}

type TokenParts = { secret: string; now: () => number }

/** Issues, reads and revokes tokens. */
export class Tokens {
  protected readonly parts_: TokenParts
  protected readonly issued_ = new Set<string>()
  protected readonly revoked_ = new Set<string>()
  /** Accounts whose earlier tokens died, with those issued since. */
  protected readonly current_ = new Map<string, Set<string>>()

  constructor(parts: TokenParts) {
    this.parts_ = parts
  }

  /** Never the same token twice, be it in the same second. */
  issue(
    account: string = FIRST_ACCOUNT,
    expiresInSeconds = TOKEN_LIFETIME_SECONDS
  ): string {
    const { secret, now } = this.parts_
    let iat = Math.floor(now() / 1000)
    const exp = iat + expiresInSeconds
    let token: string
    do {
      token = signToken({ data: { id: account }, iat, exp }, secret)
      iat += 1
    } while (this.issued_.has(token))
    this.issued_.add(token)
    this.current_.get(account)?.add(token)
    return token
  }

  /** @throws {InputError} about a token that was not signed here. */
  revoke(token: string): void {
    if (!readToken(token, this.parts_.secret)) {
      throw new InputError("token", "is none that this simulator has issued")
    }
    this.revoked_.add(token)
  }

  /** Of this account, only what is issued from now on is worth anything. */
  revokeAllOf(account: string): void {
    this.current_.set(account, new Set())
  }

  read(authorization = ""): Bearer {
    const [, token] = /^Bearer (\S+)$/.exec(authorization) ?? []
    if (token === undefined) {
      return { hasToken: false, authorized: false, account: null }
    }
    const { secret, now } = this.parts_
    const claims = readToken(token, secret)
    if (!claims) {
      return { hasToken: true, authorized: false, account: null }
    }
    const account = claims.data.id
    const isCurrent = this.current_.get(account)?.has(token) ?? true
    return {
      hasToken: true,
      authorized:
        claims.exp * 1000 > now() && isCurrent && !this.revoked_.has(token),
      account,
    }
  }

  /** Tokens issued so far stay good. */
  reset(): void {
    this.revoked_.clear()
    this.current_.clear()
  }
}
