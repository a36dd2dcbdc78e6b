import { type Question, OpenApiGateway } from "../../gateways"
import { buildKhqr } from "../../khqr"
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../simulator"
import { BakongClient } from "../client"
import { BakongError } from "../errors"
import { type Gate, openGate } from "../gate"
import type { BakongCall, CheckAnswer, Outcome } from "../types"

export const OWNER = "owner@lucky.kh"
export const SHOP = "lucky_shop@devb"
export const STRANGE_MD5 = "0123456789abcdef0123456789abcdef"
export const STRANGE_HASH = "f".repeat(64)

/** The simulator, and what asks it as the plugin does. */
export type World = {
  bank: Simulator
  client: BakongClient
  /** With this token, or without one. */
  clientWith: (token?: string) => BakongClient
  gateway: OpenApiGateway
  /** Of every call that left, oldest first. */
  calls: BakongCall[]
  /** Until when the list endpoint is taken for closed. */
  listClosedUntil: () => Date | null
  close: () => Promise<void>
}

export const openWorld = async (
  options: SimulatorOptions = {},
  timeoutMs = 2_000
): Promise<World> => {
  const bank = await startSimulator({ email: OWNER, ...options })
  const calls: BakongCall[] = []
  const clients: BakongClient[] = []
  const clientWith = (token?: string) => {
    const client = new BakongClient({
      baseUrl: bank.url,
      timeoutMs,
      gate: listening(openGate(token), calls),
    })
    clients.push(client)
    return client
  }
  const client = clientWith(bank.token)
  let closedUntil: Date | null = null
  return {
    bank,
    client,
    clientWith,
    calls,
    listClosedUntil: () => closedUntil,
    gateway: new OpenApiGateway({
      client,
      deeplinkHosts: [new URL(bank.url).host],
      listAccess: {
        closedUntil: async () => closedUntil,
        close: async (until) => void (closedUntil = until),
        open: async () => void (closedUntil = null),
      },
    }),
    close: async () => {
      clients.forEach((one) => one.close())
      await bank.close()
    },
  }
}

const listening = (gate: Gate, calls: BakongCall[]): Gate => ({
  pass: async (outgoing, send) => {
    const exchange = await gate.pass(outgoing, send)
    if (exchange.call.sent) {
      calls.push(exchange.call)
    }
    return exchange
  },
})

let bills = 0

/** A KHQR of the shop, never the same twice. */
export const khqr = (amount = "12.5", currency: "USD" | "KHR" = "USD") => {
  const now = Date.now()
  return buildKhqr(
    {
      receiver: { type: "individual", accountId: SHOP },
      merchantName: "Lucky Shop",
      amount,
      currency,
      billNumber: `bill-${++bills}`,
      expiresAt: now + 600_000,
    },
    now
  )
}

export const staticKhqr = () =>
  buildKhqr(
    {
      type: "static",
      receiver: { type: "individual", accountId: SHOP },
      merchantName: "Lucky Shop",
      currency: "USD",
    },
    Date.now()
  )

/** About KHQRs that the bank has never seen. */
export const questions = (count: number): Question[] =>
  Array.from({ length: count }, (_, i) => ({
    charge_id: `khqr_${i}`,
    md5: i.toString(16).padStart(32, "0"),
    reference: `bill-${i}`,
    khqr_amount: "12.5",
    currency_code: "usd",
    gateway_ref: null,
    closing: false,
  }))

/** The Open API's refusal, as a scripted answer's body. */
export const refusal = (
  errorCode: number | null,
  responseMessage = `Code ${errorCode}.`
) => ({ responseCode: 1, responseMessage, errorCode, data: null })

export const success = (data: unknown) => ({
  responseCode: 0,
  responseMessage: "Success",
  errorCode: null,
  data,
})

/** `paid`, `not_found`, `failed:<reason>` or `unknown:<reason>`. */
export const wordOf = (outcome: Outcome): string =>
  "reason" in outcome ? `${outcome.type}:${outcome.reason}` : outcome.type

/** What came of asking, in a word: an outcome's, an error's kind and code, or the value itself. */
export const told = async (asked: Promise<unknown>): Promise<unknown> => {
  try {
    const answer = await asked
    return isCheck(answer) ? wordOf(answer.outcome) : answer
  } catch (error) {
    if (error instanceof BakongError) {
      return error.code === null ? error.kind : `${error.kind}:${error.code}`
    }
    return (error as Error).message
  }
}

const isCheck = (answer: unknown): answer is CheckAnswer =>
  typeof answer === "object" && answer !== null && "outcome" in answer
