import { parseArgs, type ParseArgsConfig } from "node:util"

/** One `khqr <command>`. */
export type Command = {
  /** One line for the list of commands. */
  summary: string
  /** What `--help` prints. */
  help: string
  /** @throws {UsageError} for wrong arguments, any other error when it fails. */
  run: (args: string[]) => Promise<void>
}

/** The command was called wrongly: its help is shown, the exit code is 2. */
export class UsageError extends Error {}

/** Named options of a command, all of them text. @throws {UsageError} */
export const readOptions = <Name extends string>(
  args: string[],
  names: readonly Name[]
): Partial<Record<Name, string>> => {
  const options: ParseArgsConfig["options"] = Object.fromEntries(
    names.map((name) => [name, { type: "string" }])
  )
  try {
    return parseArgs({ args, options, strict: true }).values as Partial<
      Record<Name, string>
    >
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
