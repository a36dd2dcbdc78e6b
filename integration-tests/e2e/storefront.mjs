/**
 * Builds the demo's storefront when its sources have changed, and serves it as
 * long as the parent lives. A process of its own, since jest loads no modules
 * of this kind. Sends its address; every message is a change of the page's
 * configuration.
 */
import { serveStorefront } from "../../demo/storefront/serve.mjs"
import { buildStorefront } from "../../scripts/demo/storefront.mjs"

const config = {}
process.on("message", (change) => {
  Object.assign(config, change)
  process.send({ configured: true })
})
process.on("disconnect", () => process.exit())

const dist = await buildStorefront()
const { url } = await serveStorefront({ dist, port: 0, config })
process.send({ url })
