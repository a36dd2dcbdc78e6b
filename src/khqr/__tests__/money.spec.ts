import { BakongKHQR } from "bakong-khqr"
import fc from "fast-check"
import {
  formatKhqrAmount,
  sameAmount,
  toExactKhqrAmount,
  toKhqrAmount,
} from "../money"
import type { KhqrCurrency, KhrRounding } from "../types"
import { NOW, TEN_MINUTES, khqrErrorOf, shopInput, writtenByNbc } from "./world"

const refusal = (amount: unknown, currency = "USD", rounding?: unknown) =>
  khqrErrorOf(() =>
    toKhqrAmount(
      amount as string,
      currency as KhqrCurrency,
      rounding as KhrRounding
    )
  ).code

/** digits * 10^-scale, written with up to twenty decimals as Medusa's totals are. */
const decimal = fc
  .record({
    digits: fc.bigInt(1n, 10n ** 24n),
    scale: fc.integer({ min: 0, max: 20 }),
    zeros: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ digits, scale, zeros }) => {
    const text = digits.toString().padStart(scale + 1, "0")
    const whole = text.slice(0, text.length - scale)
    const fraction = text.slice(text.length - scale) + "0".repeat(zeros)
    return {
      digits,
      scale,
      text: fraction ? `${"0".repeat(zeros)}${whole}.${fraction}` : whole,
    }
  })

/** digits * num / (den * 10^scale), half up: twice the rest decides. */
function oracle(digits: bigint, scale: number, num: bigint, den: bigint) {
  const divisor = den * 10n ** BigInt(scale)
  const quotient = (digits * num) / divisor
  const rest = (digits * num) % divisor
  return 2n * rest >= divisor ? quotient + 1n : quotient
}

describe("toKhqrAmount", () => {
  it.each([
    ["12.344", "12.34"],
    ["12.345", "12.35"],
    ["0.005", "0.01"],
    ["1.995", "2"],
    ["1.005", "1.01"],
    ["1.5", "1.50"],
    ["11", "11"],
    ["11.00", "11"],
    ["10", "10"],
    ["0011.10", "11.10"],
    ["9999999999.99", "9999999999.99"],
    ["9999999999.995", "10000000000"],
    ["9999999999999", "9999999999999"],
    ["0.30000000000000004", "0.30"],
  ])("rounds %s dollars half up to cents: %s", (amount, expected) => {
    expect(toKhqrAmount(amount, "USD")).toBe(expected)
  })

  it.each([
    ["4100.4", 1, "4100"],
    ["4100.5", 1, "4101"],
    ["0.5", 1, "1"],
    ["4149.99", 100, "4100"],
    ["4150", 100, "4200"],
    ["50", 100, "100"],
    ["9999999999949", 100, "9999999999900"],
    ["4100", "refuse", "4100"],
    ["4100.00", "refuse", "4100"],
  ] as const)("rounds %s riel, step %s: %s", (amount, rounding, expected) => {
    expect(toKhqrAmount(amount, "KHR", rounding)).toBe(expected)
  })

  it.each([
    "abc",
    "NaN",
    "Infinity",
    "1e21",
    "1e2",
    "0x10",
    "1,000",
    "1_000",
    " 1",
    "1 ",
    "+1",
    ".5",
    "5.",
    "1.2.3",
    "--1",
    "១២",
    "1\n",
  ])("refuses %j: no plain decimal", (amount) => {
    expect(refusal(amount)).toBe("malformed")
  })

  it("refuses what is not more than zero, before or after rounding", () => {
    for (const amount of ["0", "0.00", "-0", "-1", "-0.01", "0.004"]) {
      expect(refusal(amount)).toBe("out_of_range")
    }
    expect(refusal("0.4", "KHR")).toBe("out_of_range")
    expect(refusal("49", "KHR", 100)).toBe("out_of_range")
  })

  it("refuses what has no room in 13 characters", () => {
    expect(refusal("99999999999.99")).toBe("too_long")
    expect(refusal("10000000000000", "KHR")).toBe("too_long")
    expect(refusal("9999999999999.5", "KHR")).toBe("too_long")
    expect(refusal("9999999999951", "KHR", 100)).toBe("too_long")
    expect(refusal("1".repeat(101))).toBe("too_long")
  })

  it("refuses a fraction of a riel where the shop wants none", () => {
    expect(refusal("4100.5", "KHR", "refuse")).toBe("inexact")
  })

  it("refuses numbers, nothing, other currencies and other steps", () => {
    expect(refusal(12.5)).toBe("not_text")
    expect(refusal(NaN)).toBe("not_text")
    expect(refusal(undefined)).toBe("not_text")
    expect(refusal("")).toBe("missing")
    expect(refusal("1", "THB")).toBe("malformed")
    expect(refusal("1", "KHR", 50)).toBe("malformed")
  })

  it("agrees with plain integer arithmetic on every decimal", () => {
    fc.assert(
      fc.property(
        decimal,
        fc.constantFrom("USD", "KHR", "KHR100"),
        ({ digits, scale, text }, kind) => {
          const units =
            kind === "USD"
              ? oracle(digits, scale, 100n, 1n)
              : kind === "KHR"
                ? oracle(digits, scale, 1n, 1n)
                : oracle(digits, scale, 1n, 100n) * 100n
          const exact =
            kind !== "USD"
              ? String(units)
              : units % 100n
                ? `${units / 100n}.${String(units % 100n).padStart(2, "0")}`
                : String(units / 100n)
          const rounding = kind === "KHR100" ? 100 : 1
          const currency = kind === "USD" ? "USD" : "KHR"

          if (units === 0n) {
            expect(refusal(text, currency, rounding)).toBe("out_of_range")
          } else if (exact.length > 13) {
            expect(refusal(text, currency, rounding)).toBe("too_long")
          } else {
            expect(toKhqrAmount(text, currency, rounding)).toBe(exact)
          }
        }
      ),
      { numRuns: 5_000 }
    )
  })

  it("leaves alone what it has written, and writes it as NBC's SDK does", () => {
    jest.spyOn(Date, "now").mockReturnValue(NOW)
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 11n),
        fc.constantFrom("USD" as const, "KHR" as const),
        (cents, currency) => {
          const text = `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`
          fc.pre(currency === "USD" || cents >= 50n)
          const amount = toKhqrAmount(text, currency)

          expect(toKhqrAmount(amount, currency)).toBe(amount)
          expect(toExactKhqrAmount(amount, currency)).toBe(amount)
          const nbc = writtenByNbc(
            shopInput({ amount, currency, expiresAt: NOW + TEN_MINUTES })
          )
          expect(BakongKHQR.decode(nbc).data.transactionAmount).toBe(amount)
        }
      ),
      { numRuns: 2_000 }
    )
    jest.restoreAllMocks()
  })
})

