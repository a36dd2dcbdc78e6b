import type { Database } from "../database"
import {
  READ_PAST,
  ShopHistoryReader,
  tell,
  type PastCharge,
} from "../shop-history"
import { charge, DAY, later, MINUTE, SECOND } from "./world"

const NOW = new Date("2026-11-21T12:00:00Z")

/** One that was issued so long ago and is over. */
function past(daysAgo: number, changes: Partial<PastCharge> = {}): PastCharge {
  const issued_at = later(NOW, -daysAgo * DAY)
  return {
    ...charge({
      status: "expired",
      issued_at,
      expires_at: later(issued_at, 10 * MINUTE),
    }),
    last_signal: null,
    ...changes,
  }
}

function paidAfter(
  seconds: number,
  daysAgo = 1,
  changes: Partial<PastCharge> = {}
): PastCharge {
  const issued_at = later(NOW, -daysAgo * DAY)
  return past(daysAgo, {
    status: "completed",
    paid_at: later(issued_at, seconds * SECOND),
    bank_hash: "a".repeat(64),
    ...changes,
  })
}

/** The shopper said so, a moment after the money was there. */
function paidWithSignal(
  seconds: number,
  daysAgo = 1,
  changes: Partial<PastCharge> = {}
): PastCharge {
  const charge = paidAfter(seconds, daysAgo)
  return {
    ...charge,
    last_signal: "returned",
    last_signal_at: later(charge.paid_at!, 2 * SECOND),
    ...changes,
  }
}

