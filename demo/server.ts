/** The demo's Medusa with its shop, started by scripts/shop/medusa.mjs: tells it when the shop can be used. */
import { container } from "@medusajs/framework"
import type { MedusaContainer } from "@medusajs/framework/types"
import { Modules } from "@medusajs/framework/utils"
import { createUserAccountWorkflow } from "@medusajs/medusa/core-flows"
import start from "@medusajs/medusa/commands/start"

import { readCatalogue, seedShop } from "./seed"

async function main(): Promise<void> {
  const { HOST: host, PORT: port } = process.env
  await start({ directory: process.cwd(), host, port: Number(port) })
  const shop = await seedShop(container, catalogue())
  await createAdmin(container)
  process.send?.({ shop })
}

/** The dashboard looks for the products' pictures at the storefront's. */
function catalogue() {
  const storefront = process.env.DEMO_STOREFRONT_URL
  return readCatalogue().map((product) =>
    storefront
      ? { ...product, image: new URL(product.image, storefront).href }
      : product
  )
}

async function createAdmin(container: MedusaContainer): Promise<void> {
  const { DEMO_ADMIN_EMAIL: email = "", DEMO_ADMIN_PASSWORD: password = "" } =
    process.env
  const [user] = await container.resolve(Modules.USER).listUsers({ email })
  if (user) {
    return
  }
  const { authIdentity, error } = await container
    .resolve(Modules.AUTH)
    .register("emailpass", { body: { email, password } })
  if (!authIdentity) {
    throw new Error(`The admin ${email} could not be made: ${error}`)
  }
  await createUserAccountWorkflow(container).run({
    input: { authIdentityId: authIdentity.id, userData: { email } },
  })
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