describe("sameAmount", () => {
  it.each([
    ["1.50", "1.5", true],
    ["1", "1.000", true],
    ["007", "7", true],
    ["0", "-0.0", true],
    ["0.1", "0.10000000000000001", false],
    ["9007199254740993", "9007199254740992", false],
    ["1", "-1", false],
    ["10", "1", false],
    ["1.05", "1.5", false],
  ])("compares %s and %s exactly", (a, b, expected) => {
    expect(sameAmount(a, b)).toBe(expected)
    expect(sameAmount(b, a)).toBe(expected)
  })

  it.each(["1e2", "", "abc", "NaN", " 1"])(
    "refuses %j on either side",
    (odd) => {
      expect(khqrErrorOf(() => sameAmount(odd, "1")).field).toBe("amount")
      expect(khqrErrorOf(() => sameAmount("1", odd)).field).toBe("amount")
    }
  )

  it("agrees with cross-multiplied integers", () => {
    fc.assert(
      fc.property(decimal, decimal, fc.boolean(), (a, other, equal) => {
        const b = equal ? { ...a, text: `0${a.text}` } : other
        expect(sameAmount(a.text, b.text)).toBe(
          a.digits * 10n ** BigInt(b.scale) ===
            b.digits * 10n ** BigInt(a.scale)
        )
      }),
      { numRuns: 2_000 }
    )
  })
})

describe("formatKhqrAmount", () => {
  it.each([
    ["1234.56", "USD", "1,234.56 USD"],
    ["11", "USD", "11.00 USD"],
    ["0.5", "USD", "0.50 USD"],
    ["999", "USD", "999.00 USD"],
    ["9999999999.99", "USD", "9,999,999,999.99 USD"],
    ["1300000", "KHR", "1,300,000 KHR"],
    ["100", "KHR", "100 KHR"],
  ] as const)("shows %s %s as the card does: %s", (amount, currency, shown) => {
    expect(formatKhqrAmount(amount, currency)).toBe(shown)
  })

  it("does not show an amount the currency cannot hold", () => {
    expect(khqrErrorOf(() => formatKhqrAmount("1.005", "USD")).code).toBe(
      "inexact"
    )
    expect(khqrErrorOf(() => formatKhqrAmount("0.5", "KHR")).code).toBe(
      "inexact"
    )
  })
})
