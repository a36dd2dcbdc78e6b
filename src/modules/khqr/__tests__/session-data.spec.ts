import fc from "fast-check"

import { sessionDataOf } from "../session-data"
import { charge } from "./world"

/** What Medusa stores: what the client sent, overwritten by what we return, as JSON. */
const stored = (sent: Record<string, unknown>) =>
  JSON.parse(
    JSON.stringify({
      ...sent,
      ...sessionDataOf(charge(), "Lucky Shop", sent),
    })
  )

const OURS = {
  session_id: "payses_1",
  charge_id: "khqr_1",
  qr: charge().qr,
  md5: charge().md5,
  mode: "dynamic",
  amount: "11",
  currency_code: "usd",
  expires_at: "2026-11-21T03:10:00.000Z",
  merchant_name: "Lucky Shop",
}

describe("The data of a payment session", () => {
  it("is what the KHQR says, with the amount to pay in it", () => {
    expect(stored({})).toEqual(OURS)
    expect(
      sessionDataOf(charge({ amount: "4100.4", khqr_amount: "4100" }), "X")
        .amount
    ).toBe("4100")
  })

  it.each(["en", "km"])("keeps the shopper's language %s", (locale) => {
    expect(stored({ locale })).toEqual({ ...OURS, locale })
  })

  it.each(["fr", "EN", "", 1, null, { en: true }, ["km"]])(
    "drops the language %j",
    (locale) => {
      expect(stored({ locale })).toEqual(OURS)
    }
  )

  it("drops whatever else the client sent, and believes none of our keys", () => {
    const key = fc.oneof(
      fc.constantFrom(
        ...Object.keys(OURS),
        "status",
        "order_id",
        "__proto__",
        "constructor",
        "toJSON"
      ),
      fc.string()
    )

    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), (sent) => {
        delete sent.locale
        expect(stored(sent)).toEqual(OURS)
      }),
      { numRuns: 2_000 }
    )
  })

  it("leaves what the client sent as it was", () => {
    const sent = Object.freeze({ paid: true, locale: "km" })

    expect(sessionDataOf(charge(), "Lucky Shop", sent)).not.toBe(sent)
    expect(sent).toEqual({ paid: true, locale: "km" })
  })

  it("holds nothing of the payer or the transfer", () => {
    const data = sessionDataOf(
      charge({
        status: "paid",
        bank_hash: "secret-hash",
        payer_account: "secret-payer",
      }),
      "Lucky Shop"
    )

    expect(JSON.stringify(data)).not.toContain("secret")
  })
})
