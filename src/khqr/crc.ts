const POLYNOMIAL = 0x1021
const INITIAL = 0xffff
const LAST_ASCII = 0x7f
const ENCODER = new TextEncoder()

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) {
    crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1
  }
  return crc & 0xffff
})

/**
 * CRC-16/CCITT-FALSE over the UTF-8 bytes, as the four upper-case hex digits of tag 63
 * (EMVCo QR Code Specification for Payment Systems, Merchant-Presented Mode, 4.7.3).
 * `text` ends with `6304`: the checksum covers its own tag and length.
 */
export function crc16(text: string): string {
  let crc = INITIAL
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > LAST_ASCII) {
      return hex(update(crc, ENCODER.encode(text.slice(i))))
    }
    crc = ((crc << 8) ^ TABLE[(crc >> 8) ^ code]) & 0xffff
  }
  return hex(crc)
}

function update(crc: number, bytes: Uint8Array): number {
  for (const byte of bytes) {
    crc = ((crc << 8) ^ TABLE[(crc >> 8) ^ byte]) & 0xffff
  }
  return crc
}

function hex(crc: number): string {
  return crc.toString(16).toUpperCase().padStart(4, "0")
}
