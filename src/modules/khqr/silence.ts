import type { Logger } from "@medusajs/framework/types"

import type { CheckResult } from "../../gateways"
import type { Outcome, Unknown, UnknownReason } from "../../bakong"

/** Told by a notice of their own, with more to say. */
const TOLD_ELSEWHERE: UnknownReason[] = ["quota_spent", "unauthorized"]

/** What a person can do about it, where a person can. */
const MENDS: Partial<Record<UnknownReason, string>> = {
  forbidden:
    "Bakong lets nobody in from this server: it answers callers in Cambodia only. Move the server there, or set bakong.proxyUrl to a proxy of yours there.",
  unavailable: "It is asked again by itself; `npx khqr doctor` looks closer.",
  unreadable:
    "Something between the shop and Bakong answers in its place; `npx khqr doctor` looks closer.",
}

/** Says so once when the bank stops telling anything that counts, once for each new reason, and once when it speaks again. */
export class Silence {
  protected reason_: UnknownReason | null = null

  constructor(protected readonly logger_: Pick<Logger, "warn" | "info">) {}

  hear(results: CheckResult[]): void {
    const silent = results.map(({ outcome }) => outcome).filter(isUnknown)
    const isSilent = results.length > 0 && silent.length === results.length
    if (isSilent && silent[0].reason !== this.reason_) {
      const { reason, message } = silent[0]
      this.reason_ = reason
      if (!TOLD_ELSEWHERE.includes(reason)) {
        this.logger_.warn(
          `KHQR: Bakong does not tell whether charges are paid: ${message.replace(/\.$/, "")}. Nothing expires and nothing is lost; orders wait until it answers. ${MENDS[reason] ?? ""}`.trim()
        )
      }
    }
    if (silent.length < results.length && this.reason_ !== null) {
      this.reason_ = null
      this.logger_.info("KHQR: Bakong answers again")
    }
  }
}

function isUnknown(outcome: Outcome): outcome is Unknown {
  return outcome.type === "unknown"
}
