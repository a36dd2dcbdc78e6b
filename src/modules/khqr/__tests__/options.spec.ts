import { buildKhqr, decodeKhqr } from "../../../khqr"
import { parseOptions } from "../options"
import {
  printedFields,
  receiverFor,
  receiverOf,
  receivingAccounts,
} from "../receivers"

const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.a-secret-signature"

const MERCHANT = { accountId: "lucky_shop@aclb", name: "Lucky Shop" }
const OPTIONS = { merchant: MERCHANT, bakong: { token: TOKEN } }

const NO_TOKEN =
  "bakong.token is missing (or bakong.encryptionKey, which keeps a token in the database)"

const withMerchant = (changes: Record<string, unknown>) => ({
  ...OPTIONS,
  merchant: { ...MERCHANT, ...changes },
})

const withBakong = (changes: Record<string, unknown>) => ({
  ...OPTIONS,
  bakong: { ...OPTIONS.bakong, ...changes },
})

/** The lines below the headline of the one error. */
function faultsOf(raw: unknown): string[] {
  try {
    parseOptions(raw)
  } catch (error) {
    const [headline, ...faults] = (error as Error).message.split("\n")
    expect(headline).toMatch(/^medusa-payment-khqr: .*medusa-config\.ts/)
    expect((error as Error).message).not.toContain(TOKEN)
    return faults.map((fault) => fault.replace(/^ {2}- /, ""))
  }
  throw new Error("Expected the options to be refused")
}

describe("The least a shop must say", () => {
  it("is enough, and everything else has its default", () => {
    expect(parseOptions(OPTIONS)).toEqual({
      merchant: {
        type: "individual",
        accountId: "lucky_shop@aclb",
        name: "Lucky Shop",
        city: "Phnom Penh",
        categoryCode: "5999",
      },
      bakong: {
        token: TOKEN,
        baseUrl: "https://api-bakong.nbc.gov.kh",
        timeoutMs: 10_000,
        dailyRequestLimit: 100,
      },
      mode: "dynamic",
      receivers: {},
      limits: {},
      deeplink: { hosts: ["nbc.gov.kh"] },
      auditRetentionDays: 90,
      expiresInSeconds: 600,
      khrRounding: 1,
      latePayments: "honour",
      manualConfirmation: true,
      pooledAccounts: [],
      streams: { perProcess: 10_000, perAddress: 100 },
    })
  })

  it.each([[undefined], [null], [{}], [{ database: {} }]])(
    "is missing from %j",
    (raw) => {
      expect(faultsOf(raw)).toEqual([NO_TOKEN, "merchant is missing"])
    }
  )

  it("may come with the database that Medusa adds to every module's options", () => {
    const database = { clientUrl: "postgres://localhost/shop" }

    expect(parseOptions({ ...OPTIONS, database })).toEqual(
      parseOptions(OPTIONS)
    )
  })

  it("leaves what it was given as it was", () => {
    const raw = structuredClone(OPTIONS)
    parseOptions(raw)

    expect(raw).toEqual(OPTIONS)
  })
})

