import fc from "fast-check"

import type { Outcome } from "../../../bakong"
import {
  bookAgainFault,
  cancelFault,
  isAskable,
  isInReview,
  MAX_BOOKING_FAILURES,
  moveRefund,
  sendFault,
  type RefundEvent,
} from "../refund-state"
import type { Refund } from "../types"
import { backTransfer, refund, shown } from "./refund-world"
import {
  ATTEMPT_FAILED,
  CLOSES_AT,
  EXPIRES_AT,
  HOUR,
  ISSUED_AT,
  later,
  MINUTE,
  NOT_FOUND,
  SECOND,
  unknown,
  UNKNOWN_REASONS,
} from "./world"

const NOW = later(CLOSES_AT, MINUTE)

const answered = (
  outcome: Outcome,
  more: Partial<Extract<RefundEvent, { type: "answered" }>> = {}
): RefundEvent => ({
  type: "answered",
  outcome,
  askedAt: later(ISSUED_AT, MINUTE),
  usedBy: null,
  exceeds: false,
  ...more,
})

const paid = (changes = {}): Outcome => ({
  type: "paid",
  transaction: backTransfer(changes),
})

const byHand = (
  more: Partial<Extract<RefundEvent, { type: "sent" }>> = {}
): RefundEvent => ({
  type: "sent",
  by: "user_2",
  sentAt: NOW,
  hash: null,
  reference: "100FT36118473",
  receiver: null,
  verified: false,
  exceeds: false,
  note: null,
  ...more,
})

const move = (before: Refund, ...events: RefundEvent[]) =>
  events.reduce((now, event) => moveRefund(now, event, NOW).refund, before)

describe("a reverse KHQR", () => {
  const issue: RefundEvent = {
    type: "issued_khqr",
    qr: "qr",
    md5: "md5",
    reference: "KH1",
    expiresAt: EXPIRES_AT,
  }

  it("is issued once for each refund", () => {
    const first = move(refund(), issue)
    expect(first).toMatchObject({
      status: "pending",
      method: "reverse_khqr",
      md5: "md5",
    })
    expect(move(first, { ...issue, md5: "other" })).toEqual(first)
    expect(move(refund({ status: "canceled" }), issue).status).toBe("canceled")
  })

  it("is sent when the bank shows it paid, and Medusa is to hear of it", () => {
    const { refund: after, announcements } = moveRefund(
      shown(),
      answered(paid()),
      NOW
    )
    expect(after).toMatchObject({
      status: "sent",
      sent_by: "clock",
      bank_hash: backTransfer().hash,
      sent_at: new Date(backTransfer().createdAt!),
      verified_at: NOW,
      next_book_at: NOW,
      review_reason: null,
    })
    expect(announcements).toEqual(["sent"])
    expect(isAskable(after)).toBe(false)
  })

  it.each([
    ["amount", { amount: "10.99" }],
    ["currency", { currency: "KHR" }],
    ["receiver", { toAccountId: "somebody@devb" }],
    ["receiver, untold", { toAccountId: null }],
  ])("calls a person when the bank shows another %s", (_, changes) => {
    const { refund: after, announcements } = moveRefund(
      shown(),
      answered(paid(changes)),
      NOW
    )
    expect(after).toMatchObject({
      status: "pending",
      review_reason: "mismatch",
      bank_hash: null,
    })
    expect(announcements).toEqual(["review"])
    expect(isAskable(after)).toBe(false)
    expect(cancelFault(after, NOW)).toBeNull()
  })

  it("calls a person when its transfer is on record for something else", () => {
    const after = move(
      shown(),
      answered(paid(), { usedBy: "refund khqrref_2" })
    )
    expect(after).toMatchObject({
      status: "pending",
      review_reason: "mismatch",
    })
  })

  it("expires on the bank's word alone, to a question asked at its closing or later", () => {
    const at = (ms: number) =>
      move(shown(), answered(NOT_FOUND, { askedAt: later(CLOSES_AT, ms) }))
        .status
    expect([at(-1), at(0), at(1)]).toEqual(["pending", "expired", "expired"])
  })

  it.each(UNKNOWN_REASONS)("does not move for an unknown %s", (reason) => {
    const after = move(shown(), answered(unknown(reason), { askedAt: NOW }), {
      type: "not_asked",
      outcome: unknown(reason),
    })
    expect(after).toMatchObject({
      status: "pending",
      last_outcome: `unknown:${reason}`,
      unknowns: 2,
    })
  })

  it.each(["expired", "canceled"] as const)(
    "that is %s and found paid later is sent; a person is called when that is too much",
    (status) => {
      const late = (exceeds: boolean) =>
        moveRefund(shown({ status }), answered(paid(), { exceeds }), NOW)
      expect(late(false).refund).toMatchObject({
        status: "sent",
        review_reason: null,
      })
      expect(late(true).refund).toMatchObject({
        status: "sent",
        review_reason: "excess",
      })
      expect(late(true).announcements).toEqual(["sent", "review"])
    }
  )

  it("beside a transfer by hand counts once where it is the same, and calls a person where it is another", () => {
    const same = move(
      shown(),
      byHand({ hash: backTransfer().hash, verified: true }),
      answered(paid())
    )
    expect(same).toMatchObject({ status: "sent", review_reason: null })
    const word = move(shown(), byHand(), answered(paid()))
    expect(word).toMatchObject({
      status: "sent",
      bank_hash: backTransfer().hash,
      verified_at: NOW,
      review_reason: null,
    })
    const twice = move(
      shown(),
      byHand({ hash: "ab".repeat(32), verified: true }),
      answered(paid())
    )
    expect(twice).toMatchObject({
      bank_hash: "ab".repeat(32),
      review_reason: "excess",
    })
  })
})

