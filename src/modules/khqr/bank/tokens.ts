import { createHash } from "node:crypto"
import { MedusaError } from "@medusajs/framework/utils"

import {
  BakongError,
  cleanToken,
  fingerprintOf,
  readTokenClaims,
} from "../../../bakong"
import type { Database } from "../database"
import type { Notice, Tell } from "../notices"
import type { KhqrOptions } from "../options"
import {
  byPreference,
  daysLeft,
  isAlive,
  isExpired,
  lapsedToken,
  tokensToForget,
  tokenToRenew,
  usableTokens,
  warningFor,
} from "./token-choice"
import { TokenCipher } from "./token-cipher"
import {
  TokenLedger,
  type NewToken,
  type Renewal,
  type TokenRow,
  type TokenSource,
} from "./token-ledger"
import {
  ABOUT_A_DAY_MS,
  isFailureNews,
  isRenewalSpent,
  isRenewedInVain,
  lastTried,
  pauseAfterFailure,
  tokenToTryAgain,
} from "./token-renewal"
import * as texts from "./token-texts"

/** A token to show the bank. */
export type UsableToken = {
  token: string
  fingerprint: string
  /** Whose questions it spends: a renewed token is the same registration, and has no second hundred of them. */
  tokenKey: string
}

/** Why the bank cannot be asked. */
export type NoToken = {
  problem: "missing" | "malformed" | "expired" | "refused" | "undecryptable"
  /** Names the mend. */
  message: string
}

/** What may be told of the token: nothing secret. */
export type TokenState = {
  usable: boolean
  problem: NoToken["problem"] | null
  /** What is wrong and the mend, or what is worth knowing of a usable token. */
  message: string | null
  source: TokenSource | null
  /** The first 8 hex characters of its SHA-256. */
  fingerprint: string | null
  /** Under which its calls are counted. */
  token_key: string | null
  issued_at: Date | null
  /** `null` also when the token does not say. */
  expires_at: Date | null
  /** Begun days count; 0 when it has expired. */
  days_left: number | null
  can_renew: boolean
  cannot_renew_because: string | null
  /** Of the token in use; where none is usable, of the last one that was tried. */
  last_renewal_error: string | null
  can_store: boolean
}

export type TokensParts = {
  database: Database
  options: Pick<
    KhqrOptions["bakong"],
    "token" | "email" | "encryptionKey" | "baseUrl"
  >
  /** `renew_token`: a new token for the registered e-mail. @throws BakongError */
  renew: (email: string) => Promise<string>
  tell: Tell
  /** Epoch ms. */
  now?: () => number
}

type Candidate = TokenRow & {
  is_option: boolean
  is_readable: boolean
  token: string | null
}

type Refusal = {
  row: Candidate
  then: "use_another" | "renew" | "renewed_in_vain" | "stop"
}

const MINUTE_MS = 60_000

/** A renewal takes seconds; one that takes longer died with its process. */
const RENEWAL_LEASE_MS = 5 * MINUTE_MS

/**
 * The Open API token: the option's, or one kept in the database; renewed before
 * it ends, and once when the bank refuses it; a refused one is tried again once a
 * day. What is known of a token is shared by all processes through `khqr_token`
 * and survives restarts.
 */
export class Tokens {
  protected readonly ledger_: TokenLedger
  protected readonly baseUrl_: string
  protected readonly means_: texts.TokenMeans
  protected readonly cipher_: TokenCipher | null
  /** `null` also for one that is broken: it is no token to show anybody. */
  protected readonly option_: NewToken | null
  protected readonly optionFault_: texts.Malformation | null
  protected readonly now_: () => number
  /** Fingerprints that need no further "the bank has answered". */
  protected answered_ = new Set<string>()
  readonly #parts: TokensParts
  readonly #optionToken: string | null

