import fc from "fast-check"
import { type HttpAnswer } from "../../bakong"
import { buildKhqr, decodeKhqr, sameAmount } from "../../khqr"
import type { QrRequest } from "../gateway"
import { describeHosted, readHostedCheck, readMadeQr } from "../hosted-answers"

const HASH = "b1946ac92492d2347c6235b4d2611184"
const ASKED = { gateway_ref: HASH, reference: "order-1" }
const HOST = "gateway.test"
const NOW = 1_795_230_000_000

const payment = {
  hash: HASH,
  paid: true,
  status: "completed",
  amount: 12.5,
  currency: "USD",
  paid_at: "2026-11-21T03:00:00Z",
  transaction_id: "TX-1",
  bill_number: "order-1",
}
const denial = { message: "Not there", error: "not_found" }

const answerOf = (status: number, text: string): HttpAnswer => ({
  status,
  retryAfter: null,
  text,
  receivedAt: 0,
})

const status = fc.oneof(
  { weight: 4, arbitrary: fc.constant(200) },
  { weight: 2, arbitrary: fc.constant(404) },
  fc.integer({ min: 100, max: 599 })
)

/** Good answers with fields replaced, removed or added, cut off or spliced anywhere. */
const mutated = fc
  .record({
    base: fc.constantFrom<object>(payment, denial),
    changes: fc.dictionary(
      fc.constantFrom(...Object.keys(payment), "error", "message"),
      fc.oneof(
        fc.constantFrom<fc.JsonValue>(true, false, null, HASH, "not_found"),
        fc.jsonValue()
      ),
      { maxKeys: 2 }
    ),
    cut: fc.option(fc.nat(300), { freq: 4 }),
    splice: fc.option(fc.tuple(fc.nat(300), fc.string({ maxLength: 4 }))),
  })
  .map(({ base, changes, cut, splice }) => {
    let text = JSON.stringify({ ...base, ...changes })
    if (splice) {
      text = text.slice(0, splice[0]) + splice[1] + text.slice(splice[0] + 1)
    }
    return cut === null ? text : text.slice(0, cut)
  })

const body = fc.oneof(
  { weight: 5, arbitrary: mutated },
  fc.constantFrom("", "null", " ", "{}", "<html></html>"),
  fc.json(),
  fc.string()
)

const parsed = (text: string) => {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""))
  } catch {
    return undefined
  }
}

