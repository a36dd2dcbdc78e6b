import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"

import { KHQR_MODULE } from "../../../../modules/khqr"
import {
  ANNOUNCEMENTS_PER_MINUTE,
  type HeardAnnouncement,
} from "../../../../modules/khqr/announcements"
import type KhqrModuleService from "../../../../modules/khqr/service"
import type { Refusal } from "../../../refusal"
import type { AdminKhqrSignal } from "./validators"

/**
 * Another system of the shop's says that money came: the bank is asked at once about
 * the open charges that it may be for. Nothing is paid by it. Also where none
 * matches the answer is 200, with `message` for the log; 429 `too_many_announcements`.
 */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminKhqrSignal>,
  res: MedusaResponse<HeardAnnouncement | Refusal>
): Promise<void> {
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  const actor = req.auth_context.actor_id
  const waitMs = await khqr.countAnnouncement(actor)
  if (waitMs !== null) {
    const seconds = Math.ceil(waitMs / 1_000)
    res.setHeader("Retry-After", String(seconds))
    res.status(429).json({
      type: MedusaError.Types.NOT_ALLOWED,
      code: "too_many_announcements",
      message: `At most ${ANNOUNCEMENTS_PER_MINUTE} announcements a minute are heard. Try again in ${seconds} s.`,
    })
    return
  }
  res.json(await khqr.announceMoney(req.validatedBody, actor))
}
