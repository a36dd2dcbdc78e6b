import { planNextCheck, SIGNAL_COOLDOWN_MS } from "../pace"
import { plan, type OpenCharge } from "../plan"
import { aged, asked, calls, expired, input, NOW, told } from "./plan-world"
import { HOUR, later, MINUTE, SECOND } from "./world"

describe("An answer that said nothing", () => {
  const silenced = (unknowns: number) =>
    aged(200, {
      unknowns,
      last_outcome: "unknown:unavailable",
      last_checked_at: later(NOW, -SECOND),
    })
  const pauseAfter = (unknowns: number) => {
    const last = silenced(unknowns).last_checked_at!
    const { looks } = plan(
      input({ charges: [silenced(unknowns)], budget: calls(90) })
    )
    expect(looks).toMatchObject([{ reason: "backoff" }])
    return +looks[0].at - +last
  }

  it("makes pauses that grow, up to some minutes", () => {
    const pauses = [1, 2, 3, 4, 8, 20, 1_000].map(pauseAfter)
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
    expect(pauses[1]).toBeGreaterThan(pauses[0])
    expect(pauses[0]).toBeGreaterThanOrEqual(SIGNAL_COOLDOWN_MS)
    expect(pauses.at(-1)).toBeLessThanOrEqual(HOUR)
  })

  it("is not made up for by a signal", () => {
    const charge = told(silenced(5))
    const { looks } = plan(input({ charges: [charge], budget: calls(90) }))
    expect(+looks[0].at).toBeGreaterThan(+NOW)
  })

  it("gives a late look no call that others need", () => {
    const late = expired(4_000, {
      unknowns: 2,
      last_outcome: "unknown:unavailable",
      last_checked_at: later(NOW, -30 * MINUTE),
      next_check_at: NOW,
    })
    const charges = [late, aged(60)]
    expect(asked(plan(input({ charges, budget: calls(4) })))).toEqual([])
  })

  it("has one charge ask for all of them whether the bank speaks again", () => {
    const silent = (seconds: number, ago: number, unknowns: number) =>
      aged(seconds, {
        last_checked_at: later(NOW, -ago * SECOND),
        last_outcome: "unknown:unavailable",
        unknowns,
      })
    const charges = [silent(300, 90, 4), silent(200, 95, 1), silent(100, 99, 1)]
    const { looks } = plan(input({ charges, budget: calls(90) }))
    const asked = looks.filter(({ at }) => at <= NOW)
    expect(asked).toMatchObject([{ reason: "backoff" }])
    // A moment later it is under way, and nobody else is asked.
    const underWay = charges.map((charge) => ({
      ...charge,
      ...(charge.id === asked[0].id
        ? { last_checked_at: NOW, unknowns: 5 }
        : {}),
    }))
    const next = plan(input({ charges: underWay, budget: calls(89) }))
    expect(next.looks.every(({ at }) => at > NOW)).toBe(true)
  })

  it("costs a day that the bank is away a few dozen calls, however many charges are open", () => {
    let charges = Array.from({ length: 8 }, (_, i) => aged(60 + i))
    let count = 0
    for (let at = 0; at < 10 * HOUR; at += 5 * SECOND) {
      const now = later(NOW, at)
      const { looks } = plan(
        input({ charges, budget: calls(100 - count, 100 - count, now), now })
      )
      const asked = new Set(
        looks.filter((look) => look.at <= now).map(({ id }) => id)
      )
      count += asked.size
      charges = charges.map((charge) =>
        asked.has(charge.id)
          ? {
              ...charge,
              last_checked_at: now,
              last_outcome: "unknown:unavailable",
              unknowns: charge.unknowns + 1,
            }
          : charge
      )
    }
    expect(count).toBeGreaterThan(10)
    expect(count).toBeLessThanOrEqual(80)
  })

  it("comes to its end whoever becomes the likeliest meanwhile", () => {
    const silent = (seconds: number, changes: Partial<OpenCharge>) =>
      aged(seconds, {
        last_outcome: "unknown:unavailable",
        last_checked_at: later(NOW, -30 * SECOND),
        ...changes,
      })
    // The second asked for all until the first, of whom a signal tells now.
    let charges = [
      told(silent(120, { unknowns: 2, next_check_at: later(NOW, 600_000) })),
      silent(100, { unknowns: 4, next_check_at: later(NOW, 50 * SECOND) }),
    ]
    let askedAt: number | null = null
    for (let at = 0; at <= HOUR && askedAt === null; at += SECOND) {
      const now = later(NOW, at)
      const { looks } = plan(input({ charges, budget: calls(90), now }))
      askedAt = looks.some((look) => look.at <= now) ? at : null
      charges = charges.map((charge) => ({
        ...charge,
        next_check_at: looks.find(({ id }) => id === charge.id)!.at,
      }))
    }
    expect(askedAt).not.toBeNull()
    expect(askedAt!).toBeLessThanOrEqual(10 * MINUTE)
  })

  it.each([
    { lists: false, last_checked_at: null },
    { lists: false, last_checked_at: later(NOW, -5 * HOUR) },
    { lists: true, last_checked_at: later(NOW, -5 * HOUR) },
  ])(
    "is asked for now and then while nobody can be asked: %p",
    ({ lists, last_checked_at }) => {
      let charges = [60, 90, 2_000].map((seconds) =>
        aged(seconds, {
          unknowns: 1,
          last_outcome: "unknown:unauthorized",
          last_checked_at,
        })
      )
      let count = 0
      for (let at = 0; at < 10 * MINUTE; at += 500) {
        const now = later(NOW, at)
        const { looks } = plan(
          input({ charges, budget: calls(90), lists, now })
        )
        charges = charges.map((charge) => {
          const look = looks.find(({ id }) => id === charge.id)!
          if (look.reason === "along") {
            return charge
          }
          const isAsked = look.at <= now
          count += Number(isAsked)
          const unknowns = charge.unknowns + Number(isAsked)
          return {
            ...charge,
            unknowns,
            next_check_at: isAsked
              ? planNextCheck({ ...charge, unknowns }, now)!.at
              : look.at,
          }
        })
      }
      expect(count).toBeGreaterThan(3)
      expect(count).toBeLessThan(30)
    }
  )

  it("takes no call from a signal or a closing that comes after it", () => {
    const silent = aged(2_500, {
      unknowns: 1,
      last_outcome: "unknown:unavailable",
      last_checked_at: later(NOW, -MINUTE),
    })
    const { looks } = plan(input({ charges: [silent], budget: calls(4) }))
    expect(looks).toMatchObject([{ at: NOW, reason: "backoff" }])
    const none = plan(input({ charges: [silent], budget: calls(1) })).looks
    expect(none).toMatchObject([{ isShort: true }])
  })

  it("is not asked for at once again where nobody could be asked", () => {
    const waiting = aged(200, {
      unknowns: 1,
      last_outcome: "unknown:unauthorized",
      next_check_at: later(NOW, 3 * SECOND),
    })
    const { looks } = plan(input({ charges: [waiting], budget: calls(90) }))
    expect(looks).toMatchObject([
      { at: later(NOW, 3 * SECOND), reason: "backoff" },
    ])
  })

  /** From `NOW` on, while the bank says nothing about `isOdd` ones; the others are answered. */
  const live = (
    given: OpenCharge[],
    isOdd: (charge: OpenCharge) => boolean,
    ms: number
  ) => {
    let charges = given
    const askedAt = new Map(given.map(({ id }) => [id, [] as number[]]))
    let count = 0
    for (let at = 0; at <= ms;) {
      const now = later(NOW, at)
      const budget = calls(90 - count, 90 - count, now)
      const { looks, wakeAt } = plan(input({ charges, budget, now }))
      charges = charges.map((charge) => {
        const look = looks.find(({ id }) => id === charge.id)!
        if (look.at > now) {
          return { ...charge, next_check_at: look.at }
        }
        count += 1
        askedAt.get(charge.id)!.push(at)
        const unknowns = isOdd(charge) ? charge.unknowns + 1 : 0
        const heard = {
          ...charge,
          unknowns,
          last_checked_at: now,
          last_outcome: isOdd(charge) ? "unknown:unavailable" : "not_found",
        }
        return { ...heard, next_check_at: planNextCheck(heard, now)!.at }
      })
      at = Math.max(at + SECOND, +(wakeAt ?? 0) - +NOW)
    }
    return { askedAt, count }
  }

  const odd = aged(3_000, {
    id: "odd",
    unknowns: 14,
    last_outcome: "unknown:unrecognized",
    last_checked_at: later(NOW, -SECOND),
  })

  it("about one charge keeps no other waiting", () => {
    const other = aged(300, {
      id: "other",
      unknowns: 1,
      last_outcome: "unknown:unavailable",
      last_checked_at: later(NOW, -2 * SECOND),
      next_check_at: later(NOW, 8 * SECOND),
    })
    const { askedAt } = live([odd, other], ({ id }) => id === "odd", MINUTE)
    expect(askedAt.get("other")).not.toEqual([])
  })

  it("about one charge leaves the others most of the day's calls", () => {
    const { count } = live([odd], () => true, 12 * HOUR)
    expect(count).toBeGreaterThan(10)
    expect(count).toBeLessThanOrEqual(40)
  })

  it("lets each charge ask in its turn, however long it lasts", () => {
    const silent = [1, 2, 3, 4, 5].map((n) =>
      aged(600 + n, {
        unknowns: 2,
        last_outcome: "unknown:unavailable",
        last_checked_at: later(NOW, -n * MINUTE),
      })
    )
    const { askedAt, count } = live(silent, () => true, 3 * HOUR)
    const turns = [...askedAt.values()].map(({ length }) => length)
    expect(Math.min(...turns)).toBeGreaterThan(0)
    expect(Math.max(...turns) - Math.min(...turns)).toBeLessThanOrEqual(1)
    expect(count).toBeLessThanOrEqual(30)
  })

  it("is none where it was our own gate that refused", () => {
    const charge = told(
      aged(200, { unknowns: 3, last_outcome: "unknown:quota_spent" })
    )
    const { looks } = plan(input({ charges: [charge], budget: calls(90) }))
    expect(looks).toMatchObject([{ at: NOW, reason: "signal" }])
  })
})
