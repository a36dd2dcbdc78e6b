import {
  BakongClient,
  openGate,
  refuse,
  unknown,
  type UnknownReason,
} from "../../bakong"
import { buildKhqr } from "../../khqr"
import { type Simulator, startSimulator } from "../../simulator"
import type { Question } from "../gateway"
import { OpenApiGateway } from "../open-api"
import { purposeOf } from "../waves"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const later = (moment: Date, ms: number): Date =>
  new Date(moment.getTime() + ms)

const SINGLE = "check_transaction_by_md5"
const LIST = "check_transaction_by_md5_list"
const NOW = new Date("2026-11-21T03:00:00Z")

const QRS = Array.from({ length: 130 }, (_, i) =>
  buildKhqr(
    {
      receiver: { type: "individual", accountId: "lucky_shop@aclb" },
      amount: "11",
      currency: "USD",
      merchantName: "Lucky Shop",
      billNumber: `bill-${i}`,
      expiresAt: NOW.getTime() + 10 * MINUTE,
    },
    NOW.getTime()
  )
)

let bank: Simulator
let client: BakongClient
let gateway: OpenApiGateway
/** The gateway's clock. */
let clock: Date
/** For what our own gate lets no single question out. */
let heldBack: UnknownReason | null
/** How many of the bank's requests are no longer of interest. */
let forgotten: number

beforeEach(() => open())

afterEach(async () => {
  client.close()
  await bank.close()
})

async function open(
  options: Parameters<typeof startSimulator>[0] = {}
): Promise<void> {
  bank = await startSimulator(options)
  heldBack = null
  const way = openGate(bank.token)
  client = new BakongClient({
    baseUrl: bank.url,
    timeoutMs: 1_000,
    gate: {
      pass: async (outgoing, send) =>
        heldBack && outgoing.endpoint.endsWith(SINGLE)
          ? refuse(outgoing, unknown(heldBack, "Not now"))
          : way.pass(outgoing, send),
    },
  })
  let closedUntil: Date | null = null
  gateway = new OpenApiGateway({
    client,
    now: () => clock,
    deeplinkHosts: ["nbc.gov.kh", new URL(bank.url).host],
    listAccess: {
      closedUntil: async () => closedUntil,
      close: async (until) => void (closedUntil = until),
      open: async () => void (closedUntil = null),
    },
  })
  forgotten = 0
}

/** The same bank with another contract. */
async function reopen(
  options: Parameters<typeof startSimulator>[0]
): Promise<void> {
  client.close()
  await bank.close()
  await open(options)
}

const questions = (count: number): Question[] =>
  QRS.slice(0, count).map(({ md5 }, i) => question(`khqr_${i}`, md5))

const question = (charge_id: string, md5: string): Question => ({
  charge_id,
  md5,
  reference: charge_id,
  khqr_amount: "11",
  currency_code: "usd",
  gateway_ref: null,
  closing: false,
})

const ask = (count: number, now = NOW) => {
  clock = now
  return gateway.check(questions(count), "check")
}

/** What reached the bank since `forget`, as `list:50` or `single`. */
function calls(): string[] {
  const seen = bank.requests.map(({ endpoint, body }) =>
    endpoint === `/v1/${LIST}`
      ? `list:${(body as string[]).length}`
      : endpoint === `/v1/${SINGLE}`
        ? "single"
        : endpoint
  )
  return seen.slice(forgotten)
}

function forget(): void {
  forgotten = bank.requests.length
}

const words = (results: Awaited<ReturnType<typeof ask>>) =>
  results.map(({ outcome }) =>
    outcome.type === "unknown" ? outcome.reason : outcome.type
  )

const ids = (results: Awaited<ReturnType<typeof ask>>) =>
  results.map(({ charge_id }) => charge_id)

const times = <T>(count: number, value: T): T[] => Array(count).fill(value)

