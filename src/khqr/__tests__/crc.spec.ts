import { crc16 } from "../crc"

describe("crc16", () => {
  it.each([
    ["123456789", "29B1"],
    ["", "FFFF"],
    ["A", "B915"],
  ])("is CRC-16/CCITT-FALSE: %j gives %s", (text, digits) => {
    expect(crc16(text)).toBe(digits)
  })

  it("runs over UTF-8 bytes", () => {
    expect(crc16("ភ្នំពេញ")).toBe(crc16Bitwise(Buffer.from("ភ្នំពេញ", "utf8")))
  })

  it("always has four digits", () => {
    for (let i = 0; i < 20_000; i++) {
      expect(crc16(`${i}`)).toBe(crc16Bitwise(Buffer.from(`${i}`)))
    }
  })
})

/** The polynomial division as the standard writes it, bit by bit. */
function crc16Bitwise(bytes: Buffer): string {
  let crc = 0xffff
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const carry = (crc >> 15) ^ ((byte >> bit) & 1)
      crc = ((crc << 1) & 0xffff) ^ (carry ? 0x1021 : 0)
    }
  }
  return `000${crc.toString(16).toUpperCase()}`.slice(-4)
}
