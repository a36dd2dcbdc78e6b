import type { IncomingMessage, ServerResponse } from "node:http"
import { parseJson, readBody, sendJson } from "./http"
import {
  expectOnly,
  type Fields,
  InputError,
  isFields,
  readOptionalBoolean,
  readOptionalInteger,
  readOptionalText,
  readText,
} from "./input"
import type { Simulator } from "./types"

type Answer = (body: Fields) => unknown

/** The API by which tests play the payer and break the bank. JSON, no token. */
export const handleControl = async (
  simulator: Simulator,
  request: IncomingMessage,
  response: ServerResponse,
  path: string
): Promise<void> => {
  const answer = findAnswer(simulator, `${request.method} ${path}`)
  if (!answer) {
    return sendJson(response, 404, {
      message: `There is no ${request.method} /_control/${path}`,
    })
  }
  try {
    const text = await readBody(request)
    const body = text.trim() === "" ? {} : parseJson(text)
    if (!isFields(body)) {
      throw new InputError("body", "must be a JSON object")
    }
    sendJson(response, 200, answer(body))
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error
    }
    sendJson(response, 400, { field: error.field, message: error.message })
  }
}

const findAnswer = (
  simulator: Simulator,
  route: string
): Answer | undefined => {
  const answers: Record<string, Answer> = {
    ...payments(simulator),
    ...tokens(simulator),
    ...faults(simulator),
    ...settings(simulator),
    "POST clock": (body) => {
      moveClock(simulator, body)
      return simulator.clock
    },
    "GET clock": () => simulator.clock,
    "GET requests": () => ({ requests: simulator.requests }),
    "POST reset": () => {
      simulator.reset()
      return {}
    },
  }
  return Object.hasOwn(answers, route) ? answers[route] : undefined
}

const payments = (simulator: Simulator): Record<string, Answer> => ({
  "POST pay": (body) => ({
    transactions: simulator.pay(body as Parameters<Simulator["pay"]>[0]),
  }),
  "POST fail": (body) => {
    expectOnly(body, ["qr"])
    simulator.fail(readText(body, "qr"))
    return {}
  },
  "GET transactions": () => ({ transactions: simulator.transactions }),
})

const tokens = (simulator: Simulator): Record<string, Answer> => ({
  "POST tokens": (body) => {
    expectOnly(body, ["expiresInSeconds", "account"])
    const expiresInSeconds = readOptionalInteger(body, "expiresInSeconds", {
      min: -1_000_000_000,
      max: 1_000_000_000,
    })
    const account = readOptionalText(body, "account")
    return { token: simulator.issueToken({ expiresInSeconds, account }) }
  },
  "POST tokens/revoke": (body) => {
    expectOnly(body, ["token"])
    simulator.revokeToken(readText(body, "token"))
    return {}
  },
  "GET tokens/settings": () => simulator.tokenSettings,
  "POST tokens/settings": (body) => {
    simulator.setTokenSettings(body)
    return simulator.tokenSettings
  },
  "GET mailbox": () => ({ mails: simulator.mailbox }),
})

const faults = (simulator: Simulator): Record<string, Answer> => {
  const active = () => ({ faults: simulator.faults })
  return {
    "GET faults": active,
    "POST faults": (body) => {
      simulator.setFault(body as Parameters<Simulator["setFault"]>[0])
      return active()
    },
    "DELETE faults": () => {
      simulator.clearFaults()
      return active()
    },
  }
}

const settings = (simulator: Simulator): Record<string, Answer> => ({
  "GET quota": () => simulator.quota,
  "POST quota": (body) => {
    simulator.setQuota(body)
    return simulator.quota
  },
  "GET quirks": () => simulator.quirks,
  "POST quirks": (body) => {
    simulator.setQuirks(body)
    return simulator.quirks
  },
})

/** `{ now, frozen }`, `{ advanceMs }` or `{ reset: true }`. */
const moveClock = (simulator: Simulator, body: Fields): void => {
  if (body.reset !== undefined) {
    expectOnly(body, ["reset"])
    if (body.reset !== true) {
      throw new InputError("reset", "must be true")
    }
    return simulator.resetClock()
  }
  if (body.advanceMs !== undefined) {
    expectOnly(body, ["advanceMs"])
    return simulator.advanceClock(body.advanceMs as number)
  }
  expectOnly(body, ["now", "frozen"])
  simulator.setClock(body.now as number, {
    frozen: readOptionalBoolean(body, "frozen"),
  })
}
