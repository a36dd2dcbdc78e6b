import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"

import type { Refusal } from "../../../../../refusal"
import { requireCharge, resolveKhqr } from "../../../helpers"

/** By then others may have gone. */
const RETRY_AFTER_SECONDS = 10

/**
 * The shopper's view as it changes, as `text/event-stream`: an event `charge` with the data
 * `{ charge }` at once, unless `Last-Event-ID` names it, and at each change. Ends after
 * `completed`, when the server goes, and after some ten minutes: a reader comes
 * back unless the charge is completed. 503 `too_many_streams`: read the plain view instead.
 */
export async function GET(
  req: MedusaRequest,
  res: MedusaResponse<Refusal>
): Promise<void> {
  const khqr = resolveKhqr(req)
  const entrance = khqr.hub.enter(req.params.id, req.ip ?? "")
  if (!entrance) {
    res.setHeader("Retry-After", RETRY_AFTER_SECONDS)
    res.status(503).json({
      type: MedusaError.Types.UNEXPECTED_STATE,
      code: "too_many_streams",
      message: "Too many pages are open. Read the payment without a stream.",
    })
    return
  }
  try {
    const view = requireCharge(await khqr.viewSession(req.params.id))
    // Express answers HEAD by this as well, and nobody would read.
    if (req.method === "HEAD") {
      res.end()
      return
    }
    entrance.begin(req, res, view)
    // The request lives as long as its stream; its container need not. (`delete` would make it a slow and big object.)
    Object.assign(req, { scope: undefined })
  } finally {
    entrance.leave()
  }
}