  constructor(parts: TokensParts) {
    const { token, email, encryptionKey, baseUrl } = parts.options
    this.#parts = parts
    this.baseUrl_ = new URL(baseUrl).origin
    const given = cleanToken(token ?? "")
    this.optionFault_ = given ? malformationOf(given, this.baseUrl_) : null
    this.#optionToken = this.optionFault_ ? null : given || null
    this.cipher_ = encryptionKey ? new TokenCipher(encryptionKey) : null
    this.means_ = {
      baseUrl: this.baseUrl_,
      canStore: this.cipher_ !== null,
      hasEmail: email !== undefined,
    }
    this.option_ = this.#optionToken
      ? { ...describe(this.#optionToken, this.baseUrl_), source: "option" }
      : null
    this.ledger_ = new TokenLedger(parts.database, this.baseUrl_)
    this.now_ = parts.now ?? Date.now
  }

  /**
   * The token to use now, or why there is none. One query. Where the last token
   * has lapsed and can be renewed, the first who asks renews it.
   */
  async current(): Promise<UsableToken | NoToken> {
    const candidates = await this.read_()
    const found = this.pick_(candidates)
    if (!("problem" in found) || !lapsedToken(candidates, this.now_())) {
      return found
    }
    return (await this.renewIfDue()) === "renewed"
      ? this.pick_(await this.read_())
      : found
  }

  /**
   * The bank answered a call made with this token, and did not refuse the token:
   * older ones are forgotten, and so is a refusal. Of calls that were under way
   * together the order is not known; a refusal that stands comes again.
   */
  async answered(fingerprint: string): Promise<void> {
    // Another process may have noted a refusal since this one looked.
    await this.ledger_.takeBack(fingerprint)
    if (this.answered_.has(fingerprint)) {
      return
    }
    await this.withLocked_(async (candidates, sql) => {
      const answered = candidates.find(isNamed(fingerprint))
      if (!answered || answered.answered_at !== null) {
        return
      }
      await sql(
        "UPDATE khqr_token SET answered_at = ?, updated_at = now() WHERE id = ?",
        [this.date_(), answered.id]
      )
      for (const { id } of tokensToForget(candidates, answered)) {
        await sql(
          "UPDATE khqr_token SET ciphertext = NULL, updated_at = now() WHERE id = ?",
          [id]
        )
      }
    })
    this.answered_.add(fingerprint)
  }

  /**
   * The bank refused this token (401). It is used no more, by any process. If no
   * other is left, whoever notes the refusal first renews it, once; when that
   * fails, calls stop until there is a new token, the bank takes this one after
   * all, or the daily job lets it be tried again.
   */
  async refused(fingerprint: string): Promise<void> {
    const refusal = await this.noteRefusal_(fingerprint)
    if (!refusal) {
      return
    }
    const { row, then } = refusal
    if (then === "renewed_in_vain") {
      const error = "Bakong refuses the renewed token as well"
      const refused_at = await this.ledger_.noteRenewalError(
        row.id,
        error,
        true
      )
      this.tellOfFailure_({ ...row, refused_at, renewal_error: error })
      return
    }
    this.tell_({
      name: "khqr.token.refused",
      data: describeForNotice(row),
      level: then === "stop" ? "error" : "warn",
      message:
        then === "use_another"
          ? `${this.baseUrl_} refuses the token ${short(row)}; another one is used from now on`
          : texts.refused(row, this.means_, this.now_(), then === "renew"),
    })
    if (then === "renew") {
      await this.renewClaimed_({
        of: row,
        startedAt: row.refused_at!,
        afterRefusal: true,
      })
    }
  }

  async state(): Promise<TokenState> {
    const candidates = await this.read_()
    return this.stateOf_(candidates)
  }

  /**
   * Keeps a token in the database, encrypted. It is used when it is the latest.
   * @throws MedusaError INVALID_DATA, NOT_ALLOWED: what is wrong with it, and the mend.
   */
  async store(
    pasted: string,
    source: Exclude<TokenSource, "option">
  ): Promise<TokenState> {
    const token = cleanToken(pasted)
    await this.inspect_(token)
    const described = describe(token, this.baseUrl_)
    const isOption = described.fingerprint === this.option_?.fingerprint
    if (!this.cipher_ && !isOption) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        `${texts.cannotStore}.`
      )
    }
    await this.keep_(token, source)
    const candidates = await this.read_()
    const state = this.stateOf_(candidates)
    const [used] = usableTokens(candidates, this.now_())
    if (!used || used.fingerprint === described.fingerprint) {
      return state
    }
    const kept = texts.keptUnused(described, used)
    return { ...state, message: `${kept} ${state.message ?? ""}`.trim() }
  }

