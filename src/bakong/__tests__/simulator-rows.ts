import type { SimulatorOptions } from "../../simulator"
import { readTokenClaims } from "../token"
import type { BakongClient } from "../client"
import type { CheckListAnswer, Outcome } from "../types"
import {
  khqr,
  OWNER,
  refusal,
  SHOP,
  staticKhqr,
  STRANGE_HASH,
  STRANGE_MD5,
  success,
  told,
  wordOf,
  type World,
} from "./simulator-world"

/*
 * The endpoint, error code and outcome tables of the Open API, row by row.
 * docs/bakong.md has the same rows, and a test holds the two together.
 */

const DEEPLINK = "generate_deeplink_by_qr"
const SINGLE = "check_transaction_by_md5"

export type EndpointRow = {
  /** The path, as docs/bakong.md has it. */
  name: string
  auth: "Bearer" | "none"
  /** Asks so that there is an answer, and gives it with what was sent. */
  succeeds: (
    world: World
  ) => Promise<{ answer: unknown; expected: unknown; sent: unknown }>
  /** One call, whatever becomes of it. */
  call: (client: BakongClient) => Promise<unknown>
  /** What this endpoint refuses, and in which word. */
  refuses?: [(world: World) => Promise<unknown>, unknown][]
  /** What is refused before it costs a question. */
  limits: [(client: BakongClient) => Promise<unknown>, string][]
}

const REGISTRATION = {
  email: "new@lucky.kh",
  organization: "Lucky Shop",
  project: "Web shop",
}
const SOURCE = {
  appIconUrl: "https://lucky.example/icon.png",
  appName: "Lucky",
  appDeepLinkCallback: "https://lucky.example/back",
}
const LONG = "a".repeat(256)

const isToken = (token: string) => readTokenClaims(token) !== null

const words = ({ outcomes }: CheckListAnswer) =>
  [...outcomes.values()].map(wordOf)

/** By one of the two references a transfer may have. */
const refRow = (
  field: "instructionRef" | "externalRef",
  name: string,
  call: (client: BakongClient, ref: string) => Promise<unknown>
): EndpointRow => ({
  name,
  auth: "Bearer",
  succeeds: async ({ bank, client }) => {
    bank.pay({ qr: khqr().qr, [field]: "REF-1" })
    const answer = await told(call(client, "REF-1"))
    return { answer, expected: "paid", sent: { [field]: "REF-1" } }
  },
  call: (client) => call(client, "REF-2"),
  refuses: [[({ client }) => call(client, "REF-2"), "not_found"]],
  limits: [
    [(client) => call(client, ""), field],
    [(client) => call(client, LONG), "1 to 255 characters"],
  ],
})

