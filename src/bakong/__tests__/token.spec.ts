import fc from "fast-check"
import { cleanToken, fingerprintOf, readTokenClaims } from "../token"

const HEADER = { alg: "HS256", typ: "JWT" }

const part = (value: unknown) =>
  Buffer.from(
    typeof value === "string" ? value : JSON.stringify(value)
  ).toString("base64url")

const jwt = (payload: unknown, header: unknown = HEADER) =>
  `${part(header)}.${part(payload)}.signature`

describe("a pasted token", () => {
  it.each([
    ["abc.def.ghi", "abc.def.ghi"],
    [" Bearer abc.def.ghi\n", "abc.def.ghi"],
    ['"bearer abc.def\n.ghi"', "abc.def.ghi"],
    ["Authorization: Bearer abc", "abc"],
    ["BAKONG_TOKEN=eyJh.def.ghi", "eyJh.def.ghi"],
    ['export BAKONG_TOKEN="Bearer eyJh.def.ghi"\n', "eyJh.def.ghi"],
    // A name only before what can be nothing but a token: others may end so.
    ["b3BhcXVl==", "b3BhcXVl=="],
    ["key=value", "key=value"],
    ["eyJh=.eyJk==.ghi", "eyJh=.eyJk==.ghi"],
    ["", ""],
    ["“abc”", ""],
  ])("%p is %p", (pasted, bare) => {
    expect(cleanToken(pasted)).toBe(bare)
  })
})

describe("a token's claims", () => {
  it("are the subject and the times as Bakong writes them, in ms", () => {
    expect(
      readTokenClaims(
        jwt({ data: { id: "abc123" }, iat: 1_700_000_000, exp: 1_707_776_000 })
      )
    ).toEqual({
      subject: "abc123",
      issuedAt: 1_700_000_000_000,
      expiresAt: 1_707_776_000_000,
    })
  })

  it("may name the subject as other issuers do", () => {
    expect(readTokenClaims(jwt({ sub: "shop", exp: 1.5 }))).toEqual({
      subject: "shop",
      issuedAt: null,
      expiresAt: 1500,
    })
  })

  it.each([
    { data: { id: 7 }, sub: "x" },
    { data: { id: " 7 " } },
    { data: null, sub: 7 },
  ])("find the subject in %j", (payload) => {
    expect(readTokenClaims(jwt(payload))).toMatchObject({ subject: "7" })
  })

  it.each([
    {},
    { exp: "soon", iat: -1, data: "x", sub: [] },
    { exp: null, iat: 0, data: { id: " " }, sub: null },
    { exp: 1e300, iat: false, data: [], sub: {} },
  ])("are null one by one where they are missing or odd: %j", (payload) => {
    expect(readTokenClaims(jwt(payload))).toEqual({
      subject: null,
      issuedAt: null,
      expiresAt: null,
    })
  })

  it("are read with and without base64 padding", () => {
    for (const id of ["a", "ab", "abc", "abcd"]) {
      const payload = JSON.stringify({ data: { id } })
      for (const text of [
        Buffer.from(payload).toString("base64"),
        Buffer.from(payload).toString("base64url"),
      ]) {
        expect(readTokenClaims(`${part(HEADER)}.${text}.s_-g`)).toMatchObject({
          subject: id,
        })
      }
    }
  })

  it.each([
    ["nothing", ""],
    ["words", "no token at all"],
    ["two parts", "eyJ.eyJ"],
    ["four parts", `${jwt({})}.more`],
    ["an empty signature", `${part(HEADER)}.${part({})}.`],
    ["a list", jwt([1])],
    ["a word", jwt("hello")],
    ["null", jwt(null)],
    ["no header", jwt({}, "hello")],
    ["a list for a header", jwt({}, [])],
    ["something endless", jwt({ data: { id: "x".repeat(20_000) } })],
  ])("are null for %s", (_, token) => {
    expect(readTokenClaims(token)).toBeNull()
  })

  it("are read or null, whatever the token", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((payload) => jwt(payload)),
          fc
            .record({
              data: fc.jsonValue(),
              sub: fc.jsonValue(),
              iat: fc.jsonValue(),
              exp: fc.jsonValue(),
            })
            .map((payload) => jwt(payload))
        ),
        (token) => {
          const claims = readTokenClaims(token)
          for (const moment of [claims?.issuedAt, claims?.expiresAt]) {
            expect(moment == null || Number.isSafeInteger(moment)).toBe(true)
          }
          expect(["string", "object", "undefined"]).toContain(
            typeof claims?.subject
          )
        }
      )
    )
  })
})

describe("a token's fingerprint", () => {
  it("is a sha256 that does not tell the token", () => {
    expect(fingerprintOf("abc")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    expect(fingerprintOf("abd")).not.toBe(fingerprintOf("abc"))
  })
})
