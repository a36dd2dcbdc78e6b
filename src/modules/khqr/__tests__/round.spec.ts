import type { CheckReason, OpenCharge, PlannedLook } from "../plan"
import {
  changedMoments,
  chargesLeftOut,
  chargesToAsk,
  chargesToTell,
  CHECKS_AT_ONCE,
  withCallsUnderWay,
  withRiders,
} from "../round"
import { charge, EXPIRES_AT, ISSUED_AT, later, SECOND } from "./world"

const NOW = later(ISSUED_AT, 60 * SECOND)
const inSeconds = (seconds: number) => later(NOW, seconds * SECOND)

const look = (
  id: string,
  seconds: number,
  reason: CheckReason = "watched"
): PlannedLook => ({ id, at: inSeconds(seconds), reason })

const open = (
  id: string,
  seconds: number | null,
  changes: Partial<
    OpenCharge & {
      check_reason: CheckReason | null
      unknown_since: Date | null
    }
  > = {}
) => ({
  ...charge({ id }),
  next_check_at: seconds === null ? null : inSeconds(seconds),
  last_signal: null,
  is_leased: false,
  ...changes,
  check_reason: changes.check_reason ?? null,
})

const ids = (rows: { id: string }[]) => rows.map(({ id }) => id)

describe("Whom a round asks about", () => {
  const free = (count: number) =>
    new Set(Array.from({ length: count }, (_, n) => String(n)))

  it("is who is planned for now, in the plan's order, and who goes along last", () => {
    const looks = [
      look("0", 0, "along"),
      look("1", 0),
      look("2", -9),
      look("3", 0.001),
    ]
    expect(chargesToAsk(looks, free(4), NOW)).toEqual([
      { id: "1", reason: "watched" },
      { id: "2", reason: "watched" },
      { id: "0", reason: "along" },
    ])
  })

  it("is nobody whom somebody else asks about", () => {
    expect(chargesToAsk([look("0", 0), look("9", 0)], free(1), NOW)).toEqual([
      { id: "0", reason: "watched" },
    ])
  })

  it("is nobody where all would only go along", () => {
    expect(chargesToAsk([look("0", 0, "along")], free(1), NOW)).toEqual([])
  })

  it("is no more than one list", () => {
    const looks = Array.from({ length: 60 }, (_, n) =>
      look(String(n), 0, n < 10 ? "along" : "watched")
    )
    const asked = chargesToAsk(looks, free(60), NOW)
    expect(asked).toHaveLength(CHECKS_AT_ONCE)
    expect(asked.every(({ reason }) => reason === "watched")).toBe(true)
  })
})

describe("Calls under way", () => {
  const rows = [
    open("asked", 0, { is_leased: true, check_reason: "signal" }),
    open("asked too", 0, { is_leased: true }),
    open("rider", 0, { is_leased: true, check_reason: "along" }),
    open("told", 0, { is_leased: true, check_reason: "short" }),
    open("free", 0),
  ]

  it("are one for each charge that is asked about by itself", () => {
    expect(ids(withCallsUnderWay(rows, false))).toEqual([
      "asked",
      "asked too",
      "free",
    ])
  })

  it("are one for a list", () => {
    expect(ids(withCallsUnderWay(rows, true))).toEqual(["asked", "free"])
  })
})

describe("Where nothing is counted", () => {
  const free = { windows: [], closedUntil: null, isProbe: false }
  const looks = [look("due", 0), look("soon", 2), look("later", 2.001)]
  const reasons = (
    terms: Partial<Parameters<typeof withRiders>[1]>,
    all = looks
  ) =>
    withRiders(all, { budget: free, lists: true, ...terms }, NOW).map(
      ({ reason, at }) => [reason, +at <= +NOW]
    )

  it("a list takes along what is due soon", () => {
    expect(reasons({})).toEqual([
      ["watched", true],
      ["along", true],
      ["watched", false],
    ])
  })

  it("nothing is asked only to go along", () => {
    expect(reasons({}, looks.slice(1))).toEqual([
      ["watched", false],
      ["watched", false],
    ])
  })

  it("nobody goes along without a list, nor with a call that is counted or a probe", () => {
    const alone = [
      ["watched", true],
      ["watched", false],
      ["watched", false],
    ]
    const windows = [{ left: 5, endsAt: EXPIRES_AT }]
    expect(reasons({ lists: false })).toEqual(alone)
    expect(reasons({ budget: { ...free, windows } })).toEqual(alone)
    expect(reasons({ budget: { ...free, isProbe: true } })).toEqual(alone)
  })
})