describe("The Open API gateway", () => {
  it("asks nothing about nothing", async () => {
    expect(await ask(0)).toEqual([])
    expect(calls()).toEqual([])
  })

  it("asks about one charge by itself", async () => {
    const [result] = await ask(1)

    expect(result).toMatchObject({
      charge_id: "khqr_0",
      outcome: { type: "not_found" },
      call: { endpoint: `/v1/${SINGLE}`, httpStatus: 200 },
    })
    expect(calls()).toEqual(["single"])
  })

  it("asks about several in one call and gives each its own answer", async () => {
    const [transaction] = bank.pay({ qr: QRS[1].qr })
    bank.fail(QRS[2].qr)
    const results = await ask(4)

    expect(calls()).toEqual(["list:4"])
    expect(ids(results)).toEqual(["khqr_0", "khqr_1", "khqr_2", "khqr_3"])
    expect(words(results)).toEqual(["not_found", "paid", "failed", "not_found"])
    expect(results[1].outcome).toMatchObject({
      transaction: { hash: transaction.hash, amount: "11" },
    })
    expect(new Set(results.map(({ call }) => call.requestId)).size).toBe(1)
  })

  it.each([
    [2, ["list:2"]],
    [50, ["list:50"]],
    [51, ["list:50", "single"]],
    [52, ["list:50", "list:2"]],
    [120, ["list:50", "list:50", "list:20"]],
  ])("asks about %d charges by %j", async (count, expected) => {
    const results = await ask(count)

    expect(calls()).toEqual(expected)
    expect(ids(results)).toEqual(
      questions(count).map(({ charge_id }) => charge_id)
    )
    expect(new Set(words(results))).toEqual(new Set(["not_found"]))
  })

  it("goes on to the next list when one charge of a list is not told of", async () => {
    const spoiled = questions(51)
    // A static QR is our own fault and says nothing of the others.
    spoiled[3] = question("khqr_3", seenStaticMd5())
    const results = await gateway.check(spoiled, "check")

    expect(calls()).toEqual(["list:50", "single"])
    expect(words(results)[3]).toBe("static_qr")
    expect(words(results).filter((word) => word === "not_found")).toHaveLength(
      50
    )
  })
})

describe("Charges that only go along", () => {
  /** `count` to ask about, and as many more that ride. */
  const askWith = (count: number, riders: number, changes = {}) => {
    clock = NOW
    const all = questions(count + riders).map((asked, i) =>
      i < count ? asked : { ...asked, rides: true, ...changes }
    )
    return gateway.check(all, "check")
  }

  it.each([
    [1, 3, ["list:4"], 4],
    [2, 48, ["list:50"], 50],
    [1, 80, ["list:50"], 50],
    [50, 10, ["list:50"], 50],
    [52, 10, ["list:50", "list:12"], 62],
    [0, 5, [], 0],
  ])(
    "takes along those that ride, and never in a call of their own: %d and %d by %j",
    async (count, riders, expected, answered) => {
      const results = await askWith(count, riders)

      expect(calls()).toEqual(expected)
      expect(ids(results)).toEqual(
        questions(answered).map(({ charge_id }) => charge_id)
      )
    }
  )

  it("have their answer like the others", async () => {
    bank.pay({ qr: QRS[2].qr })
    expect(words(await askWith(1, 3))).toEqual([
      "not_found",
      "not_found",
      "paid",
      "not_found",
    ])
  })

  it("are left out where the list is closed, and cost nothing", async () => {
    bank.setFault({ kind: "list_closed" })
    const first = await askWith(1, 3)
    expect(calls()).toEqual(["list:4", "single"])
    expect(ids(first)).toEqual(["khqr_0"])
    expect(words(first)).toEqual(["not_found"])

    forget()
    expect(ids(await askWith(2, 3))).toEqual(["khqr_0", "khqr_1"])
    expect(calls()).toEqual(["single", "single"])
  })

  it("are left out where the bank says nothing", async () => {
    bank.setFault({ kind: "unauthorized" })
    const results = await askWith(1, 3)

    expect(ids(results)).toEqual(["khqr_0"])
    expect(words(results)).toEqual(["unauthorized"])
  })

  it("are left out one by one where the list does not tell of them", async () => {
    const all = questions(3).map((asked) => ({ ...asked, rides: true }))
    all[0].rides = false
    all[1].md5 = seenStaticMd5()
    clock = NOW
    expect(ids(await gateway.check(all, "check"))).toEqual(["khqr_0", "khqr_2"])
  })

  it("make no closing question of one that is none", () => {
    const [asked, rider] = questions(2)
    const closing = { ...rider, closing: true }
    expect(purposeOf([asked, { ...closing, rides: true }], "check")).toBe(
      "check"
    )
    expect(purposeOf([asked, closing], "check")).toBe("closing")
    expect(purposeOf([asked, closing], "refund")).toBe("closing")
    expect(purposeOf([asked, closing], "manual")).toBe("manual")
  })
})

