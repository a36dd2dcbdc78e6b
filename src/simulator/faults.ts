import {
  expectOnly,
  type Fields,
  InputError,
  readOptionalInteger,
  readOptionalText,
} from "./input"
import { FAULT_KINDS, type FaultInput, type FaultKind } from "./types"

/** What is to go wrong, and how often still. */
export class Faults {
  protected faults_: FaultInput[] = []
  protected readonly endpoints_: readonly string[]

  /** @param endpoints the names that may be spoiled. */
  constructor(endpoints: readonly string[]) {
    this.endpoints_ = endpoints
  }

  get active(): readonly FaultInput[] {
    return this.faults_
  }

  /** @throws {InputError} */
  add(input: Fields): void {
    expectOnly(input, ["kind", "endpoint", "delayMs", "times"])
    const { kind } = input
    if (!FAULT_KINDS.includes(kind as FaultKind)) {
      throw new InputError("kind", `must be one of ${FAULT_KINDS.join(", ")}`)
    }
    const endpoint = readOptionalText(input, "endpoint")?.replace(
      /^\/?v1\//,
      ""
    )
    if (endpoint !== undefined && !this.endpoints_.includes(endpoint)) {
      throw new InputError(
        "endpoint",
        `must be one of ${this.endpoints_.join(", ")}`
      )
    }
    this.faults_.push({
      kind: kind as FaultKind,
      endpoint,
      delayMs: readOptionalInteger(input, "delayMs", {
        min: 0,
        max: 3_600_000,
      }),
      times: readOptionalInteger(input, "times", { min: 1, max: 1_000_000 }),
    })
  }

  /** The oldest fault that spoils this call, used up by one. */
  take(endpoint: string): FaultInput | null {
    const fault = this.faults_.find(
      (candidate) =>
        (candidate.endpoint ?? endpoint) === endpoint &&
        (candidate.kind !== "list_closed" || endpoint.endsWith("_list"))
    )
    if (!fault) {
      return null
    }
    if (fault.times !== undefined) {
      fault.times -= 1
      this.faults_ = this.faults_.filter(({ times }) => times !== 0)
    }
    return fault
  }

  clear(): void {
    this.faults_ = []
  }
}
