/**
 * Builds what a shop's pages import as `medusa-payment-khqr/storefront`: one
 * ES module and its declarations, beside the compiled plugin. Run it after
 * `medusa plugin:build`, which empties the folder.
 */
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"

const root = resolve(fileURLToPath(import.meta.url), "../..")
const source = join(root, "src/storefront")
const out = join(root, ".medusa/server/src/storefront")
const bundle = join(out, "index.mjs")

await build({
  absWorkingDir: root,
  entryPoints: [join(source, "index.ts")],
  outfile: bundle,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2020",
  legalComments: "none",
  logLevel: "warning",
})

emitDeclarations()

const bytes = readFileSync(bundle)
console.log(
  `storefront: ${bytes.length} bytes, ${gzipSync(bytes).length} gzipped`
)

function emitDeclarations() {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc")
  const { status } = spawnSync(process.execPath, [tsc, "-p", source], {
    stdio: "inherit",
  })
  if (status !== 0) {
    process.exit(status ?? 1)
  }

  // The declarations describe ES modules; the package around them is CommonJS.
  writeFileSync(join(out, "package.json"), `{ "type": "module" }\n`)
  for (const name of readdirSync(out).filter((it) => it.endsWith(".d.ts"))) {
    const file = join(out, name)
    const text = readFileSync(file, "utf8")
    writeFileSync(file, text.replace(/(from "\.\/[\w-]+)"/g, '$1.js"'))
  }
}
