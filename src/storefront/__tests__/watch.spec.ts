import type { KhqrUpdate } from "../client"
import { createKhqrClient } from "../client"
import { completed, FakePage, FakeShop, json, paid, pending } from "./fake-shop"

const client = createKhqrClient({
  baseUrl: "https://shop.test",
  publishableKey: "pk_test",
})

let shop: FakeShop
let page: FakePage
let updates: KhqrUpdate[]
let stop: () => void

beforeEach(() => {
  jest.useFakeTimers()
  // The middle of all jitter.
  jest.spyOn(Math, "random").mockReturnValue(0.5)
  shop = new FakeShop()
  shop.install()
  page = new FakePage()
  page.install()
  updates = []
})

afterEach(() => {
  stop()
  page.uninstall()
  jest.useRealTimers()
  jest.restoreAllMocks()
})

function watch(): void {
  stop = client.watch("payses_1", (update) => updates.push(update))
}

const pass = (milliseconds = 0) => jest.advanceTimersByTimeAsync(milliseconds)

/** As long as a healthy connection lives, heartbeats and all. */
async function passWithHeartbeats(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 15_000) {
    shop.stream.beats()
    await pass(Math.min(15_000, milliseconds - passed))
  }
}

async function watchLive(id = "etag-1"): Promise<void> {
  watch()
  await pass()
  shop.stream.sends(pending, id)
  await pass()
  expect(updates).toEqual([{ charge: pending, error: null }])
}

const statuses = () => updates.map(({ charge }) => charge?.status)
const errors = () => updates.flatMap(({ error }) => error?.kind ?? [])

describe("a stream that comes through", () => {
  it("is asked for with the key, and is all that is asked for", async () => {
    await watchLive()
    await passWithHeartbeats(120_000)
    shop.stream.sends(paid, "etag-2")
    await pass()

    expect(statuses()).toEqual(["pending", "paid"])
    expect(shop.looks).toBe(0)
    expect(shop.streams).toHaveLength(1)
    expect(shop.stream.headers).toEqual({
      accept: "text/event-stream",
      "x-publishable-api-key": "pk_test",
    })
  })

  it("is read in whatever pieces it comes", async () => {
    watch()
    await pass()
    const text = `event: charge\ndata: ${JSON.stringify({ charge: { ...pending, merchant_name: "ផ្សារទួល" } })}\n\n`
    for (const letter of text) {
      shop.stream.write(letter)
      await pass()
    }
    expect(updates[0].charge?.merchant_name).toBe("ផ្សារទួល")
  })

  it("is left when the order is there, whatever else is sent", async () => {
    await watchLive()
    shop.stream.sends(completed)
    shop.stream.sends(pending)
    await pass(120_000)

    expect(statuses()).toEqual(["pending", "completed"])
    expect(shop.open).toEqual([])
    expect(shop.streams).toHaveLength(1)
    expect(shop.looks).toBe(0)
  })

  it("stays with a charge that is over, which a late payment may still change", async () => {
    await watchLive()
    shop.stream.sends({ ...pending, status: "expired" })
    await passWithHeartbeats(60_000)
    shop.stream.sends(paid)
    await pass()

    expect(statuses()).toEqual(["pending", "expired", "paid"])
    expect(shop.looks).toBe(0)
  })

  it("may send events that are not known yet", async () => {
    await watchLive()
    shop.stream.write(`event: weather\ndata: rain\n\ndata: x\n\n`)
    await pass()

    expect(updates).toHaveLength(1)
    expect(shop.open).toHaveLength(1)
  })

  it("tells nothing after the watch was stopped, not even what is on its way", async () => {
    await watchLive()
    shop.stream.sends(paid)
    stop()
    await pass(60_000)

    expect(updates).toHaveLength(1)
    expect(shop.open).toEqual([])
    expect(shop.looks).toBe(0)
  })

  it("can be stopped by what it tells", async () => {
    stop = client.watch("payses_1", (update) => {
      updates.push(update)
      stop()
    })
    await pass()
    shop.stream.sends(pending)
    shop.stream.sends(paid)
    await pass(60_000)

    expect(statuses()).toEqual(["pending"])
    expect(shop.looks).toBe(0)
  })
})