export const ENDPOINTS: EndpointRow[] = [
  {
    name: "/v1/request_token",
    auth: "none",
    succeeds: async ({ bank, client }) => {
      await client.requestToken(REGISTRATION)
      return {
        answer: bank.mailbox.map(({ to, code }) => [to, code.length]),
        expected: [[REGISTRATION.email, 20]],
        sent: REGISTRATION,
      }
    },
    call: (client) => client.requestToken(REGISTRATION),
    refuses: [
      [
        ({ client }) => client.requestToken({ ...REGISTRATION, email: OWNER }),
        "rejected:8",
      ],
    ],
    limits: [
      [
        (client) =>
          client.requestToken({
            ...REGISTRATION,
            email: `${"a".repeat(22)}@lucky.kh`,
          }),
        "at most 30 characters",
      ],
      [
        (client) =>
          client.requestToken({ ...REGISTRATION, organization: LONG }),
        "1 to 100 characters",
      ],
      [
        (client) => client.requestToken({ ...REGISTRATION, project: "" }),
        "project",
      ],
    ],
  },
  {
    name: "/v1/verify",
    auth: "none",
    succeeds: async (world) => {
      await world.client.requestToken(REGISTRATION)
      const { code } = world.bank.mailbox.at(-1)!
      const token = await world.client.verify(code)
      return { answer: isToken(token), expected: true, sent: { code } }
    },
    call: (client) => client.verify("X".repeat(20)),
    refuses: [
      [({ client }) => client.verify("X".repeat(20)), "rejected:10"],
      // The one that was mailed is used by now.
      [
        ({ bank, client }) => client.verify(bank.mailbox.at(-1)!.code),
        "rejected:10",
      ],
    ],
    limits: [[(client) => client.verify("X".repeat(19)), "20 characters"]],
  },
  {
    name: "/v1/renew_token",
    auth: "none",
    succeeds: async ({ client }) => {
      const token = await client.renewToken(OWNER)
      return { answer: isToken(token), expected: true, sent: { email: OWNER } }
    },
    call: (client) => client.renewToken(OWNER),
    refuses: [
      [({ client }) => client.renewToken("other@lucky.kh"), "rejected:10"],
    ],
    limits: [
      [(client) => client.renewToken("owner"), "an e-mail address"],
      [
        (client) => client.renewToken(`${"a".repeat(22)}@lucky.kh`),
        "at most 30 characters",
      ],
    ],
  },
  {
    name: "/v1/check_transaction_by_md5",
    auth: "Bearer",
    succeeds: async ({ bank, client }) => {
      const { qr, md5 } = khqr()
      const [{ hash }] = bank.pay({ qr, fromAccountId: "payer@devb" })
      const { outcome } = await client.checkTransactionByMd5(md5)
      const expected = {
        hash,
        fromAccountId: "payer@devb",
        toAccountId: SHOP,
        currency: "USD",
        amount: "12.5",
      }
      return {
        answer: outcome,
        expected: expect.objectContaining({
          type: "paid",
          transaction: expect.objectContaining(expected),
        }),
        sent: { md5 },
      }
    },
    call: (client) => client.checkTransactionByMd5(STRANGE_MD5),
    refuses: [
      [({ client }) => client.checkTransactionByMd5(STRANGE_MD5), "not_found"],
      [
        ({ bank, client }) => {
          const { qr, md5 } = staticKhqr()
          bank.pay({ qr, amount: 1 })
          return client.checkTransactionByMd5(md5)
        },
        "unknown:static_qr",
      ],
    ],
    limits: [
      [(client) => client.checkTransactionByMd5(""), "md5"],
      [(client) => client.checkTransactionByMd5(LONG), "1 to 255 characters"],
    ],
  },
  {
    name: "/v1/check_transaction_by_hash",
    auth: "Bearer",
    succeeds: async ({ bank, client }) => {
      const [{ hash }] = bank.pay({ qr: khqr().qr })
      const asked = client.checkTransactionByHash(hash.toUpperCase())
      return { answer: await told(asked), expected: "paid", sent: { hash } }
    },
    call: (client) => client.checkTransactionByHash(STRANGE_HASH),
    refuses: [
      [
        ({ client }) => client.checkTransactionByHash(STRANGE_HASH),
        "not_found",
      ],
    ],
    limits: [
      [
        (client) => client.checkTransactionByHash(STRANGE_HASH.slice(1)),
        "64 hexadecimal digits",
      ],
      [
        (client) => client.checkTransactionByHash("g".repeat(64)),
        "64 hexadecimal digits",
      ],
    ],
  },
  {
    name: "/v1/check_transaction_by_short_hash",
    auth: "Bearer",
    succeeds: async ({ bank, client }) => {
      const [{ shortHash }] = bank.pay({ qr: khqr("142100", "KHR").qr })
      const asked = client.checkTransactionByShortHash({
        hash: shortHash,
        amount: "142100",
        currency: "KHR",
      })
      return {
        answer: await told(asked),
        expected: "paid",
        sent: { hash: shortHash, amount: 142100, currency: "KHR" },
      }
    },
    call: (client) =>
      client.checkTransactionByShortHash({
        hash: "ab12cd34",
        amount: "1",
        currency: "USD",
      }),
    refuses: [
      [
        ({ bank, client }) => {
          const [{ shortHash }] = bank.pay({ qr: khqr("12.50").qr })
          return client.checkTransactionByShortHash({
            hash: shortHash,
            amount: "12.51",
            currency: "USD",
          })
        },
        "not_found",
      ],
    ],
    limits: [
      [
        (client) =>
          client.checkTransactionByShortHash({
            hash: "ab12cd3",
            amount: "1",
            currency: "USD",
          }),
        "8 hexadecimal digits",
      ],
      [
        (client) =>
          client.checkTransactionByShortHash({
            hash: "ab12cd34",
            amount: "0",
            currency: "USD",
          }),
        "positive decimal",
      ],
      [
        (client) =>
          client.checkTransactionByShortHash({
            hash: "ab12cd34",
            amount: "1",
            currency: "EUR" as never,
          }),
        '"USD" or "KHR"',
      ],
    ],
  },
  refRow(
    "instructionRef",
    "/v1/check_transaction_by_instruction_ref",
    (client, ref) => client.checkTransactionByInstructionRef(ref)
  ),
  refRow(
    "externalRef",
    "/v1/check_transaction_by_external_ref",
    (client, ref) => client.checkTransactionByExternalRef(ref)
  ),
  {
    name: "/v1/check_transaction_by_md5_list",
    auth: "Bearer",
    succeeds: async ({ bank, client }) => {
      const { qr, md5 } = khqr()
      bank.pay({ qr })
      const asked = [...Array(49).fill(STRANGE_MD5), md5]
      const { outcomes } = await client.checkTransactionByMd5List(asked)
      return {
        answer: [...outcomes].map(([one, outcome]) => [one, wordOf(outcome)]),
        expected: [
          [STRANGE_MD5, "not_found"],
          [md5, "paid"],
        ],
        sent: asked,
      }
    },
    call: (client) => client.checkTransactionByMd5List([STRANGE_MD5]),
    limits: [
      [(client) => client.checkTransactionByMd5List([]), "1 to 50 md5, got 0"],
      [
        (client) => client.checkTransactionByMd5List(Array(51).fill("a")),
        "1 to 50 md5, got 51",
      ],
    ],
  },
  {
    name: "/v1/check_transaction_by_hash_list",
    auth: "Bearer",
    succeeds: async ({ bank, client }) => {
      const [{ hash }] = bank.pay({ qr: khqr().qr })
      const asked = [STRANGE_HASH, hash]
      return {
        answer: words(await client.checkTransactionByHashList(asked)),
        expected: ["not_found", "paid"],
        sent: asked,
      }
    },
    call: (client) => client.checkTransactionByHashList([STRANGE_HASH]),
    limits: [
      [
        (client) => client.checkTransactionByHashList([]),
        "1 to 50 hash, got 0",
      ],
      [
        (client) => client.checkTransactionByHashList(["ab12cd34"]),
        "64 hexadecimal digits",
      ],
    ],
  },
  {
    name: "/v1/generate_deeplink_by_qr",
    auth: "none",
    succeeds: async ({ bank, client }) => {
      const { qr } = khqr()
      const first = await client.generateDeeplink(qr)
      const second = await client.generateDeeplink(qr, SOURCE)
      return {
        answer: [first.startsWith(`${bank.url}/pay`), first === second],
        expected: [true, false],
        sent: { qr, sourceInfo: SOURCE },
      }
    },
    call: (client) => client.generateDeeplink(khqr().qr),
    refuses: [
      [({ client }) => client.generateDeeplink("000201"), "rejected:4"],
    ],
    limits: [
      [(client) => client.generateDeeplink(""), "qr"],
      [
        (client) =>
          client.generateDeeplink(khqr().qr, { appName: "Lucky" } as never),
        "sourceInfo.appIconUrl",
      ],
    ],
  },
  {
    name: "/v1/check_bakong_account",
    auth: "Bearer",
    succeeds: async ({ client }) => ({
      answer: await client.checkBakongAccount(SHOP),
      expected: true,
      sent: { accountId: SHOP },
    }),
    call: (client) => client.checkBakongAccount(SHOP),
    refuses: [
      [({ client }) => client.checkBakongAccount("unknown@devb"), false],
      [({ client }) => client.checkBakongAccount("nobank"), "rejected:12"],
    ],
    limits: [[(client) => client.checkBakongAccount(""), "accountId"]],
  },
]

