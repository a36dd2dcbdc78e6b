import jsQR from "jsqr"
import type { Locator } from "playwright-core"
import { PNG } from "pngjs"

/** Reads the QR on a piece of the screen as a camera would: from its pixels alone. */
export async function readQr(piece: Locator): Promise<string | null> {
  const { data, width, height } = PNG.sync.read(
    await piece.screenshot({ animations: "disabled" })
  )
  const found = jsQR(new Uint8ClampedArray(data), width, height)
  return found ? found.data : null
}
