import { readRing, ringAll, type Ring } from "../bell"

describe("A ring", () => {
  const rings: Ring[] = [
    { type: "due" },
    { type: "changed", payment_session_id: "payses_01:x" },
  ]

  it("is heard as it was rung", () => {
    const { statement, values } = ringAll(rings)!
    expect(statement.match(/pg_notify\('khqr', \?\)/g)).toHaveLength(2)
    expect(values.map((payload) => readRing(payload))).toEqual(rings)
  })

  it("costs no statement when there is none", () => {
    expect(ringAll([])).toBeNull()
  })

  it.each([undefined, "", "echo:1", "changed:", "changed", "DUE"])(
    "is not %j",
    (payload) => {
      expect(readRing(payload)).toBeNull()
    }
  )
})
