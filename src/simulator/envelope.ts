import { isFields } from "./input"
import type { SimulatedRequest } from "./types"

/** An answer before it is sent; without a body when that is `undefined`. */
export type Answer = { status: number; body: unknown }

/** What the log keeps of an answer. */
export type Said = Pick<SimulatedRequest, "status" | "errorCode">

export const saidBy = ({ status, body }: Answer): Said => ({
  status,
  errorCode:
    isFields(body) && typeof body.errorCode === "number"
      ? body.errorCode
      : null,
})

/** NBC's words for its codes; those of 17 and 19 come from public integrations. */
export const MESSAGES = {
  1: "Transaction could not be found. Please check and try again.",
  2: "Sorry, the system does not support static QR code.",
  3: "Transaction failed.",
  4: "Error occurred on requesting deeplink from provider.",
  5: "Missing required fields.",
  6: "Unauthorized, not yet requested for token.",
  7: "Mail server is down.",
  8: "This email has been registered already.",
  10: "Not registered yet.",
  11: "Account ID not found.",
  12: "Account ID is invalid.",
  17: "You have reached your daily request limit.",
  19: "You have reached your daily request limit.",
} as const

export type ErrorCode = keyof typeof MESSAGES

export const succeed = (responseMessage: string, data: unknown): Answer => ({
  status: 200,
  body: { responseCode: 0, responseMessage, errorCode: null, data },
})

export const refuse = (
  errorCode: ErrorCode,
  { status = 200, details = "" } = {}
): Answer => ({
  status,
  body: {
    responseCode: 1,
    responseMessage: `${MESSAGES[errorCode]} ${details}`.trim(),
    errorCode,
    data: null,
  },
})

/** With the quota's words only, or a code besides. */
export const refuseForQuota = (
  refusesWith: "code_17" | "code_19" | "message"
): Answer => {
  switch (refusesWith) {
    case "code_17":
      return refuse(17)
    case "code_19":
      return refuse(19)
    case "message":
      return {
        status: 200,
        body: {
          responseCode: 1,
          responseMessage: MESSAGES[17],
          errorCode: null,
          data: null,
        },
      }
  }
}