describe("a stream that breaks", () => {
  it.each(["breaks", "ends"] as const)(
    "is opened again after a pause, from the event heard last (%s)",
    async (how) => {
      await watchLive()
      await passWithHeartbeats(15_000)
      shop.stream[how]()
      await pass(1_900)
      expect(shop.streams).toHaveLength(1)
      await pass(200)
      expect(shop.streams).toHaveLength(2)
      expect(shop.stream.headers["last-event-id"]).toBe("etag-1")

      // Nothing has changed, so the server has nothing to say but that it is there.
      shop.stream.write("retry: 2000\n\n")
      await passWithHeartbeats(30_000)
      shop.stream.sends(paid)
      await pass()
      expect(statuses()).toEqual(["pending", "paid"])
      expect(shop.looks).toBe(0)
    }
  )

  it.each([
    ["retry: 5000\n\n", 5_000],
    ["retry: 0\n\n", 1_000],
    ["retry: 600000\n\n", 10_000],
    ["", 2_000],
  ])("waits as the server wants, within bounds: %j", async (retry, wait) => {
    await watchLive()
    shop.stream.write(retry)
    await passWithHeartbeats(15_000)
    shop.stream.breaks()
    await pass(wait - 100)
    expect(shop.streams).toHaveLength(1)
    await pass(200)
    expect(shop.streams).toHaveLength(2)
  })

  it.each([
    [0, 1_500],
    [0.999, 2_500],
  ])("spreads those who come back (%d)", async (random, wait) => {
    await watchLive()
    await passWithHeartbeats(15_000)
    jest.spyOn(Math, "random").mockReturnValue(random)
    shop.stream.breaks()
    await pass(wait - 100)
    expect(shop.streams).toHaveLength(1)
    await pass(200)
    expect(shop.streams).toHaveLength(2)
  })

  it("waits longer when it breaks again soon, and then asks by plain requests", async () => {
    await watchLive()
    shop.stream.breaks()
    await pass(3_900)
    expect(shop.streams).toHaveLength(1)
    await pass(200)
    shop.stream.sends(pending)
    await pass()
    shop.stream.breaks()
    await pass(7_900)
    expect(shop.streams).toHaveLength(2)
    await pass(200)
    expect(shop.looks).toBe(0)
    shop.stream.sends(pending)
    await pass()
    shop.stream.breaks()
    await pass(10_100)

    expect(shop.streams).toHaveLength(3)
    expect(shop.looks).toBe(6)
  })

  it("is dead when nothing was heard for 40 s", async () => {
    await watchLive()
    await passWithHeartbeats(60_000)
    await pass(24_000)
    expect(shop.open).toHaveLength(1)
    await pass(3_000)
    expect(shop.open).toHaveLength(0)
    await pass(2_000)
    expect(shop.open).toHaveLength(1)
  })

  it("leads to the notice that the shop is away, and back", async () => {
    await watchLive()
    await passWithHeartbeats(15_000)
    shop.goesAway()
    shop.stream.breaks()
    await pass(2_100)
    expect(errors()).toEqual(["unreachable"])
    await pass(60_000)
    expect(shop.looks).toBeLessThan(12)

    shop.comesBack()
    for (let passed = 0; passed < 11 && updates.at(-1)?.error; passed++) {
      await pass(1_000)
    }
    expect(updates.at(-1)).toEqual({ charge: pending, error: null })
    expect(shop.open).toHaveLength(1)
    // Or the fault would stay where nothing has changed.
    expect(shop.stream.headers).not.toHaveProperty("last-event-id")
    shop.stream.sends(pending)
    await pass()
    const { looks } = shop
    await passWithHeartbeats(60_000)
    expect(shop.looks).toBe(looks)
  })

  it("takes a fault back that was told while it was being opened again", async () => {
    await watchLive()
    await passWithHeartbeats(15_000)
    shop.stream.breaks()
    shop.answer = () => json(502, {})
    await pass(2_100)
    expect(shop.stream.headers["last-event-id"]).toBe("etag-1")
    await pass(1_600)
    expect(errors()).toEqual(["unreachable"])

    expect(shop.open).toHaveLength(1)
    expect(shop.stream.headers).not.toHaveProperty("last-event-id")
    shop.stream.sends(pending)
    await pass()
    expect(updates.at(-1)).toEqual({ charge: pending, error: null })
  })
})