describe("whatever a hosted gateway sends", () => {
  it("a check never throws and never invents evidence", () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(status, body, (httpStatus, text) => {
        const answer = answerOf(httpStatus, text)
        const { trouble } = describeHosted(answer)
        const outcome = trouble ?? readHostedCheck(answer, ASKED, HOST)
        const told = parsed(text)
        seen.add(outcome.type)
        if (outcome.type === "paid") {
          expect(httpStatus).toBe(200)
          expect(told).toMatchObject({
            hash: HASH,
            paid: true,
            bill_number: "order-1",
          })
          expect(told.status.trim().toLowerCase()).toBe("completed")
          expect(told.error ?? null).toBeNull()
          expect(outcome.transaction.amount).toMatch(/^\d+(\.\d+)?$/)
          expect(outcome.transaction.amount).toMatch(/[1-9]/)
          expect(outcome.transaction.hash).toMatch(
            /^([0-9a-f]{64}$|gateway\.test\/.)/s
          )
          expect(outcome.transaction.toAccountId).toBeNull()
        }
        if (outcome.type === "not_found") {
          expect([200, 404]).toContain(httpStatus)
          const isEmpty = httpStatus === 404 && text.trim() === ""
          expect(isEmpty || told === null || told.error === "not_found").toBe(
            true
          )
          expect(told?.paid ?? false).toBe(false)
        }
      }),
      { numRuns: 4000 }
    )
    expect(seen).toEqual(new Set(["paid", "not_found", "unknown"]))
  })

  it("a check keeps every amount's exact value", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 20n }),
        fc.integer({ min: 0, max: 4 }),
        fc.boolean(),
        (units, places, quoted) => {
          const digits = units.toString().padStart(places + 1, "0")
          const amount = places
            ? `${digits.slice(0, -places)}.${digits.slice(-places)}`
            : digits
          const text = JSON.stringify({ ...payment, amount: "AMOUNT" })
          const outcome = readHostedCheck(
            answerOf(
              200,
              text.replace('"AMOUNT"', quoted ? `"${amount}"` : amount)
            ),
            ASKED,
            HOST
          )
          expect(outcome).toMatchObject({ transaction: { amount } })
        }
      )
    )
  })

  it("a KHQR is ours in amount, currency, bill number and receiver, or refused", () => {
    const cents = fc.constantFrom("12.50", "12.51", "12", "1250")
    const khqrOf = fc.record({
      amount: cents,
      currency: fc.constantFrom("USD" as const, "KHR" as const),
      billNumber: fc.constantFrom("order-1", "order-2", undefined),
      accountId: fc.constantFrom("lucky_shop@aclb", "thief@aclb"),
      age: fc.constantFrom(0, 3_600_000),
    })
    const seen = { taken: 0, refused: 0 }
    fc.assert(
      fc.property(
        khqrOf,
        fc.record({
          amount: fc.constantFrom("12.50", "12"),
          currency: fc.constantFrom("USD" as const, "KHR" as const),
        }),
        fc.option(fc.tuple(fc.nat(220), fc.string({ maxLength: 2 })), {
          freq: 3,
        }),
        (fields, wanted, splice) => {
          fc.pre(!(fields.currency === "KHR" && fields.amount.includes(".")))
          const issued = NOW - fields.age
          let { qr } = buildKhqr(
            {
              receiver: { type: "individual", accountId: fields.accountId },
              merchantName: "Lucky Shop",
              amount: fields.amount,
              currency: fields.currency,
              billNumber: fields.billNumber,
              expiresAt: issued + 600_000,
            },
            issued
          )
          if (splice) {
            qr = qr.slice(0, splice[0]) + splice[1] + qr.slice(splice[0] + 1)
          }
          const request: QrRequest = {
            reference: "order-1",
            expiresAt: NOW + 600_000,
            ...wanted,
          }
          try {
            const made = readMadeQr(
              JSON.stringify({ hash: HASH, qr_string: `khqr://${qr}` }),
              request,
              {
                merchantId: "shop",
                accountId: "lucky_shop@aclb",
                deeplinkHosts: [],
                now: NOW,
              }
            )
            const said = decodeKhqr(made.qr)
            expect(sameAmount(said.amount!, request.amount)).toBe(true)
            expect(said).toMatchObject({
              pointOfInitiation: "dynamic",
              currency: request.currency,
              billNumber: "order-1",
              receiver: { accountId: "lucky_shop@aclb" },
            })
            expect(said.expiresAt).toBeGreaterThan(NOW)
            seen.taken += 1
          } catch (error) {
            expect((error as Error).message).toMatch(/^The gateway's /)
            seen.refused += 1
          }
        }
      ),
      { numRuns: 2000 }
    )
    expect(seen.taken).toBeGreaterThan(0)
    expect(seen.refused).toBeGreaterThan(0)
  })

  it("an answer with a KHQR is read or refused in plain words", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(() =>
          readMadeQr(
            text,
            {
              reference: "order-1",
              amount: "1",
              currency: "USD",
              expiresAt: NOW + 1,
            },
            { merchantId: "shop", deeplinkHosts: [], now: NOW }
          )
        ).toThrow(/^The gateway's /)
      })
    )
  })

  it("a link leads where it may, or carries our KHQR alone", () => {
    const { qr } = buildKhqr(
      {
        receiver: { type: "individual", accountId: "lucky_shop@aclb" },
        merchantName: "Lucky Shop",
        amount: "12.50",
        currency: "USD",
        billNumber: "order-1",
        expiresAt: NOW + 600_000,
      },
      NOW
    )
    const links = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            ...["bakong:", "https:", "http:", "//", "/", "?", "#", "@", ":443"],
            ...["pay.example", "evil.example", "qr", "qr=", "&", "\\", "\t"],
            ...["=", qr, encodeURIComponent(qr), "00020101"]
          ),
          fc.string({ maxLength: 3 })
        ),
        { minLength: 1, maxLength: 9 }
      )
      .map((parts) => parts.join(""))
    const link = fc.oneof(
      links,
      links.map((rest) => `https://pay.example/${rest}`),
      links.map((rest) => `bakong:${rest}`),
      fc.jsonValue()
    )
    const seen = { rewritten: 0, kept: 0, dropped: 0 }
    fc.assert(
      fc.property(link, (deeplink) => {
        const made = readMadeQr(
          JSON.stringify({ hash: HASH, qr_string: qr, deeplink }),
          {
            reference: "order-1",
            amount: "12.50",
            currency: "USD",
            expiresAt: NOW + 600_000,
          },
          { merchantId: "shop", deeplinkHosts: ["pay.example"], now: NOW }
        )
        if (made.deeplink === null) {
          seen.dropped += 1
        } else if (made.deeplink.startsWith("bakong:")) {
          expect(made.deeplink).toBe(`bakong://qr?qr=${encodeURIComponent(qr)}`)
          seen.rewritten += 1
        } else {
          const { protocol, host } = new URL(made.deeplink)
          expect([protocol, host]).toEqual(["https:", "pay.example"])
          seen.kept += 1
        }
      }),
      { numRuns: 2000 }
    )
    expect(Object.values(seen)).not.toContain(0)
  })
})
