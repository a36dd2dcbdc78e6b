import { encode } from "uqr"
import { KhqrError } from "./errors"
import { formatKhqrAmount } from "./money"
import { MAX_KHQR_LENGTH } from "./rules"
import type { KhqrCurrency } from "./types"

/** What stands on a KHQR card. */
export type KhqrCard = {
  /** The KHQR string, drawn as it is. */
  qr: string
  merchantName: string
  /** Shown under the name. Khmer belongs here, not into the string. */
  merchantNameKm?: string
  /** Decimal, exact in the currency; absent on a static card. */
  amount?: string
  currency: KhqrCurrency
  /** Of the `<svg>`, in CSS pixels; default 400. The height follows, 20:29. */
  width?: number
}

/*
 * NBC's measures for a KHQR card (KHQR Content Guideline), on a canvas of 400 by 580.
 */
const WIDTH = 400
const HEIGHT = 580
const HEADER_HEIGHT = HEIGHT * 0.12
const FOLD = WIDTH * 0.08
const RULE_Y = HEIGHT * 0.34
const NAME_SIZE = HEIGHT * 0.03
const AMOUNT_SIZE = HEIGHT * 0.065
const CURRENCY_SIZE = HEIGHT * 0.03
const QR_SIZE = WIDTH * 0.71
const QR_X = (WIDTH - QR_SIZE) / 2
const QR_Y = RULE_Y + (HEIGHT - RULE_Y - QR_SIZE) / 2
const CORNER = 16
const RED = "#E1232E"

const TEXT_X = QR_X
const TEXT_WIDTH = WIDTH - 2 * TEXT_X
const GAP = 8

/** Smaller than this share of its size a name is cut, not shrunk. */
const SMALLEST = 0.6

const FONTS =
  "'Nunito Sans', 'Noto Sans Khmer', 'Khmer OS Battambang', sans-serif"

/**
 * Draws the KHQR card as an SVG document: black on white whatever the page's theme, error
 * correction M, a quiet zone of more than four modules. Needs no DOM and no Node, loads
 * nothing, and escapes every text.
 *
 * @throws KhqrError when the string is empty or too long, the amount is not one the
 * currency can hold, or the width is no positive number
 */
export function renderKhqrCard(card: KhqrCard): string {
  const width = card.width ?? WIDTH
  if (!Number.isFinite(width) || width <= 0) {
    throw new KhqrError(
      "out_of_range",
      { field: "width" },
      "must be a positive number of pixels"
    )
  }
  const height = round((width * HEIGHT) / WIDTH)
  const label = escapeXml(describe(card))

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${label}"` +
      ` width="${round(width)}" height="${height}"` +
      ` viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="${FONTS}">`,
    `<title>${label}</title>`,
    drawPaper(),
    drawHeader(),
    ...drawTexts(card),
    `<path d="M0 ${round(RULE_Y)}H${WIDTH}" stroke="#000" stroke-opacity=".5"` +
      ` stroke-dasharray="8 6" fill="none"/>`,
    drawQr(card.qr),
    drawBorder(),
    "</svg>",
  ].join("")
}

function describe({ merchantName, amount, currency }: KhqrCard): string {
  return amount === undefined
    ? `KHQR: pay ${merchantName}`
    : `KHQR: pay ${formatKhqrAmount(amount, currency)} to ${merchantName}`
}

function drawPaper(): string {
  return `<rect width="${WIDTH}" height="${HEIGHT}" rx="${CORNER}" fill="#fff"/>`
}

function drawBorder(): string {
  return (
    `<rect x=".5" y=".5" width="${WIDTH - 1}" height="${HEIGHT - 1}"` +
    ` rx="${CORNER - 0.5}" fill="none" stroke="#000" stroke-opacity=".12"/>`
  )
}

/** Red, with the 45° fold hanging from its right end. */
function drawHeader(): string {
  const bottom = round(HEADER_HEIGHT)
  const shape =
    `M0 ${bottom}V${CORNER}A${CORNER} ${CORNER} 0 0 1 ${CORNER} 0` +
    `H${WIDTH - CORNER}A${CORNER} ${CORNER} 0 0 1 ${WIDTH} ${CORNER}` +
    `V${round(HEADER_HEIGHT + FOLD)}L${WIDTH - FOLD} ${bottom}Z`
  return (
    `<path d="${shape}" fill="${RED}"/>` +
    `<text x="${WIDTH / 2}" y="${round(HEADER_HEIGHT / 2 + 10.5)}"` +
    ` text-anchor="middle" font-size="30" font-weight="800"` +
    ` letter-spacing="2" fill="#fff">KHQR</text>`
  )
}