  /**
   * For the daily job: renews in the last week, and after the end if it comes to
   * that. Where the bank refuses all there is, lets one be tried again.
   */
  async renewIfDue(): Promise<
    "not_due" | "renewed" | "failed" | "impossible" | "tried_again"
  > {
    const now = this.now_()
    const candidates = await this.read_()
    const due = tokenToRenew(candidates, now)
    if (!due) {
      if (await this.giveUpIfAbandoned_(candidates)) {
        return "failed"
      }
      return (await this.tryAgain_(candidates)) ? "tried_again" : "not_due"
    }
    if (texts.cannotRenewBecause(this.means_) !== null) {
      return "impossible"
    }
    const claimed = await this.ledger_.claimRenewal(due.id, now, {
      leaseMs: RENEWAL_LEASE_MS,
      afterFailureMs: pauseAfterFailure(due, now),
    })
    if (!claimed) {
      return "not_due"
    }
    const fault = await this.renewClaimed_({
      of: due,
      startedAt: new Date(now),
      afterRefusal: false,
    })
    return fault === null ? "renewed" : "failed"
  }

  /**
   * For the daily job: tells the merchant at 14, 7, 3 and 1 days and after the
   * end, once each; and each time, that the option's token is broken.
   */
  async warnIfDue(): Promise<void> {
    const now = this.now_()
    const candidates = await this.read_()
    this.tellOfMalformedOption_(candidates)
    const token =
      usableTokens(candidates, now)[0] ?? lapsedToken(candidates, now)
    const days = token?.expires_at ? warningFor(token.expires_at, now) : null
    if (!token?.expires_at || days === null) {
      return
    }
    if (!(await this.ledger_.claimWarning(token.id, days))) {
      return
    }
    const renewsItself =
      texts.cannotRenewBecause(this.means_) === null && !token.renewal_error
    this.tell_({
      name: "khqr.token.expiring",
      data: {
        ...describeForNotice(token),
        days_left: daysLeft(token.expires_at, now),
      },
      level: days <= 1 ? "error" : days > 7 && renewsItself ? "info" : "warn",
      message: texts.expiring(token, this.means_, now),
    })
  }