/** How the gateway goes on asking about 60 charges, of which it asks 50 first. */
export const ASKING = {
  "goes on": ["list", "list"],
  stops: ["list"],
  probes: ["list", "single"],
  /** The rest are left to the next pass, which asks no list. */
  "one by one": ["list", "single"],
} as const

export type AnswerRow = {
  /** As docs/bakong.md has it. */
  name: string
  options?: SimulatorOptions
  timeoutMs?: number
  /** Lets the bank answer so; returns the md5 to be asked about. */
  given: (world: World) => string | void | Promise<void>
  /** Of a check by md5. */
  outcome: string
  retryAfterMs?: number
  /** On record: HTTP status, responseCode, errorCode. */
  call: [number | null, number | null, number | null]
  /** A call that is no check; by default for a deep link. */
  other?: (client: BakongClient) => Promise<unknown>
  /** What that one tells: a BakongError's kind and code; `null` when it succeeds. */
  error: string | null
  asking: keyof typeof ASKING
}

/** The same to whatever is asked. */
const always =
  (status: number, body: unknown, headers?: Record<string, string>) =>
  ({ bank }: World) =>
    bank.setFault({ kind: "answer", status, body, headers })

/** Bakong's code to whatever is asked. */
const code = (
  errorCode: number,
  rest: Pick<AnswerRow, "outcome" | "error" | "asking"> &
    Partial<AnswerRow> & { status?: number; message?: string }
): AnswerRow => ({
  name: `code ${errorCode}`,
  given: always(rest.status ?? 200, refusal(errorCode, rest.message)),
  call: [rest.status ?? 200, 1, errorCode],
  ...rest,
})

