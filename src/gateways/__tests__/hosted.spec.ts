import {
  BakongError,
  type Gate,
  openGate,
  type OutgoingCall,
} from "../../bakong"
import {
  type Answer,
  type Bank,
  saying,
  startBank,
} from "../../bakong/__tests__/bank"
import { buildKhqr } from "../../khqr"
import { withCrc } from "../../khqr/__tests__/world"
import { type Quirks, startSimulator } from "../../simulator"
import type { QrRequest, Question } from "../gateway"
import { HostedGateway, type HostedGatewayOptions } from "../hosted"

const KEY = "hosted-key-of-the-shop"
const HASH = "b1946ac92492d2347c6235b4d2611184"
const HTML = "<html><body><h1>404 Not Found</h1><hr>nginx</body></html>"

const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

const serve = async (
  answer: Answer,
  options: Partial<HostedGatewayOptions> = {}
): Promise<{ server: Bank; gateway: HostedGateway }> => {
  const server = await startBank(answer)
  const gateway = new HostedGateway({
    baseUrl: `${server.url}/hosted`,
    merchantId: "lucky-shop",
    deeplinkHosts: ["pay.example", "links.example:8443"],
    gate: openGate(KEY),
    ...options,
  })
  closers.push(
    () => gateway.close(),
    () => server.close()
  )
  return { server, gateway }
}

const request = (changes: Partial<QrRequest> = {}): QrRequest => ({
  reference: "order-1",
  amount: "12.50",
  currency: "USD",
  expiresAt: Date.now() + 600_000,
  ...changes,
})

const khqr = (
  changes: Partial<Parameters<typeof buildKhqr>[0]> & { amount?: string } = {},
  now = Date.now()
) =>
  buildKhqr(
    {
      receiver: { type: "individual", accountId: "lucky_shop@aclb" },
      merchantName: "Lucky Shop",
      amount: "12.50",
      currency: "USD",
      billNumber: "order-1",
      expiresAt: now + 600_000,
      ...changes,
    } as Parameters<typeof buildKhqr>[0],
    now
  ).qr

const made = (changes: Record<string, unknown> = {}) => {
  const qr = khqr()
  return {
    hash: HASH,
    qr_string: `khqr://${qr}`,
    deeplink: `bakong://qr?qr=${encodeURIComponent(qr)}`,
    amount: 12.5,
    currency: "USD",
    merchant_id: "lucky-shop",
    bill_number: "order-1",
    ...changes,
  }
}

const errorOfMaking = async (
  answer: Answer,
  options: Partial<HostedGatewayOptions> = {}
): Promise<BakongError> => {
  const { gateway } = await serve(answer, options)
  return gateway.makeQr(request()).then(
    () => {
      throw new Error("Expected no KHQR")
    },
    (error) => {
      expect(error).toBeInstanceOf(BakongError)
      return error
    }
  )
}

const question = (changes: Partial<Question> = {}): Question => ({
  charge_id: "khqr_1",
  md5: "d60f3db96913029a2af979a1662c1e72",
  reference: "order-1",
  khqr_amount: "12.50",
  currency_code: "usd",
  gateway_ref: HASH,
  closing: false,
  ...changes,
})

const payment = (changes: Record<string, unknown> = {}) => ({
  hash: HASH,
  paid: true,
  status: "completed",
  amount: 12.5,
  currency: "USD",
  paid_at: "2026-11-21T03:00:00Z",
  transaction_id: "TX-1",
  bill_number: "order-1",
  ...changes,
})

const outcomeOf = async (answer: Answer, asked = question()) => {
  const { gateway } = await serve(answer)
  const [{ charge_id, outcome }] = await gateway.check([asked], "check")
  expect(charge_id).toBe(asked.charge_id)
  return outcome
}