describe("What the shop's past tells", () => {
  it("is how long payments took, newest first, and which were found without a signal", () => {
    const early = paidAfter(30, 4)
    const { payments } = tell(
      [
        paidAfter(40, 1),
        past(1),
        paidWithSignal(12.5, 2),
        paidAfter(-3, 3),
        // The shopper came back before the money was there.
        { ...early, last_signal_at: later(early.paid_at!, -SECOND) },
      ],
      NOW
    )
    expect(payments).toMatchObject([
      { seconds: 40, silent: true },
      { seconds: 12.5, silent: false },
      // The bank's clock and ours differ.
      { seconds: 0, silent: true },
      { seconds: 30, silent: true },
    ])
  })

  it("is whether a page was open when the money came, if any page tells", () => {
    const { issued_at } = paidAfter(40)
    const after = (seconds: number) => later(issued_at, seconds * SECOND)
    const watched = (changes: Partial<PastCharge>) =>
      tell([paidAfter(40, 1, changes)], NOW).payments[0].watched

    expect(watched({})).toBeNull()
    expect(watched({ watched_since: after(1) })).toBe(true)
    expect(watched({ watched_since: after(1), unwatched_at: after(39) })).toBe(
      false
    )
    expect(watched({ watched_since: after(1), unwatched_at: after(41) })).toBe(
      true
    )
    expect(watched({ watched_since: after(41) })).toBe(false)
  })

  it("takes no person's word for a payment's time", () => {
    const { payments, issued, paid } = tell(
      [paidAfter(40, 1, { bank_hash: null })],
      NOW
    )
    expect({ payments, issued, paid }).toEqual({
      payments: [],
      issued: 1,
      paid: 0,
    })
  })

  it("is how many of those that are over were paid", () => {
    const open = { status: "pending" as const, expires_at: later(NOW, MINUTE) }
    const { issued, paid } = tell(
      [
        past(0, open),
        // Paid within its time, which is not over for those beside it.
        paidAfter(10, 0, { expires_at: later(NOW, MINUTE) }),
        past(1),
        paidAfter(40, 2),
        past(3),
        past(3, { status: "failed" }),
      ],
      NOW
    )
    expect({ issued, paid }).toEqual({ issued: 4, paid: 1 })
  })

  it("is the same when each of twenty shoppers let go of a charge first", () => {
    const shoppers = Array.from({ length: 20 }, (_, n) =>
      n % 4 ? paidWithSignal(40, 1 + n) : past(1 + n)
    )
    const withTwo = shoppers.flatMap((shown) => {
      const issued_at = later(shown.issued_at, -30 * SECOND)
      const before = past(0, {
        issued_at,
        expires_at: later(issued_at, 10 * MINUTE),
        superseded_at: shown.issued_at,
      })
      return [shown, before]
    })
    expect(tell(withTwo, NOW)).toEqual(tell(shoppers, NOW))
    expect(tell(withTwo, NOW)).toMatchObject({ issued: 20, paid: 15 })
  })

  it("counts a charge that was let go of and paid all the same, whoever says so", () => {
    const superseded_at = later(NOW, -DAY)
    const { payments, issued, paid } = tell(
      [
        paidAfter(40, 1, { superseded_at }),
        paidAfter(40, 1, { superseded_at, bank_hash: null }),
        past(1, { superseded_at }),
        past(1, { superseded_at, status: "failed" }),
        past(1),
      ],
      NOW
    )
    expect(payments).toHaveLength(1)
    expect({ issued, paid }).toEqual({ issued: 3, paid: 1 })
  })

  it("keeps what was asked in vain about a charge that was let go of", () => {
    const { signals } = tell(
      [
        past(1, {
          superseded_at: later(NOW, -DAY),
          last_signal: "returned",
          signals_in_vain: 2,
        }),
      ],
      NOW
    )
    expect(signals.returned).toEqual({ asked: 2, found: 0 })
  })

  it("looks at the last 500 payments, and counts charges of the same time", () => {
    const charges = Array.from({ length: 1_200 }, (_, n) =>
      n % 2 ? paidAfter(30, 1 + n / 100) : past(1 + n / 100)
    )
    const { payments, issued, paid } = tell(charges, NOW)
    expect(payments).toHaveLength(500)
    expect({ issued, paid }).toEqual({ issued: 1_000, paid: 500 })
  })

  it("is what became of the questions after each kind of signal", () => {
    const { signals } = tell(
      [
        paidWithSignal(40),
        paidWithSignal(40, 1, { signals_in_vain: 2 }),
        paidAfter(40, 1, { last_signal: "returned" }),
        past(2, { last_signal: "claims_paid", signals_in_vain: 3 }),
        past(2, { signals_in_vain: 0 }),
      ],
      NOW
    )
    expect(signals).toEqual({
      returned: { asked: 4, found: 2 },
      claims_paid: { asked: 3, found: 0 },
      announced: { asked: 0, found: 0 },
    })
  })

  it("is nothing in a new shop", () => {
    expect(tell([], NOW)).toMatchObject({ payments: [], issued: 0, paid: 0 })
  })
})

describe("The reader of the shop's past", () => {
  const open = (...answers: PastCharge[][]) => {
    let reads = 0
    const sql = async (query: string) => {
      if (query !== READ_PAST) {
        return [{ hour: 1, charges: 2 }]
      }
      const answer = answers[reads++]
      if (!answer) {
        throw new Error("The database is away")
      }
      return answer
    }
    return {
      reads: () => reads,
      history: new ShopHistoryReader({ sql } as unknown as Database),
    }
  }

  it("reads it once in ten minutes, also for those who come together", async () => {
    const { history, reads } = open([paidAfter(1)], [paidAfter(2)])
    const [one, other] = await Promise.all([
      history.read(NOW),
      history.read(NOW),
    ])
    expect(one).toBe(other)
    expect(one).toMatchObject({
      payments: [{ seconds: 1 }],
      arrivals: [{ hour: 1, charges: 2 }],
    })
    expect(await history.read(later(NOW, 10 * MINUTE - 1))).toBe(one)
    expect(reads()).toBe(1)
    expect(await history.read(later(NOW, 10 * MINUTE))).toMatchObject({
      payments: [{ seconds: 2 }],
    })
  })

  it("tries again at once when it could not be read", async () => {
    const { history, reads } = open()
    await expect(history.read(NOW)).rejects.toThrow("away")
    await expect(history.read(NOW)).rejects.toThrow("away")
    expect(reads()).toBe(2)
  })
})
