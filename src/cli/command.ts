import { parseArgs } from "node:util"

/** One `khqr <command>`. */
export type Command = {
  /** One line for the list of commands. */
  summary: string
  /** What `--help` prints. */
  help: string
  /**
   * @returns the exit code, where it is not 0.
   * @throws {UsageError} for wrong arguments, any other error when it fails.
   */
  run: (args: string[]) => Promise<number | void>
}

/** The command was called wrongly: its help is shown, the exit code is 2. */
export class UsageError extends Error {}

/** What a command may be given besides its name. */
export type Accepted<Name extends string, Flag extends string> = {
  /** Options with a text each. */
  names: readonly Name[]
  /** Options without one. */
  flags: readonly Flag[]
  /** What the words without a name are called in its help; all are required. */
  words: readonly string[]
}

export type Given<Name extends string, Flag extends string> = {
  options: Partial<Record<Name, string>>
  flags: Record<Flag, boolean>
  words: string[]
}

/** @throws {UsageError} */
export const readArguments = <Name extends string, Flag extends string>(
  args: string[],
  accepted: Accepted<Name, Flag>
): Given<Name, Flag> => {
  const { values, positionals } = parse(args, accepted)
  const missing = accepted.words[positionals.length]
  if (missing !== undefined) {
    throw new UsageError(`${missing} is missing`)
  }
  const flags = accepted.flags.map((flag) => [flag, values[flag] === true])
  return {
    options: values as Partial<Record<Name, string>>,
    flags: Object.fromEntries(flags) as Record<Flag, boolean>,
    words: positionals,
  }
}

const parse = (
  args: string[],
  { names, flags, words }: Accepted<string, string>
) => {
  const all = (type: "string" | "boolean") => (name: string) =>
    [name, { type }] as const
  try {
    const parsed = parseArgs({
      args,
      options: Object.fromEntries([
        ...names.map(all("string")),
        ...flags.map(all("boolean")),
      ]),
      strict: true,
      allowPositionals: words.length > 0,
    })
    const [extra] = parsed.positionals.slice(words.length)
    if (extra !== undefined) {
      throw new TypeError(`Unexpected argument '${extra}'`)
    }
    return parsed
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
