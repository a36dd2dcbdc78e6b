import { setTimeout as pause } from "node:timers/promises"

import type {
  MedusaNextFunction,
  MedusaRequest,
  MedusaResponse,
  MiddlewareRoute,
} from "@medusajs/framework/http"
import type {
  MedusaContainer,
  StorePaymentCollectionResponse,
} from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import { linkSessions } from "../../../workflows/steps/link-charges"

/** The shopper gets their answer first, and sessions opened together are linked together. */
const GATHER_MS = 100

/** Collections of sessions that were just opened, by the session's id. */
let waiting = new Map<string, string>()

/**
 * The answer is the one place that names a new session beside its collection, also
 * when the next request deletes it at once: two tabs, a page that is mounted twice.
 */
function rememberSessions(
  req: MedusaRequest,
  res: MedusaResponse,
  next: MedusaNextFunction
): void {
  const answer = res.json.bind(res)
  res.json = (body) => {
    const { payment_collection } =
      (body as Partial<StorePaymentCollectionResponse> | undefined) ?? {}
    for (const { id } of payment_collection?.payment_sessions ?? []) {
      if (waiting.size === 0) {
        void linkWaiting(req.scope)
      }
      waiting.set(id, req.params.id)
    }
    return answer(body)
  }
  next()
}

async function linkWaiting(container: MedusaContainer): Promise<void> {
  await pause(GATHER_MS)
  const sessions = waiting
  waiting = new Map()
  try {
    await linkSessions(sessions, container)
  } catch (error) {
    // The clock does it, unless the session is gone by then.
    container
      .resolve(ContainerRegistrationKeys.LOGGER)
      .warn(
        `KHQR: ${sessions.size} charges did not learn their carts yet: ${(error as Error).message}`
      )
  }
}

export const paymentCollectionMiddlewares: MiddlewareRoute[] = [
  {
    method: ["POST"],
    matcher: "/store/payment-collections/:id/payment-sessions",
    middlewares: [rememberSessions],
  },
]