describe("A hosted gateway's KHQR", () => {
  it("is asked for with the merchant id, the exact amount, the reference and the key", async () => {
    const { server, gateway } = await serve(saying(200, made()))
    await gateway.makeQr(request())
    const [{ request: sent, body }] = server.requests
    expect(sent.method).toBe("POST")
    expect(sent.url).toBe("/hosted/v1/generate_deeplink_by_qr")
    expect(sent.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(body).toBe(
      '{"md5":"lucky-shop","amount":12.50,"currency":"USD","info":"Payment order-1","bill_number":"order-1"}'
    )
  })

  it("comes without its scheme, with its reference and its link", async () => {
    const answer = made()
    const { gateway } = await serve(saying(200, answer))
    expect(await gateway.makeQr(request())).toEqual({
      qr: answer.qr_string.slice("khqr://".length),
      ref: HASH,
      deeplink: answer.deeplink,
    })
  })

  it("may come without scheme, link and repetition, with HTTP 201", async () => {
    const qr = khqr()
    const { gateway } = await serve(saying(201, { hash: HASH, qr_string: qr }))
    expect(await gateway.makeQr(request())).toEqual({
      qr,
      ref: HASH,
      deeplink: null,
    })
  })

  it("may have its amount repeated as text and its receiver in capitals", async () => {
    const { gateway } = await serve(
      saying(200, made({ amount: "12.500", currency: "usd" })),
      { accountId: "LUCKY_SHOP@aclb" }
    )
    expect(await gateway.makeQr(request())).toMatchObject({ ref: HASH })
  })

  it.each<[string, () => Record<string, unknown>, RegExp]>([
    [
      "another amount",
      () => ({ qr_string: khqr({ amount: "12.51" }) }),
      /amount 12.51 instead of 12.50/,
    ],
    [
      "another currency",
      () => ({ qr_string: khqr({ amount: "12", currency: "KHR" }) }),
      /currency KHR instead of USD/,
    ],
    [
      "another bill number",
      () => ({ qr_string: khqr({ billNumber: "order-2" }) }),
      /bill number/,
    ],
    [
      "no bill number",
      () => ({ qr_string: khqr({ billNumber: undefined }) }),
      /bill number/,
    ],
    [
      "a receiver that is not ours",
      () => ({
        qr_string: khqr({
          receiver: { type: "individual", accountId: "thief@aclb" },
        }),
      }),
      /receiver/,
    ],
    [
      "an expiry in the past",
      () => ({ qr_string: khqr({}, Date.now() - 3_600_000) }),
      /expired already/,
    ],
    [
      "no amount",
      () => ({
        qr_string: khqr({
          type: "static",
          amount: undefined,
          expiresAt: undefined,
        }),
      }),
      /static/,
    ],
    [
      "a checksum that does not match",
      () => ({ qr_string: khqr().replace("Lucky", "Lucki") }),
      /not readable: Tag 63/,
    ],
    ["no KHQR at all", () => ({ qr_string: "hello" }), /not readable/],
    ["nothing to read", () => ({ qr_string: null }), /no usable qr_string/],
    ["no hash", () => ({ hash: undefined }), /no usable hash/],
    ["a blank hash", () => ({ hash: " " }), /no usable hash/],
    ["an endless hash", () => ({ hash: "a".repeat(256) }), /no usable hash/],
    ["another amount beside it", () => ({ amount: 1 }), /amount of the answer/],
    [
      "another currency beside it",
      () => ({ currency: "KHR" }),
      /currency of the answer/,
    ],
    [
      "another bill number beside it",
      () => ({ bill_number: "order-2" }),
      /bill_number of the answer/,
    ],
    [
      "another merchant beside it",
      () => ({ merchant_id: "other-shop" }),
      /merchant_id of the answer/,
    ],
  ])("is refused with %s", async (_, changes, message) => {
    const error = await errorOfMaking(
      (response) => response.end(JSON.stringify(made(changes()))),
      { accountId: "lucky_shop@aclb" }
    )
    expect(error.kind).toBe("unreadable")
    expect(error.message).toMatch(message)
  })

  it("of before 2024, without an expiry, is taken", async () => {
    const tags = khqr().slice(0, -8)
    const qr = withCrc(tags.slice(0, tags.indexOf("9934")))
    const { gateway } = await serve(saying(200, { hash: HASH, qr_string: qr }))
    expect(await gateway.makeQr(request())).toMatchObject({ qr })
  })

  const OURS = khqr()
  const OTHER = khqr({
    receiver: { type: "individual", accountId: "thief@aclb" },
    amount: "99",
  })

  const linkOf = async (deeplink: unknown, qr = OURS) => {
    const { gateway } = await serve(
      saying(200, made({ qr_string: qr, deeplink }))
    )
    return (await gateway.makeQr(request())).deeplink
  }

  it.each([
    ["our KHQR", `bakong://qr?qr=${encodeURIComponent(OURS)}`],
    ["our KHQR unencoded", `bakong://qr?qr=${OURS}`],
    ["our KHQR with its scheme", `bakong://qr?qr=khqr://${OURS}`],
    ["another KHQR", `bakong://qr?qr=${encodeURIComponent(OTHER)}`],
    ["another KHQR unencoded", `bakong://qr?qr=${OTHER}`],
    ["another KHQR first", `bakong://qr?qr=${OTHER}&x=${OURS}`],
    ["another KHQR last", `bakong://qr?qr=${OURS}&qr=${OTHER}`],
    ["another parameter", `bakong://qr?data=${encodeURIComponent(OTHER)}`],
    ["another path", "BAKONG://transfer?to=thief@aclb"],
    ["nothing", "bakong:"],
  ])(
    "has a link into the app written anew, for it alone, when the link carries %s",
    async (_, deeplink) => {
      expect(await linkOf(deeplink)).toBe(
        `bakong://qr?qr=${encodeURIComponent(OURS)}`
      )
    }
  )

  it("has every character of it encoded in that link", async () => {
    const qr = khqr({ mobileNumber: "+85512345678", merchantName: "A&B = C#1" })
    const link = await linkOf("bakong://qr", qr)
    expect(new URL(link!).searchParams.get("qr")).toBe(qr)
  })

  it.each([
    "https://pay.example/1",
    "https://kh.pay.example/1?x=2",
    "https://links.example:8443/1",
    `https://pay.example/?qr=${encodeURIComponent(OURS)}`,
    `https://pay.example/?qr=khqr://${encodeURIComponent(OURS)}`,
  ])("has the link %s kept", async (deeplink) => {
    expect(await linkOf(deeplink)).toBe(deeplink)
  })

  it("has a link to the gateway itself kept", async () => {
    const deeplinks: string[] = []
    const { gateway, server } = await serve((response) => {
      deeplinks.push(`${server.url}/pay/1`)
      response.end(JSON.stringify(made({ deeplink: deeplinks[0] })))
    })
    expect((await gateway.makeQr(request())).deeplink).toBe(deeplinks[0])
  })

  it.each<[string, unknown]>([
    ["leads to another host", "https://elsewhere.example/1"],
    ["leads to a host that only ends alike", "https://evilpay.example/1"],
    ["leads to another port", "https://pay.example:8443/1"],
    ["leads to another port of a host with one", "https://links.example/1"],
    ["leads to another server of the gateway's machine", "http://127.0.0.1:1/"],
    ["has a user name before the host", "https://pay.example@elsewhere.test/"],
    ["is not encrypted", "http://pay.example/1"],
    [
      "carries another KHQR",
      `https://pay.example/?qr=${encodeURIComponent(OTHER)}`,
    ],
    [
      "carries another KHQR beside ours",
      `https://pay.example/?x=${encodeURIComponent(OURS)}&y=khqr://${encodeURIComponent(OTHER)}`,
    ],
    ["is a script", "javascript:alert(1)"],
    ["opens another app", `otherbank://qr?qr=${encodeURIComponent(OURS)}`],
    ["is an intent", "intent://qr#Intent;scheme=bakong;package=evil;end"],
    ["is no link", "no link"],
    ["is a number", 7],
    ["is null", null],
  ])("has no link that %s", async (_, deeplink) => {
    expect(await linkOf(deeplink)).toBeNull()
  })

  it.each<[string, Answer, string]>([
    ["HTTP 401", saying(401, { message: "Unauthorized" }), "unauthorized"],
    ["HTTP 403", saying(403, HTML), "forbidden"],
    ["HTTP 429", saying(429, "", { "Retry-After": "7" }), "rate_limited"],
    ["HTTP 500", saying(500, made()), "unavailable"],
    ["HTTP 404 in HTML", saying(404, HTML), "endpoint_closed"],
    ["HTTP 404 without a word", saying(404, ""), "endpoint_closed"],
    [
      "a framework's HTTP 404",
      saying(404, {
        statusCode: 404,
        message: "Cannot POST /v1",
        error: "Not Found",
      }),
      "endpoint_closed",
    ],
    [
      "a merchant that is not found",
      saying(404, { message: "No such merchant", error: "not_found" }),
      "rejected",
    ],
    [
      "a merchant that is unknown",
      saying(404, { message: "Not known", error: "unknown_merchant" }),
      "rejected",
    ],
    [
      "the day's quota",
      saying(429, { message: "Daily request limit reached." }),
      "quota_spent",
    ],
    ["HTTP 422", saying(422, { message: "Too little" }), "rejected"],
    ["HTML", saying(200, HTML), "unreadable"],
    ["an empty body", saying(200, ""), "unreadable"],
    ["null", saying(200, "null"), "unreadable"],
    ["a redirect", saying(302, "", { Location: "/" }), "unreadable"],
    [
      "a connection closed",
      (response) => void response.destroy(),
      "unavailable",
    ],
  ])("is not there after %s", async (_, answer, kind) => {
    const error = await errorOfMaking(answer)
    expect(error.kind).toBe(kind)
    expect(error.call.endpoint).toBe("/v1/generate_deeplink_by_qr")
    expect(error.retryAfterMs).toBe(kind === "rate_limited" ? 7_000 : undefined)
  })
})

/** The server of `serve` is the gateway. */
const ofGateway = (id: string) =>
  expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1:\\d+/${id}$`))

describe("A hosted gateway's payment", () => {
  it("is asked for by the gateway's own hash", async () => {
    const { server, gateway } = await serve(saying(200, payment()))
    await gateway.check([question()], "check")
    const [{ request: sent, body }] = server.requests
    expect(sent.url).toBe("/hosted/v1/check_transaction_by_hash")
    expect(sent.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(JSON.parse(body)).toEqual({ hash: HASH })
  })

  it("counts when it is completed, of our hash and our bill number", async () => {
    expect(await outcomeOf(saying(200, payment()))).toEqual({
      type: "paid",
      transaction: {
        hash: ofGateway("TX-1"),
        fromAccountId: null,
        toAccountId: null,
        currency: "USD",
        amount: "12.5",
        description: null,
        createdAt: Date.parse("2026-11-21T03:00:00Z"),
        acknowledgedAt: null,
        trackingStatus: null,
        receiverBank: null,
        receiverBankAccount: null,
        instructionRef: null,
        externalRef: null,
      },
    })
  })

  it.each([
    { paid: false },
    { paid: "true" },
    { paid: 1 },
    { paid: undefined },
    { status: "pending" },
    { status: undefined },
    { hash: "another" },
    { hash: undefined },
    { bill_number: "order-2" },
    { bill_number: "ORDER-1" },
    { bill_number: undefined },
  ])("with %j counts for nothing", async (changes) => {
    expect(await outcomeOf(saying(200, payment(changes)))).toMatchObject({
      type: "unknown",
      reason: "unrecognized",
    })
  })

  it.each([{ amount: 0 }, { amount: "1,000" }, { currency: null }])(
    "with %j is unreadable",
    async (changes) => {
      expect(await outcomeOf(saying(200, payment(changes)))).toMatchObject({
        type: "unknown",
        reason: "unreadable",
      })
    }
  )

  it("of another amount or currency is told as it is, for the ledger to judge", async () => {
    expect(
      await outcomeOf(saying(200, payment({ amount: 1, currency: "khr" })))
    ).toMatchObject({
      type: "paid",
      transaction: { amount: "1", currency: "KHR" },
    })
  })

  it.each(['"12.50"', "12.50", "1250e-2"])(
    "keeps the amount %s exact",
    async (written) => {
      const text = JSON.stringify(payment({ amount: "AMOUNT" }))
      expect(
        await outcomeOf(saying(200, text.replace('"AMOUNT"', written)))
      ).toMatchObject({ transaction: { amount: "12.50" } })
    }
  )

  it.each<[unknown, number | null]>([
    ["2026-11-21T10:00:00+07:00", Date.parse("2026-11-21T03:00:00Z")],
    ["2026-11-21 10:00:00.5+0700", Date.parse("2026-11-21T03:00:00.5Z")],
    [1_795_230_000, 1_795_230_000_000],
    [1_795_230_000_123.7, 1_795_230_000_123],
    ["1795230000", 1_795_230_000_000],
    ["1795230000123", 1_795_230_000_123],
    // Without its zone it may be seven hours off.
    ["2026-11-21T10:00:00", null],
    ["2026-11-21", null],
    ["yesterday", null],
    [-1, null],
    [1e300, null],
    [null, null],
    [undefined, null],
  ])("was made at %p: %p", async (paid_at, createdAt) => {
    expect(await outcomeOf(saying(200, payment({ paid_at })))).toMatchObject({
      transaction: { createdAt },
    })
  })

  it.each<[unknown, unknown]>([
    ["TX-9", ofGateway("TX-9")],
    [12345, ofGateway("12345")],
    ["A".repeat(64), "a".repeat(64)],
    ["", ofGateway(HASH)],
    [null, ofGateway(HASH)],
    [undefined, ofGateway(HASH)],
    // A float would give two transfers one name.
    [2 ** 60, ofGateway(HASH)],
    ["x".repeat(256), ofGateway(HASH)],
  ])(
    "with the transaction id %p has a name of its own",
    async (transaction_id, hash) => {
      expect(
        await outcomeOf(saying(200, payment({ transaction_id })))
      ).toMatchObject({ transaction: { hash } })
    }
  )

  it("without a transaction id is named by a full hash of the gateway's as it is", async () => {
    const hash = "b".repeat(64)
    expect(
      await outcomeOf(
        saying(200, payment({ hash, transaction_id: null })),
        question({ gateway_ref: hash })
      )
    ).toMatchObject({ transaction: { hash } })
  })

  it("is not taken for one of another gateway with the same id", async () => {
    const answers = await Promise.all([
      outcomeOf(saying(200, payment())),
      outcomeOf(saying(200, payment())),
    ])
    const hashes = answers.map((outcome) =>
      outcome.type === "paid" ? outcome.transaction.hash : null
    )
    expect(hashes).toEqual([ofGateway("TX-1"), ofGateway("TX-1")])
    expect(new Set(hashes).size).toBe(2)
  })

  const notFound = { message: "Transaction not found", error: "not_found" }

  it.each<[string, Answer]>([
    ["HTTP 404 without a body", saying(404, "")],
    ["HTTP 404 with null", saying(404, "null")],
    ["HTTP 404 with its error", saying(404, notFound)],
    ["null", saying(200, "null")],
    ["its error", saying(200, notFound)],
    [
      "its error with our hash",
      saying(200, { ...notFound, hash: HASH, paid: false }),
    ],
  ])("is not found after %s", async (_, answer) => {
    expect(await outcomeOf(answer)).toEqual({ type: "not_found" })
  })

  it.each<[string, Answer, string]>([
    ["HTTP 404 in HTML", saying(404, HTML), "unrecognized"],
    [
      "a framework's HTTP 404",
      saying(404, {
        message: "Cannot POST /hosted/v1/check_transaction_by_hash",
        error: "Not Found",
        statusCode: 404,
      }),
      "unrecognized",
    ],
    ["HTTP 404 with a payment", saying(404, payment()), "unrecognized"],
    ["HTTP 201 with null", saying(201, "null"), "unrecognized"],
    ["HTTP 201 with a payment", saying(201, payment()), "unrecognized"],
    [
      "its error with a payment",
      saying(200, { ...payment(), error: "not_found" }),
      "unrecognized",
    ],
    [
      "its error with a time of payment",
      saying(404, { ...notFound, paid_at: "2026-11-21T03:00:00Z" }),
      "unrecognized",
    ],
    [
      "its error with a transaction id",
      saying(404, { ...notFound, transaction_id: "TX-1" }),
      "unrecognized",
    ],
    [
      "its error about another hash",
      saying(200, { ...notFound, hash: "another" }),
      "unrecognized",
    ],
    [
      "a payment that is not made and nothing else",
      saying(200, { paid: false }),
      "unrecognized",
    ],
    ["HTTP 400 with null", saying(400, "null"), "unrecognized"],
    ["HTTP 410", saying(410, ""), "unrecognized"],
    ["a redirect", saying(302, "null", { Location: "/" }), "unrecognized"],
    ["an empty body", saying(200, ""), "unreadable"],
    ["HTML", saying(200, HTML), "unreadable"],
    [
      "truncated JSON",
      saying(200, JSON.stringify(payment()).slice(0, -5)),
      "unreadable",
    ],
    ["a list", saying(200, [payment()]), "unrecognized"],
    ["HTTP 401", saying(401, notFound), "unauthorized"],
    ["HTTP 403", saying(403, "null"), "forbidden"],
    ["HTTP 429", saying(429, "null"), "rate_limited"],
    [
      "the day's quota",
      saying(429, { message: "Daily request limit reached." }),
      "quota_spent",
    ],
    ["HTTP 500", saying(500, payment()), "unavailable"],
    ["HTTP 503", saying(503, HTML), "unavailable"],
    [
      "a connection closed",
      (response) => void response.destroy(),
      "unavailable",
    ],
  ])("is unknown after %s", async (_, answer, reason) => {
    expect(await outcomeOf(answer)).toMatchObject({ type: "unknown", reason })
  })

  it("waits as long as the gateway says", async () => {
    expect(
      await outcomeOf(saying(429, "", { "Retry-After": "30" }))
    ).toMatchObject({ retryAfterMs: 30_000 })
  })

  it("of a KHQR made elsewhere is not asked for, and nothing is concluded", async () => {
    const { server, gateway } = await serve(saying(200, "null"))
    const results = await gateway.check(
      [question({ gateway_ref: null })],
      "check"
    )
    expect(results).toEqual([
      expect.objectContaining({
        charge_id: "khqr_1",
        outcome: expect.objectContaining({ reason: "configuration" }),
        call: expect.objectContaining({ sent: false }),
      }),
    ])
    expect(server.requests).toHaveLength(0)
  })
})

describe("Several questions to a hosted gateway", () => {
  const questions = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      question({ charge_id: `khqr_${i}`, gateway_ref: `ref-${i}` })
    )

  it("are asked one by one, five at once", async () => {
    const waiting: (() => void)[] = []
    let most = 0
    const { server, gateway } = await serve((response) => {
      waiting.push(() => response.end("null"))
      most = Math.max(most, waiting.length)
      if (waiting.length === 5 || server.requests.length === 12) {
        waiting.splice(0).forEach((answer) => answer())
      }
    })
    const results = await gateway.check(questions(12), "check")
    expect(most).toBe(5)
    expect(results.map(({ charge_id }) => charge_id)).toEqual(
      questions(12).map(({ charge_id }) => charge_id)
    )
    expect(
      server.requests.map(({ body }) => JSON.parse(body).hash).sort()
    ).toEqual(
      questions(12)
        .map(({ gateway_ref }) => gateway_ref)
        .sort()
    )
  })

  it.each([
    [401, 5],
    [403, 5],
    [429, 5],
    [503, 5],
    // These speak of one charge only.
    [404, 7],
    [400, 7],
  ])("after HTTP %d end with %d asked", async (status, asked) => {
    const { server, gateway } = await serve(saying(status, HTML))
    const results = await gateway.check(questions(7), "check")
    expect(server.requests).toHaveLength(asked)
    expect(results).toHaveLength(asked)
  })

  it("are none without charges", async () => {
    const { server, gateway } = await serve(saying(200, "null"))
    expect(await gateway.check([], "check")).toEqual([])
    expect(server.requests).toHaveLength(0)
  })
})

describe("A hosted gateway", () => {
  it("passes every call through its gate, with purpose and charge", async () => {
    const seen: OutgoingCall[] = []
    const gate: Gate = {
      pass: (outgoing, send) => {
        seen.push(outgoing)
        return openGate(KEY).pass(outgoing, send)
      },
    }
    const { gateway, server } = await serve(
      (response, body) =>
        response.end(JSON.stringify("md5" in JSON.parse(body) ? made() : null)),
      { gate }
    )
    await gateway.makeQr(request())
    await gateway.check([question({ closing: true })], "check")
    await gateway.check([question()], "manual")
    expect(seen).toMatchObject([
      {
        endpoint: "/v1/generate_deeplink_by_qr",
        purpose: "issue",
        chargeIds: [],
        needsToken: true,
      },
      {
        endpoint: "/v1/check_transaction_by_hash",
        purpose: "closing",
        chargeIds: ["khqr_1"],
        needsToken: true,
      },
      { purpose: "manual" },
    ])
    expect(
      server.requests.map(({ request: sent }) => sent.headers["x-request-id"])
    ).toEqual(seen.map(({ requestId }) => requestId))
  })

  it("is not called without a key", async () => {
    const { gateway, server } = await serve(saying(200, "null"), {
      gate: openGate(""),
    })
    const [{ outcome }] = await gateway.check([question()], "check")
    expect(outcome).toMatchObject({ reason: "unauthorized" })
    await expect(gateway.makeQr(request())).rejects.toMatchObject({
      kind: "unauthorized",
      call: { sent: false },
    })
    expect(server.requests).toHaveLength(0)
  })

  it("does not have its key repeated", async () => {
    const { gateway } = await serve(saying(500, { message: `Bad key ${KEY}` }))
    const results = JSON.stringify(await gateway.check([question()], "check"))
    expect(results).not.toContain(KEY)
    expect(results).toContain("[redacted]")
  })

  it("says what it can do", async () => {
    const { gateway } = await serve(saying(200, "null"))
    expect(gateway.name).toBe("hosted")
    expect(gateway.can).toEqual({
      makesQr: true,
      deeplinks: false,
      findsByHash: false,
      checksAccounts: false,
      asksInLists: false,
      usesBakongToken: false,
    })
  })

  it.each([
    [{ merchantId: " " }, "Expected `merchantId` not to be empty"],
    [
      { baseUrl: "ftp://gateway" },
      "Expected `baseUrl` to be an http or https URL",
    ],
  ])("refuses the options %j", (options, message) => {
    expect(
      () =>
        new HostedGateway({
          baseUrl: "https://gateway.test",
          merchantId: "lucky-shop",
          deeplinkHosts: [],
          gate: openGate(KEY),
          ...options,
        })
    ).toThrow(message)
  })
})

describe("Against the simulated gateway", () => {
  const open = async (quirks: Partial<Quirks> = {}) => {
    const simulator = await startSimulator({ quirks })
    const { url, merchantId, key, accountId } = simulator.hosted
    const gateway = new HostedGateway({
      baseUrl: url,
      merchantId,
      accountId,
      deeplinkHosts: [],
      gate: openGate(key),
    })
    closers.push(
      () => gateway.close(),
      () => simulator.close()
    )
    return { simulator, gateway }
  }

  it.each(["not_found", "null", "empty_404"] as const)(
    "a KHQR is made, not paid (%s), and then paid",
    async (hostedNotPaid) => {
      const { simulator, gateway } = await open({ hostedNotPaid })
      const { qr, ref, deeplink } = await gateway.makeQr(request())
      expect(decodeURIComponent(deeplink!)).toBe(`bakong://qr?qr=${qr}`)
      const asked = [question({ gateway_ref: ref })]
      expect(await gateway.check(asked, "check")).toMatchObject([
        { outcome: { type: "not_found" } },
      ])
      const [{ hash }] = simulator.pay({ qr })
      expect(await gateway.check(asked, "check")).toMatchObject([
        {
          outcome: {
            type: "paid",
            transaction: { hash, amount: "12.5", currency: "USD" },
          },
        },
      ])
    }
  )

  it.each(["other_hash", "other_bill_number"] as const)(
    "a payment with %s is not believed",
    async (hostedPaid) => {
      const { simulator, gateway } = await open({ hostedPaid })
      const { qr, ref } = await gateway.makeQr(request())
      simulator.pay({ qr })
      expect(
        await gateway.check([question({ gateway_ref: ref })], "check")
      ).toMatchObject([{ outcome: { reason: "unrecognized" } }])
    }
  )

  it.each([
    "other_amount",
    "other_currency",
    "other_bill_number",
    "garbled",
  ] as const)("a KHQR with %s is refused", async (hostedQr) => {
    const { gateway } = await open({ hostedQr })
    await expect(gateway.makeQr(request())).rejects.toMatchObject({
      kind: "unreadable",
    })
  })
})
