import { randomUUID } from "node:crypto"
import {
  unknown,
  type Exchange,
  type GatewayFactory,
  type Outcome,
  type OutgoingCall,
  type Question,
} from "../../gateways"

type Settings = { url: string; key: string }

/** Asks Lucky Bank's own API, which finds a transfer by our bill number. */
export const luckyBank =
  ({ url, key }: Settings): GatewayFactory =>
  ({ gate }) => ({
    name: "lucky-bank",
    can: {
      makesQr: false,
      deeplinks: false,
      findsByHash: false,
      checksAccounts: false,
      asksInLists: false,
      usesBakongToken: false,
    },
    check: (questions, purpose) =>
      Promise.all(
        questions.map(async (question) => {
          const outgoing: OutgoingCall = {
            endpoint: "/transfers",
            purpose,
            chargeIds: [question.charge_id],
            requestId: randomUUID(),
            needsToken: false,
          }
          const { call, answer, trouble } = await gate.pass(outgoing, () =>
            ask(outgoing, `${url}/transfers/${question.reference}`, key)
          )
          return {
            charge_id: question.charge_id,
            outcome: trouble ?? read(answer?.text ?? "", question),
            call,
          }
        })
      ),
    close: () => {},
  })

/** Never throws: what goes wrong is trouble. */
async function ask(
  { endpoint, requestId }: OutgoingCall,
  url: string,
  key: string
): Promise<Exchange> {
  const askedAt = Date.now()
  const call = (httpStatus: number | null, message: string) => ({
    endpoint,
    requestId,
    sent: true,
    httpStatus,
    responseCode: null,
    errorCode: null,
    message,
    durationMs: Date.now() - askedAt,
    askedAt,
    serverTime: null,
  })
  try {
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${key}`, "X-Request-Id": requestId },
      signal: AbortSignal.timeout(10_000),
    })
    const { status } = response
    const text = await response.text()
    return {
      call: call(status, `HTTP ${status}`),
      answer: { status, retryAfter: null, text, receivedAt: Date.now() },
      trouble: status === 200 ? null : unknown("unavailable", `HTTP ${status}`),
      reached: true,
    }
  } catch {
    const trouble = unknown("unavailable", "Lucky Bank did not answer")
    return {
      call: call(null, trouble.message),
      answer: null,
      trouble,
      // Only where that is certain may it be false: the call is not counted then.
      reached: true,
    }
  }
}

/** `{"transfer":null}` is the bank's "not found"; anything unheard of proves nothing. */
function read(text: string, question: Question): Outcome {
  try {
    const { transfer } = JSON.parse(text)
    if (transfer === null) {
      return { type: "not_found" }
    }
    if (transfer.bill !== question.reference) {
      return unknown("unrecognized", "A transfer with another bill number")
    }
    return {
      type: "paid",
      transaction: {
        hash: String(transfer.id),
        fromAccountId: null,
        toAccountId: String(transfer.receiver),
        currency: String(transfer.currency),
        // The bank sends it as text: a float would lose what it cannot hold.
        amount: String(transfer.amount),
        description: null,
        createdAt: Date.parse(transfer.time) || null,
        acknowledgedAt: null,
        trackingStatus: null,
        receiverBank: null,
        receiverBankAccount: null,
        instructionRef: null,
        externalRef: null,
      },
    }
  } catch {
    return unknown("unreadable", "Lucky Bank's answer could not be read")
  }
}
