import { BakongClient } from "../client"
import { BakongError, type BakongErrorKind } from "../errors"
import { type Gate, openGate, type OutgoingCall, refuse } from "../gate"
import type { Outcome } from "../types"
import { unknown } from "../trouble"
import {
  type Answer,
  type Bank,
  list,
  MD5,
  OTHER_MD5,
  paid,
  refused,
  saying,
  startBank,
  succeeded,
  TOKEN,
  transaction,
} from "./bank"

const HTML = "<html><body><h1>403 Forbidden</h1><hr>nginx</body></html>"
const HASH = transaction().hash
const OTHER_HASH = "f".repeat(64)
const EMAIL = "owner@lucky.example"
const CODE = "12345678901234567890"
const QR = "00020101021229190015lucky_shop@aclb"
const SOURCE = {
  appIconUrl: "https://lucky.example/icon.png",
  appName: "Lucky",
  appDeepLinkCallback: "https://lucky.example/back",
}
const REGISTRATION = {
  email: EMAIL,
  organization: "Lucky Shop",
  project: "Web shop",
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

const serve = async (
  answer: Answer,
  gate: Gate = openGate(TOKEN)
): Promise<{ bank: Bank; client: BakongClient }> => {
  const bank = await startBank(answer)
  const client = new BakongClient({ baseUrl: bank.url, gate })
  closers.push(
    () => client.close(),
    () => bank.close()
  )
  return { bank, client }
}

type Row = {
  path: string
  auth: "Bearer" | "none"
  purpose: string
  call: (client: BakongClient) => Promise<unknown>
  body: unknown
  data: unknown
  result: unknown
}

const isPaid = expect.objectContaining({
  outcome: expect.objectContaining({ type: "paid" }),
})

/** The endpoint table of NBC's document, row by row. */
const ROWS: Row[] = [
  {
    path: "/v1/request_token",
    auth: "none",
    purpose: "token",
    call: (client) => client.requestToken(REGISTRATION),
    body: REGISTRATION,
    data: null,
    result: undefined,
  },
  {
    path: "/v1/verify",
    auth: "none",
    purpose: "token",
    call: (client) => client.verify(` ${CODE} `),
    body: { code: CODE },
    data: { token: TOKEN },
    result: TOKEN,
  },
  {
    path: "/v1/renew_token",
    auth: "none",
    purpose: "token",
    call: (client) => client.renewToken(EMAIL),
    body: { email: EMAIL },
    data: { token: ` Bearer ${TOKEN}\n` },
    result: TOKEN,
  },
  {
    path: "/v1/check_transaction_by_md5",
    auth: "Bearer",
    purpose: "check",
    call: (client) => client.checkTransactionByMd5(MD5),
    body: { md5: MD5 },
    data: transaction(),
    result: isPaid,
  },
  {
    path: "/v1/check_transaction_by_hash",
    auth: "Bearer",
    purpose: "check",
    call: (client) => client.checkTransactionByHash(HASH.toUpperCase()),
    body: { hash: HASH },
    data: transaction(),
    result: isPaid,
  },
  {
    path: "/v1/check_transaction_by_short_hash",
    auth: "Bearer",
    purpose: "check",
    call: (client) =>
      client.checkTransactionByShortHash({
        hash: HASH.slice(0, 8),
        amount: "34.65",
        currency: "USD",
      }),
    body: { hash: HASH.slice(0, 8), amount: 34.65, currency: "USD" },
    data: transaction(),
    result: isPaid,
  },
  {
    path: "/v1/check_transaction_by_instruction_ref",
    auth: "Bearer",
    purpose: "check",
    call: (client) => client.checkTransactionByInstructionRef("INS-1"),
    body: { instructionRef: "INS-1" },
    data: transaction({ instructionRef: "INS-1" }),
    result: isPaid,
  },
  {
    path: "/v1/check_transaction_by_external_ref",
    auth: "Bearer",
    purpose: "check",
    call: (client) => client.checkTransactionByExternalRef("EXT-1"),
    body: { externalRef: "EXT-1" },
    data: transaction({ externalRef: "EXT-1" }),
    result: isPaid,
  },
  {
    path: "/v1/check_transaction_by_md5_list",
    auth: "Bearer",
    purpose: "check",
    call: async (client) => {
      const answer = await client.checkTransactionByMd5List([MD5, OTHER_MD5])
      return [...answer.outcomes].map(([md5, { type }]) => [md5, type])
    },
    body: [MD5, OTHER_MD5],
    data: [
      { md5: OTHER_MD5, status: "NOT_FOUND" },
      { md5: MD5, status: "SUCCESS", data: transaction() },
    ],
    result: [
      [MD5, "paid"],
      [OTHER_MD5, "not_found"],
    ],
  },
  {
    path: "/v1/check_transaction_by_hash_list",
    auth: "Bearer",
    purpose: "check",
    call: async (client) => {
      const answer = await client.checkTransactionByHashList([
        OTHER_HASH.toUpperCase(),
        HASH,
      ])
      return [...answer.outcomes].map(([hash, { type }]) => [hash, type])
    },
    body: [OTHER_HASH, HASH],
    data: [
      { hash: HASH, status: "SUCCESS", data: transaction() },
      { hash: OTHER_HASH, status: "NOT_FOUND" },
    ],
    result: [
      [OTHER_HASH.toUpperCase(), "not_found"],
      [HASH, "paid"],
    ],
  },
  {
    path: "/v1/generate_deeplink_by_qr",
    auth: "none",
    purpose: "deeplink",
    call: (client) => client.generateDeeplink(QR, SOURCE),
    body: { qr: QR, sourceInfo: SOURCE },
    data: { shortLink: "https://bakong.example/a1b2" },
    result: "https://bakong.example/a1b2",
  },
  {
    path: "/v1/check_bakong_account",
    auth: "Bearer",
    purpose: "account",
    call: (client) => client.checkBakongAccount("lucky_shop@aclb"),
    body: { accountId: "lucky_shop@aclb" },
    data: null,
    result: true,
  },
]

describe("The endpoint", () => {
  it.each(ROWS.map((row) => [row.path, row] as const))(
    "%s is asked as documented and its data read",
    async (path, { auth, call, body, data, result }) => {
      const { bank, client } = await serve(saying(200, succeeded(data)))
      expect(await call(client)).toEqual(result)
      const [{ request, body: sent }] = bank.requests
      expect(request.method).toBe("POST")
      expect(request.url).toBe(path)
      expect(request.headers["content-type"]).toBe("application/json")
      expect(request.headers.authorization).toBe(
        auth === "Bearer" ? `Bearer ${TOKEN}` : undefined
      )
      expect(JSON.parse(sent)).toEqual(body)
    }
  )

  it.each(ROWS.map((row) => [row.path, row] as const))(
    "%s passes the gate, which may refuse it",
    async (path, { auth, purpose, call }) => {
      const seen: OutgoingCall[] = []
      const { bank, client } = await serve(saying(200, succeeded(null)), {
        pass: async (outgoing) => {
          seen.push(outgoing)
          return refuse(outgoing, unknown("quota_spent", "Enough for today"))
        },
      })
      await call(client).catch((error) => {
        expect(error).toMatchObject({
          kind: "quota_spent",
          message: "Enough for today",
          call: { sent: false },
        })
      })
      expect(bank.requests).toHaveLength(0)
      expect(seen).toEqual([
        {
          endpoint: path,
          purpose,
          chargeIds: [],
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          needsToken: auth === "Bearer",
        },
      ])
    }
  )

  it("/v1/generate_deeplink_by_qr needs no source info", async () => {
    const { bank, client } = await serve(
      saying(200, succeeded({ shortLink: "https://bakong.example/a" }))
    )
    await client.generateDeeplink(QR)
    expect(JSON.parse(bank.requests[0].body)).toEqual({ qr: QR })
  })

  it.each(["0.10", "12345678901234567.89", "142100", "1000000.00"])(
    "/v1/check_transaction_by_short_hash gets the amount %s digit by digit",
    async (amount) => {
      const { bank, client } = await serve(saying(200, refused(1)))
      const hash = "AB12cd34"
      await client.checkTransactionByShortHash({
        hash,
        amount,
        currency: "KHR",
      })
      expect(bank.requests[0].body).toBe(
        `{"hash":"ab12cd34","amount":${amount},"currency":"KHR"}`
      )
    }
  )

  it("/v1/check_transaction_by_hash is not believed with another transfer", async () => {
    const { client } = await serve(saying(200, paid()))
    const { outcome } = await client.checkTransactionByHash(OTHER_HASH)
    expect(outcome).toMatchObject({ type: "unknown", reason: "unrecognized" })
  })

  it("tells the gate why it is asked and about which charges", async () => {
    const seen: OutgoingCall[] = []
    const { client } = await serve(saying(200, refused(1)), {
      pass: (outgoing, send) => {
        seen.push(outgoing)
        return openGate(TOKEN).pass(outgoing, send)
      },
    })
    const context = { purpose: "closing" as const, chargeIds: ["a", "b"] }
    await client.checkTransactionByMd5(MD5, context)
    await client.checkTransactionByMd5List([MD5], context)
    await client.checkTransactionByHash(HASH, context)
    await client.generateDeeplink(QR, undefined, context).catch(() => null)
    expect(seen).toMatchObject(Array(4).fill(context))
  })

  it("is not believed where the gate finds trouble with its answer", async () => {
    const { client } = await serve(saying(200, paid()), {
      pass: async (outgoing, send) => ({
        ...(await openGate(TOKEN).pass(outgoing, send)),
        trouble: unknown("unavailable", "The answer came too late"),
      }),
    })
    const { outcome } = await client.checkTransactionByMd5(MD5)
    expect(outcome).toMatchObject({ message: "The answer came too late" })
    await expect(client.checkBakongAccount("a@b")).rejects.toMatchObject({
      kind: "unavailable",
    })
  })

  it("is sent no token where none is needed, whatever the gate holds", async () => {
    const { bank, client } = await serve(saying(200, succeeded(null)), {
      pass: (_, send) => send(TOKEN),
    })
    await client.ping()
    await client.renewToken(EMAIL).catch(() => null)
    await client.generateDeeplink(QR).catch(() => null)
    for (const { request } of bank.requests) {
      expect(request.headers.authorization).toBeUndefined()
    }
    expect(bank.requests).toHaveLength(3)
  })
})

describe("An argument that the bank would refuse costs no question", () => {
  it.each<[string, (client: BakongClient) => Promise<unknown>, string]>([
    ["an empty md5", (c) => c.checkTransactionByMd5(""), "`md5`"],
    [
      "an endless md5",
      (c) => c.checkTransactionByMd5("a".repeat(256)),
      "`md5` to be 1 to 255 characters long",
    ],
    [
      "no text for md5",
      (c) => c.checkTransactionByMd5(7 as never),
      "`md5` to be a string",
    ],
    [
      "an md5 for a hash",
      (c) => c.checkTransactionByHash(MD5),
      "`hash` to be 64 hexadecimal digits",
    ],
    [
      "a long short hash",
      (c) =>
        c.checkTransactionByShortHash({
          hash: HASH,
          amount: "1",
          currency: "USD",
        }),
      "`hash` to be 8 hexadecimal digits",
    ],
    ...["0", "0.00", "-1", "1e3", "01", "1,5", "1.", "", "NaN"].map(
      (amount): [string, (c: BakongClient) => Promise<unknown>, string] => [
        `the amount "${amount}"`,
        (c) =>
          c.checkTransactionByShortHash({
            hash: "ab12cd34",
            amount,
            currency: "USD",
          }),
        "`amount` to be a positive decimal",
      ]
    ),
    [
      "a float for an amount",
      (c) =>
        c.checkTransactionByShortHash({
          hash: "ab12cd34",
          amount: 1.5 as never,
          currency: "USD",
        }),
      "`amount` to be an exact decimal as a string",
    ],
    [
      "another currency",
      (c) =>
        c.checkTransactionByShortHash({
          hash: "ab12cd34",
          amount: "1",
          currency: "EUR" as never,
        }),
      '`currency` to be "USD" or "KHR"',
    ],
    [
      "no instruction ref",
      (c) => c.checkTransactionByInstructionRef(""),
      "`instructionRef`",
    ],
    [
      "no external ref",
      (c) => c.checkTransactionByExternalRef(""),
      "`externalRef`",
    ],
    [
      "an empty md5 in a list",
      (c) => c.checkTransactionByMd5List([MD5, ""]),
      "`md5s.1`",
    ],
    [
      "a short hash in a list",
      (c) => c.checkTransactionByHashList([HASH, "ab12cd34"]),
      "`hashes.1` to be 64 hexadecimal digits",
    ],
    [
      "no hashes",
      (c) => c.checkTransactionByHashList([]),
      "1 to 50 hash, got 0",
    ],
    [
      "51 hashes",
      (c) => c.checkTransactionByHashList(Array(51).fill(HASH)),
      "1 to 50 hash, got 51",
    ],
    ["no QR", (c) => c.generateDeeplink(""), "`qr`"],
    [
      "half a source info",
      (c) => c.generateDeeplink(QR, { appName: "Lucky" } as never),
      "`sourceInfo.appIconUrl`",
    ],
    [
      "an empty part of a source info",
      (c) => c.generateDeeplink(QR, { ...SOURCE, appDeepLinkCallback: "" }),
      "`sourceInfo.appDeepLinkCallback`",
    ],
    ["no account", (c) => c.checkBakongAccount(""), "`accountId`"],
    ["no e-mail address", (c) => c.renewToken("lucky"), "`email`"],
    [
      "a long e-mail address",
      (c) => c.renewToken(`${"a".repeat(30)}@b.kh`),
      "`email` to be at most 30 characters",
    ],
    [
      "no organization",
      (c) => c.requestToken({ ...REGISTRATION, organization: "" }),
      "`organization` to be 1 to 100",
    ],
    [
      "a long project",
      (c) => c.requestToken({ ...REGISTRATION, project: "x".repeat(101) }),
      "`project` to be 1 to 100",
    ],
    ["a short code", (c) => c.verify("123"), "`code` to be 20 characters"],
  ])("%s", async (_, call, message) => {
    const { bank, client } = await serve(saying(200, succeeded(null)))
    const error = await call(client).then(
      () => null,
      (reason) => reason
    )
    expect(error).not.toBeInstanceOf(BakongError)
    expect([RangeError, TypeError]).toContain(error.constructor)
    expect(error.message).toContain(message)
    expect(bank.requests).toHaveLength(0)
  })

  it("and is not repeated, for it may be a secret", async () => {
    const { client } = await serve(saying(200, succeeded(null)))
    for (const call of [
      () => client.renewToken("secret-address"),
      () => client.verify("secret-code"),
    ]) {
      const error: Error = await call().catch((reason) => reason)
      expect(error.message).toContain("Expected `")
      expect(error.message).not.toContain("secret")
    }
  })
})

describe("An answer that is no success is an error", () => {
  type Wrong = [
    string,
    Answer,
    BakongErrorKind,
    { code?: number | null; retryAfterMs?: number }?,
  ]
  const answers: Wrong[] = [
    ["code 4", saying(200, refused(4)), "rejected", { code: 4 }],
    ["code 5", saying(400, refused(5)), "rejected", { code: 5 }],
    ["code 7", saying(200, refused(7)), "rejected", { code: 7 }],
    ["code 8", saying(200, refused(8)), "rejected", { code: 8 }],
    ["code 10", saying(200, refused(10)), "rejected", { code: 10 }],
    ["code 12", saying(200, refused("12")), "rejected", { code: 12 }],
    ["code 2", saying(200, refused(2)), "rejected", { code: 2 }],
    ["code 1", saying(404, refused(1)), "rejected", { code: 1 }],
    ["an unheard code", saying(200, refused(99)), "rejected", { code: 99 }],
    ["no code", saying(200, refused(null)), "rejected", { code: null }],
    ["code 6", saying(200, refused(6)), "unauthorized", { code: 6 }],
    ["HTTP 401", saying(401, ""), "unauthorized", { code: null }],
    ["code 9", saying(200, refused(9)), "unavailable", { code: 9 }],
    ["HTTP 502", saying(502, HTML), "unavailable"],
    ["no answer", (response) => void response.destroy(), "unavailable"],
    ["code 17", saying(200, refused(17)), "quota_spent", { code: 17 }],
    ["code 19", saying(200, refused(19)), "quota_spent", { code: 19 }],
    [
      "the quota's words",
      saying(200, refused(5, "Daily request limit reached")),
      "quota_spent",
      { code: 5 },
    ],
    ["HTTP 403", saying(403, HTML), "forbidden"],
    [
      "HTTP 429",
      saying(429, "", { "Retry-After": "9" }),
      "rate_limited",
      { retryAfterMs: 9_000 },
    ],
    ["HTTP 404", saying(404, HTML), "endpoint_closed"],
    [
      "HTTP 404 in JSON of another kind",
      saying(404, { status: 404, path: "/v1" }),
      "endpoint_closed",
    ],
    ["HTML", saying(200, HTML), "unreadable"],
    ["an empty body", saying(200, ""), "unreadable"],
    ["truncated JSON", saying(200, '{"responseCode":0,"da'), "unreadable"],
    ["HTTP 201", saying(201, succeeded({})), "unreadable"],
    ["HTTP 405", saying(405, HTML), "unreadable"],
  ]
  const calls: [string, Row["call"]][] = ROWS.filter(
    ({ purpose }) => purpose !== "check"
  ).map(({ path, call }) => [path, call])

  it.each(answers)("%s", async (name, answer, kind, details = {}) => {
    for (const [path, call] of calls) {
      const { client } = await serve(answer)
      const error: BakongError = await call(client).then(
        () => {
          throw new Error(`${path} took ${name} for a success`)
        },
        (reason) => reason
      )
      expect(error).toBeInstanceOf(BakongError)
      expect(error).toMatchObject({
        name: "BakongError",
        kind,
        call: { endpoint: path, sent: true },
        ...details,
      })
      expect(error.message).not.toBe("")
    }
  })

  it.each(["/v1/request_token", "/v1/verify"])(
    "and %s, which newer servers lack, says that there is no registration",
    async (path) => {
      const { client } = await serve(saying(404, HTML))
      const { call } = ROWS.find((row) => row.path === path)!
      await expect(call(client)).rejects.toMatchObject({
        kind: "endpoint_closed",
        message: expect.stringContaining("Registration is not offered"),
      })
    }
  )

  it("and /v1/renew_token says by name which endpoint is closed", async () => {
    const { client } = await serve(saying(404, HTML))
    await expect(client.renewToken(EMAIL)).rejects.toThrow(
      "The server does not offer /v1/renew_token"
    )
  })

  it.each([
    [4, "could not make the deep link"],
    [5, "a required field is missing"],
    [7, "mail server is down"],
    [8, "registered already"],
    [10, "not registered"],
    [12, "account id is not valid"],
  ])("and code %d is named: %s", async (code, meaning) => {
    const { client } = await serve(saying(200, refused(code, "Bank's words")))
    await expect(client.renewToken(EMAIL)).rejects.toThrow(
      new RegExp(`^Code ${code}, .*${meaning}.*: Bank's words$`)
    )
  })

  it("and a success without what was asked for is unreadable", async () => {
    const useless: [string, unknown[]][] = [
      [
        "/v1/generate_deeplink_by_qr",
        [
          null,
          {},
          { shortLink: "" },
          { shortLink: "not a link" },
          { shortLink: "javascript:alert(1)" },
          { shortLink: 7 },
        ],
      ],
      [
        "/v1/renew_token",
        [null, TOKEN, {}, { token: "" }, { token: "none" }, { token: 7 }],
      ],
      ["/v1/verify", [null, { token: "a.b.c" }]],
    ]
    for (const [path, bodies] of useless) {
      for (const data of bodies) {
        const { client } = await serve(saying(200, succeeded(data)))
        const { call } = ROWS.find((row) => row.path === path)!
        await expect(call(client)).rejects.toMatchObject({
          kind: "unreadable",
          message: "A success without what was asked for",
        })
      }
    }
  })

  it.each([200, 404])(
    "but code 11 with HTTP %d answers whether an account exists",
    async (status) => {
      const { client } = await serve(saying(status, refused(11)))
      expect(await client.checkBakongAccount("nobody@aclb")).toBe(false)
    }
  )

  it.each([401, 403, 500])(
    "and code 11 with HTTP %d answers nothing",
    async (status) => {
      const { client } = await serve(saying(status, refused(11)))
      await expect(
        client.checkBakongAccount("nobody@aclb")
      ).rejects.toBeInstanceOf(BakongError)
    }
  )
})

describe("What a check's answer means", () => {
  const one = (outcome: Outcome) =>
    outcome.type === "unknown" || outcome.type === "failed"
      ? outcome.reason
      : outcome.type

  /** The outcome table of the reference, row by row. */
  const rows: [string, Answer, string][] = [
    ["responseCode 0 with a readable transaction", saying(200, paid()), "paid"],
    ["code 1", saying(200, refused(1, "could not be found")), "not_found"],
    ["code 2", saying(200, refused(2)), "static_qr"],
    ["code 3", saying(200, refused(3)), "attempt_failed"],
    ["code 6", saying(200, refused(6)), "unauthorized"],
    ["HTTP 401", saying(401, refused(6)), "unauthorized"],
    ["code 9", saying(200, refused(9)), "unavailable"],
    ["HTTP 5xx", saying(503, HTML), "unavailable"],
    ["HTML", saying(200, HTML), "unreadable"],
    ["a truncated body", saying(200, '{"responseCode":'), "unreadable"],
    ["code 11", saying(200, refused(11)), "configuration"],
    ["code 17", saying(200, refused(17)), "quota_spent"],
    ["code 19", saying(200, refused(19)), "quota_spent"],
    [
      "the words of the daily request limit",
      saying(200, refused(3, "exceeded the daily request limit")),
      "quota_spent",
    ],
    ["HTTP 429", saying(429, ""), "rate_limited"],
    ["HTTP 403", saying(403, HTML), "forbidden"],
    ["any other code", saying(200, refused(42)), "unrecognized"],
    ["an endpoint that is not there", saying(404, HTML), "unrecognized"],
  ]

  it.each(rows)(
    "%s, whichever single check asked",
    async (_, answer, meaning) => {
      const { client } = await serve(answer)
      const answers = await Promise.all([
        client.checkTransactionByMd5(MD5),
        client.checkTransactionByHash(HASH),
        client.checkTransactionByShortHash({
          hash: HASH.slice(0, 8),
          amount: "34.65",
          currency: "USD",
        }),
        client.checkTransactionByInstructionRef("INS-1"),
        client.checkTransactionByExternalRef("EXT-1"),
      ])
      expect(answers.map(({ outcome }) => one(outcome))).toEqual(
        Array(5).fill(meaning)
      )
    }
  )

  it.each(rows.filter(([, , meaning]) => meaning !== "paid"))(
    "%s, for a whole list, never moves a charge",
    async (_, answer) => {
      const { client } = await serve(answer)
      for (const { outcomes } of [
        await client.checkTransactionByMd5List([MD5, OTHER_MD5]),
        await client.checkTransactionByHashList([HASH, OTHER_HASH]),
      ]) {
        expect([...outcomes.values()].map(({ type }) => type)).toEqual([
          "unknown",
          "unknown",
        ])
      }
    }
  )
})

describe("A ping", () => {
  it.each([
    [401, refused(6)],
    [403, HTML],
  ])("tells by HTTP %d how the bank sees us", async (status, body) => {
    const { bank, client } = await serve(saying(status, body))
    expect(await client.ping()).toMatchObject({
      endpoint: "/v1/check_transaction_by_md5",
      httpStatus: status,
      responseCode: status === 401 ? 1 : null,
      sent: true,
    })
    expect(bank.requests[0].request.headers.authorization).toBeUndefined()
  })

  it("needs no token at all", async () => {
    const { client } = await serve(saying(401, refused(6)), openGate())
    expect(await client.ping()).toMatchObject({ httpStatus: 401 })
  })
})

describe("The registered e-mail address and the mailed code", () => {
  it("are not repeated from what a server echoes", async () => {
    const { client } = await serve((response, body) =>
      response.end(JSON.stringify(refused(10, `No such user: ${body}`)))
    )
    for (const call of [
      () => client.renewToken(EMAIL),
      () => client.requestToken(REGISTRATION),
      () => client.verify(CODE),
    ]) {
      const error = await call().catch((reason) => reason)
      const told = `${error.message} ${JSON.stringify(error)}`
      expect(told).toContain("[redacted]")
      expect(told).not.toContain(EMAIL)
      expect(told).not.toContain(CODE)
    }
  })
})

describe("A call's record", () => {
  it.each([
    ["Sat, 21 Nov 2026 03:00:00 GMT", Date.parse("2026-11-21T03:00:00Z")],
    ["yesterday", null],
    ["2026-11-21T03:00:00Z", null],
    ["Sat, 99 Nov 2026 03:00:00 GMT", null],
  ])("has the server's time %p as %p", async (date, serverTime) => {
    const { client } = await serve(saying(200, refused(1), { Date: date }))
    const { call } = await client.checkTransactionByMd5(MD5)
    expect(call.serverTime).toBe(serverTime)
  })

  it("has no server time when the server says none", async () => {
    const { client } = await serve((response) => {
      response.sendDate = false
      response.end(JSON.stringify(list()))
    })
    const { call } = await client.checkTransactionByMd5(MD5)
    expect(call).toMatchObject({ sent: true, serverTime: null })
  })

  it("is unavailable when the client is closed under way", async () => {
    const { client } = await serve(() => client.close())
    const { outcome } = await client.checkTransactionByMd5(MD5)
    expect(outcome).toMatchObject({ type: "unknown", reason: "unavailable" })
  })
})
