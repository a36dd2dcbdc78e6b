import { phnomPenhTime } from "../moment"

const NOW = new Date("2026-11-21T12:00:00Z")

describe("a moment for people", () => {
  it.each([
    ["2026-11-21T13:54:59Z", "20:54 (Phnom Penh)"],
    ["2026-11-21T16:59:59Z", "23:59 (Phnom Penh)"],
    ["2026-11-21T17:00:00Z", "2026-11-22 00:00 (Phnom Penh)"],
    ["2026-11-20T17:00:00Z", "00:00 (Phnom Penh)"],
    ["2026-11-20T16:59:00Z", "2026-11-20 23:59 (Phnom Penh)"],
    ["2027-01-01T00:05:00Z", "2027-01-01 07:05 (Phnom Penh)"],
  ])("%s is %s", (at, said) => {
    expect(phnomPenhTime(new Date(at), NOW)).toBe(said)
  })

  it("is of today by Phnom Penh's midnight, not by UTC's", () => {
    const late = new Date("2026-11-21T17:30:00Z")
    expect(phnomPenhTime(new Date("2026-11-22T01:00:00Z"), late)).toBe(
      "08:00 (Phnom Penh)"
    )
    expect(phnomPenhTime(new Date("2026-11-21T16:00:00Z"), late)).toBe(
      "2026-11-21 23:00 (Phnom Penh)"
    )
  })
})
