import type { Logger } from "@medusajs/framework/types"

import type { Outcome, Unknown, UnknownReason } from "../../bakong"
import type { CheckResult } from "../../gateways"

const LOOK_CLOSER =
  "It is asked again by itself; `npx khqr doctor` looks closer."

/** What a person can do about it, where a person can. */
const BAKONG_MENDS: Partial<Record<UnknownReason, string>> = {
  forbidden:
    "Bakong lets nobody in from this server: it answers callers in Cambodia only. Move the server there, or set bakong.proxyUrl to a proxy of yours there.",
  unavailable: LOOK_CLOSER,
  unauthorized: `Something between the shop and Bakong wants a login. ${LOOK_CLOSER}`,
  unreadable: `Something between the shop and Bakong answers in its place. ${LOOK_CLOSER}`,
}

const GATEWAY_MENDS: Partial<Record<UnknownReason, string>> = {
  forbidden: "Ask its operator whether this server may call it.",
  unauthorized: "Look at the option gateway.key.",
  unavailable: LOOK_CLOSER,
  unreadable: LOOK_CLOSER,
}

/** Says so once when the bank stops telling anything that counts, once for each new reason, and once when it speaks again. */
export class Silence {
  protected reason_: UnknownReason | null = null

  /** @param isOther another gateway than Bakong's own is asked */
  constructor(
    protected readonly logger_: Pick<Logger, "warn" | "info">,
    protected readonly isOther_: boolean
  ) {}

  hear(results: CheckResult[]): void {
    const name = this.isOther_ ? "The gateway" : "Bakong"
    const silent = results.filter(isSilent)
    const [first] = silent
    if (
      silent.length === results.length &&
      first &&
      !this.isToldElsewhere_(first) &&
      first.outcome.reason !== this.reason_
    ) {
      const { reason, message } = first.outcome
      const mends = this.isOther_ ? GATEWAY_MENDS : BAKONG_MENDS
      this.reason_ = reason
      this.logger_.warn(
        `KHQR: ${name} does not tell whether charges are paid: ${message.replace(/\.$/, "")}. Nothing expires and nothing is lost; orders wait until it answers. ${mends[reason] ?? ""}`.trim()
      )
    }
    if (silent.length < results.length && this.reason_ !== null) {
      this.reason_ = null
      this.logger_.info(`KHQR: ${name} answers again`)
    }
  }

  /** The quota and Bakong's token have notices of their own, with more to say. */
  protected isToldElsewhere_({ outcome, call }: SilentResult): boolean {
    const isTokens =
      !this.isOther_ && (!call.sent || call.responseCode !== null)
    return (
      outcome.reason === "quota_spent" ||
      (outcome.reason === "unauthorized" && isTokens)
    )
  }
}

type SilentResult = CheckResult & { outcome: Unknown }

function isSilent(result: CheckResult): result is SilentResult {
  const { outcome }: { outcome: Outcome } = result
  return outcome.type === "unknown"
}
