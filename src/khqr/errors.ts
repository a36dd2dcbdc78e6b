/**
 * What is wrong:
 * - `not_text` not a string at all · `missing` absent or empty · `too_long` over its limit
 * - `malformed` not of the form its field has · `not_ascii` characters a KHQR cannot carry
 * - `out_of_range` zero, negative, too large, or a time outside its window
 * - `inexact` an amount finer than the currency
 * - `truncated` the string ends inside a tag · `duplicate` a tag occurs twice
 * - `unknown_tag` a tag KHQR does not define · `misplaced` a tag where it may not stand
 * - `conflict` two fields that exclude each other · `bad_crc` the checksum is wrong
 * - `unfaithful` the string library wrote something else than it was asked for
 */
export type KhqrErrorCode =
  | "not_text"
  | "missing"
  | "too_long"
  | "malformed"
  | "not_ascii"
  | "out_of_range"
  | "inexact"
  | "truncated"
  | "duplicate"
  | "unknown_tag"
  | "misplaced"
  | "conflict"
  | "bad_crc"
  | "unfaithful"

/** The field of an input (`amount`, `receiver.accountId`) or the tag of a string (`62.01`). */
export type KhqrErrorSubject =
  { field: string; tag?: string } | { tag: string; field?: undefined }

/**
 * The only error `src/khqr` throws. The message names the field or the tag, says what
 * is wrong with it and how to mend it; it never repeats the value, which may be personal.
 */
export class KhqrError extends Error {
  readonly code: KhqrErrorCode
  /** Path of the input's field, for example `receiver.accountId`. */
  readonly field?: string
  /** EMVCo tag, for example `54` or `62.01`. */
  readonly tag?: string

  constructor(code: KhqrErrorCode, subject: KhqrErrorSubject, message: string) {
    const name = subject.field ? `\`${subject.field}\`` : `Tag ${subject.tag}`
    super(`${name} ${message}`)
    this.name = "KhqrError"
    this.code = code
    this.field = subject.field
    this.tag = subject.tag
  }
}
