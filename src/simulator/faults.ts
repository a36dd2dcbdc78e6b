import { validateHeaderName, validateHeaderValue } from "node:http"
import {
  expectOnly,
  type Fields,
  InputError,
  isFields,
  readOptionalChoice,
  readOptionalInteger,
  readOptionalText,
} from "./input"
import { FAULT_KINDS, type FaultInput, type FaultKind } from "./types"

const FIELDS = [
  "kind",
  "endpoint",
  "delayMs",
  "after",
  "every",
  "times",
  "status",
  "body",
  "headers",
] as const satisfies (keyof FaultInput)[]

const MANY = { max: 1_000_000 }

/** A fault in force, and how many calls it has seen so far. */
type Scripted = { fault: FaultInput; seen: number }

/** What is to go wrong, when, and how often still. */
export class Faults {
  protected scripted_: Scripted[] = []
  protected readonly endpoints_: readonly string[]

  /** @param endpoints the names that may be spoiled. */
  constructor(endpoints: readonly string[]) {
    this.endpoints_ = endpoints
  }

  get active(): readonly FaultInput[] {
    return this.scripted_.map(({ fault }) => fault)
  }

  /** @throws {InputError} */
  add(input: Fields): void {
    expectOnly(input, FIELDS)
    const kind = readOptionalChoice(input, "kind", FAULT_KINDS)
    if (!kind) {
      throw new InputError("kind", `must be one of ${FAULT_KINDS.join(", ")}`)
    }
    this.scripted_.push({
      seen: 0,
      fault: {
        kind,
        endpoint: this.readEndpoint_(input),
        delayMs: readOptionalInteger(input, "delayMs", {
          min: 0,
          max: 3_600_000,
        }),
        after: readOptionalInteger(input, "after", { min: 0, ...MANY }),
        every: readOptionalInteger(input, "every", { min: 1, ...MANY }),
        times: readOptionalInteger(input, "times", { min: 1, ...MANY }),
        ...readAnswer(input, kind),
      },
    })
  }

  /** The oldest fault that is due at this call, used up by one. */
  take(endpoint: string): FaultInput | null {
    const fitting = this.scripted_.filter(({ fault }) => fits(fault, endpoint))
    fitting.forEach((scripted) => (scripted.seen += 1))
    const due = fitting.find(isDue)
    if (!due) {
      return null
    }
    if (due.fault.times !== undefined) {
      due.fault.times -= 1
      this.scripted_ = this.scripted_.filter(({ fault }) => fault.times !== 0)
    }
    return due.fault
  }

  reset(): void {
    this.scripted_ = []
  }

  protected readEndpoint_(input: Fields): string | undefined {
    const endpoint = readOptionalText(input, "endpoint")?.replace(
      /^\/?(hosted\/)?(?:v1\/)?/,
      "$1"
    )
    if (endpoint !== undefined && !this.endpoints_.includes(endpoint)) {
      throw new InputError(
        "endpoint",
        `must be one of ${this.endpoints_.join(", ")}`
      )
    }
    return endpoint
  }
}

const fits = (fault: FaultInput, endpoint: string): boolean => {
  if (fault.kind === "list_closed" && !endpoint.endsWith("_list")) {
    return false
  }
  if (fault.kind === "mail_down" && endpoint !== "request_token") {
    return false
  }
  return (fault.endpoint ?? endpoint) === endpoint
}

const isDue = ({ fault: { after = 0, every = 1 }, seen }: Scripted): boolean =>
  seen > after && (seen - after) % every === 0

const readAnswer = (input: Fields, kind: FaultKind): Partial<FaultInput> => {
  if (kind !== "answer") {
    const given = (["status", "body", "headers"] as const).find(
      (field) => input[field] !== undefined
    )
    if (given) {
      throw new InputError(given, 'goes with the kind "answer" only')
    }
    return {}
  }
  const status = readOptionalInteger(input, "status", { min: 200, max: 599 })
  const { body } = input
  const headers = readHeaders(input)
  if (status === undefined && body === undefined && headers === undefined) {
    throw new InputError(
      "status",
      'or `body` must be given with the kind "answer": without, the bank answers as ever'
    )
  }
  return { status, body, headers }
}

const readHeaders = ({ headers }: Fields): FaultInput["headers"] => {
  if (headers === undefined) {
    return undefined
  }
  if (!isFields(headers)) {
    throw new InputError("headers", "must be an object of names and values")
  }
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value as string)
    } catch (error) {
      throw new InputError("headers", `hold a bad ${name}: ${error}`)
    }
    if (typeof value !== "string") {
      throw new InputError("headers", `hold a ${name} that is no string`)
    }
  }
  return headers as Record<string, string>
}
