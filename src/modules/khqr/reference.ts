import { randomBytes } from "node:crypto"

/** No 0, O, 1, I, L, U: a reference is read aloud and typed from a receipt. */
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

const RANDOM_CHARACTERS = 13

/**
 * A unique bill number for tag 62.01: `KH` and 13 characters, 63 random bits.
 * Medusa's own ids are longer than the 25 characters the tag takes.
 */
export function newReference(): string {
  let reference = "KH"
  while (reference.length < 2 + RANDOM_CHARACTERS) {
    for (const byte of randomBytes(RANDOM_CHARACTERS)) {
      // Bytes past the last whole multiple would favour the alphabet's head.
      if (byte < 240 && reference.length < 2 + RANDOM_CHARACTERS) {
        reference += ALPHABET[byte % ALPHABET.length]
      }
    }
  }
  return reference
}
