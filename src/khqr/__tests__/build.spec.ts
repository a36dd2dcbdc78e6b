import { createHash } from "node:crypto"
import { BakongKHQR } from "bakong-khqr"
import fc from "fast-check"
import { CURRENCY, KHQR, TAG } from "ts-khqr"
import { buildKhqr } from "../build"
import { decodeKhqr } from "../decode"
import type { BuildKhqrInput } from "../types"
import {
  NOW,
  TEN_MINUTES,
  acceptedInput,
  khqrErrorOf,
  shopInput,
  writtenByNbc,
} from "./world"

const refusal = (change: object, now = NOW) => {
  const error = khqrErrorOf(() =>
    buildKhqr({ ...shopInput(), ...change } as BuildKhqrInput, now)
  )
  if (error.field) {
    expect(error.message).toContain(error.field)
  }
  return { code: error.code, field: error.field }
}

describe("a built KHQR", () => {
  beforeEach(() => {
    jest.spyOn(Date, "now").mockReturnValue(NOW)
  })
  afterEach(() => {
    jest.restoreAllMocks()
  })

  it("is the string a bank's app expects, with its md5", () => {
    const built = buildKhqr(
      shopInput({ currency: "USD", amount: "12.34", billNumber: "A-1" }),
      NOW
    )

    expect(built.qr).toBe(
      "00020101021229200016test_bakong@devb520459995303840540512.34" +
        "5802KH5917Lucky Supermarket6010Phnom Penh62070103A-1" +
        "9934001317637000000000113176370060000063040AB6"
    )
    expect(built.md5).toBe(createHash("md5").update(built.qr).digest("hex"))
    expect(built.fields).toEqual({
      pointOfInitiation: "dynamic",
      receiver: { type: "individual", accountId: "test_bakong@devb" },
      amount: "12.34",
      currency: "USD",
      merchantName: "Lucky Supermarket",
      merchantCity: "Phnom Penh",
      merchantCategoryCode: "5999",
      billNumber: "A-1",
      createdAt: NOW,
      expiresAt: NOW + TEN_MINUTES,
    })
  })

  it("equals what NBC's SDK writes, is valid to it, and reads back as it was meant", () => {
    fc.assert(
      fc.property(acceptedInput, (input) => {
        const { qr, md5, fields } = buildKhqr(input, NOW)

        expect(qr).toBe(writtenByNbc(input))
        expect(BakongKHQR.verify(qr).isValid).toBe(true)
        expect(md5).toBe(createHash("md5").update(qr, "utf8").digest("hex"))
        expect(fields).toEqual(decodeKhqr(qr))
        const { type: _type, ...asked } = input
        const meant = JSON.parse(JSON.stringify(asked))
        expect(fields).toMatchObject(meant)
      }),
      { numRuns: 8_000 }
    )
  })

  it("says to NBC's decoder what it says to ours", () => {
    fc.assert(
      fc.property(acceptedInput, (input) => {
        const { qr, fields } = buildKhqr(input, NOW)
        const { data } = BakongKHQR.decode(qr)

        expect(data.bakongAccountID).toBe(fields.receiver.accountId)
        expect(data.acquiringBank).toBe(fields.receiver.acquiringBank ?? null)
        expect(data.merchantName).toBe(fields.merchantName)
        expect(data.transactionAmount).toBe(fields.amount ?? null)
        expect(data.billNumber).toBe(fields.billNumber ?? null)
        expect(data.purposeOfTransaction).toBe(fields.purpose ?? null)
        expect(data.expirationTimestamp).toBe(
          fields.expiresAt === undefined ? null : String(fields.expiresAt)
        )
      }),
      { numRuns: 3_000 }
    )
  })

  it.each([
    ["INV-9139", "0009"],
    ["INV-13214", "000E"],
    ["INV-14215", "0008"],
  ])(
    "has four digits of checksum where ts-khqr loses one (%s)",
    (billNumber, crc) => {
      const raw = KHQR.generate({
        tag: TAG.INDIVIDUAL,
        accountID: "test_bakong@devb",
        merchantName: "Lucky Supermarket",
        currency: CURRENCY.KHR,
        amount: 10000,
        additionalData: { billNumber },
        expirationTimestamp: NOW + TEN_MINUTES,
      }).data?.qr
      const { qr } = buildKhqr(shopInput({ billNumber }), NOW)

      expect(raw).toBe(qr.slice(0, -4) + crc.slice(1))
      expect(qr.endsWith(`6304${crc}`)).toBe(true)
      expect(BakongKHQR.verify(qr).isValid).toBe(true)
    }
  )

  it("takes its creation time from `now`, whatever the machine's clock says", () => {
    const before = buildKhqr(shopInput(), NOW)
    jest.spyOn(Date, "now").mockReturnValue(NOW + 86_400_000)
    const after = buildKhqr(shopInput(), NOW)

    expect(after).toEqual(before)
    expect(after.fields.createdAt).toBe(NOW)
  })

  it("is static only when asked for by name", () => {
    const { type: _, amount: _a, expiresAt: _e, ...rest } = shopInput()
    const { qr, fields } = buildKhqr({ ...rest, type: "static" }, NOW)

    expect(qr.startsWith("000201010211")).toBe(true)
    expect(fields.pointOfInitiation).toBe("static")
    expect(fields).not.toHaveProperty("amount")

    for (const amount of [undefined, null, 0, NaN, "", "0", "-0", "0.00"]) {
      expect(refusal({ amount }).field).toBe("amount")
    }
    expect(refusal({ type: "static" })).toEqual({
      code: "conflict",
      field: "amount",
    })
    expect(refusal({ type: "static", amount: undefined })).toEqual({
      code: "conflict",
      field: "expiresAt",
    })
    expect(refusal({ type: "" }).field).toBe("type")
  })

  it.each(["abc", "Infinity", "1e21", "1e2", "1,000", " 5", "5.", ".5", "+5"])(
    "refuses %j as an amount",
    (amount) => {
      expect(refusal({ amount, currency: "USD" })).toEqual({
        code: "malformed",
        field: "amount",
      })
    }
  )

  it("never rounds an amount", () => {
    expect(refusal({ currency: "USD", amount: "1.005" }).code).toBe("inexact")
    expect(refusal({ currency: "KHR", amount: "99.5" }).code).toBe("inexact")
    expect(refusal({ amount: "99999999999999" }).code).toBe("too_long")
  })

  it("writes the same string for the same number", () => {
    const price = { currency: "USD" as const }
    const one = buildKhqr(shopInput({ ...price, amount: "1.5" }), NOW)
    const other = buildKhqr(shopInput({ ...price, amount: "01.500" }), NOW)

    expect(one.fields.amount).toBe("1.50")
    expect(other.qr).toBe(one.qr)
  })

  it("lives at most ten minutes and at least a moment", () => {
    expect(
      buildKhqr(shopInput({ expiresAt: NOW + 1 }), NOW).fields.expiresAt
    ).toBe(NOW + 1)

    const expiry = (expiresAt: unknown) => refusal({ expiresAt })
    expect(expiry(NOW)).toEqual({ code: "out_of_range", field: "expiresAt" })
    expect(expiry(NOW + TEN_MINUTES + 1)).toEqual({
      code: "out_of_range",
      field: "expiresAt",
    })
    expect(expiry(undefined)).toEqual({ code: "missing", field: "expiresAt" })
    for (const odd of [NaN, Infinity, NOW / 1000, NOW + 0.5, String(NOW)]) {
      expect(expiry(odd)).toEqual({ code: "malformed", field: "expiresAt" })
    }
    expect(refusal({}, NOW / 1000).field).toBe("now")
  })

  it.each([
    "a@b@c",
    "nobank",
    "@bank",
    "name@",
    "na me@bank",
    "name@bank\n",
    "ឈ្មោះ@bank",
    "a".repeat(28) + "@bank",
    "",
    undefined,
    42,
  ])("refuses %j as an account", (accountId) => {
    expect(refusal({ receiver: { type: "individual", accountId } }).field).toBe(
      "receiver.accountId"
    )
  })

  it("asks a merchant for id and bank, and everybody for a type", () => {
    const accountId = "shop@devb"
    const merchant = { type: "merchant", accountId }

    expect(refusal({ receiver: { ...merchant, acquiringBank: "B" } })).toEqual({
      code: "missing",
      field: "receiver.merchantId",
    })
    expect(refusal({ receiver: { ...merchant, merchantId: "1" } })).toEqual({
      code: "missing",
      field: "receiver.acquiringBank",
    })
    expect(refusal({ receiver: { accountId } }).field).toBe("receiver.type")
    expect(refusal({ receiver: undefined }).field).toBe("receiver")
  })

  it.each(["599", "59990", "5 99", "599a", "", 5999])(
    "refuses %j as a merchant category",
    (merchantCategoryCode) => {
      expect(refusal({ merchantCategoryCode }).field).toBe(
        "merchantCategoryCode"
      )
    }
  )

  const LABELS = [
    ["merchantName", 25],
    ["merchantCity", 15],
    ["billNumber", 25],
    ["mobileNumber", 25],
    ["storeLabel", 25],
    ["terminalLabel", 25],
    ["purpose", 25],
    ["unionPayAccount", 99],
  ] as const

  it.each(LABELS)("holds a %s of %i printable ASCII characters", (field, n) => {
    expect(
      buildKhqr(shopInput({ [field]: "~".repeat(n) }), NOW).fields[field]
    ).toBe("~".repeat(n))

    const code = (value: unknown) => refusal({ [field]: value })
    expect(code("~".repeat(n + 1))).toEqual({ code: "too_long", field })
    expect(code("")).toEqual({ code: "missing", field })
    expect(code("   ")).toEqual({ code: "missing", field })
    expect(code(7)).toEqual({ code: "not_text", field })
    for (const odd of [
      "a\nb",
      "a\tb",
      "a\u0000b",
      "a\u007fb",
      "ហាង",
      "☕",
      "\ud83d",
    ]) {
      expect(code(odd)).toEqual({ code: "not_ascii", field })
    }
  })

  it("refuses templates that need more than 99 characters", () => {
    const full = "x".repeat(25)
    const labels = { billNumber: full, mobileNumber: full, storeLabel: full }

    expect(
      buildKhqr(shopInput({ ...labels, purpose: "12345678" }), NOW).qr
    ).toContain("6299")
    expect(refusal({ ...labels, purpose: "123456789" }).code).toBe("too_long")

    const receiver = {
      type: "merchant",
      accountId: "a".repeat(27) + "@bank",
      merchantId: "m".repeat(32),
      acquiringBank: "b".repeat(23),
    } as const
    expect(buildKhqr(shopInput({ receiver }), NOW).qr).toContain("3099")
    expect(
      refusal({ receiver: { ...receiver, acquiringBank: "b".repeat(24) } })
    ).toEqual({ code: "too_long", field: "receiver" })
  })

  it("fits EMVCo's 512 characters with every field full", () => {
    const { qr } = buildKhqr(
      shopInput({
        receiver: {
          type: "individual",
          accountId: "a".repeat(27) + "@bank",
          accountInformation: "i".repeat(32),
          acquiringBank: "b".repeat(23),
        },
        amount: "9".repeat(13),
        merchantName: "n".repeat(25),
        merchantCity: "c".repeat(15),
        unionPayAccount: "u".repeat(99),
        billNumber: "x".repeat(25),
        mobileNumber: "x".repeat(25),
        storeLabel: "x".repeat(25),
        purpose: "12345678",
        alternateLanguage: {
          language: "en",
          merchantName: "x".repeat(25),
          merchantCity: "y".repeat(15),
        },
      }),
      NOW
    )

    expect(qr).toHaveLength(511)
    expect(BakongKHQR.verify(qr).isValid).toBe(true)
  })

  it("writes UnionPay accounts for riel only", () => {
    expect(
      refusal({ currency: "USD", amount: "1", unionPayAccount: "31" })
    ).toEqual({ code: "conflict", field: "unionPayAccount" })
    expect(refusal({ currency: "THB" }).field).toBe("currency")
  })

  it("holds Khmer in tag 64 alone, and only when allowed", () => {
    const alternateLanguage = { language: "km", merchantName: "ហាងកាហ្វេ" }

    expect(refusal({ alternateLanguage })).toEqual({
      code: "not_ascii",
      field: "alternateLanguage.merchantName",
    })
    const built = buildKhqr(
      shopInput({ alternateLanguage, allowNonAscii: true }),
      NOW
    )
    expect(built.fields.alternateLanguage).toEqual(alternateLanguage)
    expect(BakongKHQR.verify(built.qr).isValid).toBe(true)
    expect(refusal({ merchantName: "ហាង", allowNonAscii: true }).code).toBe(
      "not_ascii"
    )
    expect(
      refusal({
        alternateLanguage: { language: "km", merchantName: "\ud83d" },
        allowNonAscii: true,
      }).code
    ).toBe("malformed")
  })

  it("throws when ts-khqr writes something else than it was asked for", () => {
    const { qr } = buildKhqr(shopInput(), NOW)
    const placeholder = qr.replace(
      /0113\d{13}6304....$/,
      "011399999999999996304ABCD"
    )
    const answer = (text: string | null) =>
      jest.spyOn(KHQR, "generate").mockReturnValue({
        status: { code: 0, errorCode: null, message: null },
        data: text === null ? null : { qr: text, md5: "" },
      })

    answer(placeholder)
    expect(buildKhqr(shopInput(), NOW).qr).toBe(qr)
    answer(placeholder.replace("540510000", "540510001"))
    expect(refusal({})).toEqual({ code: "unfaithful", field: "amount" })
    answer(placeholder.replace("test_bakong", "evil_bakong"))
    expect(refusal({})).toEqual({
      code: "unfaithful",
      field: "receiver.accountId",
    })
    answer(placeholder.replace("010212", "010211").replace("540510000", ""))
    expect(khqrErrorOf(() => buildKhqr(shopInput(), NOW)).tag).toBe("99.01")
    answer(null)
    expect(refusal({}).code).toBe("unfaithful")
    jest.spyOn(KHQR, "generate").mockImplementation(() => {
      throw new Error("broken")
    })
    expect(refusal({}).code).toBe("unfaithful")
  })
})
