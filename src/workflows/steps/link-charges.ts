import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { ClaimedCharge } from "./claim-checks"

/** For sessions that were not opened by the storefront, and for what a crash left out. */
export const linkChargesStep = createStep(
  "khqr-link-charges",
  async (charges: ClaimedCharge[], { container }) => {
    const ids = charges
      .filter((charge) => !charge.payment_collection_id)
      .map((charge) => charge.payment_session_id)
    if (ids.length > 0) {
      const { data } = await container
        .resolve(ContainerRegistrationKeys.QUERY)
        .graph({
          entity: "payment_session",
          fields: ["id", "payment_collection_id"],
          filters: { id: ids },
        })
      await linkSessions(
        new Map(data.map((one) => [one.id, one.payment_collection_id])),
        container
      )
    }
    return new StepResponse()
  }
)

/**
 * Remembers the collection and the cart of payment sessions for their charges. A
 * provider is not told them, and once Medusa has deleted a session nobody can
 * tell any more.
 *
 * @param collectionOf by the session's id
 */
export async function linkSessions(
  collectionOf: Map<string, string>,
  container: MedusaContainer
): Promise<void> {
  if (collectionOf.size === 0) {
    return
  }
  const { data: carts } = await container
    .resolve(ContainerRegistrationKeys.QUERY)
    .graph({
      entity: "cart_payment_collection",
      fields: ["cart_id", "payment_collection_id"],
      filters: { payment_collection_id: [...new Set(collectionOf.values())] },
    })
  const cartOf = new Map(
    carts.map((link) => [link.payment_collection_id, link.cart_id])
  )
  await container.resolve<KhqrModuleService>(KHQR_MODULE).linkSessions(
    [...collectionOf].map(([payment_session_id, payment_collection_id]) => ({
      payment_session_id,
      payment_collection_id,
      cart_id: cartOf.get(payment_collection_id) ?? null,
    }))
  )
}
