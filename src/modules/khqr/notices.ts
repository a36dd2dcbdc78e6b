/** What the merchant is to hear of: an event on Medusa's bus and a line in the log. */
export type Notice = {
  name:
    | "khqr.token.expiring"
    | "khqr.token.refused"
    | "khqr.token.renewed"
    | "khqr.token.renewal_failed"
    | "khqr.quota.spent"
    | "khqr.quota.restored"
  /** Never a token or an e-mail address. */
  data: Record<string, string | number | null>
  level: "info" | "warn" | "error"
  /** One plain sentence that names the mend. */
  message: string
}

/** Sends a notice; never throws and is not waited for. */
export type Tell = (notice: Notice) => void
