import fc from "fast-check"

import {
  describeHeard,
  hasRoomFor,
  mostAskedAbout,
  type AnnouncedMoney,
} from "../announcements"
import { CHECKS_AT_ONCE, type Allowance } from "../round"
import type { Charge } from "../types"
import { later, DAY, ISSUED_AT } from "./world"

type Seen = Pick<Charge, "status">

const money: AnnouncedMoney = {
  khqr_amount: "12.50",
  currency_code: "usd",
  reference: null,
  paid_at: null,
}

const free: Allowance["budget"] = {
  windows: [],
  closedUntil: null,
  isProbe: false,
}
const counted = {
  ...free,
  windows: [{ left: 60, endsAt: later(ISSUED_AT, DAY) }],
}
const spent = { ...free, isProbe: true }

describe("how many one notice has asked about", () => {
  it.each<[string, Allowance, number]>([
    ["counted, one by one", { budget: counted, lists: false }, 3],
    ["spent, one by one", { budget: spent, lists: false }, 3],
    ["counted, in lists", { budget: counted, lists: true }, CHECKS_AT_ONCE],
    ["spent, in lists", { budget: spent, lists: true }, CHECKS_AT_ONCE],
    ["not counted", { budget: free, lists: false }, CHECKS_AT_ONCE],
    ["not counted, in lists", { budget: free, lists: true }, CHECKS_AT_ONCE],
  ])("where calls are %s", (_, allowance, most) => {
    expect(mostAskedAbout(allowance)).toBe(most)
  })

  const charges = fc.array(
    fc.record({
      status: fc.constantFrom<Charge["status"]>("pending", "failed", "expired"),
      isRepeat: fc.boolean(),
    }),
    { maxLength: 120 }
  )

  const take = (matches: (Seen & { isRepeat: boolean })[], most: number) => {
    const signalled: typeof matches = []
    for (const match of matches) {
      if (hasRoomFor(match, signalled, most) && !match.isRepeat) {
        signalled.push(match)
      }
    }
    return signalled
  }

  it("is all the room there is, for the likeliest that are no repeats", () => {
    fc.assert(
      fc.property(charges, fc.constantFrom(3, CHECKS_AT_ONCE), (all, most) => {
        const signalled = take(all, most)
        const fresh = all.filter(({ isRepeat }) => !isRepeat)
        const late = fresh.filter(({ status }) => status === "expired")
        const heard = [...late.slice(0, 3)]
        const wanted = fresh.filter(
          (one) => one.status !== "expired" || heard.includes(one)
        )
        expect(signalled).toEqual(wanted.slice(0, most))
      })
    )
  })

  it("leaves none out that is open, once there were notices enough", () => {
    fc.assert(
      fc.property(charges, fc.constantFrom(3, CHECKS_AT_ONCE), (all, most) => {
        let left = all.map(({ status }) => ({ status, isRepeat: false }))
        for (let notice = 0; notice < 40; notice++) {
          const signalled = take(left, most)
          left = left.map((one) =>
            signalled.includes(one) ? { ...one, isRepeat: true } : one
          )
        }
        expect(left.filter(({ isRepeat }) => !isRepeat)).toEqual([])
      })
    )
  })
})

describe("what a log is told", () => {
  it.each([
    [
      { matched: 1, signalled: 1, repeated: 0, most: 3 },
      "The bank is asked about 1 KHQR over 12.50 USD as soon as it may be.",
    ],
    [
      { matched: 4, signalled: 0, repeated: 4, most: 3 },
      "4 KHQRs over 12.50 USD were announced moments ago, or many times: that changes nothing.",
    ],
    [
      { matched: 5, signalled: 3, repeated: 1, most: 3 },
      "The bank is asked about 3 KHQRs over 12.50 USD as soon as it may be. 1 KHQR over 12.50 USD was announced moments ago, or many times: that changes nothing. 1 more matches and is not asked about: one notice asks about 3 at the most.",
    ],
    [
      { matched: 60, signalled: 50, repeated: 0, most: 50 },
      "The bank is asked about 50 KHQRs over 12.50 USD as soon as it may be. 10 more match and are not asked about: one notice asks about 50 at the most, and about 3 that expired.",
    ],
  ])("of %o", (counts, message) => {
    expect(describeHeard(money, counts)).toBe(message)
  })
})
