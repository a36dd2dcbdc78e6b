import fc from "fast-check"

import { csvLine } from "../csv"

/** Reads one line as RFC 4180 has it. */
function readLine(line: string): string[] {
  const cells: string[] = []
  let at = 0
  for (;;) {
    let cell = ""
    if (line[at] === '"') {
      for (at++; line[at] !== '"' || line[at + 1] === '"'; at++) {
        cell += line[at]
        at += line[at] === '"' ? 1 : 0
      }
      at++
    } else {
      for (; line[at] !== "," && line[at] !== "\r"; at++) {
        cell += line[at]
      }
    }
    cells.push(cell)
    if (line[at] === "\r") {
      expect(line.slice(at)).toBe("\r\n")
      return cells
    }
    at++
  }
}

const DANGEROUS = ["=", "+", "-", "@", "\t", "\r", "\n"]

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc
    .tuple(fc.constantFrom(...DANGEROUS), fc.string())
    .map(([head, rest]) => head + rest),
  fc
    .array(fc.constantFrom('"', ",", "\r", "\n", "'", "=", " "))
    .map((parts) => parts.join(""))
)

describe("a line for a spreadsheet", () => {
  it("is read as it was written, but for an apostrophe before what would be a formula", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (cells) => {
        const read = readLine(csvLine(cells))
        expect(read).toHaveLength(cells.length)
        read.forEach((cell, n) => {
          expect(DANGEROUS).not.toContain(cell[0])
          expect([cells[n], `'${cells[n]}`]).toContain(cell)
        })
      }),
      { numRuns: 1_000 }
    )
  })

  it.each([
    ["=1+1", "'=1+1"],
    ["+855 12", "'+855 12"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\tx", "'\tx"],
    ["＝1", "'＝1"],
    ["a,b", '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ["11.00", "11.00"],
    ["", ""],
  ])("writes %j as %s", (value, cell) => {
    expect(csvLine([value])).toBe(`${cell}\r\n`)
  })

  it("writes nothing for null, and a moment as ISO 8601", () => {
    expect(csvLine([null, new Date(0), 5])).toBe(
      ",1970-01-01T00:00:00.000Z,5\r\n"
    )
  })
})
