import type { IncomingMessage, ServerResponse } from "node:http"
import { parseJson, readBody, sendJson } from "./http"
import {
  expectOnly,
  type Fields,
  InputError,
  isFields,
  readOptionalInteger,
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
  const faults = () => ({ faults: simulator.faults })
  const answers: Record<string, Answer> = {
    "POST pay": (body) => ({
      transactions: simulator.pay(body as Parameters<Simulator["pay"]>[0]),
    }),
    "POST fail": (body) => {
      expectOnly(body, ["qr"])
      simulator.fail(readText(body, "qr"))
      return {}
    },
    "POST tokens": (body) => {
      expectOnly(body, ["expiresInSeconds"])
      const expiresInSeconds = readOptionalInteger(body, "expiresInSeconds", {
        min: -1_000_000_000,
        max: 1_000_000_000,
      })
      return { token: simulator.issueToken({ expiresInSeconds }) }
    },
    "GET transactions": () => ({ transactions: simulator.transactions }),
    "GET requests": () => ({ requests: simulator.requests }),
    "GET faults": faults,
    "POST faults": (body) => {
      simulator.setFault(body as Parameters<Simulator["setFault"]>[0])
      return faults()
    },
    "DELETE faults": () => {
      simulator.clearFaults()
      return faults()
    },
    "POST reset": () => {
      simulator.reset()
      return {}
    },
  }
  return Object.hasOwn(answers, route) ? answers[route] : undefined
}