/** A code that its own endpoint gives by itself, and a check only when scripted. */
const configuration = (
  errorCode: number,
  rest: Pick<AnswerRow, "error"> & Partial<AnswerRow>
): AnswerRow => ({
  name: `code ${errorCode}`,
  outcome: "unknown:configuration",
  call: [200, 1, errorCode],
  asking: "probes",
  ...rest,
  given: (world) => {
    for (const endpoint of [SINGLE, `${SINGLE}_list`]) {
      world.bank.setFault({
        kind: "answer",
        endpoint,
        body: refusal(errorCode),
      })
    }
    return rest.given?.(world)
  },
})

const noAnswer = {
  outcome: "unknown:unavailable",
  call: [null, null, null],
  error: "unavailable",
  asking: "stops",
} satisfies Partial<AnswerRow>

/** The deep link is refused with the code that a check gets by itself. */
const deeplinkRefuses = ({ bank }: World, errorCode: number) =>
  bank.setFault({
    kind: "answer",
    endpoint: DEEPLINK,
    body: refusal(errorCode),
  })

const NGINX = "<html><body><h1>Bad Gateway</h1><hr>nginx</body></html>"

export const ANSWERS: AnswerRow[] = [
  {
    name: "responseCode 0 with a readable transaction",
    given: ({ bank }) => {
      const { qr, md5 } = khqr()
      bank.pay({ qr })
      return md5
    },
    outcome: "paid",
    call: [200, 0, null],
    error: null,
    asking: "goes on",
  },
  {
    name: "responseCode 0 without one",
    given: always(200, success({ hash: "8465d722", amount: 0 })),
    outcome: "unknown:unreadable",
    call: [200, 0, null],
    error: "unreadable",
    asking: "probes",
  },
  {
    name: "code 1",
    given: (world) => deeplinkRefuses(world, 1),
    outcome: "not_found",
    call: [200, 1, 1],
    error: "rejected:1",
    asking: "goes on",
  },
  {
    name: "code 1 with HTTP 404",
    given: ({ bank }) => {
      for (const endpoint of [SINGLE, DEEPLINK]) {
        bank.setFault({
          kind: "answer",
          endpoint,
          status: 404,
          body: refusal(1),
        })
      }
    },
    outcome: "not_found",
    call: [404, 1, 1],
    error: "rejected:1",
    asking: "goes on",
  },
  {
    name: "code 1 for a whole list",
    given: ({ bank }) =>
      bank.setFault({
        kind: "answer",
        endpoint: `${SINGLE}_list`,
        body: refusal(1),
      }),
    outcome: "not_found",
    call: [200, 1, 1],
    error: null,
    asking: "one by one",
  },
  {
    name: "code 2",
    given: (world) => {
      const { qr, md5 } = staticKhqr()
      world.bank.pay({ qr, amount: 1 })
      deeplinkRefuses(world, 2)
      return md5
    },
    outcome: "unknown:static_qr",
    call: [200, 1, 2],
    error: "rejected:2",
    asking: "goes on",
  },
  {
    name: "code 3",
    given: (world) => {
      const { qr, md5 } = khqr()
      world.bank.fail(qr)
      deeplinkRefuses(world, 3)
      return md5
    },
    outcome: "failed:attempt_failed",
    call: [200, 1, 3],
    error: "rejected:3",
    asking: "goes on",
  },
  configuration(4, {
    other: (client) => client.generateDeeplink("000201"),
    error: "rejected:4",
  }),
  code(5, {
    status: 400,
    outcome: "unknown:configuration",
    error: "rejected:5",
    asking: "probes",
  }),
  code(6, {
    outcome: "unknown:unauthorized",
    error: "unauthorized:6",
    asking: "stops",
  }),
  configuration(7, {
    given: ({ bank }) => bank.setFault({ kind: "mail_down" }),
    other: (client) => client.requestToken(REGISTRATION),
    error: "rejected:7",
  }),
  configuration(8, {
    other: (client) => client.requestToken({ ...REGISTRATION, email: OWNER }),
    error: "rejected:8",
  }),
  code(9, {
    outcome: "unknown:unavailable",
    error: "unavailable:9",
    asking: "stops",
  }),
  configuration(10, {
    other: (client) => client.renewToken("other@lucky.kh"),
    error: "rejected:10",
  }),
  configuration(11, {
    other: (client) => client.checkBakongAccount("unknown@devb"),
    error: "false",
  }),
  configuration(12, {
    other: (client) => client.checkBakongAccount("nobank"),
    error: "rejected:12",
  }),
  // Without the words, which tell by themselves.
  ...[17, 19].map((errorCode) =>
    code(errorCode, {
      outcome: "unknown:quota_spent",
      error: `quota_spent:${errorCode}`,
      asking: "stops",
    })
  ),
  {
    name: "code 17 with its words, when the day's calls are used up",
    options: { dailyRequestLimit: 0 },
    given: () => undefined,
    outcome: "unknown:quota_spent",
    call: [200, 1, 17],
    error: "quota_spent:17",
    asking: "stops",
  },
  {
    name: "the words daily request limit without a code",
    options: { dailyRequestLimit: 0, quotaRefusesWith: "message" },
    given: () => undefined,
    outcome: "unknown:quota_spent",
    call: [200, 1, null],
    error: "quota_spent",
    asking: "stops",
  },
  {
    name: "any other code",
    given: always(200, refusal(18)),
    outcome: "unknown:unrecognized",
    call: [200, 1, 18],
    error: "rejected:18",
    asking: "probes",
  },
  {
    name: "an error without a code",
    given: always(200, refusal(null, "Something went wrong.")),
    outcome: "unknown:unrecognized",
    call: [200, 1, null],
    error: "rejected",
    asking: "probes",
  },
  {
    name: "any other responseCode",
    given: always(200, { ...refusal(1), responseCode: 2 }),
    outcome: "unknown:unrecognized",
    call: [200, 2, 1],
    error: "unreadable:1",
    asking: "probes",
  },
  {
    name: "HTTP 401, code 6: a revoked token",
    given: ({ bank }) => bank.revokeToken(bank.token),
    outcome: "unknown:unauthorized",
    call: [401, 1, 6],
    other: (client) => client.checkBakongAccount(SHOP),
    error: "unauthorized:6",
    asking: "stops",
  },
  {
    name: "HTTP 401, code 6: an expired token",
    given: ({ bank }) => bank.advanceClock(91 * 86_400_000),
    outcome: "unknown:unauthorized",
    call: [401, 1, 6],
    other: (client) => client.checkBakongAccount(SHOP),
    error: "unauthorized:6",
    asking: "stops",
  },
  {
    name: "HTTP 401 without an envelope",
    given: always(401, NGINX),
    outcome: "unknown:unauthorized",
    call: [401, null, null],
    error: "unauthorized",
    asking: "stops",
  },
  {
    name: "HTTP 403, nginx's page",
    given: ({ bank }) => bank.setFault({ kind: "forbidden" }),
    outcome: "unknown:forbidden",
    call: [403, null, null],
    error: "forbidden",
    asking: "probes",
  },
  {
    name: "HTTP 403 on the lists only",
    given: ({ bank }) => bank.setFault({ kind: "list_closed" }),
    outcome: "not_found",
    call: [200, 1, 1],
    error: null,
    asking: "one by one",
  },
  {
    name: "HTTP 404 of a closed registration",
    options: { registration: false },
    given: ({ bank }) => {
      for (const endpoint of [SINGLE, `${SINGLE}_list`]) {
        bank.setFault({ kind: "answer", endpoint, status: 404, body: NGINX })
      }
    },
    outcome: "unknown:unrecognized",
    call: [404, null, null],
    other: (client) => client.requestToken(REGISTRATION),
    error: "endpoint_closed",
    asking: "probes",
  },
  {
    name: "HTTP 429 with Retry-After in seconds",
    given: ({ bank }) =>
      bank.setFault({ kind: "rate_limited", delayMs: 90_000 }),
    outcome: "unknown:rate_limited",
    retryAfterMs: 90_000,
    call: [429, null, null],
    error: "rate_limited",
    asking: "stops",
  },
  {
    name: "HTTP 429 with Retry-After beyond an hour",
    given: always(429, "", {
      "Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT",
    }),
    outcome: "unknown:rate_limited",
    retryAfterMs: 3_600_000,
    call: [429, null, null],
    error: "rate_limited",
    asking: "stops",
  },
  {
    name: "HTTP 500",
    given: ({ bank }) => bank.setFault({ kind: "server_error" }),
    outcome: "unknown:unavailable",
    call: [500, null, null],
    error: "unavailable",
    asking: "stops",
  },
  {
    name: "HTTP 503 with Retry-After",
    given: always(503, NGINX, { "Retry-After": "7" }),
    outcome: "unknown:unavailable",
    retryAfterMs: 7_000,
    call: [503, null, null],
    error: "unavailable",
    asking: "stops",
  },
  {
    name: "HTTP 500 with a success in it",
    given: ({ bank }) => {
      const { qr, md5 } = khqr()
      bank.pay({ qr })
      bank.setFault({ kind: "answer", status: 500 })
      return md5
    },
    outcome: "unknown:unavailable",
    call: [500, 0, null],
    error: "unavailable",
    asking: "stops",
  },
  {
    name: "any other HTTP 4xx without an envelope",
    given: always(405, NGINX),
    outcome: "unknown:unrecognized",
    call: [405, null, null],
    error: "unreadable",
    asking: "probes",
  },
  {
    name: "HTTP 302",
    given: always(302, "", { Location: "https://bakong.example/" }),
    outcome: "unknown:unreadable",
    call: [302, null, null],
    error: "unreadable",
    asking: "probes",
  },
  {
    name: "no answer in time",
    timeoutMs: 60,
    given: ({ bank }) => bank.setFault({ kind: "slow" }),
    ...noAnswer,
  },
  {
    name: "a refused connection",
    given: ({ bank }) => bank.close(),
    ...noAnswer,
  },
  {
    name: "a connection closed without an answer",
    given: ({ bank }) => bank.setFault({ kind: "down" }),
    ...noAnswer,
  },
  {
    name: "a connection reset amid the body",
    given: ({ bank }) => bank.setFault({ kind: "reset" }),
    ...noAnswer,
  },
  {
    name: "half of the JSON",
    given: ({ bank }) => bank.setFault({ kind: "truncated" }),
    outcome: "unknown:unreadable",
    call: [200, null, null],
    error: "unreadable",
    asking: "probes",
  },
  {
    name: "a web page with HTTP 200",
    given: ({ bank }) => bank.setFault({ kind: "html" }),
    outcome: "unknown:unreadable",
    call: [200, null, null],
    error: "unreadable",
    asking: "probes",
  },
  {
    name: "an empty body",
    given: always(200, ""),
    outcome: "unknown:unreadable",
    call: [200, null, null],
    error: "unreadable",
    asking: "probes",
  },
]

