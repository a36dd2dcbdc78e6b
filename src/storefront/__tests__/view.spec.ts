import type { KhqrCharge } from "../client"
import { KhqrClientError } from "../client"
import { viewOf } from "../view"

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

  it("claims to have the money only when the charge is paid", () => {
    const paid = charge({ status: "paid", in_review: true })
    const unknown = charge({ status: "pending", in_review: true })

    expect(viewOf(paid, null, EXPIRES)).toBe("in_review")
    expect(viewOf(unknown, null, EXPIRES)).toBe("unverified")
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
