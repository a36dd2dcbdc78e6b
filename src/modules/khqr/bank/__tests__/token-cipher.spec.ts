import fc from "fast-check"

import { TokenCipher } from "../token-cipher"

const KEY = "a key that is long enough for the option"

const token = fc.string({ unit: "binary", maxLength: 600 })
const name = fc.string()

describe("a sealed token", () => {
  it("opens with the same key, in another process too", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 32 }),
        token,
        name,
        (key, text, who) => {
          const sealed = new TokenCipher(key).seal(text, who)
          expect(new TokenCipher(key).open(sealed, who)).toBe(text)
        }
      )
    )
  })

  it("opens neither with another key nor under another name", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 32 }), {
          minLength: 2,
          maxLength: 2,
        }),
        token,
        ([key, other], text) => {
          const sealed = new TokenCipher(key).seal(text, "me")
          expect(new TokenCipher(other).open(sealed, "me")).toBeNull()
          expect(new TokenCipher(key).open(sealed, "you")).toBeNull()
        }
      )
    )
  })

  it("does not open once any of its characters is another", () => {
    const cipher = new TokenCipher(KEY)
    fc.assert(
      fc.property(
        token,
        fc.nat(),
        fc.constantFrom(..."ABCXYZabcxyz0189-_.=+/ v"),
        (text, place, character) => {
          const sealed = cipher.seal(text, "me")
          const at = place % sealed.length
          fc.pre(sealed[at] !== character)
          const touched = sealed.slice(0, at) + character + sealed.slice(at + 1)
          expect(cipher.open(touched, "me")).toBeNull()
        }
      ),
      { numRuns: 500 }
    )
  })

  it("does not open when cut or lengthened, and nothing else opens either", () => {
    const cipher = new TokenCipher(KEY)
    const sealed = cipher.seal("a.b.c", "me")
    for (let length = 0; length < sealed.length; length++) {
      expect(cipher.open(sealed.slice(0, length), "me")).toBeNull()
    }
    expect(cipher.open(`${sealed}A`, "me")).toBeNull()
    expect(cipher.open(`${sealed}.`, "me")).toBeNull()
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(cipher.open(text, "me")).toBeNull()
      })
    )
  })

  it("is another text each time, and none that shows the token", () => {
    const cipher = new TokenCipher(KEY)
    const texts = Array.from({ length: 50 }, () => cipher.seal("secret", "me"))
    expect(new Set(texts).size).toBe(50)
    expect(texts.every((text) => /^v1(\.[\w-]+){3}$/.test(text))).toBe(true)
    expect(texts.join()).not.toContain("secret")
  })
})