export type PlaceRow = {
  name: string
  given: (world: World) => void
  call: [number, number | null, number | null]
}

/** A call without a token, with which the doctor tells place from token. */
export const PLACES: PlaceRow[] = [
  {
    name: "HTTP 401 to a call without a token",
    given: () => undefined,
    call: [401, 1, 6],
  },
  {
    name: "HTTP 403 to a call without a token",
    given: ({ bank }) => bank.setFault({ kind: "forbidden" }),
    call: [403, null, null],
  },
]

export type StatusRow = {
  name: string
  /** Returns the md5 of the item it is about. */
  given: (world: World) => string
  outcome: string
}

/** A list in which this item stands, and another that is right. */
const scriptedItem =
  (item: Record<string, unknown>) =>
  ({ bank }: World): string => {
    bank.setFault({
      kind: "answer",
      body: success([
        { md5: "a".repeat(32), ...item },
        { md5: STRANGE_MD5, status: "NOT_FOUND", data: null },
      ]),
    })
    return "a".repeat(32)
  }

export const STATUSES: StatusRow[] = [
  {
    name: "list status SUCCESS",
    given: ({ bank }) => {
      const { qr, md5 } = khqr()
      bank.pay({ qr })
      return md5
    },
    outcome: "paid",
  },
  {
    name: "list status NOT_FOUND",
    given: () => khqr().md5,
    outcome: "not_found",
  },
  {
    name: "list status NOT_FOUND beside a transaction",
    given: scriptedItem({
      status: "NOT_FOUND",
      data: { hash: STRANGE_HASH, amount: 1 },
    }),
    outcome: "unknown:unrecognized",
  },
  {
    name: "list status FAILED",
    given: ({ bank }) => {
      const { qr, md5 } = khqr()
      bank.fail(qr)
      return md5
    },
    outcome: "failed:attempt_failed",
  },
  {
    name: "list status STATIC_QR",
    given: ({ bank }) => {
      const { qr, md5 } = staticKhqr()
      bank.pay({ qr, amount: 1 })
      return md5
    },
    outcome: "unknown:static_qr",
  },
  {
    name: "list status SERVICE_FAILED",
    given: ({ bank }) => {
      const { qr, md5 } = khqr()
      bank.pay({ qr })
      bank.setQuirks({ listFirstItem: "service_failed" })
      return md5
    },
    outcome: "unknown:unavailable",
  },
  {
    name: "any other list status",
    given: scriptedItem({ status: "PENDING", data: null }),
    outcome: "unknown:unrecognized",
  },
  {
    name: "no list status",
    given: scriptedItem({ data: null }),
    outcome: "unknown:unrecognized",
  },
]

