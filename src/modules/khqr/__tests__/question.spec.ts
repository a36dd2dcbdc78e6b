import { toQuestion } from "../question"
import type { Charge } from "../types"
import { charge, CLOSES_AT, later, SECOND } from "./world"

const BEFORE = later(CLOSES_AT, -SECOND)

const isClosing = (changes: Partial<Charge>, now = CLOSES_AT) =>
  toQuestion(charge(changes), now).closing

describe("A question", () => {
  it("tells a gateway what it has to know of the charge", () => {
    expect(toQuestion(charge({ gateway_ref: "ref" }), BEFORE)).toEqual({
      charge_id: "khqr_1",
      md5: "d60f3db96913029a2af979a1662c1e72",
      reference: "KH23456789ABCDE",
      khqr_amount: "11",
      currency_code: "usd",
      gateway_ref: "ref",
      closing: false,
    })
  })

  it("is a closing one when a not found would end the charge", () => {
    expect(isClosing({})).toBe(true)
    expect(isClosing({}, BEFORE)).toBe(false)
    expect(isClosing({ status: "failed" })).toBe(true)
  })

  it("is none any more once the charge is closed or has its money", () => {
    expect(isClosing({ status: "expired" })).toBe(false)
    expect(isClosing({ status: "paid" })).toBe(false)
    expect(isClosing({ status: "failed", last_checked_at: CLOSES_AT })).toBe(
      false
    )
  })

  it("is still one while the bank says nothing that counts", () => {
    expect(isClosing({ last_checked_at: CLOSES_AT, unknowns: 3 })).toBe(true)
  })
})