describe("where no stream comes through", () => {
  const asksEach2s = async () => {
    const before = updates.length
    await pass(10_000)
    expect(updates.length - before).toBe(5)
  }

  it.each<[string, () => Response | Promise<Response>]>([
    [
      "there are too many",
      () => json(503, { code: "too_many_streams", message: "Too many" }),
    ],
    ["an older backend has none", () => json(404, { message: "Not found" })],
    ["it is no event stream", () => json(200, { charge: pending })],
    [
      "it is a page",
      () =>
        new Response("<html>", { headers: { "content-type": "text/html" } }),
    ],
    [
      "there is no body to be read",
      () =>
        new Response(null, {
          headers: { "content-type": "text/event-stream" },
        }),
    ],
    ["a blocker forbids it", () => Promise.reject(new TypeError("Blocked"))],
    [
      "it is another's stream",
      () =>
        new Response("event: charge\ndata: hello\n\n", {
          headers: { "content-type": "text/event-stream" },
        }),
    ],
  ])("asks each 2 s at once when %s", async (_, refusal) => {
    shop.refusal = refusal
    watch()
    await pass()
    expect(statuses()).toEqual(["pending"])
    await asksEach2s()
    expect(errors()).toEqual([])
  })

  it("shows the charge before it gives up a stream that a proxy holds back", async () => {
    watch()
    await pass(1_600)
    expect(statuses()).toEqual(["pending"])
    expect(shop.open).toHaveLength(1)
    await pass(4_000)
    expect(shop.open).toHaveLength(0)
    await asksEach2s()
  })

  it("is not misled by a proxy that passes on no more than the heartbeat", async () => {
    watch()
    await pass()
    shop.stream.beats()
    await pass(5_100)
    expect(shop.open).toHaveLength(0)
    expect(updates.length).toBeGreaterThan(0)
    await asksEach2s()
  })

  it("tries the stream again after a minute, asks on meanwhile, and then no more", async () => {
    shop.refusal = () => json(503, { code: "too_many_streams" })
    watch()
    await pass(59_000)
    shop.refusal = null
    expect(shop.streams).toHaveLength(0)
    await pass(2_000)
    expect(shop.streams).toHaveLength(1)
    const before = updates.length
    await pass(3_000)
    expect(updates.length).toBeGreaterThan(before)

    shop.stream.sends(pending)
    await pass()
    const { looks } = shop
    await passWithHeartbeats(60_000)
    expect(shop.looks).toBe(looks)
  })

  it("tells no answer that comes after the stream's own word", async () => {
    let answer: (response: Response) => void = () => {}
    shop.answer = () => new Promise((resolve) => (answer = resolve))
    watch()
    await pass(1_600)
    expect(shop.looks).toBe(1)
    shop.stream.sends(paid)
    await pass()
    answer(json(200, { charge: pending }))
    await passWithHeartbeats(30_000)

    expect(statuses()).toEqual(["paid"])
  })

  it("stops when the order is there", async () => {
    shop.refusal = () => json(404, {})
    shop.answer = () => json(200, { charge: completed })
    watch()
    await pass(120_000)

    expect(statuses()).toEqual(["completed"])
    expect(shop.looks).toBe(1)
  })

  it("looks seldom at an expired charge: a late payment may still come", async () => {
    shop.refusal = () => json(404, {})
    shop.answer = () => json(200, { charge: { ...pending, status: "expired" } })
    watch()
    await pass(10_500)

    expect(updates).toHaveLength(3)
  })

  it.each([
    [404, "not_found"],
    [400, "refused"],
    [502, "unreachable"],
  ])("tells a fault as it is: HTTP %d", async (status, kind) => {
    shop.refusal = () => json(status, {})
    shop.answer = shop.refusal
    watch()
    await pass(60_000)

    expect(new Set(errors())).toEqual(new Set([kind]))
    expect(updates.length).toBeLessThan(12)
    expect(statuses().every((status) => status === undefined)).toBe(true)
  })
})

