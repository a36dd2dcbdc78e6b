import { fileURLToPath } from "node:url"
import { defineConfig } from "vite"

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  esbuild: { jsx: "automatic" },
  resolve: {
    alias: {
      // A shop installs the package; the demo takes it from this repository.
      "medusa-payment-khqr/storefront": fileURLToPath(
        new URL("../../src/storefront/index.ts", import.meta.url)
      ),
    },
  },
  build: { target: "es2020", outDir: "dist", emptyOutDir: true },
})
