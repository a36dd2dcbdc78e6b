import type { ServerResponse } from "node:http"
import { type Answer, type Said, saidBy } from "./envelope"
import type { Faults } from "./faults"
import { sendAnswer } from "./http"
import { type Refusals, spoil } from "./spoil"
import type { SimulatedRequest } from "./types"

const MAX_LOG = 100_000

/** A call that has arrived, in whatever protocol. */
export type Call = Pick<
  SimulatedRequest,
  "endpoint" | "body" | "hasToken" | "authorized"
> & {
  /** As faults name the endpoint. */
  name: string
  answer: () => Answer
  refusals: Refusals
}

/** Where every call is written down, then answered or spoiled. */
export class Desk {
  protected readonly faults_: Faults
  protected readonly now_: () => number
  protected requests_: SimulatedRequest[] = []

  constructor(faults: Faults, now: () => number) {
    this.faults_ = faults
    this.now_ = now
  }

  get requests(): readonly SimulatedRequest[] {
    return this.requests_
  }

  serve(response: ServerResponse, call: Call): void {
    const { name, endpoint, body, hasToken, authorized, refusals } = call
    const fault = this.faults_.take(name)
    const logged: SimulatedRequest = {
      endpoint,
      at: this.now_(),
      body,
      fault: fault?.kind ?? null,
      hasToken,
      authorized,
      status: null,
      errorCode: null,
    }
    this.log_(logged)
    const note = (said: Said) => Object.assign(logged, said)
    if (fault) {
      return spoil(response, fault, call.answer, refusals, note)
    }
    const answer = call.answer()
    note(saidBy(answer))
    sendAnswer(response, answer)
  }

  reset(): void {
    this.requests_ = []
  }

  protected log_(request: SimulatedRequest): void {
    this.requests_.push(request)
    if (this.requests_.length > MAX_LOG * 1.1) {
      this.requests_ = this.requests_.slice(-MAX_LOG)
    }
  }
}
