import type { Locator } from "playwright-core"
import { encode } from "uqr"

/** What the reading needs of the browser, for whose library this folder is not compiled. */
type BrowserGlobals = {
  createImageBitmap(blob: Blob): Promise<{ width: number; height: number }>
  OffscreenCanvas: new (
    width: number,
    height: number
  ) => {
    getContext(kind: "2d"): {
      drawImage(image: unknown, x: number, y: number): void
      getImageData(
        ...box: [x: number, y: number, width: number, height: number]
      ): { data: Uint8ClampedArray }
    }
  }
}

/** `#` for black, `.` for white: a row of the QR on each line. */
export function modulesOf(qr: string): string {
  const { data } = encode(qr, { ecc: "M", border: 0 })
  return data
    .map((row) => row.map((black) => (black ? "#" : ".")).join(""))
    .join("\n")
}

/**
 * Reads the QR of a KHQR card from a screenshot, pixel by pixel, as a camera
 * would see it: nothing is taken from the markup but where the drawing is.
 *
 * @param size modules along a side
 */
export async function modulesOnScreen(
  card: Locator,
  size: number
): Promise<string> {
  // A screenshot moves the page; the box is taken where it then is.
  await card.scrollIntoViewIfNeeded()
  const picture = await card.screenshot({ animations: "disabled" })
  const frame = await card.boundingBox()
  const drawing = await card.locator("svg path").last().boundingBox()
  if (!frame || !drawing) {
    throw new Error("The card is not on the screen")
  }
  const square = {
    left: (drawing.x - frame.x) / frame.width,
    top: (drawing.y - frame.y) / frame.height,
    width: drawing.width / frame.width,
    height: drawing.height / frame.height,
  }
  return card.evaluate(
    async (_, { png, square, size }) => {
      const { createImageBitmap, OffscreenCanvas } =
        globalThis as unknown as BrowserGlobals
      const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0))
      const bitmap = await createImageBitmap(new Blob([bytes]))
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
      const context = canvas.getContext("2d")
      context.drawImage(bitmap, 0, 0)
      const isBlack = (column: number, row: number) => {
        const x = square.left + ((column + 0.5) / size) * square.width
        const y = square.top + ((row + 0.5) / size) * square.height
        const [red, green, blue] = context.getImageData(
          Math.floor(x * bitmap.width),
          Math.floor(y * bitmap.height),
          1,
          1
        ).data
        return red + green + blue < 384
      }
      const line = [...Array(size).keys()]
      return line
        .map((row) =>
          line.map((column) => (isBlack(column, row) ? "#" : ".")).join("")
        )
        .join("\n")
    },
    { png: picture.toString("base64"), square, size }
  )
}