describe("Everything a shop may say", () => {
  it("is kept", () => {
    const all = {
      merchant: {
        type: "individual",
        accountId: "lucky_shop@aclb",
        name: "Lucky Shop",
        nameKm: "ហាងសំណាង",
        city: "Siem Reap",
        categoryCode: "5812",
        storeLabel: "Old Market",
        terminalLabel: "Web",
        accountInformation: "85512345678",
        acquiringBank: "ACLEDA",
      },
      bakong: {
        token: TOKEN,
        baseUrl: "http://127.0.0.1:9100",
        timeoutMs: 1_000,
        proxyUrl: "http://user:password@proxy.kh:8080",
        email: "sok@lucky.shop",
        encryptionKey: "k".repeat(32),
        dailyRequestLimit: null,
      },
      gateway: {
        type: "hosted",
        baseUrl: "https://gateway.example.com/api",
        merchantId: "m-1",
        key: "secret",
        timeoutMs: 5_000,
        dailyRequestLimit: 50,
      },
      deeplink: {
        hosts: ["nbc.gov.kh", "example.com"],
        appName: "Lucky Shop",
        appIconUrl: "https://lucky.shop/icon.png",
        callbackUrl: "https://lucky.shop/checkout",
      },
      mode: "dynamic",
      receivers: {},
      limits: { usd: { min: "0.50", max: "500" }, khr: { min: "2000" } },
      auditRetentionDays: 30,
      expiresInSeconds: 60,
      khrRounding: "refuse",
      latePayments: "review",
      manualConfirmation: false,
      pooledAccounts: ["all_of_us@aclb"],
      streams: { perProcess: 500, perAddress: 20 },
    }

    expect(parseOptions(all)).toEqual(all)
  })

  it("is trimmed where it is text", () => {
    const { merchant, bakong } = parseOptions({
      merchant: { accountId: " lucky_shop@aclb ", name: " Lucky Shop\n" },
      bakong: { token: ` ${TOKEN}\n` },
    })

    expect(merchant).toMatchObject(MERCHANT)
    expect(bakong.token).toBe(TOKEN)
  })

  it.each([
    ["expiresInSeconds", 60],
    ["expiresInSeconds", 600],
    ["khrRounding", 1],
    ["khrRounding", 100],
    ["latePayments", "review"],
  ])("may be %s: %j", (name, value) => {
    expect(parseOptions({ ...OPTIONS, [name]: value })).toMatchObject({
      [name]: value,
    })
  })
})

describe("Another gateway", () => {
  const gateway = {
    type: "hosted",
    baseUrl: "https://gateway.example.com",
    merchantId: "m-1",
    key: "secret",
  }

  it("needs neither a Bakong token nor an account", () => {
    expect(
      parseOptions({ merchant: { name: "Lucky Shop" }, gateway })
    ).toMatchObject({
      gateway: { ...gateway, timeoutMs: 10_000, dailyRequestLimit: null },
    })
  })

  it("may be the shop's own, which needs the account and no token", () => {
    const own = () => ({})
    const options = { merchant: MERCHANT, gateway: own }
    expect(parseOptions(options).gateway).toBe(own)
    expect(
      faultsOf({ merchant: { name: "Lucky Shop" }, gateway: own })
    ).toEqual(["merchant.accountId is missing"])
  })

  it.each([[{ ...gateway, key: "" }], [{ type: "hosted" }], ["hosted"]])(
    "is refused as %j",
    (faulty) => {
      expect(faultsOf({ ...OPTIONS, gateway: faulty })[0]).toMatch(/^gateway/)
    }
  )
})

