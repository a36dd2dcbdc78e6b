import type { SimulatedRandom } from "./random"
import { FIRST_ACCOUNT } from "./tokens"
import type { SimulatedMail } from "./types"

export const CODE_LENGTH = 20

/** Without 0, 1, I and O, as whoever types it from a mail likes it: 32 characters. */
const CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

type Applicant = { email: string; organization: string; project: string }

type RegistrationParts = {
  random: SimulatedRandom
  now: () => number
  /** Known from the start; `undefined`: every one, `null`: none. */
  email: string | null | undefined
}

/** Who is registered, and the mails by which one becomes it. */
export class Registration {
  protected readonly parts_: RegistrationParts
  protected readonly accounts_ = new Map<string, string>()
  protected readonly codes_ = new Map<string, string>()
  protected mails_: SimulatedMail[] = []

  constructor(parts: RegistrationParts) {
    this.parts_ = parts
  }

  /** Every mail, oldest first. */
  get mails(): readonly SimulatedMail[] {
    return this.mails_
  }

  /** The account `renew_token` renews for this e-mail. */
  accountOf(email: string): string | null {
    const registered = this.accounts_.get(email.toLowerCase())
    if (registered !== undefined) {
      return registered
    }
    return this.parts_.email === undefined || this.isFirst_(email)
      ? FIRST_ACCOUNT
      : null
  }

  isRegistered(email: string): boolean {
    return this.accounts_.has(email.toLowerCase()) || this.isFirst_(email)
  }

  /** Mails a code; an earlier one for this e-mail is void. */
  request({ email, organization, project }: Applicant): void {
    const { random, now } = this.parts_
    const code = Array.from(
      random.bytes(CODE_LENGTH),
      (byte) => CODE_ALPHABET[byte % CODE_ALPHABET.length]
    ).join("")
    this.codes_.set(email.toLowerCase(), code)
    this.mails_.push({ to: email, at: now(), organization, project, code })
  }

  /** The new account, or `null` when the code is unknown or used. */
  verify(code: string): string | null {
    for (const [email, mailed] of this.codes_) {
      if (mailed === code) {
        this.codes_.delete(email)
        const account = this.parts_.random.hex(8)
        this.accounts_.set(email, account)
        return account
      }
    }
    return null
  }

  reset(): void {
    this.accounts_.clear()
    this.codes_.clear()
    this.mails_ = []
  }

  protected isFirst_(email: string): boolean {
    return this.parts_.email?.toLowerCase() === email.toLowerCase()
  }
}
