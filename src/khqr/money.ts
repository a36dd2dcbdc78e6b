import { KhqrError } from "./errors"
import type { KhqrCurrency, KhrRounding } from "./types"

/** Tag 54 holds at most this many characters. */
export const MAX_AMOUNT_LENGTH = 13

/** Longer than any database writes a decimal; keeps every function here cheap. */
const MAX_DECIMAL_LENGTH = 100

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

const FRACTION_DIGITS: Record<KhqrCurrency, number> = { USD: 2, KHR: 0 }

type Decimal = { negative: boolean; whole: string; fraction: string }

/**
 * An exact decimal as tag 54 writes it. USD is rounded half up to cents, KHR half up to
 * whole riel (`khrRounding` 1) or to 100 riel, or refused when it has a fraction.
 *
 * The form is the one NBC's `bakong-khqr` and `ts-khqr` write, so that equal amounts give
 * equal strings: KHR without fraction, USD without fraction when whole ("11"),
 * otherwise with two digits ("0.50").
 *
 * @throws KhqrError about `amount`: `malformed` (no plain decimal: exponent, sign `+`,
 * NaN, blanks), `missing` (empty), `out_of_range` (negative, zero, rounds to zero),
 * `too_long` (over 13 characters), `inexact` (with `khrRounding` "refuse")
 */
export function toKhqrAmount(
  amount: string,
  currency: KhqrCurrency,
  khrRounding: KhrRounding = 1
): string {
  const decimal = parsePositive(amount)
  if (currency === "USD") {
    return writeUnits(roundHalfUp(decimal, 2), 2)
  }
  assertKhr(currency)

  if (khrRounding === "refuse") {
    return toExactKhqrAmount(amount, "KHR")
  }
  if (khrRounding === 1) {
    return writeUnits(roundHalfUp(decimal, 0), 0)
  }
  if (khrRounding === 100) {
    return writeUnits(roundHalfUp(decimal, -2), 0)
  }
  throw new KhqrError(
    "malformed",
    { field: "khrRounding" },
    'must be 1, 100 or "refuse"'
  )
}

/**
 * As `toKhqrAmount`, but never rounds: an amount finer than a cent or a riel is refused.
 *
 * @throws KhqrError about `amount`, `inexact` when it would have to be rounded
 */
export function toExactKhqrAmount(
  amount: string,
  currency: KhqrCurrency
): string {
  const decimal = parsePositive(amount)
  if (currency !== "USD") {
    assertKhr(currency)
  }
  const digits = FRACTION_DIGITS[currency]
  if (decimal.fraction.length > digits) {
    throw new KhqrError(
      "inexact",
      { field: "amount", tag: "54" },
      digits
        ? "is finer than a cent: round it to two decimals"
        : "has a fraction of a riel: round it to whole riel"
    )
  }
  return writeUnits(roundHalfUp(decimal, digits), digits)
}

/**
 * Whether two decimals are the same number: "1.50" and "1.5" are.
 *
 * @throws KhqrError `malformed`, `missing` or `too_long` when one is no plain decimal
 */
export function sameAmount(a: string, b: string): boolean {
  const left = parseDecimal(a)
  const right = parseDecimal(b)
  return (
    left.negative === right.negative &&
    left.whole === right.whole &&
    left.fraction === right.fraction
  )
}

/**
 * The amount as a KHQR card shows it: `1,234.56 USD`, `11.00 USD`, `1,300,000 KHR`.
 *
 * @throws KhqrError about `amount` as `toExactKhqrAmount`
 */
export function formatKhqrAmount(
  amount: string,
  currency: KhqrCurrency
): string {
  const [whole, cents] = toExactKhqrAmount(amount, currency).split(".")
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",")
  return currency === "USD"
    ? `${grouped}.${cents ?? "00"} USD`
    : `${grouped} KHR`
}

function parsePositive(amount: string): Decimal {
  const decimal = parseDecimal(amount)
  if (decimal.negative) {
    throw outOfRange("is negative: a KHQR asks for more than zero")
  }
  if (decimal.whole === "0" && decimal.fraction === "") {
    throw outOfRange("is zero: a KHQR asks for more than zero")
  }
  return decimal
}

/** Without leading zeros, trailing zeros of the fraction or a negative zero. */
function parseDecimal(amount: unknown): Decimal {
  if (typeof amount !== "string") {
    throw new KhqrError(
      "not_text",
      { field: "amount" },
      'must be a decimal as a string, such as "12.34", not a number'
    )
  }
  if (amount === "") {
    throw new KhqrError("missing", { field: "amount" }, "must not be empty")
  }
  if (amount.length > MAX_DECIMAL_LENGTH) {
    throw new KhqrError(
      "too_long",
      { field: "amount" },
      `must be at most ${MAX_DECIMAL_LENGTH} characters`
    )
  }
  const match = DECIMAL.exec(amount)
  if (!match) {
    throw new KhqrError(
      "malformed",
      { field: "amount" },
      'must be a plain decimal such as "12.34": digits and one point'
    )
  }
  const whole = match[2].replace(/^0+(?=\d)/, "")
  const fraction = trimTrailingZeros(match[3] ?? "")
  const isZero = whole === "0" && fraction === ""
  return { negative: match[1] === "-" && !isZero, whole, fraction }
}

function trimTrailingZeros(digits: string): string {
  let end = digits.length
  while (end > 0 && digits[end - 1] === "0") {
    end--
  }
  return digits.slice(0, end)
}

/**
 * The number in units of 10^-digits, half up. With negative `digits` still in units of
 * one: `-2` rounds to hundreds.
 */
function roundHalfUp({ whole, fraction }: Decimal, digits: number): bigint {
  const scaled = BigInt(whole + fraction)
  const dropped = fraction.length - digits
  if (dropped <= 0) {
    return scaled * 10n ** BigInt(-dropped)
  }
  const step = 10n ** BigInt(dropped)
  const rounded = (scaled + step / 2n) / step
  return digits < 0 ? rounded * 10n ** BigInt(-digits) : rounded
}

function writeUnits(units: bigint, digits: number): string {
  if (units === 0n) {
    throw outOfRange("rounds to zero: a KHQR asks for more than zero")
  }
  const text = writeDecimal(units, digits)
  if (text.length > MAX_AMOUNT_LENGTH) {
    throw new KhqrError(
      "too_long",
      { field: "amount", tag: "54" },
      `is too large: a KHQR has room for ${MAX_AMOUNT_LENGTH} characters`
    )
  }
  return text
}

function writeDecimal(units: bigint, digits: number): string {
  if (digits === 0) {
    return units.toString()
  }
  const text = units.toString().padStart(digits + 1, "0")
  const whole = text.slice(0, -digits)
  const fraction = text.slice(-digits)
  return /^0+$/.test(fraction) ? whole : `${whole}.${fraction}`
}

function outOfRange(message: string): KhqrError {
  return new KhqrError("out_of_range", { field: "amount" }, message)
}

function assertKhr(currency: unknown): asserts currency is "KHR" {
  if (currency !== "KHR") {
    throw new KhqrError(
      "malformed",
      { field: "currency" },
      'must be "USD" or "KHR"'
    )
  }
}