describe("calling a refund off", () => {
  const cancel: RefundEvent = { type: "canceled", reason: "no" }

  it("is possible until its KHQR is shown", () => {
    expect(move(refund(), cancel).status).toBe("canceled")
    expect(move(shown(), cancel).status).toBe("pending")
  })

  it("is possible after a failed attempt at the closing, and never while nothing is known", () => {
    const failed = move(
      shown(),
      answered(ATTEMPT_FAILED, { askedAt: CLOSES_AT })
    )
    expect(move(failed, cancel).status).toBe("canceled")
    const early = move(
      shown(),
      answered(ATTEMPT_FAILED, { askedAt: later(CLOSES_AT, -SECOND) })
    )
    expect(move(early, cancel).status).toBe("pending")
    const silent = move(shown(), answered(unknown(), { askedAt: CLOSES_AT }))
    expect(move(silent, cancel).status).toBe("pending")
  })

  it.each(["sent", "expired", "canceled"] as const)(
    "is not possible once it is %s",
    (status) => {
      expect(move(refund({ status }), cancel).status).toBe(status)
      expect(cancelFault(refund({ status }), NOW)).not.toBeNull()
    }
  )
})

describe("a bank that says nothing", () => {
  const silence = (before: Refund, at: Date) =>
    moveRefund(before, answered(unknown(), { askedAt: at }), at)
  const afterADay = (before = shown()) => {
    const first = silence(before, CLOSES_AT).refund
    return silence(first, later(CLOSES_AT, 24 * HOUR))
  }

  it("for a day calls a person, once, and the refund may be called off", () => {
    const early = silence(
      silence(shown(), CLOSES_AT).refund,
      later(CLOSES_AT, 24 * HOUR - 1)
    )
    expect(early.announcements).toEqual([])
    expect(
      cancelFault(early.refund, later(CLOSES_AT, 23 * HOUR))
    ).not.toBeNull()

    const { refund: after, announcements } = afterADay()
    expect(after).toMatchObject({
      status: "pending",
      review_reason: "unverifiable",
    })
    expect(announcements).toEqual(["review"])
    const again = silence(after, later(CLOSES_AT, 25 * HOUR))
    expect(again.announcements).toEqual([])
    expect(move(after, { type: "canceled", reason: "asked him" }).status).toBe(
      "canceled"
    )
  })

  it("is counted from when it was asked in vain, also when it could not be asked", () => {
    const away = later(CLOSES_AT, 72 * HOUR)
    expect(silence(shown(), away).announcements).toEqual([])
    const notAsked = moveRefund(
      shown({ unknown_since: CLOSES_AT }),
      { type: "not_asked", outcome: unknown() },
      away
    )
    expect(notAsked.refund.review_reason).toBe("unverifiable")
  })

  it("and then speaks ends the doubt", () => {
    const { refund: silent } = afterADay()
    const at = later(CLOSES_AT, 30 * HOUR)
    const told = (outcome: Outcome, more = {}) =>
      moveRefund(silent, answered(outcome, { askedAt: at, ...more }), at).refund
    expect(told(NOT_FOUND)).toMatchObject({
      status: "expired",
      review_reason: null,
      unknown_since: null,
    })
    expect(told(paid())).toMatchObject({ status: "sent", review_reason: null })
  })

  it("and then shows it paid, when it was called off and its money went elsewhere, calls a person", () => {
    const off = move(afterADay().refund, { type: "canceled", reason: "no" })
    expect(move(off, answered(paid(), { exceeds: true }))).toMatchObject({
      status: "sent",
      review_reason: "excess",
    })
    expect(move(off, answered(paid()))).toMatchObject({
      status: "sent",
      review_reason: null,
    })
  })
})