export type TrackingRow = { name: string; word: string; outcome: string }

export const TRACKINGS: TrackingRow[] = [
  {
    name: "trackingStatus REFUNDED_BY_RECEIVER",
    word: "REFUNDED_BY_RECEIVER",
    outcome: "failed:refunded_by_receiver",
  },
  {
    name: "trackingStatus FAILED_AT_ACH",
    word: "FAILED_AT_ACH",
    outcome: "failed:failed_at_ach",
  },
  { name: "any other trackingStatus", word: "SETTLED", outcome: "paid" },
]

export type WildRow = {
  name: string
  options: SimulatorOptions
  /** What is to be read of the paid one, besides that it is paid. */
  transaction?: Partial<Extract<Outcome, { type: "paid" }>["transaction"]>
  /** Of a list of one unpaid, one paid and one unpaid, where not all of it can be read. */
  list?: string[]
}

/** 2026-11-21 in Phnom Penh, and standing still. */
export const WILD_NOW = Date.parse("2026-11-21T03:00:00Z")

export const WILD: WildRow[] = [
  {
    name: "the amount as a string",
    options: { quirks: { amountAsString: true } },
    transaction: { amount: "12.50" },
  },
  {
    name: "no errorCode in a success",
    options: { quirks: { withoutErrorCode: true } },
  },
  {
    name: "dates with a fraction",
    options: { quirks: { floatDates: true } },
    transaction: { createdAt: WILD_NOW, acknowledgedAt: WILD_NOW + 400 },
  },
  {
    name: "all of these at once, inline in a list",
    options: {
      quirks: {
        amountAsString: true,
        withoutErrorCode: true,
        floatDates: true,
        listItems: "inline",
      },
    },
    transaction: { amount: "12.50", createdAt: WILD_NOW },
  },
  {
    name: "list items with their fields inline",
    options: { quirks: { listItems: "inline" } },
  },
  {
    name: "list items with a transaction for data",
    options: { quirks: { listItems: "transaction" } },
  },
  {
    name: "a list in another order",
    options: { quirks: { listOrder: "reversed" } },
  },
  {
    name: "a list without its first item",
    options: { quirks: { listLength: "short" } },
    list: ["unknown:unreadable", "paid", "not_found"],
  },
  {
    name: "a list with an item nobody asked for",
    options: { quirks: { listLength: "long" } },
  },
  {
    name: "a list with each item twice",
    options: { quirks: { listDuplicated: true } },
  },
  {
    name: "a list whose first item is unreadable",
    options: { quirks: { listFirstItem: "unreadable" } },
    list: ["unknown:unreadable", "paid", "not_found"],
  },
]