  /**
   * A person's wish, also where nothing else would renew any more.
   * @throws MedusaError NOT_ALLOWED when it cannot be done; what `renew` throws.
   */
  async renewNow(): Promise<TokenState> {
    const reason = texts.cannotRenewBecause(this.means_)
    if (reason !== null) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        `The token cannot be renewed: ${reason}.`
      )
    }
    const now = this.now_()
    const shown = this.shown_(await this.read_())
    const claimed = shown
      ? await this.ledger_.claimRenewalByHand(shown.id, now, RENEWAL_LEASE_MS)
      : await this.ledger_.claimFirstRenewal(now, RENEWAL_LEASE_MS)
    if (!claimed) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        "The token is being renewed at this moment. Look again in a few minutes."
      )
    }
    const fault = await this.renewClaimed_(
      shown && { of: shown, startedAt: new Date(now), afterRefusal: false }
    )
    if (fault !== null) {
      throw fault
    }
    return this.state()
  }

  /** Latches, and decides while no other process can. Null for those who come later. */
  protected async noteRefusal_(fingerprint: string): Promise<Refusal | null> {
    return this.withLocked_(async (candidates, sql) => {
      const now = this.now_()
      const row = candidates.find(isNamed(fingerprint))
      if (!row || row.refused_at !== null) {
        return null
      }
      row.refused_at = new Date(now)
      const then = this.decideAfterRefusal_(row, candidates)
      await sql(
        `UPDATE khqr_token SET refused_at = ?, renewal_started_at = COALESCE(?, renewal_started_at),
           renewal_error = CASE WHEN ? THEN NULL ELSE renewal_error END, updated_at = now() WHERE id = ?`,
        [
          row.refused_at,
          then === "renew" ? row.refused_at : null,
          then === "renew",
          row.id,
        ]
      )
      if (row.source === "renewed" && row.answered_at === null) {
        // Those it was to replace are used again, and not renewed again the next minute.
        await sql(
          `UPDATE khqr_token SET renewal_error = ?, updated_at = now()
           WHERE base_url = ? AND id <> ? AND deleted_at IS NULL
             AND renewal_started_at IS NOT NULL AND renewal_error IS NULL`,
          ["Bakong refuses the renewed token", this.baseUrl_, row.id]
        )
      }
      return { row, then }
    })
  }

  protected decideAfterRefusal_(
    row: Candidate,
    candidates: Candidate[]
  ): Refusal["then"] {
    const now = this.now_()
    if (usableTokens(candidates, now).length > 0) {
      return "use_another"
    }
    if (texts.cannotRenewBecause(this.means_) !== null) {
      return "stop"
    }
    if (isRenewedInVain(row, now)) {
      return "renewed_in_vain"
    }
    return isRenewalSpent(row, candidates, now) ? "stop" : "renew"
  }

  /**
   * Asks the bank for a new token, in place of one or for the first one, after
   * this process has claimed it. Null when all went well.
   */
  protected async renewClaimed_(
    renewal: Renewal<Candidate> | null
  ): Promise<Error | null> {
    try {
      const token = cleanToken(
        await this.#parts.renew(this.#parts.options.email!)
      )
      await this.inspectRenewed_(token)
      const { expires_at, fingerprint } = await this.keep_(token, "renewed")
      this.tell_({
        name: "khqr.token.renewed",
        data: describeForNotice({ fingerprint, expires_at, source: "renewed" }),
        level: "info",
        message: `The token was renewed${expires_at ? ` and is valid until ${texts.dayOf(expires_at)}` : ""}`,
      })
      return null
    } catch (error) {
      const fault = this.withoutSecrets_(error as Error)
      await (renewal
        ? this.noteFailure_(renewal, fault)
        : this.ledger_.releaseFirstRenewal())
      return fault
    }
  }

  protected async noteFailure_(
    renewal: Renewal<Candidate>,
    fault: Error
  ): Promise<void> {
    if (fault instanceof BakongError && !fault.call.sent) {
      await this.ledger_.releaseRenewal(renewal)
      return
    }
    const { of: old, afterRefusal } = renewal
    const renewal_error = texts.renewalError(fault)
    const refused_at = await this.ledger_.noteRenewalError(
      old.id,
      renewal_error,
      afterRefusal
    )
    if (afterRefusal || isFailureNews(old, this.now_())) {
      this.tellOfFailure_({ ...old, refused_at, renewal_error })
    }
  }

  protected async inspectRenewed_(token: string): Promise<void> {
    await this.inspect_(token)
    const known = (await this.read_()).some(isNamed(fingerprintOf(token)))
    if (known) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        "Bakong gave the same token again"
      )
    }
  }

  /** @throws MedusaError INVALID_DATA for a token that cannot be of use here. */
  protected async inspect_(token: string): Promise<void> {
    const fault = await this.faultOf_(token)
    if (fault !== null) {
      throw new MedusaError(MedusaError.Types.INVALID_DATA, fault)
    }
  }

  protected async faultOf_(token: string): Promise<string | null> {
    if (token === "") {
      return "There is no token in this text: copy the whole token as Bakong showed or mailed it."
    }
    const malformation = malformationOf(token, this.baseUrl_)
    if (malformation !== null) {
      return `The token ${texts.malformed(malformation)}. Copy all of it.`
    }
    const { expires_at } = describe(token, this.baseUrl_)
    if (expires_at && isExpired({ expires_at }, this.now_())) {
      return texts.tooOld(expires_at, this.means_)
    }
    const home = await this.otherHomeOf_(token)
    return home
      ? `This token is known for ${home}, the shop asks ${this.baseUrl_}: take a token of the server that bakong.baseUrl names.`
      : null
  }

  /** Where a token of the same registration has been answered, if that is the other environment. */
  protected async otherHomeOf_(token: string): Promise<string | null> {
    const here = texts.environmentOf(this.baseUrl_)
    if (here === null) {
      return null
    }
    const elsewhere = await this.ledger_.listAnsweredElsewhere()
    const home = elsewhere.find(({ base_url, token_key }) => {
      const there = texts.environmentOf(base_url)
      return (
        there !== null &&
        there !== here &&
        describe(token, base_url).token_key === token_key
      )
    })
    return home?.base_url ?? null
  }

  protected async keep_(token: string, source: TokenSource): Promise<NewToken> {
    const described = describe(token, this.baseUrl_)
    const kept = {
      ...described,
      source,
      ciphertext: this.cipher_?.seal(token, described.fingerprint) ?? null,
    }
    await this.ledger_.keep(kept, this.now_())
    return kept
  }

  /** A renewal after a refusal that died with its process: said once, and not tried again. */
  protected async giveUpIfAbandoned_(
    candidates: Candidate[]
  ): Promise<boolean> {
    const shown = this.shown_(candidates)
    if (!shown?.refused_at || !shown.renewal_started_at) {
      return false
    }
    const error = "it was begun and never came to an end"
    const given = await this.ledger_.giveUpRenewal(
      shown.id,
      this.now_() - RENEWAL_LEASE_MS,
      error
    )
    if (given) {
      this.tellOfFailure_({ ...shown, renewal_error: error })
    }
    return given
  }

  /** A refusal may have been a passing fault: true for the one process that lets the token be tried. */
  protected async tryAgain_(candidates: Candidate[]): Promise<boolean> {
    const now = this.now_()
    const token = tokenToTryAgain(candidates, now)
    return (
      token !== null &&
      this.ledger_.forgetRefusal(
        token.id,
        new Date(now - ABOUT_A_DAY_MS),
        new Date(now - RENEWAL_LEASE_MS)
      )
    )
  }

  protected pick_(candidates: Candidate[]): UsableToken | NoToken {
    const now = this.now_()
    const [best] = usableTokens(candidates, now)
    if (best) {
      return {
        token: best.token!,
        fingerprint: best.fingerprint,
        tokenKey: best.token_key,
      }
    }
    const shown = this.shown_(candidates)
    const broken = this.optionFaultText_()
    if (!shown) {
      return broken
        ? { problem: "malformed", message: broken }
        : { problem: "missing", message: texts.missing(this.means_) }
    }
    const { problem, message } = this.problemOf_(shown, candidates)
    return { problem, message: sentences(message, broken) }
  }

  /** What is wrong with a token that cannot be used. */
  protected problemOf_(shown: Candidate, candidates: Candidate[]): NoToken {
    const now = this.now_()
    const renewal_error = this.renewalErrorOf_(shown, candidates)
    const told = { ...shown, renewal_error }
    if (isAlive(shown, now)) {
      return {
        problem: "undecryptable",
        message: texts.undecryptable(this.means_, renewal_error),
      }
    }
    if (isExpired(shown, now)) {
      return { problem: "expired", message: texts.expired(told, this.means_) }
    }
    const renewing = candidates.some((token) => isBeingRenewed(token, now))
    return {
      problem: "refused",
      message: texts.refused(told, this.means_, now, renewing),
    }
  }

  /** The failure that matters: of the token in use, else of the last attempt there was. */
  protected renewalErrorOf_(
    shown: Candidate,
    candidates: Candidate[]
  ): string | null {
    const isUsed = usableTokens(candidates, this.now_()).length > 0
    const tried = isUsed ? shown : lastTried([shown, ...candidates])
    return tried && tried.renewal_error
  }

  /** What is worth knowing although a token is usable. */
  protected remark_(used: Candidate, candidates: Candidate[]): string | null {
    const now = this.now_()
    const newest = byPreference(candidates).find(
      (token) => !isExpired(token, now)
    )
    const remarks = [
      newest && newest !== used && newest.refused_at !== null
        ? texts.newestRefused(newest, this.means_, now)
        : null,
      this.optionFaultText_(),
      used.expires_at === null ? texts.unknownExpiry : null,
    ]
    return sentences(...remarks) || null
  }

  protected optionFaultText_(): string | null {
    return (
      this.optionFault_ && texts.malformedOption(this.optionFault_, this.means_)
    )
  }

  protected stateOf_(candidates: Candidate[]): TokenState {
    const found = this.pick_(candidates)
    const shown = this.shown_(candidates)
    const reason = texts.cannotRenewBecause(this.means_)
    const problem = "problem" in found ? found : null
    return {
      usable: problem === null,
      problem: problem?.problem ?? null,
      message: problem ? problem.message : this.remark_(shown!, candidates),
      source: shown && (shown.is_option ? "option" : shown.source),
      fingerprint: shown && short(shown),
      token_key: shown && shown.token_key,
      issued_at: shown && shown.issued_at,
      expires_at: shown && shown.expires_at,
      days_left: shown?.expires_at
        ? daysLeft(shown.expires_at, this.now_())
        : null,
      can_renew: reason === null,
      cannot_renew_because: reason,
      last_renewal_error: shown && this.renewalErrorOf_(shown, candidates),
      can_store: this.means_.canStore,
    }
  }

  /** The token in use; else the one whose mending would help. */
  protected shown_(candidates: Candidate[]): Candidate | null {
    const now = this.now_()
    const ranked = byPreference(candidates)
    return (
      usableTokens(candidates, now)[0] ??
      ranked.find((token) => isAlive(token, now)) ??
      ranked[0] ??
      null
    )
  }

  protected async read_(): Promise<Candidate[]> {
    const fingerprint = this.option_?.fingerprint ?? null
    let rows = await this.ledger_.list(fingerprint)
    const isSeen = rows.some(
      (row) => row.fingerprint === fingerprint && row.base_url === this.baseUrl_
    )
    if (this.option_ && !isSeen) {
      await this.ledger_.see(this.option_, this.now_())
      rows = await this.ledger_.list(fingerprint)
    }
    this.answered_ = new Set(
      rows
        .filter(({ answered_at }) => answered_at !== null)
        .map((row) => row.fingerprint)
    )
    return rows.map((row) => this.candidate_(row))
  }

  protected async withLocked_<T>(
    work: (candidates: Candidate[], sql: Database["sql"]) => Promise<T>
  ): Promise<T> {
    return this.ledger_.withLocked(
      this.option_?.fingerprint ?? null,
      (rows, sql) =>
        work(
          rows.map((row) => this.candidate_(row)),
          sql
        )
    )
  }

  protected candidate_(row: TokenRow): Candidate {
    const is_option = row.fingerprint === this.option_?.fingerprint
    const token = is_option
      ? this.#optionToken
      : row.ciphertext &&
        (this.cipher_?.open(row.ciphertext, row.fingerprint) ?? null)
    return { ...row, is_option, token, is_readable: token !== null }
  }

  /** Nobody else would: a token that is never shown to the bank is never refused. */
  protected tellOfMalformedOption_(candidates: Candidate[]): void {
    const message = this.optionFaultText_()
    if (message !== null) {
      const isNeeded = usableTokens(candidates, this.now_()).length === 0
      this.tell_({
        name: "khqr.token.refused",
        data: { fingerprint: null, source: "option", expires_at: null },
        level: isNeeded ? "error" : "warn",
        message,
      })
    }
  }

  protected tellOfFailure_(row: Candidate): void {
    const now = this.now_()
    this.tell_({
      name: "khqr.token.renewal_failed",
      data: { ...describeForNotice(row), error: row.renewal_error },
      level: "error",
      message:
        row.refused_at && !isExpired(row, now)
          ? texts.refused(row, this.means_, now, false)
          : row.expires_at
            ? texts.expiring(row, this.means_, now)
            : `Renewing the token failed: ${row.renewal_error}`,
    })
  }

  protected tell_(notice: Notice): void {
    this.#parts.tell(notice)
  }

  protected date_(): Date {
    return new Date(this.now_())
  }

  /** The bank may repeat what it was sent, and whoever knows the e-mail can renew the token. */
  protected withoutSecrets_(error: Error): Error {
    const message = hideSecrets(error.message, this.#parts.options.email)
    if (error instanceof BakongError) {
      return new BakongError(
        error.kind,
        message,
        error.call,
        error.retryAfterMs
      )
    }
    return error instanceof MedusaError
      ? new MedusaError(error.type, message)
      : new Error(message)
  }
}