describe("a review", () => {
  const close: RefundEvent = {
    type: "resolved",
    by: "user_9",
    reason: "the customer gave it back",
  }

  it.each(["excess", "mismatch", "unverifiable", "not_booked"] as const)(
    "of the kind %s is closed by a person, once",
    (review_reason) => {
      const before = refund({ status: "sent", review_reason })
      const { refund: after, entry } = moveRefund(before, close, NOW)
      expect(after).toMatchObject({
        review_reason,
        resolved_at: NOW,
        resolved_by: "user_9",
      })
      expect(entry?.message).toContain("the customer gave it back")
      expect(isInReview(after)).toBe(false)
      expect(moveRefund(after, close, later(NOW, 1)).refund).toEqual(after)
    }
  )

  it("is opened again by other news", () => {
    const closed = move(
      shown({ status: "sent", review_reason: "unverifiable", bank_hash: "ab" }),
      close
    )
    expect(isInReview(closed)).toBe(false)
    const after = move(closed, answered(paid()))
    expect(after.review_reason).toBe("excess")
    expect(isInReview(after)).toBe(true)
  })

  it("that nobody asked for is not closed", () => {
    const quiet = refund({ status: "sent" })
    expect(move(quiet, close)).toEqual(quiet)
  })
})

describe("a transfer by hand", () => {
  it.each(["due", "pending", "expired"] as const)(
    "sends a refund that is %s",
    (status) => {
      expect(move(refund({ status }), byHand())).toMatchObject({
        status: "sent",
        method: "by_hand",
        sent_by: "user_2",
        verified_at: null,
        next_book_at: NOW,
      })
    }
  )

  it("is confirmed later by its hash, once and by no other", () => {
    const hash = "ab".repeat(32)
    const word = move(refund(), byHand({ hash }))
    expect(sendFault(word, "cd".repeat(32))).not.toBeNull()
    const sure = move(word, byHand({ hash, verified: true, by: "user_3" }))
    expect(sure).toMatchObject({ verified_at: NOW, sent_by: "user_2" })
    expect(sendFault(sure, hash)).not.toBeNull()
    expect(move(word, byHand({ hash }))).toEqual(word)
  })

  it("does not bring a refund back that was called off", () => {
    expect(move(refund({ status: "canceled" }), byHand()).status).toBe(
      "canceled"
    )
  })
})

describe("booking", () => {
  const sent = refund({ status: "sent", next_book_at: ISSUED_AT })

  it("tries with growing pauses, then leaves it to a person with the reason", () => {
    let now = sent
    const pauses: number[] = []
    for (let n = 1; n < MAX_BOOKING_FAILURES; n++) {
      now = move(now, { type: "booking_failed", message: "database away" })
      pauses.push(now.next_book_at!.getTime() - NOW.getTime())
    }
    expect(pauses.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000])
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
    const last = moveRefund(
      now,
      { type: "booking_failed", message: "database away" },
      NOW
    )
    expect(last.refund).toMatchObject({
      next_book_at: null,
      booking_error: "database away",
      booked_at: null,
      review_reason: "not_booked",
    })
    expect(last.announcements).toEqual(["review"])

    expect(bookAgainFault(last.refund)).toBeNull()
    const again = move(last.refund, { type: "book_again" })
    expect(again).toMatchObject({
      next_book_at: NOW,
      book_attempts: 0,
      review_reason: null,
    })
    expect(move(last.refund, { type: "booked", message: "" })).toMatchObject({
      booked_at: NOW,
      review_reason: null,
    })
  })

  it("that is given up hides no graver review", () => {
    const excess = refund({
      status: "sent",
      review_reason: "excess",
      book_attempts: MAX_BOOKING_FAILURES - 1,
    })
    const failed = move(excess, { type: "booking_failed", message: "away" })
    expect(failed.review_reason).toBe("excess")
    expect(move(failed, { type: "book_again" })).toMatchObject({
      review_reason: "excess",
      next_book_at: NOW,
    })
  })

  it("is tried again only where there is something to book", () => {
    const faults = [
      refund(),
      refund({ status: "sent", booked_at: NOW }),
      refund({ status: "sent" }),
    ].map((one) => bookAgainFault(one))
    expect(faults).not.toContain(null)
    expect(new Set(faults).size).toBe(3)
  })

  it("waits for a payment as long as it takes", () => {
    const waiting = move(sent, { type: "booking_waits" })
    expect(waiting.next_book_at!.getTime()).toBeGreaterThan(NOW.getTime())
    expect(waiting.book_attempts).toBe(0)
  })

  it("is done once", () => {
    const booked = move(sent, { type: "booked", message: "ref_1" })
    expect(booked).toMatchObject({ booked_at: NOW, next_book_at: null })
    expect(
      moveRefund(booked, { type: "booked", message: "ref_1" }, later(NOW, 1))
    ).toMatchObject({ refund: booked, entry: null })
  })
})