describe("A fault in the options", () => {
  it("is an e-mail address that Bakong would not take", () => {
    const email = `${"a".repeat(26)}@b.kh`
    const [fault] = faultsOf(withBakong({ email }))
    expect(fault).toMatch(/^bakong\.email .*30/)
    expect(fault).not.toContain(email)
  })

  it("is an encryption key that is too short, which is not shown", () => {
    const [fault] = faultsOf(withBakong({ encryptionKey: "hunter2" }))
    expect(fault).toMatch(/^bakong\.encryptionKey .*32/)
    expect(fault).not.toContain("hunter2")
  })

  it.each([[0], [1], [-1], [1.5], ["100"]])(
    "is a limit of %j calls",
    (limit) => {
      const [fault] = faultsOf(withBakong({ dailyRequestLimit: limit }))
      expect(fault).toMatch(/^bakong\.dailyRequestLimit .*calls a day/)
    }
  )

  it.each([
    ["without the others", { appName: "Lucky Shop" }, "all three"],
    ["with a URL for a host", { hosts: ["https://nbc.gov.kh"] }, "host names"],
  ])("is a deep link %s", (_, deeplink, fault) => {
    expect(faultsOf({ ...OPTIONS, deeplink })[0]).toMatch(
      new RegExp(`^deeplink.*${fault}`)
    )
  })

  it("is told together with all the others, each by its name", () => {
    expect(
      faultsOf({
        merchant: {
          accountId: "lucky_shop",
          name: "ហាងសំណាង",
          categoryCode: "59",
          colour: "red",
        },
        bakong: { baseUrl: "api-bakong.nbc.gov.kh", timeoutMs: 10 },
        expiresInSeconds: 601,
        latePayment: "honour",
      })
    ).toEqual([
      NO_TOKEN,
      'merchant.accountId must have the form name@bank, for example "lucky_shop@aclb"',
      "merchant.name must be printable ASCII; a Khmer name goes into merchant.nameKm",
      'merchant.categoryCode must be four digits, for example "5999"',
      "merchant.colour is not an option",
      "bakong.baseUrl must be a URL that starts with http:// or https://",
      expect.stringMatching(/^bakong\.timeoutMs .*1000/),
      expect.stringMatching(/^expiresInSeconds .*600/),
      "latePayment is not an option",
    ])
  })

  it.each([
    ["missing", { token: undefined }, "bakong.token is missing"],
    ["empty", { token: "" }, "bakong.token must be the token"],
    ["blank", { token: " \n" }, "bakong.token must be the token"],
    ["only quotes", { token: '""' }, "bakong.token must be the token"],
    ["only its kind", { token: "Bearer " }, "bakong.token must be the token"],
    [
      "not ASCII",
      { token: "\u201ceyJ\u201d" },
      "bakong.token must be the token",
    ],
  ])("is a token that is %s", (_, changes, fault) => {
    const faults = faultsOf(withBakong(changes))

    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(fault)
  })

  it.each([
    "https://api-bakong.nbc.gov.kh/v1",
    "https://api-bakong.nbc.gov.kh/?a=1",
    "https://api-bakong.nbc.gov.kh/#x",
    "ftp://api-bakong.nbc.gov.kh",
    "http://:80",
  ])("is the base URL %s", (baseUrl) => {
    const faults = faultsOf(withBakong({ baseUrl }))

    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(/^bakong\.baseUrl must be/)
  })

  it("is a merchant whose fields are right and do not fit together", () => {
    const faults = faultsOf(
      withMerchant({
        accountId: `${"a".repeat(27)}@aclb`,
        accountInformation: "1".repeat(32),
        acquiringBank: "B".repeat(32),
      })
    )

    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(/^merchant does not fit into a KHQR: .*99/)
  })

  it("never shows the token, whatever else is wrong with it or beside it", () => {
    for (const raw of [
      withBakong({ token: [TOKEN] }),
      withBakong({ token: { value: TOKEN } }),
      withBakong({ baseUrl: TOKEN, proxyUrl: TOKEN, timeoutMs: TOKEN }),
      { ...OPTIONS, merchant: TOKEN, latePayments: TOKEN, khrRounding: TOKEN },
      withMerchant({ type: TOKEN, name: `${TOKEN}ក`, accountId: TOKEN }),
    ]) {
      // `faultsOf` looks for the token in the message.
      expect(faultsOf(raw).length).toBeGreaterThan(0)
    }
  })

  it("does not show a proxy's password", () => {
    const [fault] = faultsOf(
      withBakong({ proxyUrl: "ftp://user:hunter2@proxy.kh" })
    )

    expect(fault).toMatch(/^bakong\.proxyUrl must be a URL/)
    expect(fault).not.toContain("hunter2")
  })

  it.each([
    ["name", "L".repeat(26), "must be at most 25 characters long"],
    ["name", " ", "must not be empty"],
    ["city", "P".repeat(16), "must be at most 15 characters long"],
    ["accountId", `${"a".repeat(28)}@aclb`, "must be at most 32"],
    ["accountId", "lucky shop@aclb", "must have the form name@bank"],
    ["accountId", "a@b@c", "must have the form name@bank"],
    ["storeLabel", "s".repeat(26), "must be at most 25 characters long"],
    ["terminalLabel", "ក", "must be printable ASCII"],
    ["accountInformation", "1".repeat(33), "must be at most 32"],
    ["categoryCode", 5999, "string"],
  ])("is merchant.%s %j", (name, value, fault) => {
    const faults = faultsOf(withMerchant({ [name]: value }))

    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(new RegExp(`^merchant\\.${name} .*${fault}`))
  })

  it.each([
    ["expiresInSeconds", 59],
    ["expiresInSeconds", 601],
    ["expiresInSeconds", 60.5],
    ["expiresInSeconds", "600"],
    ["khrRounding", 50],
    ["khrRounding", "1"],
    ["latePayments", "honor"],
  ])("is %s: %j", (name, value) => {
    const faults = faultsOf({ ...OPTIONS, [name]: value })

    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(new RegExp(`^${name} `))
  })

  it.each([
    [
      withMerchant({ type: "shop" }),
      'merchant.type must be "individual" or "merchant"',
    ],
    [
      { ...OPTIONS, khrRounding: "down" },
      'khrRounding must be 1, 100 or "refuse"',
    ],
    [
      { ...OPTIONS, latePayments: "no" },
      'latePayments expected one of "honour"|"review"',
    ],
  ])("is told with what would be right: %#", (raw, fault) => {
    expect(faultsOf(raw)).toEqual([fault])
  })
})

