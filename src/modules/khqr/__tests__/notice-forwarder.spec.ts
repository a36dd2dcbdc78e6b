import fc from "fast-check"

import { toExactKhqrAmount } from "../../../khqr"
import { newReference } from "../reference"

const load = () => import("../../../../examples/notice-forwarder.mjs")

describe("The example forwarder", () => {
  let forwarder: Awaited<ReturnType<typeof load>>

  beforeAll(async () => {
    forwarder = await load()
  })

  const read = (text: string) => forwarder.readNotice(text)

  describe("reads what came from a bank's notice", () => {
    it.each([
      // The shapes are the banks', the names and numbers are nobody's.
      [
        "ABA",
        "$12.50 paid by SOK DARA (*123) on Oct 11, 10:21 AM via ABA KHQR (Wing Bank) at LUCKY SHOP. Trx. ID: 176015291049703, APV: 691804.",
        "12.50",
        "usd",
      ],
      [
        "ABA, riel",
        "៛78,000 paid by SOK DARA (*123) on Oct 11, 10:21 AM via ABA PAY at LUCKY SHOP. Trx. ID: 176015291441643, APV: 134672.",
        "78000",
        "khr",
      ],
      [
        "ABA, Khmer",
        "៛10,400 ត្រូវបានបង់ដោយ SOK DARA (*111) នៅថ្ងៃទី 11 ខែតុលា ឆ្នាំ 2025 ម៉ោង 10:15 តាម ABA PAY នៅ LUCKY SHOP។ លេខប្រតិបត្តិការ: 176015253655195។",
        "10400",
        "khr",
      ],
      [
        "ACLEDA",
        "Received 9.60 USD from 089 000 000 Sok Dara, 11-Oct-2025 10:12AM. Ref.ID: 52841705680, at LUCKY SHOP 926 I, STAND: 05843451.",
        "9.60",
        "usd",
      ],
      [
        "ACLEDA, Khmer",
        "បានទទួល 21.15 ដុល្លារ ពី 097 0000 000 Sok Dara, ថ្ងៃទី១១ តុលា ២០២៥ ១០:១៩ព្រឹក, លេខយោង 52841751197, នៅ LUCKY SHOP.",
        "21.15",
        "usd",
      ],
      [
        "ACLEDA, Khmer riel",
        "បានទទួល 17,000 រៀល ពី 088 0000 000 Sok Dara, ថ្ងៃទី១១ តុលា ២០២៥ ១០:១៩ព្រឹក, លេខយោង 52841750404.",
        "17000",
        "khr",
      ],
      [
        "Canadia",
        "1.50 USD was paid to your account: LUCKY SHOP 1150000000 on 11 OCT 2025 at 10:08:53 from ABA Acc: SOK DARA 001XXXX with Ref: FT25284T1CZ3, Txn Hash: f12176a6",
        "1.50",
        "usd",
      ],
      [
        "Hong Leong",
        "KHR 14,000.00 is paid to LUCKY SHOP from SOK DARA on 11-Oct-2025 @10:23:23. Transaction Hash is d6349c17.",
        "14000",
        "khr",
      ],
      [
        "Sathapana",
        "The amount 8000.00 KHR is paid from SOK DARA, ACLEDA Bank Plc., Bill No.: 52820607604 | KHQR on 2025-10-09 07.58.21 AM with Transaction ID: 099QORT252820557",
        "8000",
        "khr",
      ],
      [
        "Prince",
        "Dear valued customer, you have received a payment:\nAmount: USD 1,250.00\nDatetime: 2025/09/26, 10:07 pm\nReference No: 794715018",
        "1250.00",
        "usd",
      ],
      [
        "PRASAC",
        "Received Payment Amount 48,000 KHR\n- Paid by: SOK DARA / ABA Bank\n- Shop ID: 12003630",
        "48000",
        "khr",
      ],
      ["Khmer digits", "បានទទួល ៛៥០,០០០ ពី SOK DARA", "50000", "khr"],
      ["a wide sign", "＄５.００ paid by SOK DARA", "5.00", "usd"],
      [
        "an amount after a balance",
        "Balance: $100.00. Received US$ 5 from SOK DARA",
        "5",
        "usd",
      ],
      [
        "an amount before its fee",
        "You received $5.00 (fee $0.10)",
        "5.00",
        "usd",
      ],
      [
        "an amount after another number",
        "Counter 5 $10.00 paid by SOK DARA",
        "10.00",
        "usd",
      ],
      ["US$ after", "Received 12.50 US$ from SOK DARA", "12.50", "usd"],
      ["a currency in brackets", "Paid 12.50(USD) by SOK", "12.50", "usd"],
      ["the other brackets", "Counter 5 (USD 10.00)", "10.00", "usd"],
      [
        "an amount after a year",
        "11-Oct-2025 500 KHR from SOK DARA",
        "500",
        "khr",
      ],
      [
        "an amount before a telephone's number",
        "You received $5.00 089 000 000",
        "5.00",
        "usd",
      ],
      [
        "an amount before the day's sum",
        "$5.00 paid by SOK DARA. Total sales today $500",
        "5.00",
        "usd",
      ],
    ])("%s", (_, text, amount, currency_code) => {
      expect(read(text)).toEqual({ amount, currency_code })
    })

    it("with the KHQR's own reference, where the notice has it", () => {
      const reference = newReference()
      expect(
        read(
          `The amount 5.50 USD is paid from SOK DARA, Bill No.: ${reference} | KHQR`
        )
      ).toEqual({ amount: "5.50", currency_code: "usd", reference })
      expect(read("$5 paid by KHAN (*1), KHQR KHABCDEFGHJKMNPQ")).toEqual({
        amount: "5",
        currency_code: "usd",
      })
    })
  })

  it.each([
    "",
    "Good morning",
    "Trx. ID: 176015291049703",
    "You have paid $12.50 to SOK DARA",
    "USD 5.00 was debited from your account",
    "Your balance is 100.00 USD",
    "$0.00 paid by SOK DARA",
    "HK$12 paid by SOK DARA",
    "5.000 KHR paid by SOK DARA",
    "0.50 KHR paid by SOK DARA",
    "$1,2345 paid by SOK DARA",
    "12.50 USDT received",
    "-$5.00",
    "៛ 8 000 paid by SOK DARA",
    "៛78 000 paid by SOK DARA",
    "8 500 KHR paid by SOK DARA",
    "1 250 500.00 KHR paid by SOK DARA",
    "៛8\u00a0500 paid by SOK DARA",
    "Outgoing transfer $5",
    "Withdraw $50",
    "Cash withdrawal: 50.00 USD",
    "Total sales today $500",
    "Total sales: 500.00 USD",
  ])("reads no money that came from %j", (text) => {
    expect(read(text)).toBeNull()
  })

  const toKhmer = (text: string) =>
    text.replace(/\d/g, (digit) => String.fromCodePoint(0x17e0 + Number(digit)))

  const grouped = (whole: string) => whole.replace(/\B(?=(\d{3})+$)/g, ",")

  const words = fc.stringMatching(/^[ a-zA-Zក-អ.។\n]{0,30}$/)

  it("reads each amount exactly, however it is written and wherever it stands", () => {
    const usd = fc
      .record({
        cents: fc.integer({ min: 1, max: 99_999_999 }),
        form: fc.constantFrom(
          "$#",
          "US$#",
          "US$ #",
          "USD #",
          "# USD",
          "#USD",
          "#$",
          "# $",
          "# US$",
          "#(USD)",
          "# ដុល្លារ"
        ),
      })
      .map(({ cents, form }) => ({
        form,
        whole: String(Math.floor(cents / 100)),
        fraction: `.${String(cents % 100).padStart(2, "0")}`,
        currency_code: "usd",
        amount: (cents / 100).toFixed(2),
      }))
    const khr = fc
      .record({
        riel: fc.integer({ min: 1, max: 999_999_999 }),
        form: fc.constantFrom(
          "៛#",
          "៛ #",
          "KHR #",
          "# KHR",
          "#KHR",
          "#៛",
          "# ៛",
          "# រៀល",
          "# riels"
        ),
        fraction: fc.constantFrom("", ".00"),
      })
      .map(({ riel, form, fraction }) => ({
        form,
        whole: String(riel),
        fraction,
        currency_code: "khr",
        amount: String(riel),
      }))
    fc.assert(
      fc.property(
        fc.oneof(usd, khr),
        fc.boolean(),
        fc.boolean(),
        words,
        words,
        (money, groups, khmerDigits, before, after) => {
          const { form, whole, fraction, currency_code, amount } = money
          const plain = (groups ? grouped(whole) : whole) + fraction
          const written = form.replace("#", () =>
            khmerDigits ? toKhmer(plain) : plain
          )
          fc.pre(
            !/usd|khr/i.test(before) &&
              !forwarder.NOT_INCOMING.test(`${before} ${written} ${after}`) &&
              !forwarder.OTHER_AMOUNTS.test(`${before} `)
          )
          expect(read(`${before} ${written} ${after}`)).toEqual({
            amount,
            currency_code,
          })
        }
      )
    )
  })

  it("reads nothing from any other text, or an amount that the shop understands", () => {
    const pieces = fc.constantFrom(
      "$",
      "USD",
      "KHR",
      "៛",
      ",",
      ".",
      " ",
      "-",
      "0",
      "1",
      "250",
      "៥",
      "រៀល",
      "fee"
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 200 }),
          fc.array(pieces, { maxLength: 40 }).map((all) => all.join(""))
        ),
        (text) => {
          const notice = read(text)
          if (notice === null) {
            return
          }
          expect(notice.amount).toMatch(/^\d{1,15}(\.\d{1,2})?$/)
          const currency = notice.currency_code === "usd" ? "USD" : "KHR"
          if (notice.amount.length <= 13) {
            expect(() =>
              toExactKhqrAmount(notice.amount, currency)
            ).not.toThrow()
          }
        }
      ),
      { numRuns: 300 }
    )
  })

  it("takes no time over a text made to keep it busy", () => {
    const hostile = [
      "1".repeat(100_000),
      "1,".repeat(50_000),
      "USD ".repeat(30_000),
      "$ : ".repeat(30_000),
      "fee ".repeat(30_000) + "$1",
    ]
    const started = performance.now()
    hostile.forEach(read)
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  const settings = {
    MEDUSA_URL: "http://127.0.0.1:9000",
    MEDUSA_SECRET_KEY: "sk_1",
    SMS_PORT: "9300",
    SMS_SECRET: "loopback-only",
  }

  it.each([
    ["MEDUSA_URL", "shop", "https://shop.example.com"],
    ["MEDUSA_URL", "shop:9000", "https://shop.example.com"],
    ["MEDUSA_URL", "https://a:b@shop.test", "https://shop.example.com"],
    ["MEDUSA_SECRET_KEY", "pk_1", "sk_…"],
    ["SMS_PORT", "abc", "9300"],
    ["SMS_PORT", "65536", "9300"],
    ["SMS_PORT", "1.5", "9300"],
    ["TELEGRAM_CHAT_ID", "@shop", "-1001234567890"],
    ["TELEGRAM_API_URL", "telegram", "https://"],
  ])("refuses %s=%s, and names the mend", (name, value, mend) => {
    const telegram = { TELEGRAM_BOT_TOKEN: "1:a", TELEGRAM_CHAT_ID: "-1001" }
    const right = { ...settings, ...telegram }
    expect(forwarder.readSettings(right).sms).toMatchObject({ port: 9300 })
    const refuse = () => forwarder.readSettings({ ...right, [name]: value })
    expect(refuse).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          new RegExp(`^Set in the environment\n  ${name}: .*${mend}[^\n]*$`)
        ),
      })
    )
  })

  it("names all that is missing in its environment at once", () => {
    expect(() => forwarder.readSettings({})).toThrow(
      /MEDUSA_URL[^]*MEDUSA_SECRET_KEY[^]*TELEGRAM_BOT_TOKEN or SMS_PORT/
    )
    expect(() =>
      forwarder.readSettings({
        MEDUSA_URL: "http://127.0.0.1:9000",
        MEDUSA_SECRET_KEY: "sk_1",
        TELEGRAM_BOT_TOKEN: "1:a",
        SMS_PORT: "9300",
      })
    ).toThrow(/TELEGRAM_CHAT_ID[^]*SMS_SECRET/)
  })
})
