import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Locator } from "playwright-core"

/**
 * Renews a picture of the README while its scene is on the screen:
 * `KHQR_SCREENSHOTS=docs/images npm test -- e2e`. Does nothing otherwise.
 */
export async function takePicture(name: string, of: Locator): Promise<void> {
  const folder = process.env.KHQR_SCREENSHOTS
  if (!folder) {
    return
  }
  mkdirSync(folder, { recursive: true })
  const png = await of.screenshot({ animations: "disabled", caret: "hide" })
  writeFileSync(join(folder, `${name}.png`), png)
}