describe("The two kinds of merchant", () => {
  const ACQUIRED = {
    type: "merchant",
    merchantId: "123456",
    acquiringBank: "ACLEDA",
  }

  it("are told apart by their type", () => {
    expect(parseOptions(withMerchant(ACQUIRED)).merchant).toMatchObject(
      ACQUIRED
    )
    expect(parseOptions(OPTIONS).merchant.type).toBe("individual")
  })

  it("need what their tag of the KHQR needs", () => {
    expect(faultsOf(withMerchant({ type: "merchant" }))).toEqual([
      "merchant.merchantId is missing",
      "merchant.acquiringBank is missing",
    ])
    expect(faultsOf(withMerchant({ merchantId: "123456" }))).toEqual([
      'merchant.merchantId is an option only with merchant.type "merchant"',
    ])
  })

  it.each([
    ["individual", { accountInformation: "85512345678" }],
    ["individual", { acquiringBank: "ACLEDA" }],
    ["merchant", ACQUIRED],
  ])("become a receiver that a KHQR can be built for: %s %j", (_, changes) => {
    const { merchant } = parseOptions(withMerchant(changes))
    const now = Date.parse("2026-11-21T03:00:00Z")
    const { qr } = buildKhqr(
      {
        ...printedFields({ merchant }),
        receiver: receiverOf(merchant),
        currency: "USD",
        amount: "11",
        expiresAt: now + 600_000,
      },
      now
    )

    expect(decodeKhqr(qr).receiver).toEqual({
      type: merchant.type,
      accountId: "lucky_shop@aclb",
      ...(merchant.type === "merchant"
        ? { merchantId: "123456", acquiringBank: "ACLEDA" }
        : changes),
    })
  })
})

describe("How KHQRs are made", () => {
  it.each(["dynamic", "static", "client"])("may be %s", (mode) => {
    expect(parseOptions({ ...OPTIONS, mode }).mode).toBe(mode)
  })

  it("is one of three", () => {
    expect(faultsOf({ ...OPTIONS, mode: "deeplink" })).toEqual([
      'mode expected one of "dynamic"|"static"|"client"',
    ])
  })

  it.each(["static", "client"])(
    "is not %s where a hosted gateway makes them, which knows its receiver too",
    (mode) => {
      const gateway = {
        type: "hosted",
        baseUrl: "https://gateway.example.com",
        merchantId: "m-1",
        key: "secret",
      }
      const receivers = { usd: { accountId: "other@aclb" } }
      expect(faultsOf({ ...OPTIONS, gateway, mode, receivers })).toEqual([
        'mode must be "dynamic" with a hosted gateway, which makes the KHQR itself',
        "receivers is no option with a hosted gateway, which knows whom it pays",
      ])
    }
  )
})

