import { describeDatabase, hiderOf } from "../secrets"

describe("secrets", () => {
  const hide = hiderOf({
    bakong: {
      token: " opaque-token ",
      email: "owner@lucky.shop",
      encryptionKey: "a-key-of-more-than-32-characters-x",
    },
    gateway: { key: "gateway-key" },
  })

  it.each([
    ["Bearer opaque-token", "Bearer [hidden]"],
    ["owner@lucky.shop is not registered", "[hidden] is not registered"],
    ["a-key-of-more-than-32-characters-x!", "[hidden]!"],
    ["key gateway-key", "key [hidden]"],
    ["eyJhbGciOi.eyJkYXRhIjp7.abc_-x refused", "[token] refused"],
    [
      "postgres://shop:p@ss:w0rd@db:5432/shop",
      "postgres://[hidden]@db:5432/shop",
    ],
    ["http://user@proxy.kh:8080", "http://[hidden]@proxy.kh:8080"],
    [
      "mend merchant.accountId lucky@aclb",
      "mend merchant.accountId lucky@aclb",
    ],
  ])("%s is shown as %s", (text, shown) => {
    expect(hide(text)).toBe(shown)
  })

  it.each([undefined, null, "options", { bakong: null, gateway: () => {} }])(
    "are sought in options that are %s",
    (options) => {
      expect(hiderOf(options)("all well")).toBe("all well")
    }
  )

  it.each([
    ["postgres://shop:secret@db.local:5433/lucky", "lucky at db.local:5433"],
    ["postgres://localhost/lucky%20shop", "lucky shop at localhost"],
    ["postgres://localhost", "the database at localhost"],
    ["host=db password=secret", "the configured database"],
  ])("are left out of %s", (url, shown) => {
    expect(describeDatabase(url)).toBe(shown)
  })
})
