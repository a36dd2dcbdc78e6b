import { SHOWN_COLUMNS } from "../hub-rows"
import { etagOf, pageOf, ringsFor, turnPage } from "../page-view"
import { CHARGE_STATUSES, REVIEW_REASONS, RESOLUTIONS } from "../state"
import type { Charge } from "../types"
import { presentCharge } from "../view"
import { charge, EXPIRES_AT, ISSUED_AT, later, MINUTE } from "./world"

const NOW = later(ISSUED_AT, MINUTE)
const MERCHANT = { name: "Lucky Shop" }

const view = (changes: Partial<Charge> = {}, now = NOW) =>
  presentCharge(charge(changes), MERCHANT, now)

describe("The name of what a page shows", () => {
  it("is the same at any time, and another for another view", () => {
    expect(etagOf(view())).toBe(etagOf(view({}, later(NOW, MINUTE))))
    expect(etagOf(view())).not.toBe(etagOf(view({}, EXPIRES_AT)))
    expect(etagOf(view())).not.toBe(etagOf(view({ status: "paid" })))
    expect(etagOf(view())).toMatch(/^[\w-]{22}$/)
  })
})

describe("A page", () => {
  it("changes by time alone while its KHQR may be paid", () => {
    expect(pageOf(view()).turnsAt).toBe(EXPIRES_AT.getTime())
    expect(pageOf(view({}, EXPIRES_AT)).turnsAt).toBeNull()
    expect(pageOf(view({ superseded_at: NOW })).turnsAt).toBeNull()
  })

  it("waits for a payment until there is one, and for an order until it is there", () => {
    const kinds = CHARGE_STATUSES.map((status) => {
      const { isAwaited, isFinal } = pageOf(view({ status }))
      return [status, isAwaited, isFinal]
    })
    expect(kinds).toEqual([
      ["pending", true, false],
      ["paid", false, false],
      ["completed", false, true],
      ["expired", true, false],
      ["failed", true, false],
    ])
  })

  it("is the same as from the whole rows, from the columns that the hub reads", () => {
    const columns = new Set<PropertyKey>(SHOWN_COLUMNS)
    const onlyRead = (whole: Charge): Charge =>
      new Proxy(whole, {
        get: (row, name) => {
          if (name in row && !columns.has(name)) {
            throw new Error(`The hub does not read ${String(name)}`)
          }
          return Reflect.get(row, name)
        },
      })
    const old = charge({ id: "old", superseded_at: NOW })
    for (const status of CHARGE_STATUSES) {
      for (const review_reason of [null, ...REVIEW_REASONS]) {
        for (const resolution of [null, ...RESOLUTIONS]) {
          for (const last_outcome of [null, "unknown:quota_spent"]) {
            const row = charge({
              status,
              review_reason,
              resolution,
              last_outcome,
              unknowns: last_outcome ? 2 : 0,
            })
            expect(
              turnPage([old, row].map(onlyRead), MERCHANT, NOW).view
            ).toEqual(turnPage([old, row], MERCHANT, NOW).view)
          }
        }
      }
    }
  })
})

describe("A change of a charge rings", () => {
  const rings = (before: Partial<Charge>, after: Partial<Charge>) =>
    ringsFor(charge(before), charge(after), MERCHANT, NOW)
  const changed = (payment_session_id: string) => ({
    type: "changed",
    payment_session_id,
  })

  it("for the page that shows it, and for the one it was moved from", () => {
    expect(rings({}, { status: "failed" })).toEqual([changed("payses_1")])
    const moved_from = "payses_0"
    expect(rings({ moved_from }, { moved_from, status: "failed" })).toEqual([
      changed("payses_1"),
      changed("payses_0"),
    ])
  })

  it("for nobody when nothing is to be seen of it", () => {
    expect(
      rings(
        { next_check_at: NOW, last_outcome: null },
        { checks: 1, last_outcome: "not_found", last_checked_at: NOW }
      )
    ).toEqual([])
    expect(rings({ unknowns: 2 }, { unknowns: 3 })).toEqual([])
  })

  it("when another of the session's charges comes to be shown by it", () => {
    const paid = { status: "paid", resolved_at: NOW } as const
    expect(rings({ ...paid, review_reason: "paid_late" }, paid)).toEqual([
      changed("payses_1"),
    ])
  })

  it("for the clock when Medusa is to be brought in line at once", () => {
    expect(rings({}, { status: "paid", next_settle_at: NOW })).toEqual([
      changed("payses_1"),
      { type: "due" },
    ])
    expect(rings({}, { next_settle_at: later(NOW, 1) })).toEqual([])
    expect(
      rings({ next_settle_at: NOW }, { next_settle_at: new Date(NOW) })
    ).toEqual([])
  })
})