/** The bank has seen this pay-anything QR, so it knows that it is one. */
function seenStaticMd5(): string {
  const { qr, md5 } = buildKhqr(
    {
      type: "static",
      receiver: { type: "individual", accountId: "lucky_shop@aclb" },
      currency: "USD",
      merchantName: "Lucky Shop",
    },
    NOW.getTime()
  )
  bank.pay({ qr, amount: 1 })
  return md5
}

describe("Where the list is closed to the token", () => {
  beforeEach(() => bank.setFault({ kind: "list_closed" }))

  it("asks one single question, and about the others no more in this pass", async () => {
    bank.pay({ qr: QRS[0].qr })
    const results = await ask(8)

    expect(calls()).toEqual(["list:8", "single"])
    expect(ids(results)).toEqual(["khqr_0"])
    expect(words(results)).toEqual(["paid"])
  })

  it("asks no list again for 24 h, one by one instead, then tries it once more", async () => {
    await ask(3)
    for (const [ms, expected] of [
      [MINUTE, times(3, "single")],
      [DAY - 1, times(3, "single")],
      [DAY, ["list:3", "single"]],
      [DAY + 1, times(3, "single")],
      [2 * DAY - 1, times(3, "single")],
      [2 * DAY, ["list:3", "single"]],
    ] as [number, string[]][]) {
      forget()
      await ask(3, later(NOW, ms))
      expect(calls()).toEqual(expected)
    }
  })

  it("finds what was paid one by one", async () => {
    await ask(2)
    bank.pay({ qr: QRS[0].qr })
    bank.pay({ qr: QRS[7].qr })
    const results = await ask(8)

    expect(ids(results)).toEqual(questions(8).map(({ charge_id }) => charge_id))
    expect(words(results)).toEqual(["paid", ...times(6, "not_found"), "paid"])
  })

  it("returns to lists when they are open again", async () => {
    await ask(3)
    bank.clearFaults()
    forget()
    await ask(3, later(NOW, DAY))
    await ask(3, later(NOW, DAY + 1))

    expect(calls()).toEqual(["list:3", "list:3"])
  })

  it("asks one list only about more than fit in one", async () => {
    const results = await ask(120)

    expect(calls()).toEqual(["list:50", "single"])
    expect(ids(results)).toEqual(["khqr_0"])
  })

  it.each(["quota_spent", "rate_limited"] as const)(
    "remembers it when our own gate holds the single question back: %s",
    async (reason) => {
      heldBack = reason
      const results = await ask(8)
      expect(ids(results)).toEqual(["khqr_0"])
      expect(words(results)).toEqual([reason])

      heldBack = null
      forget()
      await ask(3)
      expect(calls()).toEqual(times(3, "single"))
    }
  )

  it("asks no more once the bank is down, after a wave of five", async () => {
    await ask(2)
    bank.setFault({ kind: "server_error", endpoint: SINGLE })
    forget()
    const results = await ask(120)

    expect(calls()).toEqual(times(5, "single"))
    expect(words(results)).toEqual(times(5, "unavailable"))
  })

  it("asks no more once one answer of a wave is missing, however many are left", async () => {
    await ask(2)
    bank.setFault({ kind: "down", endpoint: SINGLE, times: 1 })
    forget()
    const results = await ask(120)

    expect(calls()).toEqual(times(5, "single"))
    expect(words(results).sort()).toEqual([
      ...times(4, "not_found"),
      "unavailable",
    ])
  })

  it("asks no further list when the last wave of the one before says no more", async () => {
    await reopen({ dailyRequestLimit: 1 + 1 + 49 })
    bank.setFault({ kind: "list_closed" })
    await ask(2)
    forget()
    const results = await ask(120)

    expect(calls()).toEqual(times(50, "single"))
    expect(words(results)).toEqual([...times(49, "not_found"), "quota_spent"])
  })
})

