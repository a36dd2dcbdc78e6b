import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { encode } from "uqr"
import { buildKhqr } from "../build"
import { renderKhqrCard, type KhqrCard } from "../card"
import { NOW, khqrErrorOf, shopInput } from "./world"

const { qr } = buildKhqr(shopInput({ billNumber: "K7Q2M9XH4T8B" }), NOW)

const render = (change: Partial<KhqrCard> = {}) =>
  renderKhqrCard({
    qr,
    merchantName: "Riverside Books",
    amount: "10000",
    currency: "KHR",
    ...change,
  })

/** Contents of the `<text>` elements, tags removed. */
const textsOf = (svg: string) =>
  [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, text]) =>
    text.replace(/<[^>]+>/g, " ").trim()
  )

const sizesOf = (svg: string) =>
  [...svg.matchAll(/font-size="([\d.]+)"/g)].map(([, size]) => Number(size))

/** The black modules a path of `Mx yhNv1h-Nz` runs draws. */
function modulesOf(svg: string): Set<string> {
  const path = /d="(M\d+ \d+h[^"]+)"/.exec(svg)?.[1] ?? ""
  const modules = new Set<string>()
  for (const [, x, y, run, back] of path.matchAll(
    /M(\d+) (\d+)h(\d+)v1h-(\d+)z/g
  )) {
    expect(back).toBe(run)
    for (let i = 0; i < Number(run); i++) {
      modules.add(`${Number(x) + i},${y}`)
    }
  }
  return modules
}

describe("the KHQR card", () => {
  it("keeps NBC's proportions and colour at any width", () => {
    const svg = render()
    expect(svg).toContain('width="400" height="580" viewBox="0 0 400 580"')
    expect(render({ width: 200 })).toContain('width="200" height="290"')

    expect(svg).toContain('fill="#E1232E"')
    expect(svg).toContain("69.6") // header, 12 %
    expect(svg).toContain("V101.6L368 69.6") // fold, 45°, 8 % of the width
    expect(svg).toContain("M0 197.2H400") // rule, 34 %
    expect(svg).toContain("stroke-dasharray")
    expect(sizesOf(svg)).toEqual([30, 17.4, 37.7, 17.4])
  })

  it("shows the word KHQR, the name, the amount and the currency", () => {
    expect(textsOf(render())).toEqual([
      "KHQR",
      "Riverside Books",
      "10,000  KHR",
    ])
    expect(textsOf(render({ amount: "1234.5", currency: "USD" }))[2]).toBe(
      "1,234.50  USD"
    )
  })

  it("shows the Khmer name under the other, in fonts that have it", () => {
    const svg = render({ merchantNameKm: "បណ្ណាគារមាត់ទន្លេ" })
    expect(textsOf(svg)[2]).toBe("បណ្ណាគារមាត់ទន្លេ")
    expect(svg).toContain("'Noto Sans Khmer', 'Khmer OS Battambang'")
  })

  it("names only the currency when it is static", () => {
    const svg = render({ amount: undefined })
    expect(textsOf(svg)).toEqual(["KHQR", "Riverside Books", "KHR"])
    expect(svg).toContain('aria-label="KHQR: pay Riverside Books"')
  })

  it("draws exactly the modules of the string, at error correction M", () => {
    const { data, size } = encode(qr, { ecc: "M", border: 0 })
    const expected = new Set<string>()
    data.forEach((row, y) =>
      row.forEach((black, x) => black && expected.add(`${x},${y}`))
    )
    const svg = render()

    expect(modulesOf(svg)).toEqual(expected)
    expect(svg).toContain(`translate(58 246.6) scale(${284 / size})`)
    expect(svg).toContain('shape-rendering="crispEdges"')
    expect(modulesOf(render({ qr: `${qr}x` }))).not.toEqual(expected)
  })

  it("keeps a quiet zone of four modules for the largest symbol", () => {
    const { size } = encode("x".repeat(511), { ecc: "M", border: 0 })
    const module = 284 / size
    expect(58 / module).toBeGreaterThanOrEqual(4)
    expect((246.6 - 197.2) / module).toBeGreaterThanOrEqual(4)
  })

  it("is black on white whatever the page does", () => {
    const svg = render()
    expect(svg).toContain(
      '<rect width="400" height="580" rx="16" fill="#fff"/>'
    )
    expect(svg).not.toMatch(/currentColor|prefers-color-scheme|<style/)
    for (const [element] of svg.matchAll(/<(text|path|rect)\b[^>]*>/g)) {
      expect(element).toContain("fill=")
    }
  })

  it("tells a screen reader what to pay and whom", () => {
    const svg = render()
    expect(svg).toContain('role="img"')
    expect(svg).toContain(
      'aria-label="KHQR: pay 10,000 KHR to Riverside Books"'
    )
    expect(svg).toContain(
      "<title>KHQR: pay 10,000 KHR to Riverside Books</title>"
    )
  })

  it("escapes every text", () => {
    const odd = `"><script>alert('1')</script>&amp;\u0000`
    const svg = render({
      merchantName: odd,
      merchantNameKm: odd,
      amount: undefined,
      currency: odd as "USD",
    })
    expect(svg).not.toContain("<script")
    expect(svg).not.toContain("\u0000")
    expect(svg.match(/<text/g)).toHaveLength(4)
    expect(svg).toContain("&lt;script&gt;alert(&#39;1&#39;)")
  })

  it("shrinks long texts and cuts endless ones, so that nothing sticks out", () => {
    const [, nameSize] = sizesOf(render({ merchantName: "M".repeat(18) }))
    expect(nameSize).toBeLessThan(17.4)
    expect(nameSize * 18).toBeLessThanOrEqual(284)

    const [, , amountSize] = sizesOf(
      render({ amount: "9999999999.99", currency: "USD" })
    )
    expect(amountSize).toBeLessThan(37.7)
    expect(amountSize).toBeGreaterThan(17.4)

    const endless = textsOf(render({ merchantNameKm: "ទន្លេ".repeat(100) }))[2]
    expect(endless.endsWith("…")).toBe(true)
    expect(endless.length).toBeLessThan(200)
    expect(endless.slice(0, -1)).toBe(
      "ទន្លេ".repeat(100).slice(0, endless.length - 1)
    )
  })

  it("refuses what it cannot draw", () => {
    const field = (change: Partial<KhqrCard>) =>
      khqrErrorOf(() => render(change)).field

    expect(field({ qr: "" })).toBe("qr")
    expect(field({ qr: "x".repeat(513) })).toBe("qr")
    expect(field({ amount: "1.5" })).toBe("amount")
    for (const width of [0, -1, NaN, Infinity]) {
      expect(field({ width })).toBe("width")
    }
  })

  it("imports nothing a browser lacks", () => {
    const seen = new Set<string>()
    const visit = (file: string) => {
      for (const [, from] of readFileSync(file, "utf8").matchAll(
        /^(?:import|export) (?!type)[^"]*? from "([^"]+)"$/gm
      )) {
        if (!seen.has(from)) {
          seen.add(from)
          if (from.startsWith(".")) {
            visit(join(dirname(file), `${from}.ts`))
          }
        }
      }
    }
    visit(join(__dirname, "../card.ts"))

    expect([...seen].sort()).toEqual(["./errors", "./money", "./rules", "uqr"])
  })
})
