import {
  refuse,
  unknown,
  type Exchange,
  type OutgoingCall,
  type UnknownReason,
} from "../../../../bakong"
import type { Notice } from "../../notices"
import { freshQuota, type QuotaNews } from "../../quota"
import { Breaker } from "../breaker"
import { BankGate, type GateParts } from "../gate"

const CHECK: OutgoingCall = {
  endpoint: "/v1/check_transaction_by_md5",
  purpose: "check",
  chargeIds: ["khqr_1"],
  requestId: "r1",
  needsToken: true,
}

const KEY = { token: "secret", fingerprint: "f1", tokenKey: "k1" }

function answered(
  reason: UnknownReason | null,
  text = '{"responseCode":1}'
): Exchange {
  const trouble = reason && unknown(reason, "The bank says so", 5_000)
  const { call } = refuse(CHECK, unknown("unavailable", ""))
  return {
    call: { ...call, sent: true, httpStatus: 200, responseCode: 1 },
    answer: { status: 200, retryAfter: null, text, receivedAt: 0 },
    trouble,
    reached: true,
  }
}

/** A gate whose neighbours write down what they are told. */
function world(
  changes: Partial<Record<"claim" | "audit" | "hear", Error>> = {}
) {
  const seen = {
    tokens: [] as (string | null)[],
    news: [] as QuotaNews["type"][],
    refused: [] as string[],
    answered: [] as string[],
    givenBack: 0,
    audited: 0,
    notices: [] as Notice[],
    errors: [] as string[],
  }
  const state = freshQuota(new Date(0))
  const fail = (name: keyof typeof changes) => {
    if (changes[name]) {
      throw changes[name]
    }
  }
  const parts: GateParts = {
    keyring: {
      current: async () => KEY,
      answered: async (fingerprint) => void seen.answered.push(fingerprint),
      refused: async (fingerprint) => void seen.refused.push(fingerprint),
    },
    quota: {
      claim: async () => {
        fail("claim")
        return {
          claim: { state, granted: true, ticket: { probe: true } },
          change: { before: state, after: state },
        }
      },
      hear: async (_key: string, _ticket: unknown, { type }: QuotaNews) => {
        fail("hear")
        seen.news.push(type)
        return { before: state, after: state }
      },
      giveBack: async () => void (seen.givenBack += 1),
    } as unknown as GateParts["quota"],
    dailyRequestLimit: 100,
    breaker: new Breaker(),
    database: {
      sql: async () => {
        fail("audit")
        seen.audited += 1
        return []
      },
    } as unknown as GateParts["database"],
    logger: { error: ((text: string) => seen.errors.push(text)) as never },
    tell: (notice) => void seen.notices.push(notice),
  }
  const gate = new BankGate(parts)
  const pass = (exchange: Exchange, call = CHECK) =>
    gate.pass(call, async (token) => {
      seen.tokens.push(token)
      return exchange
    })
  return { gate, pass, seen, parts }
}