describe("A list that only fails", () => {
  it.each(["truncated", "html"] as const)(
    "is taken for closed when it is %s while a single question is answered",
    async (kind) => {
      bank.setFault({ kind, endpoint: LIST })
      const results = await ask(3)
      await ask(3)

      expect(calls()).toEqual(["list:3", "single", ...times(3, "single")])
      expect(words(results)).toEqual(["not_found"])
    }
  )

  it("is not taken for closed while a single question is not answered either", async () => {
    bank.setFault({ kind: "list_closed", times: 1 })
    bank.setFault({ kind: "truncated", endpoint: SINGLE, times: 1 })
    const results = await ask(50)

    expect(calls()).toEqual(["list:50", "single"])
    expect(words(results)).toEqual(["unreadable", ...times(49, "forbidden")])
    forget()
    await ask(50)
    expect(calls()).toEqual(["list:50"])
  })

  it.each(["truncated", "server_error"] as const)(
    "is left alone twice as long each time it is %s anew, up to a day",
    async (kind) => {
      bank.setFault({ kind, endpoint: LIST })
      await ask(2)
      if (kind === "server_error") {
        await ask(2)
      }
      let now = NOW
      for (const minutes of [
        10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440,
      ]) {
        forget()
        await ask(2, later(now, minutes * MINUTE - 1))
        now = later(now, minutes * MINUTE)
        await ask(2, now)
        expect(calls()).toEqual(["single", "single", "list:2", "single"])
      }
    }
  )

  it("is left alone for ten minutes again once it was whole in between", async () => {
    bank.setFault({ kind: "html", endpoint: LIST })
    await ask(2)
    await ask(2, later(NOW, 10 * MINUTE))
    bank.clearFaults()
    await ask(2, later(NOW, 30 * MINUTE))
    bank.setFault({ kind: "html", endpoint: LIST })
    await ask(2, later(NOW, HOUR))
    forget()
    await ask(2, later(NOW, HOUR + 10 * MINUTE))

    expect(calls()).toEqual(["list:2", "single"])
  })
})

describe("A list that alone gives no answer", () => {
  it.each(["slow", "server_error", "down"] as const)(
    "is taken for closed the second time that it is %s while a single question is answered",
    async (kind) => {
      bank.setFault({ kind, endpoint: LIST, delayMs: 3_000 })
      expect(words(await ask(3))).toEqual(times(3, "unavailable"))
      const second = await ask(3)
      expect(ids(second)).toEqual(["khqr_0"])
      expect(words(second)).toEqual(["not_found"])
      expect(words(await ask(3))).toEqual(times(3, "not_found"))

      expect(calls()).toEqual(["list:3", "list:3", ...times(4, "single")])
    }
  )

  it("stays open when the bank does not answer a single question either", async () => {
    bank.setFault({ kind: "server_error" })
    await ask(3)
    expect(words(await ask(3))).toEqual(times(3, "unavailable"))
    expect(calls()).toEqual(["list:3", "list:3", "single"])

    bank.clearFaults()
    forget()
    expect(words(await ask(3))).toEqual(times(3, "not_found"))
    expect(calls()).toEqual(["list:3"])
  })

  it("stays open when a list in between was answered", async () => {
    for (let i = 0; i < 3; i++) {
      bank.setFault({ kind: "server_error", endpoint: LIST, times: 1 })
      await ask(3)
      await ask(3)
    }

    expect(calls()).toEqual(times(6, "list:3"))
  })

  it("gives way to a single question as soon as our own gate lets one out", async () => {
    bank.setFault({ kind: "server_error", endpoint: LIST })
    await ask(3)
    heldBack = "unavailable"
    expect(words(await ask(3))).toEqual(times(3, "unavailable"))
    heldBack = null
    forget()

    // One alone says nothing of the list: the bank may have come back with it.
    expect(words(await ask(3))).toEqual(["not_found"])
    expect(calls()).toEqual(["single"])
    expect(words(await ask(3))).toEqual(["not_found"])
    expect(calls()).toEqual(["single", "list:3", "single"])
    forget()
    await ask(3)
    expect(calls()).toEqual(times(3, "single"))
  })

  it("is asked as ever when the bank is found back by a single question", async () => {
    bank.setFault({ kind: "server_error" })
    await ask(3)
    heldBack = "unavailable"
    await ask(3)
    heldBack = null
    bank.clearFaults()
    forget()
    await ask(3)
    await ask(3)
    await ask(3)

    expect(calls()).toEqual(["single", "list:3", "list:3"])
  })
})

