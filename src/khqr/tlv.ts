import { KhqrError } from "./errors"

/** Tags in the order they stand in the string. */
export type TlvFields = Map<string, string>

const HEADER_LENGTH = 4
const TWO_DIGITS = /^\d\d$/

/**
 * Splits EMVCo tag-length-value text: two digits of tag, two of length, the value.
 * Lengths count UTF-16 units, as NBC's Java, C# and JavaScript SDKs do.
 * Every step goes forward by at least five characters, so time is linear.
 *
 * @param parent the template the text is the value of, to name tags as `62.01`
 * @throws KhqrError naming the tag that is cut off, malformed, empty or repeated
 */
export function readTlv(text: string, parent?: string): TlvFields {
  const fields: TlvFields = new Map()
  let position = 0
  let last = parent ?? "00"

  while (position < text.length) {
    const tag = text.slice(position, position + 2)
    const length = text.slice(position + 2, position + HEADER_LENGTH)
    const path = tagPath(tag, parent)

    if (!TWO_DIGITS.test(tag)) {
      throw new KhqrError(
        "malformed",
        { tag: last },
        position === 0
          ? "must come first and be two digits"
          : "is followed by something that is no tag of two digits"
      )
    }
    if (!TWO_DIGITS.test(length)) {
      throw new KhqrError(
        position + HEADER_LENGTH > text.length ? "truncated" : "malformed",
        { tag: path },
        "must have a length of two digits"
      )
    }
    if (length === "00") {
      throw new KhqrError("missing", { tag: path }, "must not be empty")
    }

    const start = position + HEADER_LENGTH
    const end = start + Number(length)
    if (end > text.length) {
      throw new KhqrError(
        "truncated",
        { tag: path },
        `announces ${Number(length)} characters, ${text.length - start} follow`
      )
    }
    if (fields.has(tag)) {
      throw new KhqrError("duplicate", { tag: path }, "occurs twice")
    }

    fields.set(tag, text.slice(start, end))
    last = path
    position = end
  }

  return fields
}

/** One tag as text. The value is 1 to 99 characters: the caller has checked. */
export function writeTlv(tag: string, value: string): string {
  return `${tag}${String(value.length).padStart(2, "0")}${value}`
}

export function tagPath(tag: string, parent?: string): string {
  return parent ? `${parent}.${tag}` : tag
}
