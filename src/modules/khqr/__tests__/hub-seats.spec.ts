import { Seats, STREAMS_PER_SESSION } from "../hub-seats"

const LIMITS = { perProcess: 10_000, perAddress: 100 }

describe("Places for streams", () => {
  let seats: Seats
  beforeEach(() => {
    seats = new Seats()
  })

  it("are as many as the process may have", () => {
    const limits = { ...LIMITS, perProcess: 2 }
    const first = seats.take("a", "10.0.0.1", limits)!
    expect(seats.take("b", "10.0.0.2", limits)).not.toBeNull()
    expect(seats.take("c", "10.0.0.3", limits)).toBeNull()
    expect(seats.taken).toBe(2)
    seats.free(first)
    expect(seats.take("c", "10.0.0.3", limits)).not.toBeNull()
  })

  it("are as many as an address may have, an IPv6 network being one", () => {
    const limits = { ...LIMITS, perAddress: 2 }
    for (const [one, other, third, else_] of [
      ["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"],
      ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"],
    ]) {
      const first = seats.take("a", one, limits)!
      expect(seats.take("b", other, limits)).not.toBeNull()
      expect(seats.take("c", third, limits)).toBeNull()
      expect(seats.take("c", else_, limits)).not.toBeNull()
      seats.free(first)
      expect(seats.take("c", third, limits)).not.toBeNull()
    }
  })

  it("are as many as a payment session may have", () => {
    const taken = Array.from({ length: STREAMS_PER_SESSION }, (_, index) =>
      seats.take("a", `10.0.0.${index}`, LIMITS)
    )
    expect(taken).not.toContain(null)
    expect(seats.take("a", "10.0.1.1", LIMITS)).toBeNull()
    expect(seats.take("b", "10.0.1.1", LIMITS)).not.toBeNull()
    seats.free(taken[0]!)
    expect(seats.take("a", "10.0.1.1", LIMITS)).not.toBeNull()
  })
})
