import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import { KHQR_MODULE } from "../../modules/khqr"
import type KhqrModuleService from "../../modules/khqr/service"
import type { ClaimedCharge } from "./claim-checks"

/** For the charges that `khqr.charge.issued` has told nobody of. */
export const linkChargesStep = createStep(
  "khqr-link-charges",
  async (charges: ClaimedCharge[], { container }) => {
    await linkCharges(charges, container)
    return new StepResponse()
  }
)

/**
 * Remembers each new charge's collection and cart. A provider is not told them,
 * and once Medusa has deleted the session nobody can tell any more.
 */
export async function linkCharges(
  charges: Pick<
    ClaimedCharge,
    "id" | "payment_session_id" | "payment_collection_id"
  >[],
  container: MedusaContainer
): Promise<void> {
  const unlinked = charges.filter((charge) => !charge.payment_collection_id)
  if (unlinked.length === 0) {
    return
  }
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const query = container.resolve(ContainerRegistrationKeys.QUERY)

  const { data: sessions } = await query.graph({
    entity: "payment_session",
    fields: ["id", "payment_collection_id"],
    filters: { id: unlinked.map((charge) => charge.payment_session_id) },
  })
  const collectionOf = new Map(
    sessions.map((session) => [session.id, session.payment_collection_id])
  )
  const collectionIds = [...new Set(collectionOf.values())]
  if (collectionIds.length === 0) {
    return
  }
  const { data: carts } = await query.graph({
    entity: "cart_payment_collection",
    fields: ["cart_id", "payment_collection_id"],
    filters: { payment_collection_id: collectionIds },
  })
  const cartOf = new Map(
    carts.map((link) => [link.payment_collection_id, link.cart_id])
  )
  await khqr.linkCharges(
    unlinked.flatMap((charge) => {
      const collectionId = collectionOf.get(charge.payment_session_id)
      return collectionId
        ? [
            {
              id: charge.id,
              payment_collection_id: collectionId,
              cart_id: cartOf.get(collectionId) ?? null,
            },
          ]
        : []
    })
  )
}
