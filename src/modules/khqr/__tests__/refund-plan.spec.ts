import { planRefundCheck } from "../refund-plan"
import { shown } from "./refund-world"
import {
  CLOSES_AT,
  EXPIRES_AT,
  HOUR,
  ISSUED_AT,
  later,
  MINUTE,
  SECOND,
} from "./world"

/** The moments at which a KHQR that nobody pays is asked about, seconds after it was shown. */
function questions(): number[] {
  const asked: number[] = []
  let refund = shown()
  let now = ISSUED_AT
  for (;;) {
    const next = planRefundCheck(refund, now)
    if (next === null || asked.length > 100) {
      return asked
    }
    now = next
    asked.push((now.getTime() - ISSUED_AT.getTime()) / SECOND)
    refund = {
      ...refund,
      last_checked_at: now,
      last_outcome: "not_found",
      status: now >= CLOSES_AT ? "expired" : "pending",
    }
  }
}

it("asks often while the merchant scans, once at the closing, and five times in the day after", () => {
  const asked = questions()
  expect(asked.slice(0, 4)).toEqual([5, 10, 15, 20])
  const closing = 12 * 60
  expect(asked.filter((at) => at < closing).length).toBeLessThan(26)
  expect(asked.filter((at) => at >= closing)).toEqual([
    closing,
    ...[10, 30, 120, 360, 1_440].map((minutes) => (10 + minutes) * 60),
  ])
})

it("asks nothing without a KHQR, and nothing of one that was found paid", () => {
  expect(planRefundCheck(shown({ md5: null }), ISSUED_AT)).toBeNull()
  expect(
    planRefundCheck(shown({ status: "sent", last_outcome: "paid" }), ISSUED_AT)
  ).toBeNull()
})

it("asks later and later while the bank says nothing, and does not sleep through the closing", () => {
  const pause = (unknowns: number, now = ISSUED_AT) =>
    planRefundCheck(shown({ unknowns }), now)!.getTime() - now.getTime()
  expect([pause(1), pause(2), pause(3)]).toEqual([
    3 * SECOND,
    6 * SECOND,
    12 * SECOND,
  ])
  expect(pause(50)).toBe(MINUTE)
  expect(
    planRefundCheck(shown({ unknowns: 50 }), later(CLOSES_AT, -SECOND))
  ).toEqual(CLOSES_AT)
  expect(pause(50, later(EXPIRES_AT, 48 * HOUR))).toBe(HOUR)
})

it("obeys the bank's own wish", () => {
  expect(
    planRefundCheck(shown({ unknowns: 1 }), later(EXPIRES_AT, HOUR), 5 * MINUTE)
  ).toEqual(later(EXPIRES_AT, HOUR + 5 * MINUTE))
})

it("gives one up a day after its end that ran out", () => {
  expect(
    planRefundCheck(
      shown({ status: "expired", unknowns: 3 }),
      later(EXPIRES_AT, 25 * HOUR)
    )
  ).toBeNull()
})

it("goes on asking about one that was called off while the bank said nothing, until it speaks", () => {
  const now = later(EXPIRES_AT, 72 * HOUR)
  const off = shown({ status: "canceled", unknowns: 60 })
  expect(planRefundCheck(off, now)).toEqual(later(now, HOUR))
  expect(
    planRefundCheck({ ...off, unknowns: 0, last_checked_at: now }, now)
  ).toBeNull()
})
