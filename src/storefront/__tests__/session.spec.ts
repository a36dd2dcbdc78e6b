import type { KhqrCharge, KhqrClient, KhqrSignal, KhqrUpdate } from "../client"
import { KhqrClientError } from "../client"
import { FollowedSession } from "../session"

const charge: KhqrCharge = {
  id: "khqrch_1",
  payment_session_id: "payses_1",
  status: "pending",
  in_review: false,
  closed: null,
  mode: "dynamic",
  reference: "1A2B",
  qr: "000201",
  md5: "",
  deeplink: null,
  amount: "11.00",
  currency_code: "usd",
  merchant_name: "Phsar Toul",
  merchant_name_km: null,
  issued_at: "2026-11-21T08:00:00.000Z",
  expires_at: "2026-11-21T08:10:00.000Z",
  server_time: "2026-11-21T08:00:00.000Z",
  bank: "ok",
  superseded: false,
  order_id: null,
}

/** A session on a page, with the shop in the test's hand. */
class Page {
  readonly signals: KhqrSignal[] = []
  readonly told: string[] = []
  onSignal: () => Promise<KhqrCharge> = async () => charge
  onReceipt: () => Promise<KhqrCharge> = async () => charge
  readonly session: FollowedSession
  #onChange: (update: KhqrUpdate) => void = () => {}

  constructor() {
    const client: Partial<KhqrClient> = {
      signal: (_, kind) => {
        this.signals.push(kind)
        return this.onSignal()
      },
      receipt: () => this.onReceipt(),
      watch: (_, onChange) => {
        this.#onChange = onChange
        return () => {}
      },
    }
    this.session = new FollowedSession({
      client: client as KhqrClient,
      sessionId: "payses_1",
      onChange: () => {},
      tell: (type) => this.told.push(type),
      makeQr: () => null,
    })
    this.session.watch()
  }

  hears(change: Partial<KhqrCharge> = {}): void {
    this.#onChange({ charge: { ...charge, ...change }, error: null })
  }

  loses(): void {
    this.#onChange({ charge: null, error: unreachable })
  }
}

const unreachable = new KhqrClientError("unreachable", "No answer")

const pass = (milliseconds = 0) => jest.advanceTimersByTimeAsync(milliseconds)

beforeEach(() => {
  jest.useFakeTimers()
})

afterEach(() => {
  jest.useRealTimers()
})

describe("coming back to the page", () => {
  it("is told once for each return, not in bursts", async () => {
    const page = new Page()
    page.hears()
    page.session.comeBack()
    page.session.comeBack()
    await pass(1_900)
    page.session.comeBack()
    expect(page.signals).toEqual(["returned"])

    await pass(100)
    page.session.comeBack()
    expect(page.signals).toEqual(["returned", "returned"])
  })

  it("may mean money after the time of the QR, and after a failed transfer", () => {
    for (const status of ["pending", "failed"] as const) {
      const page = new Page()
      page.hears({ status, server_time: "2026-11-21T08:11:00.000Z" })
      page.session.comeBack()
      expect(page.signals).toEqual(["returned"])
    }
  })

  it.each<[string, Partial<KhqrCharge>]>([
    ["paid", { status: "paid" }],
    ["completed", { status: "completed" }],
    ["expired", { status: "expired" }],
    ["in review", { status: "paid", in_review: true }],
    ["sent back", { status: "paid", closed: "refund" }],
    ["replaced", { superseded: true, qr: null }],
    ["static", { mode: "static" }],
  ])("is not told of a charge that is %s", async (_, change) => {
    const page = new Page()
    page.hears(change)
    page.session.comeBack()
    page.hears(change)
    await pass(5_000)
    expect(page.signals).toEqual([])
  })

  it("is told with the first answer when the charge was not there yet", () => {
    const page = new Page()
    page.session.comeBack()
    page.loses()
    expect(page.signals).toEqual([])

    page.hears()
    page.hears()
    expect(page.signals).toEqual(["returned"])
  })

  it("is told again, once, when the network was not awake", async () => {
    const page = new Page()
    page.hears()
    page.onSignal = () => Promise.reject(unreachable)
    page.session.comeBack()
    await pass()
    page.loses()
    expect(page.signals).toEqual(["returned"])

    page.hears()
    await pass()
    page.hears()
    await pass()
    expect(page.signals).toEqual(["returned", "returned"])
  })

  it("does not bring back what the answer to it still says", async () => {
    const page = new Page()
    page.hears()
    let answer: (charge: KhqrCharge) => void = () => {}
    page.onSignal = () => new Promise((resolve) => (answer = resolve))
    page.session.comeBack()
    page.hears({ status: "completed", order_id: "order_1" })
    answer(charge)
    await pass()

    expect(page.session.view).toBe("completed")
    expect(page.told).toEqual(["khqr:paid", "khqr:completed"])
  })
})

