import { newReference } from "../reference"

const MANY = Array.from({ length: 100_000 }, newReference)

describe("A reference", () => {
  it("is KH and 13 characters that cannot be mistaken for one another", () => {
    const right = /^KH[2-9A-HJKMNP-TV-Z]{13}$/

    expect(MANY.filter((reference) => !right.test(reference))).toEqual([])
  })

  it("fits into tag 62.01", () => {
    expect(Math.max(...MANY.map(({ length }) => length))).toBeLessThanOrEqual(
      25
    )
  })

  it("is never given twice", () => {
    expect(new Set(MANY).size).toBe(MANY.length)
  })

  it("uses its 30 characters alike, and in every place", () => {
    const counts = new Map<string, number>()
    for (const reference of MANY) {
      for (const character of reference.slice(2)) {
        counts.set(character, (counts.get(character) ?? 0) + 1)
      }
    }
    const even = (MANY.length * 13) / 30

    expect(counts.size).toBe(30)
    // 4 % are eight standard deviations: chance alone does not fail this in a lifetime.
    expect(Math.max(...counts.values())).toBeLessThan(even * 1.04)
    expect(Math.min(...counts.values())).toBeGreaterThan(even * 0.96)
    for (let place = 2; place < 15; place++) {
      const here = new Set(MANY.map((reference) => reference[place]))
      expect(here.size).toBe(30)
    }
  })
})
