const STRINGS_AND_THE_NUMBER_AFTER_THEM =
  /("[^"\\]*(?:\\.[^"\\]*)*")(?:(\s*:\s*)(-?\d[\d.eE+-]*))?/g

/**
 * `JSON.parse`, except that every number under the key `amount` arrives as the
 * text the sender wrote: a float would turn 10.10 into 10.1 and round what has
 * more than 17 digits.
 *
 * @throws {SyntaxError} as `JSON.parse` does.
 */
export const parseJsonKeepingAmounts = (text: string): unknown => {
  // Only valid JSON may be rewritten: in it, the pattern finds whole strings.
  JSON.parse(text)
  const rewritten = text.replace(
    STRINGS_AND_THE_NUMBER_AFTER_THEM,
    (found, string: string, colon?: string, number?: string) =>
      string === '"amount"' && number ? `${string}${colon}"${number}"` : found
  )
  return JSON.parse(rewritten)
}

/** Longest plain decimal that can be money; guards against 1e999999999. */
const MAX_DIGITS = 30

/**
 * A positive amount as an exact decimal without exponent ("1e2" → "100",
 * "10.10" stays "10.10"), or `null` when it is not one.
 */
export const readAmount = (value: unknown): string | null => {
  const text =
    typeof value === "number"
      ? String(value)
      : typeof value === "string"
        ? value.trim()
        : ""
  const parts = /^(\d{1,30})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,3}))?$/.exec(
    text
  )
  if (!parts) {
    return null
  }
  const [, whole, fraction = "", exponent = "0"] = parts
  const amount = shiftPoint(whole, fraction, Number(exponent))
  if (amount.length > MAX_DIGITS || !/[1-9]/.test(amount)) {
    return null
  }
  return amount
}

const shiftPoint = (whole: string, fraction: string, places: number) => {
  const digits =
    "0".repeat(Math.max(0, -places)) +
    whole +
    fraction +
    "0".repeat(Math.max(0, places - fraction.length))
  const point = Math.max(0, -places) + whole.length + places
  const head = digits.slice(0, point).replace(/^0+(?=\d)/, "") || "0"
  const tail = digits.slice(point)
  return tail ? `${head}.${tail}` : head
}

/**
 * A flat JSON object in which `amount`, an exact plain decimal, is written as a
 * number digit by digit, without passing through a float.
 */
export const writeJsonWithAmount = (
  fields: Record<string, string> & { amount: string }
): string => {
  const members = Object.entries(fields).map(
    ([key, value]) =>
      `${JSON.stringify(key)}:${key === "amount" ? value : JSON.stringify(value)}`
  )
  return `{${members.join(",")}}`
}
