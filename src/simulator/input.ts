/** What a caller sent is not usable; the message begins with the field's name. */
export class InputError extends Error {
  readonly field: string

  constructor(field: string, problem: string) {
    super(`\`${field}\` ${problem}`)
    this.name = "InputError"
    this.field = field
  }
}

export type Fields = Record<string, unknown>

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Refuses a field nobody reads: a typo would silently test nothing. */
export const expectOnly = (fields: Fields, known: readonly string[]): void => {
  for (const field of Object.keys(fields)) {
    if (!known.includes(field)) {
      throw new InputError(field, `is not one of ${known.join(", ")}`)
    }
  }
}

export const readOptionalText = (
  fields: Fields,
  field: string
): string | undefined => {
  const value = fields[field]
  if (value === undefined) {
    return undefined
  }
  if (typeof value !== "string" || value === "") {
    throw new InputError(field, "must be a string that is not empty")
  }
  return value
}

export const readText = (fields: Fields, field: string): string => {
  const value = readOptionalText(fields, field)
  if (value === undefined) {
    throw new InputError(field, "is missing")
  }
  return value
}

export const readOptionalInteger = (
  fields: Fields,
  field: string,
  { min, max }: { min: number; max: number }
): number | undefined => {
  const value = fields[field]
  if (value === undefined) {
    return undefined
  }
  if (
    typeof value !== "number" ||
    !Number.isInteger(value) ||
    value < min ||
    value > max
  ) {
    throw new InputError(field, `must be an integer from ${min} to ${max}`)
  }
  return value
}

export const readOptionalBoolean = (
  fields: Fields,
  field: string
): boolean | undefined => {
  const value = fields[field]
  if (value !== undefined && typeof value !== "boolean") {
    throw new InputError(field, "must be true or false")
  }
  return value
}

export const readOptionalChoice = <Choice extends string>(
  fields: Fields,
  field: string,
  choices: readonly Choice[]
): Choice | undefined => {
  const value = fields[field]
  if (value !== undefined && !choices.includes(value as Choice)) {
    throw new InputError(field, `must be one of ${choices.join(", ")}`)
  }
  return value as Choice | undefined
}
