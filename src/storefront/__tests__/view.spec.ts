import type { KhqrCharge, KhqrConflict } from "../client"
import { KhqrClientError } from "../client"
import type { KhqrLocale } from "../texts"
import { texts } from "../texts"
import {
  hearsClaims,
  mayStillBePaid,
  offersNewQr,
  refusalOf,
  viewOf,
} from "../view"

const ISSUED = Date.parse("2026-11-21T08:00:00.000Z")
const EXPIRES = ISSUED + 600_000

function charge(change: Partial<KhqrCharge> = {}): KhqrCharge {
  return {
    id: "khqrch_1",
    payment_session_id: "payses_1",
    status: "pending",
    in_review: false,
    reference: "KQ7M2X4P",
    qr: "000201",
    md5: "d41d8cd98f00b204e9800998ecf8427e",
    amount: "11.00",
    currency_code: "usd",
    merchant_name: "Phsar Toul",
    merchant_name_km: null,
    issued_at: new Date(ISSUED).toISOString(),
    expires_at: new Date(EXPIRES).toISOString(),
    server_time: new Date(ISSUED).toISOString(),
    bank: "ok",
    superseded: false,
    order_id: null,
    ...change,
  }
}

describe("what the shopper is shown", () => {
  it("is the QR until the last millisecond of its time", () => {
    expect(viewOf(charge(), null, EXPIRES - 1)).toBe("waiting")
    expect(viewOf(charge(), null, EXPIRES)).toBe("time_up")
  })

  it("is no QR when the server withholds it", () => {
    expect(viewOf(charge({ qr: null }), null, ISSUED)).toBe("replaced")
    expect(viewOf(charge({ qr: null }), null, EXPIRES)).toBe("time_up")
  })

  it("says expired only when the bank has said so", () => {
    expect(viewOf(charge({ qr: null }), null, EXPIRES + 3_600_000)).toBe(
      "time_up"
    )
    expect(viewOf(charge({ status: "expired" }), null, EXPIRES)).toBe("expired")
  })

  it("is a person at the shop while money is in review", () => {
    const paid = charge({ status: "paid", in_review: true })

    expect(viewOf(paid, null, EXPIRES)).toBe("in_review")
  })

  it.each(["pending", "expired", "failed"] as const)(
    "says that a superseded KHQR is replaced, though it is %s and whatever the time",
    (status) => {
      const superseded = charge({ status, superseded: true, qr: null })

      expect(viewOf(superseded, null, ISSUED)).toBe("replaced")
      expect(viewOf(superseded, null, EXPIRES + 3_600_000)).toBe("replaced")
    }
  )

  it.each(["paid", "completed"] as const)(
    "is the money when a superseded KHQR is %s",
    (status) => {
      expect(viewOf(charge({ status, superseded: true }), null, EXPIRES)).toBe(
        status
      )
    }
  )

  it("is the review when a superseded KHQR was paid", () => {
    const paid = charge({ status: "paid", in_review: true, superseded: true })

    expect(viewOf(paid, null, EXPIRES)).toBe("in_review")
  })

  it("keeps what is known while the connection is away", () => {
    const away = new KhqrClientError("unreachable", "no answer")

    expect(viewOf(charge(), away, ISSUED)).toBe("waiting")
    expect(viewOf(charge({ status: "paid" }), away, ISSUED)).toBe("paid")
    expect(viewOf(null, away, ISSUED)).toBe("offline")
  })

  it("tells an unknown session from a wrong set-up", () => {
    const notFound = new KhqrClientError("not_found", "unknown", 404)
    const refused = new KhqrClientError("refused", "wrong key", 400)

    expect(viewOf(null, notFound, ISSUED)).toBe("not_found")
    expect(viewOf(null, refused, ISSUED)).toBe("misconfigured")
    expect(viewOf(null, null, ISSUED)).toBe("loading")
  })
})

describe("a new QR that the shop refuses", () => {
  const refusal = (code: KhqrConflict | null, status = 409) =>
    refusalOf(new KhqrClientError("conflict", "no", status, code))

  it("is the end of the old one when its session is gone, until money shows up", () => {
    const gone = refusal("session_gone")

    for (const status of ["pending", "expired", "failed"] as const) {
      expect(viewOf(charge({ status }), null, EXPIRES, gone)).toBe("replaced")
    }
    expect(viewOf(charge({ status: "paid" }), null, EXPIRES, gone)).toBe("paid")
  })

  it("leaves the view to the next answer when it is already paid", () => {
    const paid = refusal("already_paid")

    expect(viewOf(charge({ status: "expired" }), null, EXPIRES, paid)).toBe(
      "expired"
    )
    expect(viewOf(charge({ status: "paid" }), null, EXPIRES, paid)).toBe("paid")
  })

  it("is told as a failure when the shop gives no reason", () => {
    expect(refusal(null)).toBe("failed")
    expect(refusalOf(new KhqrClientError("unreachable", "no answer"))).toBe(
      "failed"
    )
  })

  it("can be wished for only where it may be had", () => {
    expect(offersNewQr("expired")).toBe(true)
    expect(offersNewQr("failed")).toBe(true)
    expect(offersNewQr("time_up")).toBe(true)
    expect(offersNewQr("replaced")).toBe(false)
    expect(offersNewQr("in_review")).toBe(false)
    expect(offersNewQr("paid")).toBe(false)
  })
})

describe("the words for a QR that is replaced", () => {
  it.each<[KhqrLocale, RegExp, RegExp, RegExp]>([
    ["en", /cart has changed/, /do not pay again/, /payment step/],
    ["km", /កន្ត្រកទំនិញ.*ផ្លាស់ប្តូរ/, /កុំបង់ម្តងទៀត/, /ជំហានបង់ប្រាក់/],
  ])("say in %s what happened and where to go", (locale, ...wanted) => {
    for (const words of wanted) {
      expect(texts[locale].views.replaced.text).toMatch(words)
    }
  })
})

describe("a shopper who says that they paid", () => {
  it("is heard wherever money may still come", () => {
    for (const view of ["waiting", "time_up", "expired", "failed"] as const) {
      expect(hearsClaims(view)).toBe(true)
    }
    for (const view of [
      "paid",
      "completed",
      "in_review",
      "replaced",
    ] as const) {
      expect(hearsClaims(view)).toBe(false)
    }
    expect(mayStillBePaid(charge({ status: "failed" }))).toBe(true)
    expect(mayStillBePaid(charge({ status: "expired" }))).toBe(true)
    expect(mayStillBePaid(charge({ status: "paid" }))).toBe(false)
  })

  it("is told in every such state not to pay again", () => {
    for (const view of ["time_up", "expired", "failed"] as const) {
      expect(texts.en.views[view].text).toMatch(/do not pay again/)
      expect(texts.km.views[view].text).toMatch(/កុំបង់ម្តងទៀត/)
    }
  })
})
