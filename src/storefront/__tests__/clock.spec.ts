import { clockJumps, formatRemaining, serverClock } from "../clock"

describe("the server's clock in the page", () => {
  afterEach(() => jest.restoreAllMocks())

  /** A page whose two local clocks are moved apart. */
  function localClocks(): { wall: number; monotonic: number } {
    const clocks = { wall: 0, monotonic: 0 }
    jest.spyOn(Date, "now").mockImplementation(() => clocks.wall)
    jest.spyOn(performance, "now").mockImplementation(() => clocks.monotonic)
    return clocks
  }

  const SERVER = "2026-11-21T08:00:00.000Z"
  const server = Date.parse(SERVER)

  it("does not care what the local clock says", () => {
    const local = localClocks()
    local.wall = Date.parse("1999-01-01")
    const clock = serverClock(SERVER)
    local.wall += 5_000
    local.monotonic += 5_000

    expect(clock.now()).toBe(server + 5_000)
  })

  it("goes on while the device sleeps", () => {
    const local = localClocks()
    const clock = serverClock(SERVER)
    local.wall += 300_000

    expect(clock.now()).toBe(server + 300_000)
  })

  it("does not go back when the local clock is set back", () => {
    const local = localClocks()
    const clock = serverClock(SERVER)
    local.wall -= 3_600_000
    local.monotonic += 2_000

    expect(clock.now()).toBe(server + 2_000)
  })

  it("is known to be wrong when the two local clocks part, until they were looked at", () => {
    const local = localClocks()
    const hasJumped = clockJumps()
    for (const [wall, monotonic, jumped] of [
      [1_000, 1_000, false],
      [60_000, 60_000, false],
      [1_500, 0, false],
      [60_000, 1_000, true],
      [1_000, 1_000, false],
      [-3_600_000, 1_000, true],
      [1_000, 1_000, false],
    ] as const) {
      local.wall += wall
      local.monotonic += monotonic
      expect(hasJumped()).toBe(jumped)
    }
  })
})

it("writes what is left as minutes and seconds", () => {
  expect(formatRemaining(600_000)).toBe("10:00")
  expect(formatRemaining(59_001)).toBe("1:00")
  expect(formatRemaining(4_200)).toBe("0:05")
  expect(formatRemaining(-1)).toBe("0:00")
})