describe("Receivers of their own for a currency", () => {
  const withReceivers = (receivers: unknown) => ({ ...OPTIONS, receivers })

  it("take the place of the merchant's account, whole", () => {
    const options = parseOptions({
      ...withMerchant({ accountInformation: "85512345678" }),
      receivers: { khr: { accountId: " riel@wing " } },
    })
    expect(receiverFor(options, "USD")).toEqual({
      type: "individual",
      accountId: "lucky_shop@aclb",
      accountInformation: "85512345678",
      acquiringBank: undefined,
    })
    expect(receiverFor(options, "KHR")).toEqual({
      type: "individual",
      accountId: "riel@wing",
      accountInformation: undefined,
      acquiringBank: undefined,
    })
    expect(receivingAccounts(options)).toEqual([
      { option: "merchant.accountId", accountId: "lucky_shop@aclb" },
      { option: "receivers.khr.accountId", accountId: "riel@wing" },
    ])
  })

  it("may be of another type than the merchant's account", () => {
    const khr = {
      type: "merchant",
      accountId: "riel@aclb",
      merchantId: "77",
      acquiringBank: "ACLEDA",
    }
    const options = parseOptions(withReceivers({ khr }))
    expect(receiverFor(options, "KHR")).toEqual(khr)
  })

  it("make the merchant's account needless when both are there, and only then", () => {
    const merchant = { name: "Lucky Shop" }
    const [usd, khr] = [{ accountId: "a@aclb" }, { accountId: "b@aclb" }]
    expect(
      receivingAccounts(
        parseOptions({ ...OPTIONS, merchant, receivers: { usd, khr } })
      )
    ).toEqual([
      { option: "receivers.usd.accountId", accountId: "a@aclb" },
      { option: "receivers.khr.accountId", accountId: "b@aclb" },
    ])
    expect(faultsOf({ ...OPTIONS, merchant, receivers: { khr } })).toEqual([
      "merchant.accountId is missing (or receivers.usd)",
    ])
  })

  it.each<[string, unknown, RegExp]>([
    ["without an account", {}, /^receivers\.khr\.accountId is missing$/],
    [
      "with a wrong one",
      { accountId: "riel" },
      /^receivers\.khr\.accountId must have the form name@bank/,
    ],
    [
      "with a name",
      { accountId: "riel@wing", name: "Riel" },
      /^receivers\.khr\.name is not an option$/,
    ],
    [
      "with another type's field",
      { accountId: "riel@wing", merchantId: "7" },
      /^receivers\.khr\.merchantId is an option only with receivers\.khr\.type "merchant"$/,
    ],
    [
      "that no KHQR has room for",
      {
        accountId: `${"a".repeat(27)}@aclb`,
        accountInformation: "1".repeat(32),
        acquiringBank: "B".repeat(32),
      },
      /^receivers\.khr does not fit into a KHQR: .*99/,
    ],
  ])("are refused %s", (_, khr, fault) => {
    const faults = faultsOf(withReceivers({ khr }))
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(fault)
  })

  it("are for dollars and riel", () => {
    expect(faultsOf(withReceivers({ eur: {} }))).toEqual([
      "receivers.eur is not an option",
    ])
  })
})

describe("Limits of an amount", () => {
  const withLimits = (limits: unknown) => ({ ...OPTIONS, limits })

  it("may be numbers or text, and become exact", () => {
    const usd = { min: 0.1, max: "1000.50" }
    expect(parseOptions(withLimits({ usd })).limits).toEqual({
      usd: { min: "0.10", max: "1000.50" },
    })
    expect(
      parseOptions(withLimits({ khr: { min: 4000, max: 4000 } })).limits
    ).toEqual({ khr: { min: "4000", max: "4000" } })
  })

  it.each<[string, unknown, RegExp]>([
    [
      "finer than a cent",
      { usd: { min: 0.005 } },
      /^limits\.usd\.min is finer than a cent/,
    ],
    [
      "finer than a riel",
      { khr: { max: "0.5" } },
      /^limits\.khr\.max has a fraction of a riel/,
    ],
    ["zero", { usd: { min: 0 } }, /^limits\.usd\.min is zero/],
    ["negative", { usd: { max: -1 } }, /^limits\.usd\.max is negative/],
    [
      "no number",
      { usd: { max: "ten" } },
      /^limits\.usd\.max must be a plain decimal/,
    ],
    [
      "crossed",
      { usd: { min: 10, max: 9.99 } },
      /^limits\.usd must have a min that is not above its max/,
    ],
    [
      "of another currency",
      { eur: { min: 1 } },
      /^limits\.eur is not an option/,
    ],
  ])("are refused when %s", (_, limits, fault) => {
    const faults = faultsOf(withLimits(limits))
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(fault)
  })
})
