import type { Logger } from "@medusajs/framework/types"

import type { CheckResult } from "../../gateways"
import type { Outcome, Unknown, UnknownReason } from "../../bakong"

/** Says so once when the bank stops telling anything that counts, once for each new reason, and once when it speaks again. */
export class Silence {
  protected reason_: UnknownReason | null = null

  constructor(protected readonly logger_: Pick<Logger, "warn" | "info">) {}

  hear(results: CheckResult[]): void {
    const silent = results.map(({ outcome }) => outcome).filter(isUnknown)
    const isSilent = results.length > 0 && silent.length === results.length
    if (isSilent && silent[0].reason !== this.reason_) {
      this.reason_ = silent[0].reason
      this.logger_.warn(
        `KHQR: Bakong does not tell whether charges are paid (${silent[0].reason}): ${silent[0].message.replace(/\.$/, "")}. Nothing expires and nothing is lost; orders wait until it answers.`
      )
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