describe("Whom a round tells that nothing may be asked", () => {
  const closed = (isProbe: boolean) => ({
    windows: [],
    closedUntil: inSeconds(60),
    isProbe,
  })
  const told = (
    changes: Parameters<typeof open>[2],
    isProbe = true,
    seconds = 0
  ) => chargesToTell([open("a", seconds, changes)], closed(isProbe), NOW).length

  it("is who waits and does not know it yet", () => {
    expect(told({})).toBe(1)
    expect(told({ last_outcome: "not_found" })).toBe(1)
    expect(told({ unknowns: 1, last_outcome: "unknown:quota_spent" })).toBe(0)
    expect(told({ unknowns: 3, last_outcome: "unknown:unavailable" })).toBe(1)
  })

  it("is, in a pause, whose page does not say yet that the bank cannot be reached", () => {
    expect(told({}, false)).toBe(1)
    expect(told({ unknowns: 1 }, false)).toBe(1)
    expect(told({ unknowns: 2 }, false)).toBe(0)
  })

  it("is nobody whose time has not come, or whom nobody waits for", () => {
    expect(told({}, true, 1)).toBe(0)
    expect(told({ status: "expired" })).toBe(0)
    expect(told({ is_leased: true })).toBe(0)
  })

  it("is nobody where something may be asked", () => {
    const budget = { ...closed(true), closedUntil: NOW }
    expect(chargesToTell([open("a", 0)], budget, NOW)).toEqual([])
  })
})

describe("Whom a round tells that the day's calls do not reach", () => {
  const told = (changes: Parameters<typeof open>[2], isShort = true) =>
    chargesLeftOut(
      [open("a", 0, changes), open("b", 0)],
      [{ ...look("a", 600, "closing"), ...(isShort ? { isShort } : {}) }],
      NOW
    )
  const spent = {
    unknowns: 1,
    last_outcome: "unknown:quota_spent",
    expires_at: inSeconds(-30 * 3_600),
  }

  it("is who is left out, once", () => {
    expect(told({})).toEqual([{ id: "a", reason: "short" }])
    expect(told({}, false)).toEqual([])
    expect(told({ ...spent, unknown_since: inSeconds(-60) })).toEqual([])
  })

  it("is who has been left out for a day, until a person is to look", () => {
    const unknown_since = inSeconds(-24 * 3_600)
    expect(told({ ...spent, unknown_since })).toHaveLength(1)
    expect(told({ ...spent, unknown_since: later(unknown_since, 1) })).toEqual(
      []
    )
    const review_reason = "unverifiable"
    expect(told({ ...spent, unknown_since, review_reason })).toEqual([])
  })

  it("is nobody for whom a pause of seconds is over at once", () => {
    const budget = {
      windows: [],
      closedUntil: inSeconds(5),
      isProbe: false,
    }
    expect(chargesToTell([open("a", 0)], budget, NOW)).toEqual([])
  })
})

describe("When the others are looked at again", () => {
  const moved = (
    row: ReturnType<typeof open>,
    looks: PlannedLook[],
    asked: string[] = []
  ) =>
    changedMoments(
      [row],
      looks,
      asked.map((id) => ({ id, reason: "watched" })),
      NOW
    ).map(({ at }) => at)

  it("is written where it is another moment, by half a second", () => {
    expect(moved(open("a", 60), [look("a", 90)])).toEqual([inSeconds(90)])
    expect(moved(open("a", 60), [look("a", 30)])).toEqual([inSeconds(30)])
    expect(moved(open("a", 60), [look("a", 60.5)])).toEqual([])
  })

  it("is written for what is due and put off, by however little", () => {
    expect(moved(open("a", 0), [look("a", 0.1)])).toEqual([inSeconds(0.1)])
  })

  it("stays for what is asked about now, by us or by others, and for what found no room", () => {
    expect(moved(open("a", 0), [look("a", 0)], ["a"])).toEqual([])
    expect(moved(open("a", 0, { is_leased: true }), [look("a", 90)])).toEqual(
      []
    )
    expect(moved(open("a", 30), [look("a", 0)])).toEqual([])
  })

  it("is never for one of which the plan says nothing, unless somebody asks about it", () => {
    expect(moved(open("a", 60), [])).toEqual([null])
    expect(moved(open("a", null), [])).toEqual([])
    expect(moved(open("a", 60, { is_leased: true }), [])).toEqual([])
  })
})