/** A text of somebody else's without JWTs and the registered e-mail. */
export function hideSecrets(text: string, email?: string): string {
  const withoutTokens = text.replace(/eyJ[\w+/=-]+(\.[\w+/=-]*)*/g, "[token]")
  return email
    ? withoutTokens.replaceAll(
        new RegExp(escapeForRegExp(email), "gi"),
        "[e-mail]"
      )
    : withoutTokens
}

/** A relay may have tokens of its own form; the National Bank has not. */
function malformationOf(
  token: string,
  baseUrl: string
): texts.Malformation | null {
  if (readTokenClaims(token) !== null) {
    return null
  }
  if (token.startsWith("eyJ")) {
    return "cut_off"
  }
  return texts.environmentOf(baseUrl) === null ? null : "foreign"
}

/**
 * What a token says of itself. Its key is the registration (`data.id`) at this
 * host, so that the count of the day goes on when it is renewed; a token that
 * names nobody counts for itself.
 */
function describe(token: string, baseUrl: string): Omit<NewToken, "source"> {
  const claims = readTokenClaims(token)
  const fingerprint = fingerprintOf(token)
  return {
    fingerprint,
    token_key: claims?.subject
      ? createHash("sha256")
          .update(`${baseUrl}\n${claims.subject}`)
          .digest("hex")
      : fingerprint,
    ciphertext: null,
    issued_at: dateOf(claims?.issuedAt),
    expires_at: dateOf(claims?.expiresAt),
  }
}

function describeForNotice({
  fingerprint,
  expires_at,
  source,
}: Pick<TokenRow, "fingerprint" | "expires_at" | "source">): Notice["data"] {
  return {
    fingerprint: short({ fingerprint }),
    source,
    expires_at: expires_at?.toISOString() ?? null,
  }
}

/** Because of its refusal: one that was begun before may have come to its end already. */
function isBeingRenewed(
  { refused_at, renewal_started_at, renewal_error }: TokenRow,
  now: number
): boolean {
  return (
    refused_at !== null &&
    renewal_started_at !== null &&
    renewal_started_at >= refused_at &&
    renewal_error === null &&
    now - renewal_started_at.getTime() < RENEWAL_LEASE_MS
  )
}

const isNamed =
  (fingerprint: string) =>
  (row: { fingerprint: string }): boolean =>
    row.fingerprint === fingerprint

const sentences = (...texts: (string | null)[]): string =>
  texts.filter(Boolean).join(". ")

const short = ({ fingerprint }: { fingerprint: string }): string =>
  fingerprint.slice(0, 8)

const dateOf = (ms: number | null | undefined): Date | null =>
  ms == null ? null : new Date(ms)

const escapeForRegExp = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