describe("a page that nobody sees", () => {
  it("closes its stream at once and asks nothing", async () => {
    await watchLive()
    page.turns("hidden")
    expect(shop.open).toHaveLength(0)
    await pass(600_000)

    expect(shop.looks).toBe(0)
    expect(shop.streams).toHaveLength(1)
    expect(updates).toHaveLength(1)
  })

  it("hears at once what happened when it is seen again", async () => {
    await watchLive()
    page.turns("hidden")
    await pass(600_000)
    page.turns("visible")
    await pass()
    expect(shop.open).toHaveLength(1)
    // The server's time is wanted too, so nothing is left out.
    expect(shop.stream.headers).not.toHaveProperty("last-event-id")
    shop.stream.sends(completed)
    await pass()

    expect(statuses()).toEqual(["pending", "completed"])
  })

  it("asks no more where there is no stream, and at once when it is seen", async () => {
    shop.refusal = () => json(404, {})
    watch()
    await pass(2_100)
    page.turns("hidden")
    const { looks } = shop
    await pass(600_000)
    expect(shop.looks).toBe(looks)

    shop.answer = () => json(200, { charge: completed })
    page.turns("visible")
    await pass()
    expect(statuses().at(-1)).toBe("completed")
  })

  it("does not tell what was asked before it was hidden", async () => {
    let answer: (response: Response) => void = () => {}
    shop.refusal = () => json(404, {})
    shop.answer = () => new Promise((resolve) => (answer = resolve))
    watch()
    await pass()
    page.turns("hidden")
    answer(json(200, { charge: pending }))
    await pass(60_000)

    expect(updates).toEqual([])
  })

  it("asks once for something to be looked at when it is opened in the background", async () => {
    page.visibilityState = "hidden"
    watch()
    await pass(60_000)
    expect(statuses()).toEqual(["pending"])
    expect(shop.looks).toBe(1)
    expect(shop.streams).toHaveLength(0)

    page.turns("visible")
    await pass()
    expect(shop.open).toHaveLength(1)
  })

  it("is opened by whichever event says it first, once", async () => {
    await watchLive()
    page.hears("pagehide")
    expect(shop.open).toHaveLength(0)
    page.turns("hidden")
    await pass(5_000)

    page.hears("focus")
    page.turns("visible")
    page.hears("pageshow")
    page.hears("focus")
    await pass()
    expect(shop.streams).toHaveLength(2)
    expect(shop.open).toHaveLength(1)
  })

  it("comes back as it was kept for the way back", async () => {
    await watchLive()
    page.hears("pagehide")
    await pass(5_000)
    page.hears("pageshow")
    await pass()
    expect(shop.open).toHaveLength(1)
  })

  it("is left alone after the watch was stopped", async () => {
    await watchLive()
    page.turns("hidden")
    stop()
    page.turns("visible")
    page.hears("focus")
    page.hears("online")
    await pass(60_000)

    expect(shop.streams).toHaveLength(1)
    expect(shop.looks).toBe(0)
  })
})

describe("a device that", () => {
  it("changes its network opens a new connection at once", async () => {
    await watchLive()
    page.hears("online")
    await pass()
    expect(shop.streams).toHaveLength(2)
    expect(shop.open).toHaveLength(1)
    expect(shop.stream.headers["last-event-id"]).toBe("etag-1")
  })

  it("loses its network says so at once, and asks at once when it is back", async () => {
    await watchLive()
    shop.goesAway()
    page.hears("offline")
    await pass()
    expect(errors()).toEqual(["unreachable"])
    await pass(60_000)

    shop.comesBack()
    page.hears("online")
    await pass()
    expect(updates.at(-1)?.charge?.status).toBe("pending")
    expect(shop.open).toHaveLength(1)
  })

  it("is looked at during a pause does not wait for its end", async () => {
    await watchLive()
    await passWithHeartbeats(15_000)
    shop.stream.breaks()
    await pass(100)
    page.hears("focus")
    await pass()
    expect(shop.open).toHaveLength(1)

    shop.goesAway()
    shop.stream.breaks()
    await pass(60_000)
    shop.comesBack()
    page.hears("focus")
    await pass()
    expect(updates.at(-1)?.charge?.status).toBe("pending")
  })

  it.each([
    ["slept, or its clock was set forward", 60_000],
    ["had its clock set back", -3_600_000],
  ])("%s asks for the server's time anew", async (_, jump) => {
    await watchLive()
    await passWithHeartbeats(15_000)
    jest.setSystemTime(Date.now() + jump)
    await pass(1_100)
    expect(shop.streams).toHaveLength(2)
    expect(shop.open).toHaveLength(1)
    expect(shop.stream.headers).not.toHaveProperty("last-event-id")
    shop.stream.sends(pending)
    await passWithHeartbeats(60_000)
    expect(shop.streams).toHaveLength(2)
  })
})