describe("whatever happens, in whatever order", () => {
  const moment = fc
    .integer({ min: -20, max: 30 })
    .map((minutes) => later(EXPIRES_AT, minutes * MINUTE))
  const outcome = fc.oneof(
    fc.constant(paid()),
    fc.constant(paid({ amount: "1" })),
    fc.constant(NOT_FOUND),
    fc.constant(ATTEMPT_FAILED),
    fc.constantFrom(...UNKNOWN_REASONS).map((reason) => unknown(reason))
  )
  const event: fc.Arbitrary<RefundEvent> = fc.oneof(
    fc.record({
      type: fc.constant("issued_khqr" as const),
      qr: fc.constant("qr"),
      md5: fc.string({ minLength: 1, maxLength: 4 }),
      reference: fc.constant("KH1"),
      expiresAt: fc.constant(EXPIRES_AT),
    }),
    fc.record({
      type: fc.constant("answered" as const),
      outcome,
      askedAt: moment,
      usedBy: fc.constantFrom(null, "refund khqrref_2"),
      exceeds: fc.boolean(),
    }),
    fc.record({
      type: fc.constant("sent" as const),
      by: fc.constant("user_1"),
      sentAt: moment,
      hash: fc.constantFrom(null, backTransfer().hash, "ab".repeat(32)),
      reference: fc.constantFrom(null, "100FT"),
      receiver: fc.constant(null),
      verified: fc.boolean(),
      exceeds: fc.boolean(),
      note: fc.constant(null),
    }),
    fc.constant<RefundEvent>({ type: "canceled", reason: "no" }),
    fc.constant<RefundEvent>({ type: "not_asked", outcome: unknown() }),
    fc.constant<RefundEvent>({ type: "booked", message: "" }),
    fc.constant<RefundEvent>({ type: "resolved", by: "user_1", reason: "" }),
    fc.constant<RefundEvent>({ type: "book_again" }),
    fc.constant<RefundEvent>({ type: "not_to_book" }),
    fc.constant<RefundEvent>({ type: "booking_waits" }),
    fc.constant<RefundEvent>({ type: "booking_failed", message: "away" })
  )

  it("sent stays sent, one KHQR stays the one, and nothing expires without proof", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, moment), { maxLength: 30 }),
        (steps) => {
          let before = refund()
          for (const [step, now] of steps) {
            const { refund: after, announcements } = moveRefund(
              before,
              step,
              now
            )
            if (before.status === "sent") {
              expect(after.status).toBe("sent")
              expect(after.sent_at).toEqual(before.sent_at)
              expect(announcements).not.toContain("sent")
            }
            if (before.md5 !== null) {
              expect(after.md5).toBe(before.md5)
            }
            if (before.bank_hash !== null) {
              expect(after.bank_hash).toBe(before.bank_hash)
            }
            if (after.status !== before.status) {
              expect(`${before.status} ${after.status}`).toMatch(
                /^(due (pending|sent|canceled)|pending (sent|expired|canceled)|expired sent|canceled sent)$/
              )
              if (after.status === "expired") {
                expect(step).toMatchObject({
                  type: "answered",
                  outcome: { type: "not_found" },
                })
                expect(
                  (step as { askedAt: Date }).askedAt.getTime()
                ).toBeGreaterThanOrEqual(CLOSES_AT.getTime())
              }
              if (before.status === "canceled") {
                expect(step.type).toBe("answered")
              }
            }
            // What a person closed was there to be closed.
            expect(
              after.resolved_at !== null && after.review_reason === null
            ).toBe(false)
            // Money is booked only of what is sent.
            expect(after.booked_at !== null && after.status !== "sent").toBe(
              false
            )
            before = after
          }
        }
      ),
      { numRuns: 2_000 }
    )
  })
})
