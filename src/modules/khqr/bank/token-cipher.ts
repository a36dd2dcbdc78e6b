import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
} from "node:crypto"

const VERSION = "v1"
const ALGORITHM = "aes-256-gcm"
const IV_BYTES = 12
const TAG_BYTES = 16
/** Fixed, so that every process derives the same key, and this one for nothing else. */
const PURPOSE = "medusa-payment-khqr token v1"

/**
 * Seals the tokens that are kept in the database: AES-256-GCM, the key derived
 * from the option `bakong.encryptionKey` by HKDF-SHA256, as text of the form
 * `v1.<iv>.<tag>.<ciphertext>` in base64url. A sealed token opens only together
 * with its fingerprint, so that rows cannot be swapped.
 */
export class TokenCipher {
  readonly #key: Buffer

  constructor(encryptionKey: string) {
    this.#key = Buffer.from(hkdfSync("sha256", encryptionKey, "", PURPOSE, 32))
  }

  seal(token: string, fingerprint: string): string {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.#key, iv, {
      authTagLength: TAG_BYTES,
    })
    cipher.setAAD(Buffer.from(fingerprint))
    const sealed = Buffer.concat([cipher.update(token, "utf8"), cipher.final()])
    return [VERSION, ...[iv, cipher.getAuthTag(), sealed].map(encode)].join(".")
  }

  /** `null` for what was sealed with another key, for another token, or was touched since. */
  open(text: string, fingerprint: string): string | null {
    const [version, ...parts] = text.split(".")
    const bytes = parts.map((part) => Buffer.from(part, "base64url"))
    const [iv, tag, sealed] = bytes
    if (
      version !== VERSION ||
      bytes.length !== 3 ||
      iv.length !== IV_BYTES ||
      tag.length !== TAG_BYTES ||
      // Node reads sloppy base64 too: one token, one text.
      !bytes.every((part, i) => encode(part) === parts[i])
    ) {
      return null
    }
    try {
      const decipher = createDecipheriv(ALGORITHM, this.#key, iv, {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(fingerprint))
      decipher.setAuthTag(tag)
      return Buffer.concat([
        decipher.update(sealed),
        decipher.final(),
      ]).toString("utf8")
    } catch {
      return null
    }
  }
}

const encode = (bytes: Buffer): string => bytes.toString("base64url")