/** Name, Khmer name and amount, spread between the header and the rule. */
function drawTexts(card: KhqrCard): string[] {
  const lines: string[] = []
  const hasKhmer = Boolean(card.merchantNameKm)
  const hasAmount = card.amount !== undefined
  const nameY = hasKhmer ? 104 : hasAmount ? 113 : 128

  lines.push(drawName(card.merchantName, nameY))
  if (card.merchantNameKm) {
    lines.push(drawName(card.merchantNameKm, nameY + 27))
  }
  if (card.amount !== undefined) {
    lines.push(drawAmount(card.amount, card.currency, hasKhmer ? 178 : 167))
  } else {
    lines.push(
      `<text x="${round(TEXT_X)}" y="${nameY + (hasKhmer ? 60 : 32)}"` +
        ` font-size="${round(CURRENCY_SIZE)}" fill="#000">${escapeXml(card.currency)}</text>`
    )
  }
  return lines
}

function drawName(name: string, y: number): string {
  const { text, size } = fit(name, NAME_SIZE, TEXT_WIDTH)
  return (
    `<text x="${round(TEXT_X)}" y="${y}" font-size="${round(size)}" fill="#000">` +
    `${escapeXml(text)}</text>`
  )
}

function drawAmount(amount: string, currency: KhqrCurrency, y: number): string {
  const [figures] = formatKhqrAmount(amount, currency).split(" ")
  const room = TEXT_WIDTH - GAP - estimateWidth(currency) * CURRENCY_SIZE
  const { size } = fit(figures, AMOUNT_SIZE, room)
  return (
    `<text x="${round(TEXT_X)}" y="${y}" fill="#000">` +
    `<tspan font-size="${round(size)}" font-weight="700">${figures}</tspan>` +
    `<tspan font-size="${round(CURRENCY_SIZE)}" dx="${GAP}">${currency}</tspan>` +
    `</text>`
  )
}

function drawQr(qr: string): string {
  if (typeof qr !== "string" || qr === "" || qr.length > MAX_KHQR_LENGTH) {
    throw new KhqrError(
      qr ? "too_long" : "missing",
      { field: "qr" },
      `must be a KHQR string of at most ${MAX_KHQR_LENGTH} characters`
    )
  }
  const { data, size } = encode(qr, { ecc: "M", border: 0 })
  const scale = QR_SIZE / size
  return (
    `<path transform="translate(${round(QR_X)} ${round(QR_Y)})` +
    ` scale(${scale})" d="${drawModules(data)}" fill="#000"` +
    ` shape-rendering="crispEdges"/>`
  )
}

/** One rectangle for each run of black modules in a row. */
function drawModules(rows: boolean[][]): string {
  let path = ""
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) {
        continue
      }
      const start = x
      while (row[x + 1]) {
        x++
      }
      const run = x + 1 - start
      path += `M${start} ${y}h${run}v1h-${run}z`
    }
  })
  return path
}

/** Shrinks a text to the room it has; what would become unreadable is cut instead. */
function fit(
  text: string,
  size: number,
  room: number
): { text: string; size: number } {
  const width = estimateWidth(text) * size
  if (width <= room) {
    return { text, size }
  }
  const shrunk = (size * room) / width
  if (shrunk >= size * SMALLEST) {
    return { text, size: shrunk }
  }
  return { text: cut(text, room / (size * SMALLEST)), size: size * SMALLEST }
}

function cut(text: string, room: number): string {
  let kept = ""
  let width = estimateWidth("…")
  for (const { segment } of new Intl.Segmenter("km").segment(text)) {
    width += estimateWidth(segment)
    if (width > room) {
      break
    }
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

/**
 * Width in em, on the wide side: the font is the reader's, and nothing may stick out.
 * Modelled on DejaVu Sans and Noto Sans Khmer, both wider than Nunito Sans.
 */
function estimateWidth(text: string): number {
  let width = 0
  let previous = ""
  for (const character of text) {
    width += previous === KHMER_COENG ? 0.3 : characterWidth(character)
    previous = character
  }
  return width
}

/** The letter after it hangs below the letter before it. */
const KHMER_COENG = "\u17d2"
const KHMER_MARK = /[\u17b4\u17b5\u17b7-\u17bd\u17c6\u17c9-\u17d3]/

function characterWidth(character: string): number {
  if (/[ilI.,'|:;! ]/.test(character)) {
    return 0.38
  }
  if (/[mwMW@%]/.test(character)) {
    return 1.05
  }
  if (/[0-9a-z]/.test(character)) {
    return 0.7
  }
  if (KHMER_MARK.test(character)) {
    return 0
  }
  if (/[\u1780-\u17ff]/.test(character)) {
    return 0.68
  }
  return character < "\u0300" ? 0.82 : 1.1
}

/** Also drops what XML has no way to hold: control characters, half pairs. */
function escapeXml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, "")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;")
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
