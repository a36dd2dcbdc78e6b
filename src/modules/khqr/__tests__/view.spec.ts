import { presentCharge } from "../view"
import { charge, EXPIRES_AT, ISSUED_AT, later, MINUTE } from "./world"

const NOW = later(ISSUED_AT, MINUTE)
const MERCHANT = { name: "Lucky Shop", nameKm: "ហាងសំណាង" }

const view = (changes: Parameters<typeof charge>[0] = {}, now = NOW) =>
  presentCharge(charge(changes), MERCHANT, now)

describe("What the shopper's page is told", () => {
  it("has a link into the bank's app while the KHQR may be paid", () => {
    const deeplink = "https://nbc.gov.kh/x"
    expect(view({ deeplink })).toMatchObject({ deeplink })
    expect(view({ deeplink, status: "expired" })).toMatchObject({
      deeplink: null,
    })
  })

  it("is the KHQR and how to pay it", () => {
    expect(view()).toEqual({
      id: "khqr_1",
      payment_session_id: "payses_1",
      status: "pending",
      in_review: false,
      superseded: false,
      closed: null,
      mode: "dynamic",
      reference: "KH23456789ABCDE",
      qr: charge().qr,
      md5: charge().md5,
      deeplink: null,
      amount: "11",
      currency_code: "usd",
      merchant_name: "Lucky Shop",
      merchant_name_km: "ហាងសំណាង",
      issued_at: "2026-11-21T03:00:00.000Z",
      expires_at: "2026-11-21T03:10:00.000Z",
      server_time: "2026-11-21T03:01:00.000Z",
      bank: "ok",
      order_id: null,
    })
    expect(
      presentCharge(charge(), { name: "Lucky Shop" }, NOW).merchant_name_km
    ).toBeNull()
  })

  it("is the amount to pay in the KHQR, not the one before rounding", () => {
    expect(
      view({ amount: "4100.4", khqr_amount: "4100", currency_code: "khr" })
    ).toMatchObject({ amount: "4100", currency_code: "khr" })
  })

  it("is nothing of the payer, the transfer or the shop's account", () => {
    const text = JSON.stringify(
      view({
        status: "completed",
        bank_hash: "secret-hash",
        payer_account: "secret-payer",
        paid_amount: "secret-amount",
        paid_to: "secret-account",
        account_id: "secret-account",
        cart_id: "secret-cart",
        last_outcome: "secret-outcome",
        review_reason: "orphaned",
      })
    )

    expect(text).not.toContain("secret")
    expect(text).not.toContain("orphaned")
  })

  it("holds a QR only while it may be paid", () => {
    const { qr } = charge()

    expect(view({}, later(EXPIRES_AT, -1)).qr).toBe(qr)
    expect(view({}, EXPIRES_AT).qr).toBeNull()
    expect(view({ superseded_at: NOW }).qr).toBeNull()
    for (const status of ["paid", "completed", "expired", "failed"] as const) {
      expect(view({ status }).qr).toBeNull()
    }
  })

  it("names the order once there is one, and not before", () => {
    expect(view({ status: "completed", order_id: "order_1" }).order_id).toBe(
      "order_1"
    )
    expect(view({ status: "paid", order_id: "order_1" }).order_id).toBeNull()
  })

  it("says that a person looks at it only where there is money", () => {
    const inReview = (changes: Parameters<typeof charge>[0]) =>
      view(changes).in_review

    expect(inReview({ status: "paid", review_reason: "paid_late" })).toBe(true)
    expect(inReview({ status: "paid" })).toBe(false)
    expect(inReview({ review_reason: "unverifiable" })).toBe(false)
    expect(inReview({ status: "failed", review_reason: "returned" })).toBe(
      false
    )
  })

  it("says nothing of a person any more once they have decided", () => {
    const decided = (changes: Parameters<typeof charge>[0]) => {
      const { in_review, closed } = view({
        status: "paid",
        resolved_at: NOW,
        ...changes,
      })
      return { in_review, closed }
    }

    for (const resolution of ["refund", "dismiss"] as const) {
      expect(decided({ resolution, review_reason: "duplicate" })).toEqual({
        in_review: false,
        closed: resolution,
      })
    }
    for (const resolution of ["settle", "attach"] as const) {
      expect(decided({ resolution })).toEqual({
        in_review: false,
        closed: null,
      })
    }
  })

  it("does not call a payment closed that is booked, or that never was", () => {
    const dismissed = {
      review_reason: "amount_mismatch" as const,
      resolution: "dismiss" as const,
      resolved_at: NOW,
    }
    for (const status of [
      "completed",
      "pending",
      "failed",
      "expired",
    ] as const) {
      expect(view({ ...dismissed, status }).closed).toBeNull()
    }
  })

  it.each([
    [0, "not_found", "ok"],
    [1, "unknown:unavailable", "ok"],
    [2, "unknown:unavailable", "unreachable"],
    [9, "unknown:forbidden", "unreachable"],
    [1, "unknown:quota_spent", "quota_spent"],
    [3, "unknown:quota_spent", "quota_spent"],
    [0, null, "ok"],
  ])(
    "after %d silences, the last %s, is that the bank is %s",
    (unknowns, last_outcome, bank) => {
      expect(view({ unknowns, last_outcome }).bank).toBe(bank)
      expect(view({ status: "paid", unknowns, last_outcome }).bank).toBe("ok")
    }
  )
})