describe("A bank that answers nobody", () => {
  it.each([
    ["down", "unavailable"],
    ["server_error", "unavailable"],
    ["reset", "unavailable"],
    ["unauthorized", "unauthorized"],
    ["quota_spent", "quota_spent"],
    ["rate_limited", "rate_limited"],
  ] as const)("is asked once when it is %s", async (kind, reason) => {
    bank.setFault({ kind })
    const results = await ask(120)

    expect(calls()).toEqual(["list:50"])
    expect(words(results)).toEqual(times(50, reason))
    expect(ids(results)).not.toContain("khqr_50")
  })

  it("is asked once when it is slow beyond our patience", async () => {
    bank.setFault({ kind: "slow", delayMs: 3_000 })
    const results = await ask(60)

    expect(calls()).toEqual(["list:50"])
    expect(words(results)).toEqual(times(50, "unavailable"))
  })

  it("tells how long it wants to be left alone", async () => {
    bank.setFault({ kind: "rate_limited", delayMs: 90_000 })
    const [{ outcome }] = await ask(2)

    expect(outcome).toMatchObject({ retryAfterMs: 90_000 })
  })

  it.each([
    ["forbidden", "forbidden"],
    ["html", "unreadable"],
  ] as const)(
    "is asked by a list and one probe when it is %s, and the list stays open",
    async (kind, reason) => {
      bank.setFault({ kind })
      const results = await ask(120)

      expect(calls()).toEqual(["list:50", "single"])
      expect(words(results)).toEqual(times(50, reason))

      bank.clearFaults()
      forget()
      expect(words(await ask(3))).toEqual(times(3, "not_found"))
      expect(calls()).toEqual(["list:3"])
    }
  )

  it("is asked no more when the probe after a closed list finds the quota spent", async () => {
    bank.setFault({ kind: "list_closed" })
    bank.setFault({ kind: "quota_spent", endpoint: SINGLE })
    const results = await ask(120)

    expect(calls()).toEqual(["list:50", "single"])
    expect(words(results)).toEqual(["quota_spent", ...times(49, "forbidden")])

    bank.clearFaults()
    forget()
    await ask(3)
    expect(calls()).toEqual(["list:3"])
  })

  it("dates the probed charge by the probe", async () => {
    bank.setFault({ kind: "forbidden" })
    const [probed, other] = await ask(3)

    expect(probed.call.endpoint).toBe(`/v1/${SINGLE}`)
    expect(other.call.endpoint).toBe(`/v1/${LIST}`)
  })

  it("is no reason to close the list when only the list has a fault of the server", async () => {
    bank.setFault({ kind: "server_error", endpoint: LIST, times: 1 })
    await ask(3)
    await ask(3)

    expect(calls()).toEqual(["list:3", "list:3"])
  })

  it("has spent its quota between two lists: the second is the last", async () => {
    await reopen({ dailyRequestLimit: 1 })
    const results = await ask(120)

    expect(calls()).toEqual(["list:50", "list:50"])
    expect(words(results)).toEqual([
      ...times(50, "not_found"),
      ...times(50, "quota_spent"),
    ])
  })
})

describe("A deep link", () => {
  const charge = { id: "khqr_0", qr: QRS[0].qr }

  it("is the one the bank made", async () => {
    expect(await gateway.deeplink(charge)).toContain(`${bank.url}/pay?link=`)
    expect(calls()).toEqual(["/v1/generate_deeplink_by_qr"])
  })

  it("that leads to another host is dropped", async () => {
    bank.setFault({
      kind: "answer",
      status: 200,
      body: {
        responseCode: 0,
        responseMessage: "Getting deep link successfully.",
        errorCode: null,
        data: { shortLink: "https://bakong.page.link/x" },
      },
    })
    await expect(gateway.deeplink(charge)).rejects.toThrow("deeplink.hosts")
  })
})