describe("The gate", () => {
  it("sends with the token, writes the call down and hands the answer on", async () => {
    const { pass, seen } = world()
    const exchange = answered(null)
    expect(await pass(exchange)).toBe(exchange)
    expect(seen).toMatchObject({
      tokens: ["secret"],
      audited: 1,
      news: ["served"],
      answered: ["f1"],
      refused: [],
    })
  })

  it("keeps the token to itself where none is needed", async () => {
    const { pass, seen } = world()
    await pass(answered("unauthorized"), { ...CHECK, needsToken: false })
    expect(seen).toMatchObject({ tokens: [null], refused: [], answered: [] })
  })

  it.each<[UnknownReason, QuotaNews["type"]]>([
    ["quota_spent", "refused"],
    ["rate_limited", "rate_limited"],
    ["configuration", "served"],
    ["static_qr", "served"],
    ["unauthorized", "nothing"],
    ["forbidden", "nothing"],
    ["unavailable", "nothing"],
    ["unreadable", "nothing"],
    ["unrecognized", "nothing"],
  ])("learns of the quota from a probe's %s: %s", async (reason, news) => {
    const { pass, seen } = world()
    await pass(answered(reason))
    expect(seen.news).toEqual([news])
  })

  it.each([
    ["a link, which carries no token", { ...CHECK, needsToken: false }, []],
    ["a check", CHECK, ["refused"]],
  ] as const)("hears of the quota from %s", async (_, call, news) => {
    const { pass, seen } = world()
    await pass(answered("quota_spent"), call)
    expect(seen.news).toEqual(news)
  })

  it("gives back what never reached the bank", async () => {
    const { pass, seen } = world()
    await pass({ ...answered("unavailable"), answer: null, reached: false })
    expect(seen).toMatchObject({ givenBack: 1, news: [], audited: 1 })
  })

  it("lets no dead link endpoint open the circuit of the checks", async () => {
    const { pass, parts } = world()
    for (let failures = 0; failures < 9; failures++) {
      await pass(answered("unavailable"), { ...CHECK, purpose: "deeplink" })
    }
    expect(parts.breaker.state.state).toBe("closed")
  })

  it("counts and writes down a call of a gateway that throws", async () => {
    const { gate, seen } = world()
    const exchange = await gate.pass(CHECK, async () => {
      throw new Error("out of memory")
    })
    expect(exchange).toMatchObject({
      trouble: {
        reason: "unavailable",
        message: expect.stringContaining("out of memory"),
      },
      call: { sent: true },
    })
    expect(seen).toMatchObject({ audited: 1, givenBack: 0 })
  })

  it("takes a 401 of the bank for the token's end, and not the page of a proxy", async () => {
    const { pass, seen } = world()
    await pass(answered("unauthorized", "<html>Log in</html>"))
    await pass(answered("unauthorized", ""))
    expect(seen.refused).toEqual([])
    await pass(answered("unauthorized"))
    expect(seen.refused).toEqual(["f1"])
    expect(seen.answered).toEqual([])
  })

  it("does not send what it cannot count", async () => {
    const { pass, seen } = world({ claim: new Error("no database") })
    expect(await pass(answered(null))).toMatchObject({
      answer: null,
      call: { sent: false },
      trouble: { reason: "unavailable" },
    })
    expect(seen.tokens).toEqual([])
  })

  it("loses no answer because it could not be written down", async () => {
    const { pass, seen } = world({
      audit: new Error("disk full"),
      hear: new Error("disk full"),
    })
    const exchange = answered("quota_spent")
    expect(await pass(exchange)).toBe(exchange)
    expect(seen.errors).toHaveLength(2)
    expect(seen.errors.join()).not.toContain("secret")
  })

  it("sends nothing while the circuit is open, and counts nothing", async () => {
    const { pass, seen, parts } = world()
    for (let failures = 0; failures < 5; failures++) {
      await pass(answered("unavailable"))
    }
    expect(parts.breaker.state.state).toBe("open")
    expect(await pass(answered(null))).toMatchObject({
      call: { sent: false },
      trouble: {
        reason: "unavailable",
        retryAfterMs: expect.any(Number),
      },
    })
    expect(seen.tokens).toHaveLength(5)

    const clock = jest.spyOn(Date, "now").mockReturnValue(Date.now() + 5_001)
    const [one, two] = await Promise.all([
      pass(answered("unavailable")),
      pass(answered("unavailable")),
    ])
    // One tries for both; the other's call is given back.
    expect([one.call.sent, two.call.sent].sort()).toEqual([false, true])
    expect(seen.givenBack).toBe(1)

    clock.mockReturnValue(Date.now() + 60_000)
    await pass(answered(null))
    expect(parts.breaker.state.state).toBe("closed")
    clock.mockRestore()
  })

  it.each<UnknownReason>([
    "unauthorized",
    "forbidden",
    "quota_spent",
    "rate_limited",
    "configuration",
  ])("opens no circuit because of %s", async (reason) => {
    const { pass, parts } = world()
    for (let failures = 0; failures < 9; failures++) {
      await pass(answered(reason))
    }
    expect(parts.breaker.state.state).toBe("closed")
  })
})
