import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { findConfigFile, loadConfig } from "../config-file"

describe("a shop's configuration", () => {
  const home = process.cwd()
  let folder: string

  const write = (name: string, text = "module.exports = { plugins: [] }") =>
    writeFileSync(join(folder, name), text)

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "khqr-doctor-"))
  })

  afterEach(() => {
    process.chdir(home)
    rmSync(folder, { recursive: true })
  })

  it("is found in its folder, JavaScript before TypeScript, or by its name", () => {
    expect(findConfigFile(folder)).toBeNull()
    expect(findConfigFile(join(folder, "gone"))).toBeNull()
    write("medusa-config.ts")
    expect(findConfigFile(folder)).toBe(join(folder, "medusa-config.ts"))
    write("medusa-config.js")
    expect(findConfigFile(folder)).toBe(join(folder, "medusa-config.js"))
    write("other.js")
    expect(findConfigFile(join(folder, "other.js"))).toBe(
      join(folder, "other.js")
    )
  })

  it("is loaded from the shop's folder, with the environment of its .env", async () => {
    write(".env", "KHQR_DOCTOR_SPEC=lotus")
    write(
      "medusa-config.js",
      "module.exports = { at: process.cwd(), env: process.env.KHQR_DOCTOR_SPEC }"
    )
    const file = join(folder, "medusa-config.js")
    try {
      expect(await loadConfig(file)).toEqual({
        file,
        config: { at: folder, env: "lotus" },
      })
    } finally {
      delete process.env.KHQR_DOCTOR_SPEC
    }
  })

  it.each([
    ["throw new Error('no such option')", "no such option"],
    ["throw 'text'", "text"],
    ["require('not-installed')", "Cannot find module 'not-installed'"],
  ])("that cannot be loaded says why: %s", async (text, message) => {
    write("medusa-config.js", text)
    expect(await loadConfig(join(folder, "medusa-config.js"))).toMatchObject({
      error: { message: expect.stringContaining(message) },
    })
  })
})
