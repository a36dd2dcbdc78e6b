#!/usr/bin/env node
import { diagnose } from "./commands/diagnose"
import { doctor } from "./commands/doctor"
import { simulator } from "./commands/simulator"
import { type Command, UsageError } from "./command"

const COMMANDS: Record<string, Command> = { doctor, diagnose, simulator }

const help = (): string => {
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`
  )
  return [
    "Usage: khqr <command> [options]",
    "",
    "Commands:",
    ...commands,
    "",
    "`khqr <command> --help` tells the options of a command.",
  ].join("\n")
}

/** What a shop's configuration has started does not keep a command from ending. */
const LINGER_MS = 2_000

/** Exit codes: 0 done, 1 the command failed, 2 it was called wrongly. */
const main = async ([name, ...args]: string[]): Promise<number> => {
  if (name === undefined) {
    console.error(help())
    return 2
  }
  if (name === "--help" || name === "-h") {
    console.log(help())
    return 0
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    console.error(`khqr: there is no command "${name}"\n\n${help()}`)
    return 2
  }
  const command = COMMANDS[name]
  if (args.includes("--help") || args.includes("-h")) {
    console.log(command.help)
    return 0
  }
  try {
    return (await command.run(args)) ?? 0
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    console.error(`khqr ${name}: ${message}`)
    if (error instanceof UsageError) {
      console.error(`\n${command.help}`)
      return 2
    }
    return 1
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
  setTimeout(() => process.exit(), LINGER_MS).unref()
})
