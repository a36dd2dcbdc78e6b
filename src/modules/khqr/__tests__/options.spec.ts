import { buildKhqr, decodeKhqr } from "../../../khqr"
import { parseOptions, printedFields } from "../options"

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
      deeplink: { hosts: ["nbc.gov.kh"] },
      auditRetentionDays: 90,
      expiresInSeconds: 600,
      khrRounding: 1,
      latePayments: "honour",
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
      auditRetentionDays: 30,
      expiresInSeconds: 60,
      khrRounding: "refuse",
      latePayments: "review",
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

  it.each([[0], [-1], [1.5], ["100"]])("is a limit of %j calls", (limit) => {
    const [fault] = faultsOf(withBakong({ dailyRequestLimit: limit }))
    expect(fault).toMatch(/^bakong\.dailyRequestLimit .*calls a day/)
  })

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
        ...printedFields(merchant),
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