describe("saying that it is paid", () => {
  const accepted = async () => charge
  const lost = () => Promise.reject(unreachable)

  it("is told, also of an expired charge, and not twice while it is looked into", async () => {
    const page = new Page()
    page.hears({ status: "expired", server_time: "2026-11-21T08:12:00.000Z" })
    page.session.claim()
    page.session.claim()
    await pass()
    page.session.claim()
    expect(page.signals).toEqual(["claims_paid"])
    expect(page.session.notice).toBe("checking")

    await pass(10_000)
    expect(page.session.notice).toBe("not_seen_yet")
    page.session.claim()
    expect(page.signals).toEqual(["claims_paid", "claims_paid"])
    expect(page.session.notice).toBe("checking")
  })

  it("gives the bank its time from when the shop has heard of it", async () => {
    const page = new Page()
    page.hears()
    let accept: (charge: KhqrCharge) => void = () => {}
    page.onSignal = () => new Promise((resolve) => (accept = resolve))
    page.session.claim()
    await pass(9_000)
    accept(charge)
    await pass(9_900)
    page.session.claim()
    expect(page.session.notice).toBe("checking")
    expect(page.session.takesReceipt).toBe(false)

    await pass(100)
    expect(page.session.notice).toBe("not_seen_yet")
    expect(page.session.takesReceipt).toBe(true)
    expect(page.signals).toEqual(["claims_paid"])
  })

  it("says nothing of the bank without a network, and is told when that is back", async () => {
    const page = new Page()
    page.hears()
    page.onSignal = lost
    page.session.claim()
    page.loses()
    await pass(60_000)
    expect(page.session.notice).toBe("offline")
    expect(page.session.takesReceipt).toBe(false)

    page.onSignal = accepted
    const tries = page.signals.length
    page.hears()
    expect(page.session.notice).toBe("checking")
    await pass(9_900)
    expect(page.session.notice).toBe("checking")
    await pass(100)
    expect(page.session.notice).toBe("not_seen_yet")
    expect(page.session.takesReceipt).toBe(true)
    expect(page.signals).toHaveLength(tries + 1)
  })

  it("is told again by itself when it was lost on the way, though nothing else changes", async () => {
    const page = new Page()
    page.hears()
    page.onSignal = lost
    page.session.claim()
    await pass(4_900)
    page.session.claim()
    expect(page.session.notice).toBe("checking")
    expect(page.signals).toEqual(["claims_paid"])

    page.onSignal = accepted
    await pass(100)
    expect(page.signals).toEqual(["claims_paid", "claims_paid"])
    await pass(60_000)
    expect(page.session.notice).toBe("not_seen_yet")
    expect(page.signals).toHaveLength(2)
  })

  it("is not forgotten over a return", async () => {
    const page = new Page()
    page.hears()
    page.onSignal = lost
    page.session.claim()
    await pass()
    page.loses()
    page.session.comeBack()
    await pass()

    page.onSignal = accepted
    page.hears()
    await pass()
    expect(page.signals).toEqual(["claims_paid", "returned", "claims_paid"])
  })

  it("is of no more use when there is news, and not told after it", async () => {
    const page = new Page()
    page.hears()
    page.onSignal = lost
    page.session.claim()
    await pass()
    page.hears({ status: "paid" })
    await pass(60_000)
    expect(page.signals).toEqual(["claims_paid"])
  })

  it("counts no more for a new QR, whenever it is answered", async () => {
    const page = new Page()
    page.hears()
    let accept: (charge: KhqrCharge) => void = () => {}
    page.onSignal = () => new Promise((resolve) => (accept = resolve))
    page.session.claim()
    page.hears({ id: "khqrch_2" })
    accept(charge)
    await pass(20_000)
    expect(page.session.notice).toBeNull()
    expect(page.session.takesReceipt).toBe(false)
  })

  it("may be said again when the shop has refused to hear it", async () => {
    const page = new Page()
    page.hears()
    page.onSignal = () =>
      Promise.reject(new KhqrClientError("refused", "No", 400))
    page.session.claim()
    await pass(60_000)
    expect(page.session.notice).toBeNull()
    expect(page.session.takesReceipt).toBe(false)
    expect(page.signals).toEqual(["claims_paid"])

    page.session.claim()
    expect(page.signals).toEqual(["claims_paid", "claims_paid"])
  })

  it("is not told after the page has left the session", async () => {
    const page = new Page()
    page.hears()
    page.onSignal = lost
    page.session.claim()
    await pass()
    page.session.stop()
    page.session.claim()
    await pass(60_000)
    expect(page.signals).toEqual(["claims_paid"])
  })
})

it("does not forget the order when the answer to a receipt comes after it", async () => {
  const page = new Page()
  page.hears()
  let answer: (charge: KhqrCharge) => void = () => {}
  page.onReceipt = () => new Promise((resolve) => (answer = resolve))
  void page.session.sendReceipt("1a2b3c4d")
  page.hears({ status: "completed", order_id: "order_1" })
  answer({ ...charge, status: "paid" })
  await pass()

  expect(page.session.view).toBe("completed")
  expect(page.session.receipt).toEqual({ isChecking: false, fault: null })
})

it("says by itself that the time is up, though nobody says anything", async () => {
  const page = new Page()
  page.hears({ server_time: "2026-11-21T08:09:30.000Z" })
  await pass(29_000)
  expect(page.session.view).toBe("waiting")
  await pass(1_000)
  expect(page.session.view).toBe("time_up")
})
